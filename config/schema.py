"""The JSON Schema of a configuration, every kind's options included, for editors and other programs."""

from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from config.calendar import CalendarFile, Campaign, Live, Post
from config.digest import DigestPlan
from config.drill import Drill
from config.load import Catalogs
from config.model import Model, format_duration
from config.oncall import OnCall
from config.people import Person
from config.playbooks import Playbook
from config.settings import NAME_PATTERN, Brand, Daemon, Operator, Route
from config.spec import Catalog
from config.watchdog import Canary, Heartbeat

Json = dict[str, Any]

_ENTRIES: list[type[Model]] = [Campaign, Post, Live, CalendarFile]

_SECTIONS = {
    "brands": "What is watched, by name.",
    "sources": "Places to listen to, by name.",
    "rules": "What would be wrong, by name.",
    "channels": "Ways to reach people, by name.",
    "playbooks": "What to do first, by name.",
}


_MAPS: dict[str, type[Model]] = {"oncall": OnCall, "drill": Drill, "canary": Canary, "heartbeat": Heartbeat}


class Generator(GenerateJsonSchema):
    """JSON Schema in the words of a configuration."""

    def encode_default(self, dft: Any) -> Any:
        """Durations as an operator writes them."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def schema(catalogs: Catalogs) -> Json:
    """A JSON Schema (draft 2020-12) that accepts what `load` accepts, `!secret` and `${VAR}` seen as text."""
    specs = {section: _specs(getattr(catalogs, section)) for section in ("sources", "rules", "channels")}
    models: list[type[Model]] = [Daemon, Operator, Brand, Route, Person, Playbook, DigestPlan]
    models += [*_ENTRIES, *_MAPS.values()]
    models += dict.fromkeys(model for kinds in specs.values() for model, _ in kinds.values())
    refs, shared = models_json_schema([(model, "validation") for model in models], schema_generator=Generator)
    definitions: Json = shared.get("$defs", {})
    for kinds in specs.values():
        for model, _ in kinds.values():
            options = definitions[_name(refs[model, "validation"])]
            options.setdefault("properties", {})["kind"] = {"type": "string"}
    parts = {section: _component(kinds, refs) for section, kinds in specs.items()}
    parts |= {"brands": refs[Brand, "validation"], "playbooks": refs[Playbook, "validation"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "badbuzz configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "include": _one_or_more("Files to read as well, relative to this one; conf.d/*.yaml is possible."),
            "daemon": refs[Daemon, "validation"],
            "operator": refs[Operator, "validation"],
            **{section: _named(parts[section], words) for section, words in _SECTIONS.items()},
            "routes": _list(refs[Route, "validation"], "Who is told of what; the first that fits."),
            "calendar": _list(
                {"anyOf": [refs[entry, "validation"] for entry in _ENTRIES]}, "What is known beforehand of brands."
            ),
            "lists": _named(_one_or_more("An entry of it."), "Words and accounts that queries name as @list(name)."),
            "people": _named(refs[Person, "validation"], "Who is told, by name."),
            **{section: refs[model, "validation"] for section, model in _MAPS.items()},
            "digest": _list(refs[DigestPlan, "validation"], "Who hears how a week or a day went."),
        },
        "$defs": definitions,
    }


def _specs(catalog: Catalog[Any]) -> dict[str, tuple[type[Model], str]]:
    return {kind: (spec.options, spec.summary) for kind in catalog.kinds() for spec in [catalog.spec(kind)]}


def _name(reference: Json) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _one_or_more(description: str) -> Json:
    item = {"type": "string"}
    return {"description": description, "anyOf": [item, {"type": "array", "items": item}]}


def _list(items: Json, description: str) -> Json:
    return {"type": "array", "description": description, "items": items}


def _named(part: Json, description: str) -> Json:
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": NAME_PATTERN},
        "additionalProperties": part,
    }


def _component(kinds: dict[str, tuple[type[Model], str]], refs: Any) -> Json:
    choices = [{"const": kind, "description": summary} for kind, (_, summary) in kinds.items()]
    options = [
        {
            "if": {"required": ["kind"], "properties": {"kind": {"const": kind}}},
            "then": refs[model, "validation"],
        }
        for kind, (model, _) in kinds.items()
    ]
    return {"type": "object", "required": ["kind"], "properties": {"kind": {"oneOf": choices}}, "allOf": options}

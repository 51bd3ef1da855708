"""The JSON Schema: what editors are told."""

import json
from typing import Any

from config.load import Catalogs
from config.schema import schema
from config.spec import Catalog, Spec
from tests.config.kinds.fakes import CATALOGS, HERE

WITHOUT_BROKEN = Catalogs(
    sources=Catalog("source", f"{HERE}.channels", "badbuzz.tests", Spec),
    rules=CATALOGS.rules,
    channels=CATALOGS.channels,
)


def test_every_section_and_every_kinds_options_are_described() -> None:
    found = schema(WITHOUT_BROKEN)
    sections = [
        "include",
        "daemon",
        "operator",
        "brands",
        "sources",
        "rules",
        "channels",
        "routes",
        "calendar",
        "lists",
    ]
    sections += ["people", "oncall", "playbooks", "drill", "canary", "heartbeat", "digest"]
    rule = found["properties"]["rules"]["additionalProperties"]
    assert sorted(found["properties"]) == sorted(sections)
    assert rule["properties"]["kind"]["oneOf"] == [{"const": "spike", "description": "More than usual."}]
    options = _at(found, rule["allOf"][0]["then"]["$ref"])
    assert sorted(options["properties"]) == ["at_least", "brands", "kind", "of"]
    assert options["additionalProperties"] is False


def test_durations_and_secrets_are_texts() -> None:
    found = schema(WITHOUT_BROKEN)
    daemon = _at(found, found["properties"]["daemon"]["$ref"])["properties"]
    assert (daemon["retention"]["type"], daemon["retention"]["default"]) == ("string", "90d")
    assert daemon["token"]["anyOf"][0]["format"] == "password"


def test_every_reference_leads_somewhere_and_the_whole_is_json() -> None:
    found = schema(WITHOUT_BROKEN)
    assert all(_at(found, reference) for reference in _references(found))
    assert json.loads(json.dumps(found)) == found


def _at(found: dict[str, Any], reference: str) -> Any:
    here: Any = found
    for step in reference.removeprefix("#/").split("/"):
        here = here[step]
    return here


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [reference for inner in value.values() for reference in _references(inner)]
    return [reference for inner in value for reference in _references(inner)] if isinstance(value, list) else []

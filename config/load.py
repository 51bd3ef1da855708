"""From a file to settings that are right in every detail, or to everything that is wrong with it."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from config.calendar import EXAMPLE, model_of
from config.digest import DigestPlan
from config.document import Document, read
from config.drill import Drill
from config.model import Model
from config.named import unknown_names
from config.oncall import OnCall
from config.parse import Keys, dotted
from config.people import Person
from config.playbooks import Playbook
from config.problems import ConfigError, Problem, did_you_mean
from config.secrets import credentials_in, without_credentials
from config.settings import NAME_PATTERN, Brand, Component, Daemon, Operator, Route, Settings
from config.spec import Catalog, UnknownKindError
from config.watchdog import Canary, Heartbeat
from config.words import in_words

ModelT = TypeVar("ModelT", bound=Model)

_NEEDED = {
    "brands": "name what to watch: acme: {query: acme}",
    "sources": "name a place to listen to",
    "channels": "name a way to reach somebody",
    "routes": "say who is told: - {to: [name of a channel]}",
}
_SECTIONS = (
    *("include", "daemon", "operator", "brands", "sources", "rules", "channels", "routes"),
    *("lists", "calendar", "people", "oncall", "playbooks", "drill", "canary", "heartbeat", "digest"),
)
_OPTIONAL: dict[str, type[Model]] = {"oncall": OnCall, "drill": Drill, "canary": Canary, "heartbeat": Heartbeat}
"""Sections that are one map, and mean nothing when they are not written."""
_VITAL = {"include", "daemon"}
_TOKEN = ("daemon", "token")
_MASK = "**********"


@dataclass(frozen=True, kw_only=True)
class Catalogs:
    """The kinds that exist; handed in, as configuration knows none of them."""

    sources: Catalog[Any]
    rules: Catalog[Any]
    channels: Catalog[Any]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A configuration without an error. `warnings` are what should be looked at all the same.

    In what `survey` gives, `flawed` are the sections in which something is wrong, and may be missing for that reason.
    `made` is what checking made of it, which need not be made again as long as it is held.
    """

    settings: Settings
    document: Document
    warnings: tuple[Problem, ...]
    flawed: frozenset[str] = frozenset()
    made: Sequence[object] = ()

    def lacks(self, section: str) -> bool:
        """Whether something of a section was left out, so that what is missing may stand there."""
        written = self.document.data.get(section, ())
        return section in self.flawed or len(getattr(self.settings, section)) < len(written)


def load(
    path: Path,
    catalogs: Catalogs,
    environ: Mapping[str, str] | None = None,
    *,
    absent_is_fine: bool = False,
    elsewhere_is_fine: bool = False,
) -> Loaded:
    """The configuration in `path` with its includes, secrets and overrides by `environ` (the process's by default).

    `absent_is_fine` is for commands that only look, in a shell that lacks the daemon's credentials: values that stand
    elsewhere may be out of reach, those of `daemon` other than its token excepted; what cannot be built without them is
    left out. `elsewhere_is_fine` is for judging a configuration in such a shell: of credentials, which only the service
    has, it is said with a warning that they are not judged.
    Raises ConfigError holding every problem, warnings included, sorted by place.
    """
    loaded, problems = survey(
        path, catalogs, environ, absent_is_fine=absent_is_fine, elsewhere_is_fine=elsewhere_is_fine
    )
    if loaded.flawed:
        raise ConfigError(problems)
    return loaded


def survey(
    path: Path,
    catalogs: Catalogs,
    environ: Mapping[str, str] | None = None,
    *,
    absent_is_fine: bool = False,
    elsewhere_is_fine: bool = False,
) -> tuple[Loaded, list[Problem]]:
    """Whatever of a configuration is right in itself, and every problem, sorted by place. See `load`."""
    document = read(path, os.environ if environ is None else environ, absent="`badbuzz init` writes a starter")
    loader = _Loader(document, catalogs)
    settings = loader.settings()
    spared = {keys for keys in document.absent if keys == _TOKEN or keys[0] not in _VITAL} if absent_is_fine else set()
    absent, elsewhere = set(map(dotted, spared)), set(map(dotted, document.elsewhere if elsewhere_is_fine else ()))
    written = [
        replace(problem, level="warning") if problem.path in elsewhere else problem
        for problem in document.problems
        if problem.path not in absent
    ]
    problems = by_place([*written, *loader.problems], document)
    flawed = {problem.path.partition(".")[0] for problem in problems if problem.level == "error"}
    flawed |= set(_SECTIONS) if document.is_incomplete else set()
    return Loaded(settings=settings, document=document, warnings=tuple(problems), flawed=frozenset(flawed)), problems


def parts_of(document: Document, catalogs: Catalogs, sections: Sequence[str]) -> tuple[Settings, list[Problem]]:
    """The `sections` of a configuration that stand in a document of another kind, whatever of them is right in itself,
    and what is wrong with them.
    """
    held = {section: document.data[section] for section in sections if section in document.data}
    loader = _Loader(replace(document, data=held), catalogs, needed=sections)
    return loader.settings(), loader.problems


def effective(loaded: Loaded) -> dict[str, Any]:
    """The configuration in force, defaults included, as plain data; every secret is masked. What could not be built
    without an absent value is as written.
    """
    settings = loaded.settings
    plain: dict[str, Any] = {
        "daemon": _dump(settings.daemon),
        "operator": _dump(settings.operator),
        "brands": {name: _dump(brand) for name, brand in settings.brands.items()},
    }
    for section in ("sources", "rules", "channels"):
        components: dict[str, Component] = getattr(settings, section)
        built = {name: {"kind": one.kind} | _dump(one.options) for name, one in components.items()}
        plain[section] = (loaded.document.data.get(section) or {}) | built
    plain["routes"] = [_dump(route) for route in settings.routes]
    if settings.people:
        plain["people"] = {name: _dump(person) for name, person in settings.people.items()}
    for section in _OPTIONAL:
        if loaded.document.data.get(section) is not None and (written := getattr(settings, section)):
            plain[section] = _dump(written)
    if settings.digest:
        plain["digest"] = [_dump(plan) for plan in settings.digest]
    if settings.calendar:
        plain["calendar"] = [_dump(entry) for entry in settings.calendar]
    if settings.lists:
        plain["lists"] = {name: list(entries) for name, entries in settings.lists.items()}
    if settings.playbooks:
        plain["playbooks"] = {name: _dump(playbook) for name, playbook in settings.playbooks.items()}
    secret = {keys for keys, place in loaded.document.places.items() if place.origin == "secret"}
    masked: dict[str, Any] = _masked(plain, (), secret)
    return masked


def _dump(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def _masked(value: Any, keys: Keys, secret: set[Keys]) -> Any:
    if keys in secret:
        return _MASK
    if isinstance(value, dict):
        return {key: _masked(inner, (*keys, key), secret) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, (*keys, number), secret) for number, inner in enumerate(value)]
    return without_credentials(value) if isinstance(value, str) else value


def by_place(problems: Iterable[Problem], document: Document) -> list[Problem]:
    """Problems in the order a reader meets their places."""
    order = {str(file): number for number, file in enumerate(document.files)}
    return sorted(problems, key=lambda problem: (order.get(problem.file, len(order)), problem.file, problem.line))


class _Loader:
    """Looks at everything before it gives up, so that one run shows every problem."""

    def __init__(self, document: Document, catalogs: Catalogs, needed: Iterable[str] = tuple(_NEEDED)) -> None:
        self.problems: list[Problem] = []
        self._needed = {section: hint for section, hint in _NEEDED.items() if section in needed}
        self._document, self._data, self._catalogs = document, document.data, catalogs

    def settings(self) -> Settings:
        self._sections()
        folder = self._document.path.parent
        daemon = self._model(Daemon, ("daemon",)) or self._sound_daemon()
        parts = {
            "daemon": daemon.model_copy(update={"data": folder / daemon.data}),
            "operator": self._model(Operator, ("operator",)) or Operator(),
            "lists": dict(self._named("lists", self._entries)),
            "brands": dict(self._named("brands", self._brand)),
            "sources": dict(self._named("sources", self._component)),
            "rules": dict(self._named("rules", self._component)),
            "channels": dict(self._named("channels", self._component)),
            "routes": tuple(self._list("routes", lambda _: Route, "- {to: [name of a channel]}")),
            "people": dict(self._named("people", lambda keys: self._model(Person, keys))),
            **dict(self._optional()),
            "digest": tuple(self._list("digest", lambda _: DigestPlan, "- {to: [...], brands: [...]}")),
            "calendar": tuple(self._list("calendar", model_of, EXAMPLE)),
            "playbooks": dict(self._named("playbooks", lambda keys: self._model(Playbook, keys))),
        }
        settings = Settings.model_validate(parts)
        self.problems += unknown_names(self._document)
        return settings

    def _sound_daemon(self) -> Daemon:
        """What is right of a section that is not, so that the rest of it can be judged."""
        bad = {problem.path.split(".")[1] for problem in self.problems if problem.path.startswith("daemon.")}
        held = self._data["daemon"] if isinstance(self._data["daemon"], dict) else {}
        sound = {key: held[key] for key in held if key not in bad and not self._document.is_broken(("daemon", key))}
        with suppress(ValidationError):
            return Daemon.model_validate(sound)
        return Daemon()

    def _sections(self) -> None:
        for section in self._data:
            if section not in _SECTIONS:
                self._problem((section,), "unknown key", did_you_mean(section, _SECTIONS))
        for section, hint in self._needed.items():
            empty = self._data.get(section) in (None, {}, [])
            if empty and not self._document.is_incomplete:
                self._problem((section,), "is required", hint)

    def _named(self, section: str, build: Any) -> Iterator[tuple[str, Any]]:
        held = self._data.get(section)
        if held is not None and not isinstance(held, dict):
            self._problem((section,), "must be a map of names", f"{section}: {{a-name: {{...}}}}")
            return
        for name in held or {}:
            if not re.fullmatch(NAME_PATTERN, name):
                usable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64]
                self._problem(
                    (section, name), "not a name: use small letters, digits and -", usable and f"such as {usable}"
                )
            built = build((section, name))
            if built is not None:
                yield name, built

    def _optional(self) -> Iterator[tuple[str, Model]]:
        for section, model in _OPTIONAL.items():
            if self._data.get(section) is not None and (built := self._model(model, (section,))):
                yield section, built

    def _brand(self, keys: Keys) -> Brand | None:
        return self._model(Brand, keys)

    def _entries(self, keys: Keys) -> tuple[str, ...] | None:
        held = self._data[str(keys[0])][keys[1]]
        entries = [held] if isinstance(held, str) else held
        if isinstance(entries, list) and entries and all(isinstance(each, str) and each.strip() for each in entries):
            return tuple(entries)
        self._problem(keys, "must be a list of words", f"{keys[1]}: [acme, \"Acme Air\", '@acmeair']")
        return None

    def _component(self, keys: Keys) -> Component | None:
        section, name = str(keys[0]), str(keys[1])
        held = self._data[section][name]
        if not isinstance(held, dict):
            self._problem(keys, "must be a map of keys and values", f"{name}: {{kind: ...}}")
            return None
        catalog: Catalog[Any] = getattr(self._catalogs, section)
        kind = held.get("kind")
        if not isinstance(kind, str):
            self._problem((*keys, "kind"), "is required", f"known: {', '.join(catalog.kinds())}")
            return None
        model = self._options_model(catalog, kind, (*keys, "kind"))
        options = self._model(model, keys, without="kind") if model else None
        return Component(name=name, kind=kind, options=options) if options else None

    def _options_model(self, catalog: Catalog[Any], kind: str, keys: Keys) -> type[Model] | None:
        try:
            model: type[Model] = catalog.spec(kind).options
        except UnknownKindError:
            self._problem(keys, f"unknown {catalog.role} kind '{kind}'", did_you_mean(kind, catalog.kinds()))
        except (ImportError, AttributeError, TypeError) as error:  # another distribution's component
            self._problem(keys, f"the {catalog.role} kind '{kind}' cannot be used: {error}", "reinstall or upgrade it")
        else:
            return model
        return None

    def _list(self, section: str, model: Callable[[Any], type[ModelT]], example: str) -> Iterator[ModelT]:
        held = self._data.get(section)
        if held is not None and not isinstance(held, list):
            self._problem((section,), "must be a list", example)
            return
        for number, each in enumerate(held or []):
            item = self._model(model(each), (section, number))
            if item:
                yield item

    def _model(self, model: type[ModelT], keys: Keys, without: str = "") -> ModelT | None:
        held: Any = self._data
        for key in keys:
            held = held.get(key) if isinstance(held, dict) else held[key]
        if isinstance(held, dict):
            held = {key: value for key, value in held.items() if key != without}
        elif held is not None:
            self._problem(keys, "must be a map of keys and values")
            return None
        try:
            valid = model.model_validate(held or {}, context={"folder": self._document.path.parent})
        except ValidationError as error:
            self.problems += in_words(error, model, keys, self._document)
            return None
        self.problems += _plain_secrets(valid, keys, self._document)
        return valid

    def _problem(self, keys: Keys, message: str, hint: str = "") -> None:
        if not self._document.is_broken(keys):
            self.problems.append(self._document.problem(keys, message, hint))


def _plain_secrets(value: Any, keys: Keys, document: Document) -> Iterator[Problem]:
    if isinstance(value, SecretStr) or (isinstance(value, str) and any(credentials_in(value))):
        if keys in document.places and document.places[keys].origin == "plain":
            hint = "keep it elsewhere: !secret file:/path, !secret env:NAME or !secret credential:name"
            yield document.problem(keys, "a secret stands here in plain text", hint, warning=True)
    elif isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            yield from _plain_secrets(getattr(value, name), (*keys, info.alias or name), document)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _plain_secrets(item, (*keys, number), document)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _plain_secrets(item, (*keys, key), document)

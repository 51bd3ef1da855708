"""`badbuzz add`: a source or a channel more, tried before it is written down."""

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from config.document import read
from config.edit import SecretReference, insert
from config.model import Model
from config.parse import Keys, dotted
from config.problems import ConfigError, Problem, did_you_mean
from config.settings import NAME_PATTERN, Component
from config.spec import Catalog, Spec, UnknownKindError
from listener.catalogs import CATALOGS
from listener.checks import examine
from listener.cli.files import draft, drop_secret, keep_secret, put_in_place
from listener.cli.options import options_of
from listener.cli.questions import SECRETS, Questions, secret_of, value_of, wrong_options
from listener.cli.terminal import AS_OPTION, config_path, say
from listener.clock import Clock
from listener.net.client import open_client
from listener.trial import Trial, masking_of, try_channel, try_source


class Role(StrEnum):
    SOURCE = "source"
    CHANNEL = "channel"


class Keep(StrEnum):
    FILE = "file"
    ENV = "env"


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where something is added."""

    path: Path
    role: Role
    name: str

    @property
    def section(self) -> str:
        return f"{self.role}s"

    @property
    def keys(self) -> Keys:
        return self.section, self.name


@dataclass(frozen=True, kw_only=True, repr=False)
class _Addition:
    """What is to be added: `values` as they are used, secrets included; `written` as they will stand in the file;
    `absent` are secrets that cannot be had here.
    """

    place: _Place
    spec: Spec[Model]
    values: Mapping[str, Any]
    written: Mapping[str, Any]
    absent: set[Keys]
    environ: Mapping[str, str]
    files: tuple[Path, ...]


def command(
    kind: Annotated[str, typer.Argument(help="What to add: a kind of source or channel.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME] [KEY=VALUE ...]",
            help="Its name in the configuration, else its kind; then its options, else each is asked for.",
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(envvar="BADBUZZ_CONFIG", help="The configuration to add to.")] = None,
    role: Annotated[Role | None, typer.Option("--as", help="For a kind that is both a source and a channel.")] = None,
    no_try: Annotated[bool, typer.Option("--no-try", help="Do not try it before writing it down.")] = False,
    keep: Annotated[Keep, typer.Option("--secrets", help="Keep secrets in files or in the environment.")] = Keep.FILE,
) -> None:
    """Add a source or a channel: asks for its options, tries it, and leaves the rest of the file as it is.

    A list is written a,b,c. For a secret, env:NAME, file:/path or credential:name say where it is already.
    """
    path = config_path(config)
    if not path.is_file():
        say(f"{path} is not there: badbuzz init {path} writes a first one")
        raise typer.Exit(1)
    _refuse_broken(path)
    role, spec = _find(kind, role)
    name, given = _split(words or [])
    place = _Place(path=path, role=role, name=name or kind)
    _refuse_taken(place, kind)
    answers = Questions(spec, place.keys, path.parent, absent_is_fine=no_try).answers(given)
    addition = _prepare(place, spec, answers, keep)
    if _stands(addition, no_try=no_try):
        _farewell(addition)
        return
    for file in addition.files:
        drop_secret(file)
    raise typer.Exit(1)


def _refuse_taken(place: _Place, kind: str) -> None:
    """Names stand for one thing each: said before anything is asked."""
    document = read(place.path, os.environ)
    if place.name in (document.data.get(place.section) or {}):
        _, line = document.locate(place.keys)
        say(f"{place.path}:{line}: there is a {place.role} '{place.name}' already; nothing was changed")
        say(f"give the new one another name: badbuzz add {kind} NAME ...")
        raise typer.Exit(1)
    if not re.fullmatch(NAME_PATTERN, place.name):
        say(f"'{place.name}' is not a name: use small letters, digits and -; nothing was changed")
        raise typer.Exit(1)


def _refuse_broken(path: Path) -> None:
    """Nothing can be added to a text that is no YAML."""
    broken = [problem for problem in read(path, os.environ).problems if not problem.path and problem.level == "error"]
    if broken:
        raise ConfigError(broken)


def _find(kind: str, role: Role | None) -> tuple[Role, Spec[Model]]:
    catalogs: dict[Role, Catalog[Any]] = {Role.SOURCE: CATALOGS.sources, Role.CHANNEL: CATALOGS.channels}
    found = [one for one in catalogs if kind in catalogs[one].kinds() and role in {None, one}]
    if not found:
        known = {name for catalog in catalogs.values() for name in catalog.kinds()}
        raise UnknownKindError(f"no source or channel kind '{kind}'; {did_you_mean(kind, known)}")
    if len(found) > 1:
        raise typer.BadParameter(f"'{kind}' is a source and a channel: add --as source or --as channel")
    return found[0], catalogs[found[0]].spec(kind)


def _split(words: list[str]) -> tuple[str, dict[str, str]]:
    """The name, when there is one, and the options given."""
    name = words.pop(0) if words and "=" not in words[0] else ""
    wrong = [word for word in words if "=" not in word]
    if wrong:
        raise typer.BadParameter(f"'{wrong[0]}' is not written key=value")
    return name, dict(word.split("=", 1) for word in words)


def _prepare(place: _Place, spec: Spec[Model], answers: Mapping[str, str], keep: Keep) -> _Addition:
    kinds = {option.key: option.kind for option in options_of(spec.options)}
    folder, values, absent = place.path.parent, dict[str, Any](), set[Keys]()
    written: dict[str, Any] = {"kind": spec.kind}
    environ, files = dict(os.environ), []
    for key, answer in answers.items():
        if kinds[key] not in SECRETS:
            values[key] = written[key] = value_of(kinds[key], answer)
            continue
        value, reference = secret_of(folder, answer, environ)
        if value is None:
            absent.add((*place.keys, key))
        elif not reference and keep is Keep.FILE:
            files.append(keep_secret(folder, f"{place.name}-{key}", answer))
            reference = f"file:{files[-1].relative_to(folder).as_posix()}"
        elif not reference:
            variable = f"{place.name}_{key}".upper().replace("-", "_")
            environ[variable], reference = answer, f"env:{variable}"
            say(f"set the environment variable {variable} to this secret before badbuzz starts")
        is_list = kinds[key] != "secret"
        values[key] = [value or ""] if is_list else value or ""
        written[key] = [SecretReference(reference)] if is_list else SecretReference(reference)
    return _Addition(
        place=place, spec=spec, values=values, written=written, absent=absent, environ=environ, files=tuple(files)
    )


def _stands(addition: _Addition, *, no_try: bool) -> bool:
    """Whether the addition is right, works, and is now in the file; what is wrong has been said otherwise."""
    place, path = addition.place, addition.place.path
    problems = list(wrong_options(addition.spec, place.keys, addition.values, addition.absent))
    for problem in problems:
        say(str(problem))
    if problems or not (no_try or _works(addition)):
        return False
    text = insert(path.read_bytes().decode("utf-8"), place.section, place.name, addition.written)
    with draft(path, text) as hidden:
        before = {(one.path, one.message) for one in _errors(path, addition.environ)}
        after = _errors(hidden, addition.environ)
        absent = tuple(map(dotted, addition.absent))
        new = [problem for problem in after if (problem.path, problem.message) not in before]
        for problem in new:
            say(str(problem).replace(str(hidden), str(path)))
        added = all(problem.path.startswith(absent) for problem in new)
        if added:
            put_in_place(hidden, path)
    return added


def _errors(path: Path, environ: Mapping[str, str]) -> list[Problem]:
    return [problem for problem in examine(path, CATALOGS, environ)[1] if problem.level == "error"]


def _works(addition: _Addition) -> bool:
    options = addition.spec.options.model_validate(addition.values)
    component = Component(name=addition.place.name, kind=addition.spec.kind, options=options)
    trial = asyncio.run(_try(component, addition.place.role))
    detail = masking_of(options).hide(trial.detail).replace(*AS_OPTION)
    say(f"{trial.role} {trial.name}: {trial.outcome}: {detail}")
    if trial.outcome == "failed":
        say("nothing was changed; mend it, or add it untried with --no-try")
    return trial.outcome != "failed"


async def _try(component: Component, role: Role) -> Trial:
    clock = Clock()
    if role is Role.SOURCE:
        async with open_client(clock=clock) as client:
            return await try_source(component, CATALOGS, client, clock)
    async with aiohttp.ClientSession() as http:
        return await try_channel(component, CATALOGS, http, clock)


def _farewell(addition: _Addition) -> None:
    place = addition.place
    say(f"{place.path}: {place.role} '{place.name}' added")
    say("a daemon that runs takes it up when it is reloaded: systemctl reload badbuzz, or kill -HUP its process")
    loaded, _ = examine(place.path, CATALOGS, addition.environ, elsewhere_is_fine=True)
    told = (
        {
            channel
            for route in loaded.settings.routes
            for name in route.to
            for channel in loaded.settings.reached_by(name)
        }
        if loaded
        else {place.name}
    )
    if place.role is Role.CHANNEL and place.name not in told:
        say(f"no route leads to it yet: name '{place.name}' in the `to` of one")

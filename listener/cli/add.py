"""`badbuzz add`: a source or a channel more, tried before it is written down."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from config.document import Document, read
from config.edit import SecretReference, insert
from config.model import Model
from config.problems import ConfigError, Problem, did_you_mean
from config.references import ReferenceProblemError, read_secret
from config.settings import Component
from config.spec import Catalog, Spec, UnknownKindError
from config.words import in_words
from listener.catalogs import CATALOGS
from listener.checks import examine
from listener.cli.files import draft, keep_secret, put_in_place
from listener.cli.options import Option, options_of
from listener.cli.terminal import config_path, say
from listener.clock import Clock
from listener.net.client import open_client
from listener.trial import Trial, try_channel, try_source

_SECRET = {"secret", "list of secret"}


class Role(StrEnum):
    SOURCE = "source"
    CHANNEL = "channel"


class Keep(StrEnum):
    FILE = "file"
    ENV = "env"


@dataclass(frozen=True, kw_only=True, repr=False)
class _Addition:
    """What is to be added: `values` as they are used, secrets included; `written` as they will stand in the file."""

    role: Role
    name: str
    spec: Spec[Model]
    values: Mapping[str, Any]
    written: Mapping[str, Any]
    environ: Mapping[str, str]
    files: tuple[Path, ...]

    @property
    def section(self) -> str:
        return f"{self.role}s"


def command(
    kind: Annotated[str, typer.Argument(help="What to add: a kind of source or channel.")],
    words: Annotated[list[str] | None, typer.Argument(metavar="[NAME] [KEY=VALUE ...]")] = None,
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
    asked = _ask(spec, given)
    addition = _prepare(path, role, name or kind, spec, asked, keep)
    if _stands(path, addition, no_try=no_try):
        _farewell(path, addition)
        return
    for file in addition.files:
        file.unlink()
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


def _ask(spec: Spec[Model], given: dict[str, str]) -> dict[str, str]:
    """The options given, completed by asking: always for required ones, for the others when nothing was given."""
    options = options_of(spec.options)
    known = {option.key for option in options}
    for key in given:
        if key not in known:
            raise typer.BadParameter(f"{spec.kind} has no option '{key}'; {did_you_mean(key, known)}")
    answers = dict(given)
    for option in options:
        if option.key not in given and (option.required or not given):
            answer = _answer(option)
            answers |= {option.key: answer} if answer else {}
    return answers


def _answer(option: Option) -> str:
    kind = option.kind.replace("list of text", "one or more, a,b,c")
    say(f"{option.description}" if option.description else option.key)
    default = None if option.required else ""
    hidden = option.kind in _SECRET and sys.stdin.isatty()
    label = f"  {option.key} ({kind}{'' if option.required else ', Enter to leave it'})"
    answer = typer.prompt(label, default=default, show_default=False, hide_input=hidden, err=True)
    return str(answer).strip()


def _prepare(path: Path, role: Role, name: str, spec: Spec[Model], answers: dict[str, str], keep: Keep) -> _Addition:
    kinds = {option.key: option.kind for option in options_of(spec.options)}
    values: dict[str, Any] = {}
    written: dict[str, Any] = {"kind": spec.kind}
    environ, files = dict(os.environ), []
    for key, answer in answers.items():
        if kinds[key] not in _SECRET:
            values[key] = written[key] = _value(kinds[key], answer)
            continue
        value, reference = _secret(path.parent, answer, environ)
        if not reference and keep is Keep.FILE:
            files.append(keep_secret(path.parent, f"{name}-{key}", answer))
            reference = f"file:{files[-1].relative_to(path.parent).as_posix()}"
        elif not reference:
            variable = f"{name}_{key}".upper().replace("-", "_")
            environ[variable], reference = answer, f"env:{variable}"
            say(f"set the environment variable {variable} to this secret before badbuzz starts")
        is_list = kinds[key] != "secret"
        values[key] = [value] if is_list else value
        written[key] = [SecretReference(reference)] if is_list else SecretReference(reference)
    return _Addition(
        role=role, name=name, spec=spec, values=values, written=written, environ=environ, files=tuple(files)
    )


def _secret(folder: Path, answer: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The value, and the reference when the answer is one."""
    reference = answer.removeprefix("!secret ")
    if reference.partition(":")[0] not in {"env", "file", "credential"}:
        return answer, ""
    try:
        value, _ = read_secret(reference, folder, environ)
    except ReferenceProblemError as error:
        raise typer.BadParameter(f"{error.message} ({error.hint})") from None
    return value, reference


def _value(kind: str, answer: str) -> Any:
    """What an answer means: a list is written with commas, numbers and maps as in YAML."""
    if kind == "list of text" and not answer.startswith("["):
        return [item.strip() for item in answer.split(",") if item.strip()]
    if kind in {"text", "duration"}:
        return answer
    try:
        return YAML(typ="safe", pure=True).load(answer)
    except YAMLError:
        return answer


def _stands(path: Path, addition: _Addition, *, no_try: bool) -> bool:
    """Whether the addition is right, works, and is now in the file; what is wrong has been said otherwise."""
    options = _options(path, addition)
    if options is None:
        return False
    if not no_try and not _works(
        Component(name=addition.name, kind=addition.spec.kind, options=options), addition.role
    ):
        return False
    text = insert(path.read_bytes().decode("utf-8"), addition.section, addition.name, addition.written)
    with draft(path, text) as hidden:
        before = {(one.path, one.message) for one in _errors(path, addition.environ)}
        after = _errors(hidden, addition.environ)
        new = [problem for problem in after if (problem.path, problem.message) not in before]
        for problem in new:
            say(str(problem).replace(str(hidden), str(path)))
        if not new:
            put_in_place(hidden, path)
    return not new


def _options(path: Path, addition: _Addition) -> Model | None:
    keys = (addition.section, addition.name)
    document = Document(path=path, data={addition.section: {addition.name: dict(addition.values)}})
    try:
        return addition.spec.options.model_validate(addition.values)
    except ValidationError as error:
        for problem in in_words(error, addition.spec.options, keys, document):
            say(str(problem))
    return None


def _errors(path: Path, environ: Mapping[str, str]) -> list[Problem]:
    return [problem for problem in examine(path, CATALOGS, environ)[1] if problem.level == "error"]


def _works(component: Component, role: Role) -> bool:
    trial = asyncio.run(_try(component, role))
    say(f"{trial.role} {trial.name}: {trial.outcome}: {trial.detail}")
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


def _farewell(path: Path, addition: _Addition) -> None:
    say(f"{path}: {addition.role} '{addition.name}' added")
    loaded, _ = examine(path, CATALOGS, addition.environ)
    told = {name for route in loaded.settings.routes for name in route.to} if loaded else {addition.name}
    if addition.role is Role.CHANNEL and addition.name not in told:
        say(f"no route leads to it yet: name '{addition.name}' in the `to` of one")

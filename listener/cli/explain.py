"""`badbuzz explain`: what a kind is for, what it takes and what it can."""

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from io import StringIO
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, TaggedScalar

from config.load import Catalogs
from config.model import Model, format_duration
from config.problems import did_you_mean
from config.spec import Catalog, Spec, UnknownKindError
from listener.catalogs import CATALOGS
from listener.cli.options import Option, options_of

_COMMON = {field.name for field in fields(Spec)} | {"build"}


def command(
    kind: Annotated[str | None, typer.Argument(help="A kind, such as feed or slack; all when not given.")] = None,
) -> None:
    """Describe a kind of source, rule or channel: options, an example, and what it can do."""
    typer.echo(overview(CATALOGS) if kind is None else "\n\n".join(pages(CATALOGS, kind)))


def overview(catalogs: Catalogs) -> str:
    """All kinds by role, one line each."""
    lines: list[str] = []
    for catalog in _catalogs(catalogs):
        lines += [f"{catalog.role} kinds", *(f"  {kind:<12} {catalog.spec(kind).summary}" for kind in catalog.kinds())]
    return "\n".join(lines)


def pages(catalogs: Catalogs, kind: str) -> list[str]:
    """A page for each role that has the kind. Raises UnknownKindError when none has."""
    found = [_page(catalog, catalog.spec(kind)) for catalog in _catalogs(catalogs) if kind in catalog.kinds()]
    if not found:
        known = {name for catalog in _catalogs(catalogs) for name in catalog.kinds()}
        raise UnknownKindError(f"unknown kind '{kind}'; {did_you_mean(kind, known)}")
    return found


def _catalogs(catalogs: Catalogs) -> tuple[Catalog[Any], ...]:
    return catalogs.sources, catalogs.rules, catalogs.channels


def _page(catalog: Catalog[Any], spec: Spec[Model]) -> str:
    lines = [f"{spec.kind}: a {catalog.role}", f"  {spec.summary}", "", "options"]
    for option in options_of(spec.options):
        lines += [f"  {option.key} ({option.kind}, {_default(option)})"]
        lines += [f"      {line}" for line in option.description.splitlines()]
    lines += ["", "example", *(f"  {line}" for line in example(catalog.role, spec).splitlines())]
    capabilities = list(_capabilities(spec))
    return "\n".join([*lines, "", "can", *capabilities] if capabilities else lines)


def _default(option: Option) -> str:
    if option.required:
        return "required"
    return "optional" if option.default is None else f"default {json.dumps(option.default, ensure_ascii=False)}"


def _capabilities(spec: Spec[Model]) -> Iterator[str]:
    for field in fields(spec):
        if field.name not in _COMMON and not callable(getattr(spec, field.name)):
            yield f"  {field.name}: {_said(getattr(spec, field.name))}"


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format_duration(value) if isinstance(value, timedelta) else str(value)


def example(role: str, spec: Spec[Model]) -> str:
    """The example of a kind as it would stand in a configuration; secrets are references."""
    kinds = {option.key: option.kind for option in options_of(spec.options)}
    held = CommentedMap(kind=spec.kind)
    for key, value in spec.example.items():
        reference = _reference(spec.kind, key)
        held[key] = {"secret": reference, "list of secret": [reference]}.get(kinds[key], value)
    out, yaml = StringIO(), YAML()
    yaml.dump({f"{role}s": {spec.kind: held}}, out)
    return out.getvalue()


def _reference(kind: str, key: str) -> TaggedScalar:
    return TaggedScalar(f"env:{kind}_{key}".upper().replace("-", "_").replace("ENV:", "env:"), tag="!secret")

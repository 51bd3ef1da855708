"""The options of a kind, as commands show and ask for them."""

from dataclasses import dataclass
from typing import Any

from config.model import Model
from config.schema import Generator

_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "object": "map"}


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option: `key` as written, `kind` in words (`text`, `secret`, `list of text` ...), default as plain data."""

    key: str
    kind: str
    required: bool
    default: Any
    description: str


def options_of(model: type[Model]) -> list[Option]:
    """The options of a model, required ones first, then in the order declared."""
    schema = model.model_json_schema(schema_generator=Generator)
    required, shared = set(schema.get("required", ())), schema.get("$defs", {})
    found = [
        Option(
            key=key,
            kind=_kind(part, shared),
            required=key in required,
            default=part.get("default"),
            description=part.get("description", ""),
        )
        for key, part in schema.get("properties", {}).items()
    ]
    return sorted(found, key=lambda option: not option.required)


def _kind(part: dict[str, Any], shared: dict[str, Any]) -> str:
    if "$ref" in part:
        return _kind(shared[part["$ref"].rpartition("/")[2]], shared)
    if "anyOf" in part:
        branches = [branch for branch in part["anyOf"] if branch.get("type") != "null"]
        return " or ".join(dict.fromkeys(_kind(branch, shared) for branch in branches))
    if part.get("type") == "array":
        return f"list of {_kind(part.get('items', {}), shared)}"
    choices = part.get("enum", [part["const"]] if "const" in part else [])
    return " or ".join(map(str, choices)) or _plain_kind(part)


def _plain_kind(part: dict[str, Any]) -> str:
    if "properties" in part:
        return f"map of {', '.join(part['properties'])}"
    if part.get("format") == "password":
        return "secret"
    return str(part.get("$comment") or _KINDS.get(part.get("type", ""), "value"))

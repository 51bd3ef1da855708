"""Adding to a configuration as a careful person would: everything else stays as it was written."""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.scalarstring import SingleQuotedScalarString
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from config.nodes import compose


class SecretReference(str):
    """`env:NAME`, `file:/path` or `credential:name`, written with its tag."""

    __slots__ = ()


def insert(text: str, section: str, name: str, value: Mapping[str, Any]) -> str:
    """`text` with `name: value` as the last entry of `section`, which is made when missing.

    Values are plain data or SecretReference; a `${` in them is kept from being replaced. Lines that were there stay
    byte for byte, unless the section is written in braces. `text` must be valid YAML.
    """
    root = compose(text)
    if root is not None and (not isinstance(root, MappingNode) or root.flow_style):
        return _rewritten(text, section, name, value)
    pair = next((pair for pair in root.value if pair[0].value == section), None) if root else None
    if pair is None:
        return _joined(text, len(text.splitlines()), ["", *_lines({section: {name: value}}, 0)])
    held = pair[1]
    if isinstance(held, MappingNode) and not held.flow_style:
        column = held.value[0][0].start_mark.column
        return _joined(text, _end(held.value[-1]), _lines({name: value}, column))
    if _is_empty(held):
        return _joined(text, _end(pair), _lines({name: value}, 2))
    return _rewritten(text, section, name, value)


def _is_empty(node: Node) -> bool:
    """Nothing is written behind the key; such a node's marks are those of whatever comes next."""
    return isinstance(node, ScalarNode) and node.value == "" and node.start_mark.index == node.end_mark.index


def _end(pair: tuple[Node, Node]) -> int:
    """How many lines there are up to the end of a key and what it holds, comments behind it left out."""
    key, node = pair
    if _is_empty(node):
        return int(key.end_mark.line) + 1
    if isinstance(node, MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    if isinstance(node, SequenceNode) and not node.flow_style and node.value:
        return _end((node.value[-2] if len(node.value) > 1 else key, node.value[-1]))
    end = node.end_mark
    is_whole = end.column == 0 and end.line > node.start_mark.line  # a block of text ends where the next line begins
    return int(end.line) if is_whole else int(end.line) + 1


def _joined(text: str, at: int, added: list[str]) -> str:
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if at and lines and not lines[at - 1].endswith(("\n", "\r")):
        lines[at - 1] += newline
    start = added[1:] if not lines else added
    return "".join(lines[:at] + [line + newline for line in start] + lines[at:])


def _lines(data: Mapping[str, Any], column: int) -> list[str]:
    out = StringIO()
    _yaml().dump(_written(data), out)
    return [" " * column + line if line else "" for line in out.getvalue().splitlines()]


def _written(value: Any) -> Any:
    if isinstance(value, SecretReference):
        return TaggedScalar(str(value), style='"' if " " in value else None, tag="!secret")
    if isinstance(value, str):
        text = value.replace("${", "$${")
        return SingleQuotedScalarString(text) if text.startswith("?") else text  # in a list, ruamel reads ?0 as a key
    if isinstance(value, Mapping):
        return CommentedMap({key: _written(inner) for key, inner in value.items()})
    if isinstance(value, list | tuple):
        items = CommentedSeq(_written(inner) for inner in value)
        items.fa.set_flow_style()
        return items
    return value


def _rewritten(text: str, section: str, name: str, value: Mapping[str, Any]) -> str:
    """What stands in braces is written anew by the YAML library, which keeps comments and quotes."""
    yaml, out = _yaml(), StringIO()
    data = yaml.load(text)
    if data.get(section) is None:
        data[section] = CommentedMap()
    data[section][name] = _written(value)
    yaml.dump(data, out)
    return out.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    return yaml

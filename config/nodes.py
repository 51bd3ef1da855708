"""From the text of a YAML document to its nodes, each with its line and column."""

from ruamel.yaml.resolver import implicit_resolvers
from yaml import Node, YAMLError
from yaml.composer import Composer
from yaml.cyaml import CParser
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

_DEEPEST = 100
"""Levels at which reading ends, before anything is understood."""


class _Composer(Composer, BaseResolver):
    """What a word is in YAML 1.2: `yes` is a text. Gives up where no configuration goes, before anything overflows."""

    def __init__(self) -> None:
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._depth = 0

    def compose_node(self, parent: Node | None, index: object) -> Node:
        _refuse(self._depth)
        self._depth += 1
        node: Node = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _versions, _tag, _pattern, _first in implicit_resolvers:
    if (1, 2) in _versions:
        _Composer.add_implicit_resolver(_tag, _pattern, _first)


class _Quick(_Composer, CParser):
    """Parsed in C, in a fifth of the time."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        _Composer.__init__(self)


class _Plain(_Composer, Reader, Scanner, Parser):
    """Parsed in Python: tells better what is wrong, and takes the pairs of escapes that JSON writes."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        _Composer.__init__(self)

    # the time it takes grows with the square of the depth
    def fetch_flow_collection_start(self, token: type) -> None:
        _refuse(self.flow_level)
        super().fetch_flow_collection_start(token)

    def add_indent(self, column: int) -> bool:
        _refuse(len(self.indents))
        return bool(super().add_indent(column))


def _refuse(depth: int) -> None:
    if depth >= _DEEPEST:
        raise RecursionError


def compose(text: str) -> Node | None:
    """The node tree of one YAML document; None when it is empty. Raises YAMLError, RecursionError or ValueError."""
    try:
        return _composed(_Quick(text))
    except YAMLError:
        return _composed(_Plain(text))


def _composed(loader: _Quick | _Plain) -> Node | None:
    try:
        node: Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    return node

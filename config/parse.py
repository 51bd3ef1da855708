"""One YAML text as plain data, with the line of every key and every problem in it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode as PlainNode
from yaml import MappingNode, MarkedYAMLError, Node, ScalarNode, SequenceNode, YAMLError
from yaml.reader import ReaderError

from config.model import UNFIT
from config.nodes import compose
from config.problems import Problem
from config.references import ReferenceProblemError, interpolate, read_secret

Keys = tuple[str | int, ...]
"""The way to a value: map keys and list positions."""
Origin = Literal["plain", "environment", "secret"]

MAX_BYTES = 10_000_000
MAX_VALUES = 500_000
MAX_DEPTH = 40
_ALIASES = "do not nest aliases (*name) in aliases"
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_NO_TEXT = "holds a character that is none: a zero, or half of a pair"
_CORE = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Place:
    """Where a value was written, and whether its content came from elsewhere. Line 0: not in a file."""

    file: str
    line: int = 0
    origin: Origin = "plain"
    column: int = 0


def dotted(keys: Keys) -> str:
    """`channels.team.kind`, as people read it."""
    return ".".join(map(str, keys))


@dataclass(kw_only=True, repr=False)
class Parsed:
    """What a text holds. `broken` are values that have a problem already; `absent` those of them that stand elsewhere
    and cannot be had, `elsewhere` those of them that only the service can have; `secrets` must never be shown.
    """

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Keys, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[Keys] = field(default_factory=set)
    absent: set[Keys] = field(default_factory=set)
    elsewhere: set[Keys] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)


def parse(content: bytes, file: str, environ: Mapping[str, str]) -> Parsed:
    """The data of a configuration file named `file`; whatever the bytes, what is wrong is in `problems`."""
    parser = _Parser(file, environ)
    parser.read(content)
    return parser.out


class _TooLargeError(Exception):
    """More values than any configuration has: aliases that multiply. Message and hint."""


class _Parser:
    def __init__(self, file: str, environ: Mapping[str, str]) -> None:
        self.out = Parsed()
        self._file, self._environ = file, environ
        self._folder = Path(file).parent
        self._scalars = YAML(typ="safe", pure=True).constructor
        self._left = MAX_VALUES

    def read(self, content: bytes) -> None:
        text = self._text(content)
        node = None if text is None else self._compose(text)
        if node is None:
            return
        if not isinstance(node, MappingNode):
            self._problem((), 1, "a configuration is a map of keys and values", "start with `brands:`")
            return
        try:
            self.out.data = self._mapping(node, ())
        except _TooLargeError as error:
            self._problem((), 1, *error.args)
        except RecursionError:
            self._problem((), 1, f"nested deeper than {MAX_DEPTH} levels", _ALIASES)

    def _text(self, content: bytes) -> str | None:
        if len(content) > MAX_BYTES:
            self._problem(
                (), 0, f"larger than {MAX_BYTES // 1_000_000} MB", "a configuration is text; split it with include:"
            )
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._problem((), content.count(b"\n", 0, error.start) + 1, "not UTF-8 text", "save the file as UTF-8")
            return None

    def _compose(self, text: str) -> Node | None:
        try:
            return compose(text)
        except MarkedYAMLError as error:
            problem = str(error.problem or error.context or "not YAML")
            unclosed = "end" in problem and error.context_mark  # the opening bracket or quote tells more than the end
            mark = unclosed or error.problem_mark
            last = text.rstrip().count("\n") + 1
            self._problem(
                (), min(mark.line + 1, last) if mark else 1, f"broken YAML: {problem}", _syntax_hint(error, text)
            )
        except ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            self._problem((), line, "a control character", "remove it: configurations are plain text")
        except RecursionError:
            self._problem((), 1, f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        except (YAMLError, ValueError, OverflowError):
            self._problem((), 1, "not YAML", "start from the example that `badbuzz init` writes")
        return None

    def _value(self, node: Node, keys: Keys) -> Any:
        self._count()
        if len(keys) > MAX_DEPTH:
            raise _TooLargeError(f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        if isinstance(node, ScalarNode):
            return self._scalar(node, keys)
        if isinstance(node, MappingNode) and node.tag == _CORE + "map":
            return self._mapping(node, keys)
        if isinstance(node, SequenceNode) and node.tag == _CORE + "seq":
            return self._sequence(node, keys)
        return self._unknown_tag(node, keys)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooLargeError(f"more than {MAX_VALUES} values", _ALIASES)

    def _sequence(self, node: SequenceNode, keys: Keys) -> list[Any]:
        values = []
        for position, item in enumerate(node.value):
            self.out.places[(*keys, position)] = _place(self._file, item)
            values.append(self._value(item, (*keys, position)))
        return values

    def _mapping(self, node: MappingNode, keys: Keys) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._take(node, keys, found, merging=False)
        return found

    def _take(self, node: MappingNode, keys: Keys, found: dict[str, Any], *, merging: bool) -> None:
        self._count()
        merged: list[Node] = []
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._problem(keys, _line(key), "a key must be a plain word", "quote what starts with [ or {")
            elif UNFIT.search(key.value):
                self._problem(keys, _line(key), f"a key {_NO_TEXT}", "remove it")
            elif key.tag == _CORE + "merge":
                merged.append(value)
            elif key.value not in found:
                self.out.places[(*keys, key.value)] = _place(self._file, key)
                found[key.value] = self._value(value, (*keys, key.value))
            else:
                self._count()
                if merging:
                    continue
                first = self.out.places[(*keys, key.value)].line
                self._problem((*keys, key.value), _line(key), f"written twice, first on line {first}", "keep one")
        for source in merged:
            self._merge(source, keys, found)

    def _merge(self, node: Node, keys: Keys, found: dict[str, Any]) -> None:
        """`<<: *defaults` gives what the map does not say itself; the first of several wins."""
        for source in node.value if isinstance(node, SequenceNode) else [node]:
            if isinstance(source, MappingNode):
                self._take(source, keys, found, merging=True)
            else:
                self._problem(keys, _line(node), "`<<` merges maps only", "write <<: *name of an anchored map")

    def _scalar(self, node: ScalarNode, keys: Keys) -> Any:
        if node.tag == "!secret":
            return self._secret(node, keys)
        if node.tag == _CORE + "str":
            return self._string(node, keys)
        if node.tag == _CORE + "null":
            return None
        if node.tag == _CORE + "timestamp":
            return str(node.value)
        if node.tag in {_CORE + "int", _CORE + "float", _CORE + "bool"}:
            return self._plain(node, keys)
        return self._unknown_tag(node, keys)

    def _plain(self, node: ScalarNode, keys: Keys) -> Any:
        kind = str(node.tag).removeprefix(_CORE)
        construct = getattr(self._scalars, f"construct_yaml_{kind}")
        try:
            value = construct(PlainNode(node.tag, node.value))
        except (ValueError, KeyError, IndexError, OverflowError, YAMLError):
            value = math.nan
        if isinstance(value, float) and not math.isfinite(value):
            self._problem(keys, _line(node), f"'{node.value[:40]}' is no usable number", "quote it if it is a text")
            return None
        return value

    def _string(self, node: ScalarNode, keys: Keys) -> str:
        try:
            value = interpolate(node.value, self._environ)
        except ReferenceProblemError as error:
            self.out.absent.add(keys)
            self._problem(keys, _line(node), error.message, error.hint)
            return ""
        if value != node.value:
            self._mark(keys, node, "environment")
        value = _PAIR.sub(_joined, value)
        if UNFIT.search(value):
            self._problem(keys, _line(node), _NO_TEXT, "remove it")
            return ""
        return value

    def _secret(self, node: ScalarNode, keys: Keys) -> str:
        self._mark(keys, node, "secret")
        try:
            value, warning = read_secret(interpolate(node.value, self._environ), self._folder, self._environ)
        except ReferenceProblemError as error:
            self.out.absent.add(keys)
            self.out.elsewhere |= {keys} if error.elsewhere else set()
            self._problem(keys, _line(node), error.message, error.hint)
            return ""
        if warning:
            self._problem(keys, _line(node), warning, "chmod 600", level="warning")
        self.out.secrets.add(value)
        return value

    def _unknown_tag(self, node: Node, keys: Keys) -> None:
        tag = str(node.tag).replace(_CORE, "!!")
        known = "!secret takes env:NAME, file:/path or credential:name; quote a text that starts with !"
        self._problem(keys, _line(node), f"unknown tag {tag[:40]}", known)

    def _mark(self, keys: Keys, node: Node, origin: Origin) -> None:
        place = self.out.places.get(keys, _place(self._file, node))
        self.out.places[keys] = replace(place, origin=origin)

    def _problem(
        self, keys: Keys, line: int, message: str, hint: str = "", level: Literal["error", "warning"] = "error"
    ) -> None:
        if level == "error":
            self.out.broken.add(keys)
        problem = Problem(message=message, path=dotted(keys), hint=hint, file=self._file, line=line, level=level)
        self.out.problems.append(problem)


def _joined(pair: re.Match[str]) -> str:
    """What JSON writes as two escapes is one character."""
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _place(file: str, node: Node) -> Place:
    return Place(file, _line(node), column=int(node.start_mark.column) + 1)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


_HINTS = {
    "'\\t'": "indent with spaces, not tabs",
    "cannot start any token": "quote a value that starts with @, ` or %",
    "mapping values are not allowed": "quote a value that holds ': ', and check the indentation",
    "another document": "one document a file: remove the second ---",
    "undefined alias": "quote a value that starts with *",
}


def _syntax_hint(error: MarkedYAMLError, text: str) -> str:
    """The usual cause behind the scanner's words."""
    mark, lines = error.problem_mark, text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if mark and "\t" in line[: mark.column + 1]:
        return _HINTS["'\\t'"]
    if "${" in line:
        return 'quote a variable inside braces: "${NAME}"'
    known = (hint for words, hint in _HINTS.items() if words in str(error.problem))
    return next(known, "check indentation, brackets and quotes around here; # in a list needs quotes")

"""From the text of a query to its tree."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from config.problems import did_you_mean
from rules.query.errors import QueryError
from rules.query.filters import FILTERS, UNTOLD, WORDS, Value, advice
from rules.query.tree import AtLeast, Filter, Group, Near, Node, Not, Raw, Term, Within, children, leaves
from rules.query.wording import phrase, term

LONGEST_QUERY = 100_000
"""Characters of a query."""
MOST_TERMS = 10_000
DEEPEST = 50
"""Parentheses within each other."""
MOST_NEAR = 10
"""NEAR and SENTENCE of each other's operands."""
FURTHEST = 100
"""Words between two that are near."""
_NEAR = 4
QUOTED = re.compile(r'"[^"]*"|“[^”]*”|„[^”“]*[”“]|«[^»]*»')
_PARENTHESIS = re.compile(rf"{QUOTED.pattern}|(?P<open>[\"“„«])|[()]")
_CLOSES = {'"': '"', "“": "”", "„": "”", "«": "»"}
_LAST = re.compile(r"(AND|OR|NOT|\(|[-–−]|O?NEAR\S*|O?SENTENCE|ATLEAST\S*)\s*\Z")
PLAIN = re.compile(r'[^\s()"“”„«»]+')
_LIST = re.compile(r"@list\(([^()\s]*)\)")
_NO_WORD = re.compile(r"[-–−]|[A-Za-z_]+:")
_TITLE, _TEXT = "title", "text"

Lists = Mapping[str, Sequence[str]]
NO_LISTS: Lists = MappingProxyType({})


@cache
def _grammar() -> Lark:
    written = files("rules.query").joinpath("grammar.lark").read_text("utf-8")
    return Lark(written, parser="lalr", lexer="contextual")


class Read(NamedTuple):
    """The tree of a query, and what of it mixes AND and OR without parentheses, each with its place."""

    root: Node
    mixed: Sequence[tuple[int, Node]]


def read(query: str, lists: Lists = NO_LISTS, zone: tzinfo = UTC) -> Read:
    """Reads a query; `lists` by name, hours and days in `zone`. Raises QueryError."""
    refuse_length(query)
    if not query.strip():
        hint = 'write at least one word, "phrase", #hashtag or @handle'
        raise QueryError("an empty query", len(query), hint, query)
    _refuse_depth(query)
    try:
        parsed = _grammar().parse(query)
    except UnexpectedInput as error:
        raise _explained(error, query) from None
    reader = _Reader(query, lists, zone)
    return Read(reader.node(parsed.children[0]), reader.mixed)


def refuse_length(query: str) -> None:
    """Raises QueryError when it is too long to be read."""
    if len(query) > LONGEST_QUERY:
        raise QueryError(f"a query of {len(query)} characters", LONGEST_QUERY, f"use at most {LONGEST_QUERY}")


def _refuse_depth(query: str) -> None:
    if len(opened := _opened(query)) > DEEPEST:
        raise QueryError("parentheses too deep", opened[-1], f"use at most {DEEPEST} within each other", query)


def _explained(error: UnexpectedInput, query: str) -> QueryError:
    if isinstance(error, UnexpectedCharacters):
        return _at_character(error.pos_in_stream or 0, query)
    assert isinstance(error, UnexpectedToken)  # the one other thing that can be met
    token, ends = error.token, error.token.type == "$END"
    at = len(query) if ends else int(token.start_pos or 0)
    if ends and "_CLOSE" in error.expected:
        return QueryError("this parenthesis is never closed", _opened(query)[-1], "close it with `)`", query)
    if token.type == "_CLOSE" and "$END" in error.expected:
        return QueryError("this parenthesis closes nothing", at, "remove it", query)
    before = _LAST.search(query[:at])
    where, sign = ("after", before[1]) if before else ("before", str(token))
    quoted = f', or "{sign}" where that word is meant' if sign[0].isalpha() else ""
    return QueryError(f"something is missing {where} {sign}", at, f"write a word there{quoted}", query)


def _at_character(at: int, query: str) -> QueryError:
    closing = _CLOSES.get(query[at])
    if closing:
        return QueryError("this quotation is never closed", at, f"close it with {closing}", query)
    return QueryError("this quotation mark closes nothing", at, 'remove it, or begin and end with "', query)


def _opened(query: str) -> list[int]:
    """Where parentheses open that are not closed, or were not where they became too deep. What follows a quotation
    that is never closed is not looked at: the whole would be read for each of many.
    """
    opened = list[int]()
    for found in _PARENTHESIS.finditer(query):
        if found["open"] or len(opened) > DEEPEST:
            break
        if found[0] == "(":
            opened.append(found.start())
        elif found[0] == ")" and opened:
            opened.pop()
    return opened


class _Written(NamedTuple):
    """A word or value, and the list that it is in, with its place there."""

    text: str
    of: tuple[str, int] | None = None


class _Reader:
    def __init__(self, query: str, lists: Lists, zone: tzinfo) -> None:
        self._query, self._lists, self._zone, self._terms = query, lists, zone, 0
        self.mixed: list[tuple[int, Node]] = []

    def node(self, parsed: "Tree[Token] | Token") -> Node:
        if isinstance(parsed, Token):
            return self._leaf(parsed)
        readers: Mapping[str, Callable[..., Node]] = {
            "any": self._any,
            "all": lambda *each: joined("AND", [self.node(child) for child in each]),
            "near": self._near,
            "negated": self._negated,
            "frequent": self._frequent,
            "group": self.node,
            "filter": self._filter,
        }
        return readers[parsed.data](*parsed.children)

    def _any(self, *parsed: "Tree[Token] | Token") -> Node:
        node = joined("OR", [self.node(child) for child in parsed])
        if any(isinstance(each, Tree) and each.data == "all" for each in parsed):
            self.mixed.append((_beginning(parsed[0]), node))
        return node

    def _negated(self, *parsed: "Tree[Token] | Token") -> Node:
        child = self.node(parsed[-1])
        return Not(child) if len(parsed) % 2 == 0 else child

    def _leaf(self, token: Token) -> Node:
        at, written = _at(token), str(token)
        if token.type == "LIST":
            return self._count(joined("OR", [self._entry(each, at) for each in self._list(token)]), at)
        if written.endswith(":") and written[:-1].lower() in {*FILTERS, *WORDS}:
            raise self._error(f"'{written}' has no value", at, "write it right behind the colon, without a space")
        return self._count(term(written, at, self._query), at)

    def _entry(self, entry: "_Written", at: int) -> Node:
        try:
            return phrase(entry.text, at)
        except QueryError as error:
            raise QueryError(error.message, 0, error.hint, entry.text, entry.of) from None

    def _count(self, node: Node, at: int) -> Node:
        self._terms += sum(1 for _ in leaves(node))
        if self._terms > MOST_TERMS:
            raise self._error(f"more than {MOST_TERMS} terms", at, "part the query among several brands")
        return node

    def _near(self, *parsed: "Tree[Token] | Token") -> Node:
        node = self.node(parsed[0])
        for sign, operand in zip(parsed[1::2], parsed[2::2], strict=True):
            assert isinstance(sign, Token)  # by the grammar
            second = self.node(operand)
            for each in (node, second):
                self._refuse_unplaced(each, sign)
            if max(map(_nearness, (node, second))) == MOST_NEAR:
                raise self._error(f"too many {sign} within each other", _at(sign), f"use at most {MOST_NEAR}, or AND")
            node = Near(node, second, self._distance(sign), ordered=sign[0] == "O" or sign[-1] == "f")
        return node

    def _distance(self, sign: Token) -> int | None:
        if sign.endswith("SENTENCE"):
            return None
        number = sign.partition("/")[2].rstrip("f")
        if number and (len(number) > 3 or int(number) > FURTHEST):
            raise self._error(f"{sign} reaches too far", _at(sign), f"use at most {FURTHEST} words, or AND")
        return int(number) if number else _NEAR

    def _frequent(self, sign: "Tree[Token] | Token", operand: "Tree[Token] | Token") -> Node:
        assert isinstance(sign, Token)  # by the grammar
        number, child = sign.partition("/")[2], self.node(operand)
        self._refuse_unplaced(child, sign)
        if len(number) > 3 or not int(number):
            raise self._error(f"{sign} cannot be counted", _at(sign), "a number from 1 to 999, such as ATLEAST/3")
        return AtLeast(int(number), child)

    def _refuse_unplaced(self, node: Node, sign: Token) -> None:
        """What stands beside `sign` must stand somewhere."""
        if isinstance(node, Not | AtLeast | Within | Filter) or (isinstance(node, Group) and node.operator == "AND"):
            hint = "write a word, a phrase, or several of them with OR in parentheses"
            raise self._error(f"beside {sign} only words and phrases can stand", _at(sign), hint)
        for child in children(node):
            self._refuse_unplaced(child, sign)

    def _filter(self, sign: "Tree[Token] | Token", operand: "Tree[Token] | Token") -> Node:
        assert isinstance(sign, Token)  # by the grammar
        name, at = sign[:-1].lower(), _at(sign)
        if name in WORDS:
            return self._words(name, operand, at)
        if name not in FILTERS:
            raise self._error(UNTOLD.get(name, f"'{sign}' is no field"), at, advice(name))
        written = list(self._values(operand))
        said = [each.text if PLAIN.fullmatch(each.text) else f'"{each.text}"' for each in written]
        shown = f"{sign}{said[0]}" if len(said) == 1 else f"{sign}({' OR '.join(said)})"
        values = tuple(each for value in written for each in self._value(name, value, at))
        return self._count(Filter(name, values, shown, at), at)

    def _value(self, name: str, written: "_Written", at: int) -> tuple[Value, ...]:
        try:
            return FILTERS[name](written.text, self._zone)
        except ValueError as error:
            message, listed = f"'{written.text}' is no value of {name}:", written.of is not None
            place, shown = (0, written.text) if listed else (at, self._query)
            raise QueryError(message, place, str(error), shown, written.of) from None

    def _values(self, operand: "Tree[Token] | Token") -> Iterator["_Written"]:
        if isinstance(operand, Token):
            yield from self._list(operand) if operand.type == "LIST" else [_Written(self._bare(operand))]
            return
        if operand.data not in ("group", "any", "all", "near") or (operand.data != "any" and len(operand.children) > 1):
            token = next(operand.scan_values(_is_token), None)
            raise self._error("values of a field are joined by OR alone", _at(token), "such as lang:(fr OR en)")
        for child in operand.children:
            yield from self._values(child)

    def _bare(self, value: Token) -> str:
        if value.type == "QUOTED" and not QUOTED.fullmatch(value):
            raise self._error("the value of a field takes no + and no ~", _at(value), 'write "…" alone')
        return value[1:-1] if value.type == "QUOTED" else str(value)

    def _words(self, name: str, operand: "Tree[Token] | Token", at: int) -> Node:
        if name in (_TITLE, _TEXT):
            value = _as_word(operand)
            if value is not operand and _NO_WORD.match(str(value)):
                raise self._error(f"'{value}' is no word", at, f"write {name}:(…) around what is more than a word")
            return Within("title" if name == _TITLE else "text", self.node(value))
        if not isinstance(operand, Token) or operand.type == "LIST":
            raise self._error(f"{name}: takes one word or phrase", at, f'such as {name}:"…"')
        shown = f"{name}:{operand}"
        if name == "raw":
            return self._count(Raw(shown, self._bare(operand), at), at)
        read = term(str(operand), at, self._query, plural=True)
        return self._count(Term(shown, read.forms, read.slack, at), at)

    def _list(self, token: Token) -> Sequence["_Written"]:
        name, at = token[len("@list(") : -1], _at(token)
        if name not in self._lists:
            hint = did_you_mean(name, self._lists) or "write it under `lists:` in the configuration"
            raise QueryError(f"there is no list '{name}'", at, hint, self._query, (name, None))
        if not self._lists[name]:
            raise QueryError(f"the list '{name}' is empty", at, "write something into it", self._query, (name, None))
        return [_Written(text, (name, number)) for number, text in enumerate(self._lists[name])]

    def _error(self, message: str, at: int, hint: str) -> QueryError:
        return QueryError(message, at, hint, self._query)


def named(query: str, lists: Lists) -> dict[str, tuple[str, ...]]:
    """Those of the lists that a query names."""
    return {name: tuple(lists[name]) for name in _LIST.findall(query) if name in lists}


def joined(operator: str, nodes: Sequence[Node]) -> Node:
    """One node, or all (`AND`) or any (`OR`) of them."""
    return nodes[0] if len(nodes) == 1 else Group("AND" if operator == "AND" else "OR", tuple(nodes))


def _nearness(node: Node) -> int:
    """How many NEAR are of each other's operands."""
    return isinstance(node, Near) + max(map(_nearness, children(node)), default=0)


def _is_token(value: object) -> bool:
    return isinstance(value, Token)


def _at(token: object) -> int:
    return int(token.start_pos or 0) if isinstance(token, Token) else 0


def _beginning(parsed: "Tree[Token] | Token") -> int:
    return _at(parsed if isinstance(parsed, Token) else next(parsed.scan_values(_is_token), None))


def _as_word(operand: "Tree[Token] | Token") -> "Tree[Token] | Token":
    if isinstance(operand, Token) and operand.type == "VALUE":
        return Token.new_borrow_pos("WORD", operand, operand)
    return operand

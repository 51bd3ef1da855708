"""From the text of a query to a tree: AND, OR, NOT (also `-`) and parentheses; space is AND; NOT > AND > OR."""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rules.query.content import Form, Term
from rules.text import Folded, fold, tokens

LONGEST_QUERY = 20_000
"""Characters of a query."""
MOST_TERMS = 2_000
DEEPEST = 50
"""Parentheses and NOTs within each other."""
_MOST_WORDS = 30  # of a phrase
_SHORTEST_STEM = 3

_QUOTES = {'"': '"', "“": "”", "„": "”", "«": "»"}
_PIECE = re.compile(
    r"""\s*(?:(?P<sign>[()])|(?P<minus>[-–−])(?=[^\s)])|(?P<open>["“„«])|(?P<word>[^\s()"“”„«»]+)|(?P<stray>[”»]))""",
)
_LOOKS_LIKE_OPERATOR = {"and": "AND", "et": "AND", "or": "OR", "ou": "OR", "not": "NOT", "sauf": "NOT"}
_NEARNESS = re.compile(r"O?NEAR(/\d+f?)?|O?SENTENCE")
_FILTER = re.compile(r"[A-Za-z_]+:\S")
_QUOTE_IT = "put it in quotation marks to look for these words"


class QueryError(ValueError):
    """A query that cannot be understood. `position` is the offending character's place in `query`; `hint` a way out;
    `str()` gives the message and the place under the query's line.
    """

    def __init__(self, message: str, position: int, hint: str = "", query: str = "") -> None:
        self.message, self.position, self.hint, self.query = message, position, hint, query
        super().__init__(message, position, hint)

    def __str__(self) -> str:
        start = max(0, self.position - 40)
        shown = "".join(c if c.isprintable() else " " for c in self.query[start : self.position + 30])
        hint = f" ({self.hint})" if self.hint else ""
        caret = f"\n  {shown}\n  {' ' * (self.position - start)}^" if self.query else ""
        return f"{self.message}{hint}{caret}"


@dataclass(frozen=True, slots=True)
class Not:
    child: "Node"


@dataclass(frozen=True, slots=True)
class Group:
    """All of its children (`AND`) or any (`OR`)."""

    operator: Literal["AND", "OR"]
    children: tuple["Node", ...]


Node = Term | Not | Group


class _Piece(NamedTuple):
    kind: Literal["(", ")", "AND", "OR", "NOT", "term", "end"]
    at: int
    text: str = ""


def parse_term(written: str, at: int = 0, query: str = "", *, phrase: bool = True) -> Term:
    """A term without its quotation marks. Raises QueryError when there is nothing to look for or a `*` is misplaced."""
    folded = Folded(written)
    forms = []
    for token in tokens(folded):
        prefix = folded.text[token.end : token.end + 1] == "*"
        if token.kind == "link":
            raise QueryError("links are not searched", at, "look for a word of the text instead", query)
        if prefix and len(token.text) < _SHORTEST_STEM:
            hint = f"a wildcard needs at least {_SHORTEST_STEM} letters before it"
            raise QueryError(f"'{written}' would match almost everything", at, hint, query)
        sign = "#" if token.kind == "hashtag" else "@" if token.kind == "handle" else ""
        forms.append(Form(sign + token.text, prefix))
    stars = len(re.findall(r"\*(?!\w)", folded.text))
    if folded.text.count("*") != stars or stars != sum(form.prefix for form in forms):
        raise QueryError("`*` stands only at the end of a word", at, "such as boycott*", query)
    if not forms:
        hint = 'write a word, a "phrase", a #hashtag or an @handle'
        raise QueryError(f"nothing to look for in '{written}'" if written else "an empty phrase", at, hint, query)
    if len(forms) > _MOST_WORDS:
        raise QueryError(f"a phrase of {len(forms)} words", at, f"use at most {_MOST_WORDS}", query)
    return Term(f'"{written}"' if phrase else written, tuple(forms))


def _word_piece(word: str, at: int, query: str) -> _Piece:
    if word in ("AND", "OR", "NOT"):
        return _Piece(word, at)  # type: ignore[arg-type]  # narrowed by the line above
    if _NEARNESS.fullmatch(word) or _FILTER.match(word) or "~" in word:
        raise QueryError(f"'{word[:40]}' is no operator here", at, _QUOTE_IT, query)
    return _Piece("term", at, word)


def _pieces(query: str) -> list[_Piece]:
    pieces, at = [], 0
    while found := _PIECE.match(query, at):
        name, start, at = found.lastgroup, found.start(found.lastgroup or 0), found.end()
        match name:
            case "sign":
                pieces.append(_Piece("(" if query[start] == "(" else ")", start))
            case "minus":
                pieces.append(_Piece("NOT", start))
            case "word":
                pieces.append(_word_piece(found["word"], start, query))
            case "open":
                end = query.find(_QUOTES[query[start]], at)
                if end < 0:
                    raise QueryError(
                        "this quotation is never closed", start, f"close it with {_QUOTES[query[start]]}", query
                    )
                pieces.append(_Piece("term", start, query[start : end + 1]))
                at = end + 1
            case _:
                raise QueryError("this quotation mark closes nothing", start, "remove it", query)
    return [*pieces, _Piece("end", len(query))]


def show(node: Node) -> str:
    """The tree as a query with every parenthesis written."""
    if isinstance(node, Term):
        return node.written
    if isinstance(node, Not):
        return f"NOT {show(node.child)}"
    return "(" + f" {node.operator} ".join(map(show, node.children)) + ")"


class Parser:
    """Reads one query. `warnings` are full sentences about what is probably not meant."""

    def __init__(self, query: str) -> None:
        if len(query) > LONGEST_QUERY:
            raise QueryError(f"a query of {len(query)} characters", LONGEST_QUERY, f"use at most {LONGEST_QUERY}")
        self.warnings: list[str] = []
        self._query, self._pieces, self._at, self._terms = query, _pieces(query), 0, 0

    def parse(self) -> Node:
        """The tree. Raises QueryError."""
        if self._next.kind == "end":
            raise self._error("an empty query", 'write at least one word, "phrase", #hashtag or @handle')
        node = self._any_of(0)
        if self._next.kind == ")":
            raise self._error("this parenthesis closes nothing", "remove it")
        return node

    @property
    def _next(self) -> _Piece:
        return self._pieces[self._at]

    def _take(self) -> _Piece:
        piece = self._next
        self._at += 1
        return piece

    def _error(self, message: str, hint: str) -> QueryError:
        return QueryError(message, self._next.at, hint, self._query)

    def _any_of(self, depth: int) -> Node:
        start = self._next.at
        children = [self._all_of(depth)]
        while self._next.kind == "OR":
            self._take()
            children.append(self._all_of(depth))
        if len(children) == 1:
            return _joined("AND", children[0])
        node = _joined("OR", [_joined("AND", child) for child in children])
        if any(len(child) > 1 for child in children):
            read = show(node)
            read = read if len(read) <= 200 else read[:200] + "…"
            self.warnings.append(f"AND and OR are mixed without parentheses at {start + 1}: this is read as {read}")
        return node

    def _all_of(self, depth: int) -> list[Node]:
        children = [self._one(depth)]
        while self._next.kind in ("AND", "NOT", "(", "term"):
            if self._next.kind == "AND":
                self._take()
            children.append(self._one(depth))
        return children

    def _one(self, depth: int) -> Node:
        negated = False
        while self._next.kind == "NOT":
            self._take()
            negated = not negated
        child = self._atom(depth)
        return Not(child) if negated else child

    def _atom(self, depth: int) -> Node:
        piece = self._next
        if piece.kind == "term":
            self._take()
            return self._term(piece)
        if piece.kind != "(":
            before = self._pieces[self._at - 1].kind if self._at else ""
            where = f"after {before}" if before in ("AND", "OR", "NOT", "(") else f"before {piece.kind}"
            raise self._error(f"something is missing {where}", "write a word there, or quote it if it is one")
        if depth == DEEPEST:
            raise self._error("parentheses too deep", f"use at most {DEEPEST} within each other")
        self._take()
        node = self._any_of(depth + 1)
        if self._next.kind != ")":
            raise QueryError("this parenthesis is never closed", piece.at, "close it with `)`", self._query)
        self._take()
        return node

    def _term(self, piece: _Piece) -> Term:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise QueryError(f"more than {MOST_TERMS} terms", piece.at, "split the brand", self._query)
        if piece.text[0] in _QUOTES:
            return parse_term(piece.text[1:-1].strip(), piece.at, self._query)
        term = parse_term(piece.text, piece.at, self._query, phrase=False)
        self._doubt(piece.text, term)
        return term

    def _doubt(self, word: str, term: Term) -> None:
        meant = _LOOKS_LIKE_OPERATOR.get(word.lower())
        if meant:
            self.warnings.append(f"'{word}' is looked for as a word: write {meant} for the operator")
        key = term.forms[0].key
        if len(term.forms) == 1 and len(key) <= 2 and fold(word) != key:
            self.warnings.append(f"the signs of '{word}' are not compared: it finds every '{key}'")


def _joined(operator: Literal["AND", "OR"], children: list[Node]) -> Node:
    return children[0] if len(children) == 1 else Group(operator, tuple(children))

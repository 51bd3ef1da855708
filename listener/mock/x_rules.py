"""Rules and queries of X: the operators that a rule for a brand needs, read and applied. Pure."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

PROBLEMS = "https://api.twitter.com/2/problems"
"""Where the types of what X refuses stand."""
_PIECE = re.compile(r'\s*(?P<minus>-?)(?:(?P<sign>[()])|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+))')
_WORD = re.compile(r"\w+")
_KINDS = {"retweet", "reply", "quote"}


class RuleError(ValueError):
    """A rule that X refuses; `str()` says why."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What rules look at: `text` is a repost's original one, `kinds` are among retweet, reply and quote."""

    text: str
    author: str
    language: str
    kinds: frozenset[str]

    @cached_property
    def words(self) -> list[str]:
        return words(self.text)


Test = Callable[[Facts], bool]


class _Node(NamedTuple):
    """`anchored`: whatever fits it holds something that was looked for, which X demands of a whole rule."""

    test: Test
    anchored: bool


class _Piece(NamedTuple):
    kind: str
    text: str = ""
    minus: bool = False


def compile_rule(text: str, *, lenient: bool = False) -> Test:
    """Whether a post fits: AND by space, before OR; `-` not before a group. Case makes no difference; accents do in
    a stream, while a search is `lenient`: what is written with accents also finds what is not. Raises RuleError.
    """
    reader = _Reader(_pieces(text), lenient=lenient)
    node = reader.any_of()
    if reader.next.kind != "end":
        raise RuleError("missing EOF at ')'")
    if not node.anchored:
        raise RuleError("Rules must contain at least one positive, non-stopword clause")
    return node.test


def words(text: str) -> list[str]:
    """What is compared: letters and digits, in lower case."""
    return _WORD.findall(unicodedata.normalize("NFC", text.casefold()))


def _pieces(text: str) -> list[_Piece]:
    pieces, at, text = [], 0, text.rstrip()
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            raise RuleError(f"no viable alternative at {text[at:].strip()!r}")
        at, minus = found.end(), bool(found["minus"])
        if found["sign"]:
            if minus:
                raise RuleError("Negating a group is not supported: negate each of its clauses")
            pieces.append(_Piece(found["sign"]))
        elif found["phrase"] is not None:
            pieces.append(_Piece("phrase", found["phrase"], minus))
        else:
            pieces.append(_Piece("or") if found["word"] == "OR" else _Piece("word", found["word"], minus))
    return [*pieces, _Piece("end")]


class _Reader:
    def __init__(self, pieces: Sequence[_Piece], *, lenient: bool) -> None:
        self._pieces, self._lenient, self._at = pieces, lenient, 0

    @property
    def next(self) -> _Piece:
        return self._pieces[self._at]

    def any_of(self) -> _Node:
        nodes = [self._all_of()]
        while self.next.kind == "or":
            self._at += 1
            nodes.append(self._all_of())
        tests = [node.test for node in nodes]
        return _Node(lambda facts: any(test(facts) for test in tests), all(node.anchored for node in nodes))

    def _all_of(self) -> _Node:
        nodes = [self._one()]
        while self.next.kind in {"(", "word", "phrase"}:
            nodes.append(self._one())
        tests = [node.test for node in nodes]
        return _Node(lambda facts: all(test(facts) for test in tests), any(node.anchored for node in nodes))

    def _one(self) -> _Node:
        piece, self._at = self.next, self._at + 1
        if piece.kind == "(":
            node = self.any_of()
            if self.next.kind != ")":
                raise RuleError("missing ')' at '<EOF>'")
            self._at += 1
            return node
        if piece.kind not in {"word", "phrase"}:
            raise RuleError(f"no viable alternative at input '{piece.kind}'")
        node = self._said(piece.text) if piece.kind == "phrase" else self._word(piece.text)
        test = node.test
        return _Node(lambda facts: not test(facts), anchored=False) if piece.minus else node

    def _word(self, word: str) -> _Node:
        if word.lower() in {"and", "or"}:
            raise RuleError(f"Ambiguous use of {word.lower()} as a keyword. Use a space, or OR, to join two clauses")
        operator, colon, value = word.partition(":")
        if colon and value and operator.isalpha():
            return _operator(operator.lower(), value)
        if word[0] in "#@" and len(word) > 1:
            marked = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
            return _Node(lambda facts: bool(marked.search(facts.text)), anchored=True)
        return self._said(word)

    def _said(self, phrase: str) -> _Node:
        """Words that follow each other."""
        wanted = words(phrase)
        if not wanted:
            return _Node(lambda facts: bool(phrase.strip()) and phrase in facts.text, anchored=True)
        forms = [wanted, [_plain(word) for word in wanted]] if self._lenient else [wanted]
        return _Node(lambda facts: any(_stands(form, facts.words) for form in forms), anchored=True)


def _operator(name: str, value: str) -> _Node:
    wanted = value.removeprefix("@").lower()
    if name == "from":
        return _Node(lambda facts: facts.author.lower() == wanted, anchored=True)
    if name == "lang":
        return _Node(lambda facts: facts.language == wanted, anchored=False)
    if name == "is" and wanted in _KINDS:
        return _Node(lambda facts: wanted in facts.kinds, anchored=False)
    raise RuleError(f"Reference to invalid operator '{name}:{value}'. Operator is not available")


def _plain(word: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))


def _stands(phrase: Sequence[str], text: Sequence[str]) -> bool:
    length = len(phrase)
    return any(list(text[at : at + length]) == list(phrase) for at in range(len(text) - length + 1))

"""Words and phrases with what they say, found in a text word by word; linear in the text."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rules.text import Folded, Token, tokens

_LONGEST_WORD = 40
_SHORTEST_STEM = 2
_REMEMBERED = 8192
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_AMOUNT = re.compile(r"(\d+)([^\W\d_]+)")
_ANY = "_"


def parted(found: Iterable[Token]) -> Iterator[Token]:
    """Words, with an amount and its unit as two: people write "2h" and "2 h"."""
    for token in found:
        amount = _AMOUNT.fullmatch(token.text) if token.text[:1].isdecimal() and token.kind == "word" else None
        yield from (token._replace(text=piece) for piece in amount.groups()) if amount else (token,)


class Meaning(NamedTuple):
    """A valence from -4 (worst) to 4; `role`: what else the words do to a text; `turns`: a negation turns them."""

    valence: float
    role: str = ""
    turns: bool = True


class _Node:
    """Where the words read so far have led: on by a word as it stands, by its beginning, or by any word."""

    __slots__ = ("any", "lengths", "meaning", "stems", "words")

    def __init__(self, meaning: Meaning | None = None) -> None:
        self.meaning = meaning
        # Tuples, which nodes that join others share: there are more of these than of any other object of a pack.
        self.words: dict[str, _Nodes] = {}
        self.stems: dict[str, _Nodes] = {}
        self.lengths: tuple[int, ...] = ()
        self.any: _Nodes = ()

    def then(self, word: str) -> "_Nodes":
        """Where a word leads, by its closest description first."""
        found = self.words.get(word, ())
        for length in self.lengths:
            found += self.stems.get(word[:length], ())
        return found + self.any

    def lead(self, part: str, nodes: "_Nodes") -> None:
        """What is added later is found first."""
        if part == _ANY:
            self.any = nodes + self.any
        elif part.endswith("*"):
            self.stems[part[:-1]] = nodes + self.stems.get(part[:-1], ())
            if len(part) - 1 not in self.lengths:
                self.lengths = tuple(sorted((*self.lengths, len(part) - 1), reverse=True))
        else:
            self.words[part] = nodes + self.words.get(part, ())

    def join(self, other: "_Node") -> None:
        """Lead where the other leads as well."""
        self.meaning = self.meaning or other.meaning
        for word, nodes in other.words.items():
            self.words[word] = nodes + self.words.get(word, ())
        for stem, nodes in other.stems.items():
            self.lead(f"{stem}*", nodes)
        self.any = other.any + self.any


_Nodes = tuple[_Node, ...]


class _Beginnings(dict[str, _Node | None]):
    """Where words lead that begin an entry, found out when first met; bounded in entries and in their length."""

    def __init__(self, find: Callable[[str], _Node | None]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, word: str) -> _Node | None:
        node = self._find(word[: _LONGEST_WORD + 1])
        if len(word) <= _LONGEST_WORD:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[word] = node
        return node


class Lexicon:
    """Entries are lines of words. `a|b` is either of them, `a|` one that may be left out, `a_b` two words as one
    choice, `_` any one word; `stem*` has any ending, another sign at the end of a word stands for the endings that
    `endings` gives it; a word that `groups` names stands for the choices there. Case, accents, apostrophes and hyphens
    make no difference.
    """

    def __init__(self, endings: Mapping[str, Sequence[str]], groups: Mapping[str, str]) -> None:
        self._endings, self._groups = endings, groups
        self._root = _Node()
        self._begin = _Beginnings(self._beginning)
        self._words = lru_cache(_REMEMBERED)(_words)  # the same choices stand in many lines

    def add(self, line: str, meaning: Meaning) -> None:
        """A later entry of the same words takes the place of an earlier one. ValueError when a line cannot be read."""
        node = _Node(meaning)
        for part in reversed(line.split()):
            node = self._before(part, node)
        if node.meaning or node.any:
            raise ValueError(f"does not begin with a word: {line!r}")
        self._root.join(node)

    def find(self, words: Sequence[str], at: int, end: int) -> tuple[Meaning, int] | None:
        """What the longest entry that begins at `at` and stops before `end` says, and where it stops; `words` are
        those that `parted` gives.
        """
        node = self._begin[words[at]]
        if node is None:
            return None
        stop = at + 1
        best = (node.meaning, stop) if node.meaning else None
        nodes: Sequence[_Node] = node.then(words[stop]) if stop < end else ()
        while nodes:
            stop += 1
            meanings = [node.meaning for node in nodes if node.meaning]
            best = (meanings[0], stop) if meanings else best
            nodes = [following for node in nodes for following in node.then(words[stop])] if stop < end else ()
        return best

    def begins(self, word: str) -> bool:
        """Whether an entry begins with the word."""
        return self._begin[word] is not None

    def openings(self, words: Sequence[str]) -> list[int]:
        """The places of all words that an entry begins with: where `find` may find something."""
        return [at for at, node in enumerate(map(self._begin.__getitem__, words)) if node is not None]

    def _beginning(self, word: str) -> _Node | None:
        drawn_in = (r"\1\1", r"\1") if _DRAWN_OUT.search(word) else ()
        for spelling in (word, *(_DRAWN_OUT.sub(letters, word) for letters in drawn_in)):
            nodes = self._root.then(spelling)
            if len(nodes) == 1:
                return nodes[0]
            if nodes:
                first = _Node(next((node.meaning for node in nodes if node.meaning), None))
                for node in reversed(nodes):
                    first.join(node)
                return first
        return None

    def _before(self, part: str, following: _Node) -> _Node:
        """The node before a part of a line, given the one after it."""
        node = _Node()
        for spelling in dict.fromkeys(self._spellings(part)):
            if not spelling:
                node.join(following)
                continue
            target = following
            for word in reversed(spelling[1:]):
                target, beyond = _Node(), target
                target.lead(word, (beyond,))
            node.lead(spelling[0], (target,))
        return node

    def _spellings(self, part: str) -> Iterator[tuple[str, ...]]:
        """The words of each choice, of none for one that may be left out."""
        for choice in self._groups.get(part, part).split("|"):
            if choice in {"", _ANY}:
                yield (choice,) if choice else ()
                continue
            sign = choice[-1] if choice[-1] == "*" or choice[-1] in self._endings else ""
            words = self._words(choice.removesuffix(sign))
            if not words or (sign and len(words[-1]) < _SHORTEST_STEM):
                raise ValueError(f"no word, or too short a stem: {choice!r}")
            for ending in self._endings.get(sign, (sign,)):
                yield (*words[:-1], words[-1] + ending)


def _words(choice: str) -> tuple[str, ...]:
    return tuple(token.text for token in parted(tokens(Folded(choice))))

"""Words and phrases with what they say, found in a text word by word; linear in the text."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from operator import getitem
from typing import NamedTuple

from rules.kept import MOST, Kept
from rules.text import Folded, Token, tokens

_LONGEST_WORD = 40
_SHORTEST_STEM = 2
_REMEMBERED, _MOST_STEPS = 8192, 50_000
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_AMOUNT = re.compile(r"(\d+)([^\W\d_]+)")
_ANY = "_"
_END = "\n"  # what no entry goes on with


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


class _State(dict[str, "_State"]):
    """Where the words read so far have led, and on from there by each word, which `go` finds out when first met."""

    __slots__ = ("_go", "meaning", "nodes")

    def __init__(self, nodes: _Nodes, go: Callable[["_State", str], "_State"]) -> None:
        super().__init__()
        self.nodes, self._go = nodes, go
        self.meaning = next((node.meaning for node in nodes if node.meaning), None)

    def __missing__(self, word: str) -> "_State":
        return self._go(self, word)


class Search:
    """The entries of a lexicon among words. `places`: where one may begin, in order; at any other `find` finds none."""

    __slots__ = ("_onward", "_states", "places")

    def __init__(self, states: list[_State], onward: list[str], nowhere: _State) -> None:
        self._states, self._onward = states, onward
        pairs = zip(states, map(getitem, states, onward), strict=True)
        self.places = [at for at, (one, two) in enumerate(pairs) if two is not nowhere or one.meaning]

    def find(self, at: int) -> tuple[Meaning, int] | None:
        """What the longest entry that begins there says, and where it stops."""
        state, found = self._states[at], None
        while state.nodes:
            if state.meaning:
                found = state.meaning, at + 1
            state = state[self._onward[at]]
            at += 1
        return found


class Lexicon:
    """Entries are lines of words. `a|b` is either of them, `a|` one that may be left out, `a_b` two words as one
    choice, `_` any one word; `stem*` has any ending, another sign at the end of a word stands for the endings that
    `endings` gives it; a word that `groups` names stands for the choices there. Case, accents, apostrophes and hyphens
    make no difference. So many of the words that it was asked for are `remembered`.
    """

    def __init__(self, endings: Mapping[str, Sequence[str]], groups: Mapping[str, str], remembered: int = MOST) -> None:
        self._endings, self._groups = endings, groups
        self._root = _Node()
        self._beyond: set[str] = set()  # what stands in an entry after its first word; a stem with its `*`
        self._words = lru_cache(_REMEMBERED)(_words)  # the same choices stand in many lines
        self._begin, self._onward = Kept(self._beginning, remembered), Kept(self._step, remembered)
        self._nowhere, self._steps = _State((), self._go), 0

    def add(self, line: str, meaning: Meaning) -> None:
        """A later entry of the same words takes the place of an earlier one. ValueError when a line cannot be read."""
        node, parts = _Node(meaning), line.split()
        for at in reversed(range(len(parts))):
            node = self._before(parts[at], node, later=at > 0)
        if node.meaning or node.any:
            raise ValueError(f"does not begin with a word: {line!r}")
        self._root.join(node)

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(step) - 1 for step in self._beyond if step.endswith("*")}, reverse=True)

    def search(self, words: Sequence[str], ends: Iterable[int] = ()) -> Search:
        """Look for entries among words, which are those that `parted` gives. None goes on beyond the words at `ends`,
        nor beyond the last one.
        """
        states = list(map(self._begin.__getitem__, words))
        onward = list(map(self._onward.__getitem__, words[1:]))
        onward.append(_END)
        for end in ends:
            onward[end] = _END
        return Search(states, onward[: len(words)], self._nowhere)

    def begins(self, word: str) -> bool:
        """Whether an entry begins with the word."""
        return self._begin[word] is not self._nowhere

    def _beginning(self, word: str) -> _State:
        word = word[: _LONGEST_WORD + 1]
        drawn_in = (r"\1\1", r"\1") if _DRAWN_OUT.search(word) else ()
        for spelling in (word, *(_DRAWN_OUT.sub(letters, word) for letters in drawn_in)):
            nodes = self._root.then(spelling)
            if nodes:
                return _State((_joined(nodes),), self._go)
        return self._nowhere

    def _step(self, word: str) -> str:
        """What entries ask of a word after their first: the word itself, or the longest stem that it begins with."""
        if word in self._beyond:
            return word
        stems = (f"{word[:length]}*" for length in self._lengths)
        return next((stem for stem in stems if stem in self._beyond), "")

    def _go(self, state: _State, step: str) -> _State:
        nodes = () if step == _END else tuple(following for node in state.nodes for following in node.then(step))
        if self._steps >= _MOST_STEPS:
            self._begin.clear()
            self._nowhere.clear()
            self._steps = 0
        self._steps += 1
        state[step] = _State(nodes, self._go) if nodes else self._nowhere
        return state[step]

    def _before(self, part: str, following: _Node, *, later: bool) -> _Node:
        """The node before a part of a line, given the one after it; `later`: the part is not the first."""
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
            self._beyond.update(spelling if later else spelling[1:])
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


def _joined(nodes: "_Nodes") -> _Node:
    """What leads on as all of them do."""
    if len(nodes) == 1:
        return nodes[0]
    joined = _Node(next((node.meaning for node in nodes if node.meaning), None))
    for node in reversed(nodes):
        joined.join(node)
    return joined


def _words(choice: str) -> tuple[str, ...]:
    return tuple(token.text for token in parted(tokens(Folded(choice))))

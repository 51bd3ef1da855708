"""A language's tone as data: words, stems and phrases with a valence, negators and boosters; linear in the text."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import sqrt
from typing import Any

from rules.text import Folded, Token, fold, tokens

_INFLECTIONS = ("", "e", "s", "es")
_LONGEST_STEM = 20
_SHORTEST_STEM = 3
_WINDOW = 3  # words before a word that may turn or strengthen it
_BOOST, _DAMPEN = 1.3, 0.7
_TURNED_BAD, _TURNED_GOOD = -0.5, -0.9  # "pas déçu" praises less than "pas bon" blames
_BESIDE_BLAME = 0.3  # what praise still weighs beside blame: irony and politeness praise, complaints decide
_ALPHA = 8.0
_MOST_WORDS = 10
_CLAUSE_END = re.compile(r"[.,;:!?\n…()]")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_PARTICLES = frozenset({"ne", "n"})
_AFTER_PARTICLE = frozenset({"pas", "plus", "jamais", "rien", "aucun", "aucune", "guere"})


@dataclass(frozen=True, slots=True)
class _Phrase:
    words: tuple[str, ...]
    stems: tuple[bool, ...]
    valence: float
    turns: bool

    def stands(self, found: list[Token], at: int) -> bool:
        if at + len(self.words) > len(found):
            return False
        parts = zip(found[at : at + len(self.words)], self.words, self.stems, strict=True)
        return all(token.text.startswith(word) if stem else token.text == word for token, word, stem in parts)


@dataclass(frozen=True, slots=True)
class _Hit:
    valence: float
    first: int
    last: int


@dataclass(frozen=True)
class Weight:
    """`compound` in [-1, 1], 0 when no word is known; `words` are those of its sign, as written, strongest first."""

    compound: float
    words: tuple[str, ...]


@dataclass
class Pack:
    """Read from `<language>.toml` beside this file."""

    version: str
    negators: frozenset[str]
    boosters: dict[str, float]
    words: dict[str, float] = field(default_factory=dict)
    stems: dict[str, float] = field(default_factory=dict)
    phrases: dict[str, list[_Phrase]] = field(default_factory=dict)

    def weigh(self, text: str) -> Weight:
        """The tone of a text. Blame decides: what is praised beside it counts for little."""
        folded = Folded(text)
        found = [token for token in tokens(folded) if token.kind != "link"]
        hits = self._hits(found, _clauses(folded, found))
        blame = sum(hit.valence for hit in hits if hit.valence < 0)
        praise = sum(hit.valence for hit in hits if hit.valence > 0)
        total = blame + praise * (_BESIDE_BLAME if blame else 1)
        ranked = sorted((hit for hit in hits if hit.valence * total > 0), key=lambda hit: -abs(hit.valence))
        places = (folded.origin(found[hit.first].start, found[hit.last].end) for hit in ranked)
        written = dict.fromkeys(text[start:end] for start, end in places)
        return Weight(round(total / sqrt(total * total + _ALPHA), 4), tuple(written)[:_MOST_WORDS])

    def _hits(self, found: list[Token], clauses: list[int]) -> list[_Hit]:
        hits, at = [], 0
        while at < len(found):
            phrase = self._phrase(found, at)
            length = len(phrase.words) if phrase else 1
            valence = phrase.valence if phrase else self._word(found[at].text)
            if valence:
                if phrase is None or phrase.turns:
                    valence *= self._turn(found, clauses, at, at + length - 1, valence)
                hits.append(_Hit(valence, at, at + length - 1))
            at += length
        return hits

    def _phrase(self, found: list[Token], at: int) -> _Phrase | None:
        following = found[at + 1].text if at + 1 < len(found) else ""
        for key in (_phrase_key(found[at].text, following), _phrase_key(found[at].text)):
            for phrase in self.phrases.get(key, ()):
                if phrase.stands(found, at):
                    return phrase
        return None

    def _word(self, word: str) -> float:
        valence = self._exactly(word)
        if valence is None and _DRAWN_OUT.search(word):
            valence = self._exactly(_DRAWN_OUT.sub(r"\1\1", word)) or self._exactly(_DRAWN_OUT.sub(r"\1", word))
        return valence or 0.0

    def _exactly(self, word: str) -> float | None:
        if word in self.words:
            return self.words[word]
        for length in range(min(len(word), _LONGEST_STEM), _SHORTEST_STEM - 1, -1):
            if word[:length] in self.stems:
                return self.stems[word[:length]]
        return None

    def _turn(self, found: list[Token], clauses: list[int], first: int, last: int, valence: float) -> float:
        """What the words around make of a valence: strengthened, weakened or turned around."""
        near = [found[i].text for i in range(max(0, first - _WINDOW), first) if clauses[i] == clauses[first]]
        after = [found[i].text for i in range(last + 1, min(len(found), last + 3)) if clauses[i] == clauses[last]]
        factor = next((self.boosters[word] for word in reversed(near[-2:]) if word in self.boosters), 1.0)
        framed = not _PARTICLES.isdisjoint(near[-2:]) and not _AFTER_PARTICLE.isdisjoint(after)
        no_longer = "plus" in near and not _PARTICLES.isdisjoint(near)
        if framed or no_longer or not self.negators.isdisjoint(near):
            return _TURNED_BAD if valence < 0 else _TURNED_GOOD
        return factor


def _phrase_key(first: str, second: str = "") -> str:
    """What finds the few phrases that may begin with two words, however many begin with the first."""
    return f"{first[:_SHORTEST_STEM]} {second[:2]}"


def _clauses(folded: Folded, found: list[Token]) -> list[int]:
    """The clause each token belongs to: negation does not reach over punctuation."""
    numbers = [0]
    for before, after in pairwise(found):
        numbers.append(numbers[-1] + bool(_CLAUSE_END.search(folded.text, before.end, after.start)))
    return numbers


def _add_words(pack: Pack, entries: str, valence: float) -> None:
    for entry in fold(entries).split():
        if entry.endswith("*"):
            pack.stems[entry[:-1]] = valence
        elif entry.endswith("~"):
            pack.words.update((entry[:-1] + ending, valence) for ending in _INFLECTIONS)
        else:
            pack.words[entry] = valence


def _add_phrase(pack: Pack, line: str, valence: float) -> None:
    folded = Folded(line)
    found = tokens(folded)
    words = tuple(token.text for token in found)
    stems = tuple(folded.text[token.end : token.end + 1] == "*" for token in found)
    phrase = _Phrase(words, stems, valence, turns=pack.negators.isdisjoint(words))
    pack.phrases.setdefault(_phrase_key(*words[:2]), []).append(phrase)


def _build(data: dict[str, Any]) -> Pack:
    boosters = dict.fromkeys(data["boosters"].split(), _BOOST) | dict.fromkeys(data["dampeners"].split(), _DAMPEN)
    pack = Pack(data["version"], frozenset(data["negators"].split()), boosters)
    for figure, entries in data["words"].items():
        _add_words(pack, entries, float(figure))
    for figure, lines in data["phrases"].items():
        for line in filter(None, lines.splitlines()):
            _add_phrase(pack, line, float(figure))
    for candidates in pack.phrases.values():
        candidates.sort(key=lambda phrase: -len(phrase.words))
    return pack


@cache
def load(language: str) -> Pack:
    """The pack of a language. Raises FileNotFoundError when there is none."""
    return _build(tomllib.loads((files("rules.packs") / f"{language}.toml").read_text(encoding="utf-8")))

"""Words looked for with a letter or two wrong."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from rules.query.automaton import Letters, joins, mark

_RUN = re.compile(r"#?(?:[^\W_]|[^\x00-\x7f\s]|[.,](?=\d))+")
_LONGEST = 64  # letters of a word: what a longer one holds is not remembered
_REMEMBERED = 50_000


class Misspelt:
    """Finds words that are nearly those looked for. What was found in a word is remembered: a text costs hardly more
    than its words, however many are looked for.
    """

    __slots__ = ("_found", "_letters", "_pieces", "_sizes")

    def __init__(self, wanted: Iterable[tuple[str, int, int]]) -> None:
        """A folded word, how many letters of it may differ, and who looks for it."""
        pieces: dict[str, list[tuple[str, int, int, int]]] = {}
        for word, edits, owner in wanted:
            for begin, end in _parts(len(word), edits + 1):
                pieces.setdefault(word[begin:end], []).append((word, edits, begin, owner))
        self._pieces = {piece: tuple(entries) for piece, entries in pieces.items()}
        self._letters = Letters({piece: [mark(0, 0, piece)] for piece in pieces})
        self._sizes = sorted(set(map(len, pieces)))
        self._found: dict[str, tuple[int, ...]] = {}

    def owners(self, text: str) -> set[int]:
        """Those who may find what they look for; `text` is folded."""
        words = {word for _, word in self._words(text)}
        return {owner for word in words for owner in self._read(word)}

    def places(self, text: str) -> Iterator[int]:
        """Where they may."""
        return (place for place, word in self._words(text) if self._read(word))

    def _words(self, text: str) -> Iterator[tuple[int, str]]:
        """Where a part of a word stands that is looked for, and what stands around it up to the next spaces."""
        begin, end, word = 0, 0, ""
        for place in self._letters.places(text):
            if not begin <= place < end:
                begin, end = text.rfind(" ", 0, place) + 1, text.find(" ", place)
                end = len(text) if end < 0 else end
                word = text[begin:end]
            yield place, word

    def _read(self, word: str) -> tuple[int, ...]:
        known = self._found.get(word)
        if known is not None:
            return known
        near = tuple({owner for run in _RUN.findall(word) for owner in self._near(run)})
        if len(self._found) >= _REMEMBERED:
            self._found.clear()
        if len(word) <= _LONGEST:
            self._found[word] = near
        return near

    def _near(self, run: str) -> Iterator[int]:
        """Of a hashtag, and of what is written without spaces or with signs in it, any part may be the word."""
        whole = run.isalnum() and (run.isascii() or all(map(joins, run)))
        for size in self._sizes:
            for at in range(len(run) - size + 1):
                for word, edits, begin, owner in self._pieces.get(run[at : at + size], ()):
                    near = _is_near(run, word, edits) if whole else _holds(run, at - begin, word, edits)
                    if near:
                        yield owner


def _is_near(run: str, word: str, edits: int) -> bool:
    """Whether so few letters differ."""
    return abs(len(run) - len(word)) <= edits and Levenshtein.distance(run, word, score_cutoff=edits) <= edits


def _holds(run: str, begin: int, word: str, edits: int) -> bool:
    """Whether a part of a run that begins nearly there is near a word."""
    starts = range(max(0, begin - edits), max(0, begin + edits) + 1)
    lengths = range(len(word) - edits, len(word) + edits + 1)
    return any(_is_near(run[start : start + length], word, edits) for start in starts for length in lengths)


def _parts(length: int, count: int) -> Iterator[tuple[int, int]]:
    """A word in so many pieces: where fewer letters differ, one of them at least stands as it is."""
    return pairwise(length * number // count for number in range(count + 1))

"""Words looked for with a letter or two wrong."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from rules.query.laying import signs

_RUN = re.compile(r"#?(?:[^\W_]|[.,](?=\d))+")
_LONGEST = 64  # letters of a word: what a longer one holds is not remembered
_REMEMBERED = 50_000

_Entry = tuple[str, int, int, int]
"""A word, how many letters of it may differ, where in it a piece begins, and who looks for it."""


class Misspelt:
    """Finds words that are nearly those looked for. What was found in a word is remembered: a text costs hardly more
    than its words, however many are looked for.
    """

    __slots__ = ("_found", "_pieces", "_sizes")

    def __init__(self, wanted: Iterable[tuple[str, int, int]]) -> None:
        """A folded word, how many letters of it may differ, and who looks for it."""
        pieces: dict[str, list[_Entry]] = {}
        for word, edits, owner in wanted:
            for begin, end in _parts(len(word), edits + 1):
                pieces.setdefault(signs(word[begin:end]), []).append((word, edits, begin, owner))
        self._pieces = {piece: tuple(entries) for piece, entries in pieces.items()}
        self._sizes = sorted(set(map(len, pieces)))
        self._found: dict[str, tuple[int, ...]] = {}

    @property
    def pieces(self) -> Iterable[str]:
        """Where none of these stands, in signs, nobody finds anything."""
        return self._pieces

    def owners(self, text: str, place: int) -> tuple[int, ...]:
        """Those who may find what they look for where a piece stands in a text that is laid."""
        begin, end = text.rfind(" ", 0, place) + 1, text.find(" ", place)
        return self._read(text[begin:] if end < 0 else text[begin:end])

    def _read(self, word: str) -> tuple[int, ...]:
        known = self._found.get(word)
        if known is not None:
            return known
        if word.isascii():
            near = tuple({owner for run in _RUN.findall(word) for owner in self._near(run)})
        else:  # of which there are more signs than letters
            near = tuple({owner for _, (_, _, _, owner) in self._standing(word)})
        if len(self._found) >= _REMEMBERED:
            self._found.clear()
        if len(word) <= _LONGEST:
            self._found[word] = near
        return near

    def _near(self, run: str) -> Iterator[int]:
        """Of a hashtag, and of what is written without spaces or with signs in it, any part may be the word."""
        whole = run.isalnum()
        for at, (word, edits, begin, owner) in self._standing(run):
            near = _is_near(run, word, edits) if whole else _holds(run, at - begin, word, edits)
            if near:
                yield owner

    def _standing(self, run: str) -> Iterator[tuple[int, _Entry]]:
        """The pieces that stand there, and where."""
        for size in self._sizes:
            for at in range(len(run) - size + 1):
                for entry in self._pieces.get(run[at : at + size], ()):
                    yield at, entry


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

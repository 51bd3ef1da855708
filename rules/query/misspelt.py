"""Words looked for with a letter or two wrong."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

_RUN = re.compile(r"#?(?:[^\W_]|[.,](?=\d))+")
_LONGEST = 64  # letters of a word: what a longer one holds is not remembered
_REMEMBERED = 50_000


class Misspelt:
    """Finds words that are nearly those looked for. What was found in a word is remembered: a text costs hardly more
    than its words, however many are looked for.
    """

    __slots__ = ("_all", "_found", "_pieces", "_sizes")

    def __init__(self, wanted: Iterable[tuple[str, int, int]]) -> None:
        """A folded word, how many letters of it may differ, and who looks for it."""
        pieces: dict[str, list[tuple[str, int, int, int]]] = {}
        for word, edits, owner in wanted:
            for begin, end in _parts(len(word), edits + 1):
                pieces.setdefault(word[begin:end], []).append((word, edits, begin, owner))
        self._pieces = {piece: tuple(entries) for piece, entries in pieces.items()}
        self._sizes = sorted(set(map(len, pieces)))
        self._found: dict[str, tuple[int, ...]] = {}
        self._all = tuple({entry[-1] for entries in pieces.values() for entry in entries})

    @property
    def pieces(self) -> Iterable[str]:
        """Where none of these stands, nobody finds anything."""
        return self._pieces

    def owners(self, text: str, place: int) -> tuple[int, ...]:
        """Those who may find what they look for where a piece stands in a text that is laid."""
        begin, end = text.rfind(" ", 0, place) + 1, text.find(" ", place)
        word = text[begin:] if end < 0 else text[begin:end]
        # of what is not ASCII there are more signs than letters
        return self._read(word) if word.isascii() else self._all

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
        whole = run.isalnum()
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

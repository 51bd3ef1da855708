"""Many runs of letters looked for in a text at once."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from operator import and_, or_

from ahocorasick_rs import AhoCorasick, Implementation

LEFT, RIGHT = 1, 2
"""Edges of a word: nothing that could belong to the word stands before what is found, or after it."""
_EDGES = LEFT | RIGHT
_SHIFT = 2
_FEW = 4_000
"""So many runs are looked for three times as fast, in ten times the memory: some 6 MB, and 10 ms to make it."""
_MOST = 8_000
"""Runs in one automaton: while it is made, for some 20 ms of these, nothing else goes on in the process."""
_APART = "\u0e00"
"""From here on there are scripts without spaces: their words have no edges that could be told."""


def mark(owner: int, edges: int, letters: str) -> int:
    """That `owner` looks for these letters with these edges, where they have any."""
    left, right = (LEFT if joins(letters[0]) else 0), (RIGHT if joins(letters[-1]) else 0)
    return owner << _SHIFT | edges & (left | right)


def joins(sign: str) -> bool:
    """Whether a sign of a folded text is of the same word as another one that stands beside it."""
    return (sign.isalpha() or sign.isdecimal()) and sign < _APART


class _Automaton:
    """Each run once, with the marks of all who look for it."""

    __slots__ = ("_all", "_any", "_ends", "_find", "_marks")

    def __init__(self, runs: Sequence[str], wanted: Mapping[str, Sequence[int]]) -> None:
        few = len(wanted) <= _FEW
        kind = Implementation.DFA if few else Implementation.ContiguousNFA  # the smallest kind
        automaton = AhoCorasick(runs, store_patterns=False, implementation=kind)
        self._find = automaton.find_matches_as_indexes
        self._marks, self._ends, self._all, self._any = array("I"), array("I", [0]), bytearray(), bytearray()
        for run in runs:
            self._marks.extend(wanted[run])
            self._ends.append(len(self._marks))
            self._all.append(reduce(and_, wanted[run]) & _EDGES)
            self._any.append(reduce(or_, wanted[run]) & _EDGES)

    def found(self, text: str) -> Iterator[tuple[int, int]]:
        ends, marks, all_want, any_wants = self._ends, self._marks, self._all, self._any
        for run, start, end in self._find(text, overlapping=True):
            missing = _missing(text, start, end) if any_wants[run] else 0
            if not missing & all_want[run]:
                for each in marks[ends[run] : ends[run + 1]]:
                    if not missing & each:
                        yield start, each >> _SHIFT


def _missing(text: str, start: int, end: int) -> int:
    """The edges that are not there; of a hashtag, which may be of several words, all may be."""
    missing = (LEFT if start and joins(text[start - 1]) else 0) | (RIGHT if joins(text[end : end + 1] or " ") else 0)
    if missing:
        tag = text.rfind("#", 0, start + 1)
        if tag >= 0 and text.find(" ", tag, start) < 0:
            return 0
    return missing


class Letters:
    """Finds who looks for a run of letters that stands in a text, in time that hardly grows with their number."""

    __slots__ = ("_automata",)

    def __init__(self, wanted: Mapping[str, Sequence[int]]) -> None:
        """Runs as `signs` writes them."""
        runs = list(wanted)
        self._automata = [_Automaton(runs[at : at + _MOST], wanted) for at in range(0, len(runs), _MOST)]

    def found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where somebody may find what they look for, and who, in no order; `text` is laid."""
        return chain.from_iterable(automaton.found(text) for automaton in self._automata)

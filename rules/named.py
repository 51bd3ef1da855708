"""Whom a text names, and which of its clauses is about whom."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import accumulate, compress
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from rules.kept import Kept
from rules.packs.frames import THEM, US, Frames
from rules.packs.lexicon import Meaning
from rules.text import fold

Names = frozenset[tuple[str, ...]]
"""What a text calls somebody: the folded words of each name, a handle or hashtag without its sign."""

_SHORTEST_PART = 4  # letters of a name that is known inside a handle or hashtag: acme in @acme_support
_PIECE = re.compile(
    r"""(
      https?://\S+
    | @\w[\w.\-@]*(?<![.\-@])
    | \#\w+
    | \w+|[\u2300-\u27a0\u27a2-\u27bf\U0001f000-\U0001faff]
    | [.!?…]+(?![\w.!?…])|\n
    | [,;:()–—]|(?<=\s)-(?=\s)
    | [-=]+>|\u2192|\u27a1
    | (?<![-=<>])>+(?![=>])
    | <+(?![-=<\d])
    )""",
    re.VERBOSE,
)
_STOPS, _PAUSES, _ARROWS = frozenset(".!?…\n"), frozenset(",;:()–—-"), frozenset("\u2192\u27a1")
_BEGUN = {"@": "handle", "#": "hashtag", ">": "more", "<": "less"}
_SIGNS = {"more": "⇒", "less": "⇐", "arrow": "→"}
_NO_UNITS = frozenset({"stop", "pause", "link"})
_WORD = re.compile(r"@\w[\w.\-@]*(?<![.\-@])|#?\w+")
_PROPER = re.compile(r"[@#]\w+|(?<!\w)[A-Z\u00c0-\u00de]\w+")
_SET_APART = re.compile(r"[<>«“„\"\u2192\u27a1]|(?<!\w)RT @")
_BEGINNING, _LINK, _LONGEST_LINK = re.compile(r"(?:^|[.!?…\n])\s*$"), re.compile(r"(\w+)\W{1,2}$"), 20
_WHO = frozenset({US, THEM})
_SIGNED, _SURE, _INSIDE = 3, 2, 1
"""What looks like a name by its sign, by its capital, and by its capital unless a sentence begins with it."""


def _name(written: str) -> tuple[str, ...]:
    return tuple(fold(piece.lstrip("@#")) for piece in _WORD.findall(written))


_NAMES = Kept(_name)


def names_of(written: Iterable[str]) -> Names:
    """The names that are written so."""
    return frozenset(filter(None, map(_NAMES.__getitem__, written)))


class _Called(NamedTuple):
    """Names as they are looked for: their words, their first words, how many words they are of, the longest first, and
    what is known of them inside a handle.
    """

    names: Names
    words: frozenset[str]
    firsts: frozenset[str]
    lengths: tuple[int, ...]
    parts: tuple[str, ...]

    def length(self, words: Sequence[str], at: int) -> int:
        """Of how many words the longest name is that begins there."""
        return next((each for each in self.lengths if tuple(words[at : at + each]) in self.names), 0)


@lru_cache(1024)
def _called(names: Names) -> _Called:
    words, firsts = frozenset(word for name in names for word in name), frozenset(name[0] for name in names)
    parts = tuple(part for part in map("".join, names) if len(part) >= _SHORTEST_PART)
    return _Called(names, words, firsts, tuple(sorted(set(map(len, names)), reverse=True)), parts)


class Piece(NamedTuple):
    """A word, name or sign by itself: `word` folded, or what stands for a sign. `name`: how far it looks like one;
    `plain`: it names nobody; `tells`: something is said by it; `loud`: all capitals; `marks`: it parts a text.
    """

    word: str
    kind: str
    name: int
    known: bool
    plain: bool
    tells: bool
    loud: bool
    splits: bool
    is_unit: bool
    marks: bool


Pieces = Kept[Piece]
_is_marked, _is_unit, _is_loud, _word_of = (attrgetter(name) for name in ("marks", "is_unit", "loud", "word"))


def pieces(frames: Frames, little: frozenset[str], knows: Callable[[str], bool]) -> Pieces:
    """What there is to know of pieces of texts in a language, of whose words it `knows` some."""
    return Kept(partial(_piece, frames, little, knows))


def _kind(written: str) -> str:
    if written[0] in _STOPS:
        return "stop"
    if written in _PAUSES:
        return "pause"
    if written in _ARROWS or (written[0] in "-=" and written[-1] == ">"):
        return "arrow"
    return "link" if written.startswith(("http://", "https://")) else _BEGUN.get(written[0], "word")


def _piece(frames: Frames, little: frozenset[str], knows: Callable[[str], bool], written: str) -> Piece:
    kind = _kind(written)
    word = _SIGNS.get(kind) or fold(written.lstrip("@#"))
    plain, splits, is_unit = word in frames.plain, word in frames.splits, kind not in _NO_UNITS
    known = word in little or knows(word)
    name = 0
    if kind in {"handle", "hashtag"}:
        name = _SIGNED
    elif kind == "word" and written[0].isupper() and not plain and len(word) > 1:
        name = _SURE if not known else _INSIDE if frames.before is None else 0
    tells = not (word in little or plain or splits)
    marks = splits or not is_unit
    return Piece(word, kind, name, known, plain, tells, written.isupper(), splits, is_unit, marks)


def names_nobody_else(text: str, names: Names, frames: Frames, known: Pieces) -> bool:
    """Whether a text surely names nobody but the brand, quotes nobody and has it in no frame: a quick look."""
    ours, proper = _called(names).words, False
    for found in _PROPER.finditer(text):
        proper, piece = True, known[found[0]]
        before = text[max(0, found.start() - _LONGEST_LINK) : found.start()]
        if piece.word in ours:
            link = _LINK.search(before)
            if link and known[link[1]].word in frames.links:
                return False
        elif piece.name == _SIGNED or not (piece.plain or (piece.known and _BEGINNING.search(before))):
            return False
    return proper and not _SET_APART.search(text)


class Hit(NamedTuple):
    """What a frame says for the brand, in units from `first` up to before `stop`."""

    valence: float
    role: str
    first: int
    stop: int


class Reading:
    """A text in units, which are words, signs and names. `words`: of each the word, folded, or what stands for a name;
    `who` holds what stands for those it names, `owns` the names such that their clause may be about them, `asked` the
    numbers of sentences that are questions; `clauses` and `sentences` are the places where each begins, and the end of
    the text.
    """

    def __init__(self, text: str, names: Names, frames: Frames, known: Pieces) -> None:
        self.text = unicodedata.normalize("NFC", text)
        self._frames, self._known = frames, known
        self._parts = _PIECE.split(self.text)
        self._ends = list(accumulate(map(len, self._parts)))
        found = list(map(known.__getitem__, self._parts[1::2]))
        self._divide(found)
        self._first = list(compress(range(len(found)), map(_is_unit, found)))  # piece of each unit
        self._last: Sequence[int] = self._first
        self._units = list(compress(found, map(_is_unit, found)))
        self.words = list(map(_word_of, self._units))
        self.owns = set[int]()
        self._call(_called(names))
        self.who = _WHO.intersection(self.words)

    def _divide(self, found: Sequence[Piece]) -> None:
        self.clauses, self.sentences, self.asked = [0], [0], set[int]()
        self._begins, self._opens = [0], [0]  # of each clause and each sentence, the first unit; and how many there are
        dropped = 0
        for at in compress(range(len(found)), map(_is_marked, found)):
            piece, unit = found[at], at - dropped
            dropped += not piece.is_unit
            if piece.kind == "link" or (piece.splits and unit == self._opens[-1]):
                continue
            self.clauses.append(self._ends[2 * at + (not piece.splits)])
            self._begins.append(unit)
            if piece.kind == "stop":
                if "?" in self._parts[2 * at + 1]:
                    self.asked.add(len(self.sentences) - 1)
                self.sentences.append(self.clauses[-1])
                self._opens.append(unit)
        for places, units in ((self.clauses, self._begins), (self.sentences, self._opens)):
            places.append(len(self.text))
            units.append(len(found) - dropped)

    def _call(self, called: _Called) -> None:
        """Put what stands for them in the place of names."""
        words, units, firsts, free = self.words, self._units, called.firsts, 0
        joined = dict[int, int]()
        is_quiet = 2 * sum(map(_is_loud, units)) <= len(units)
        for at in [at for at, unit in enumerate(units) if unit.name or unit.word in firsts]:
            if at < free:
                continue
            unit, ours = units[at], 0
            if unit.word in firsts:
                ours = called.length(words, at)
            elif unit.name == _SIGNED:
                ours = int(any(part in unit.word for part in called.parts))
            length = ours or self._length(at, is_quiet=is_quiet)
            if not length:
                continue
            if ours or self._may_own(at, length):
                self.owns.add(at)
            words[at], free = US if ours else THEM, at + length
            if length > 1:
                joined[at] = length
        if joined:
            self._join(joined)

    def _join(self, joined: Mapping[int, int]) -> None:
        """Make one unit of the words of a name."""
        inner = {at for first, length in joined.items() for at in range(first + 1, first + length)}
        kept = [at for at in range(len(self.words)) if at not in inner]
        self._last = [self._first[following - 1] for following in (*kept[1:], len(self.words))]
        self._first, self._units = [self._first[at] for at in kept], [self._units[at] for at in kept]
        self.words = [self.words[at] for at in kept]
        self._begins, self._opens = ([bisect_left(kept, at) for at in each] for each in (self._begins, self._opens))
        self.owns = {bisect_left(kept, at) for at in self.owns}

    def _length(self, at: int, *, is_quiet: bool) -> int:
        """Of how many words a name of somebody else is that begins here."""
        length = 0
        while at + length < len(self.words) and (length == 0 or self._goes_on(at + length)):
            name = self._units[at + length].name
            if name != _SIGNED and not (is_quiet and (name == _SURE or (name and not self.begins(at + length)))):
                break
            length += 1
        return length

    def _goes_on(self, at: int) -> bool:
        first = self._first[at]
        return first - self._first[at - 1] == 1 and self._parts[2 * first] == " " and self._units[at].kind == "word"

    def _may_own(self, at: int, length: int) -> bool:
        """Whether a clause may be about somebody, not only name a place, a product or an addressee."""
        unit, before, frames = self._units[at], self.words[at - 1] if at else None, self._frames
        if unit.kind != "word":
            return unit.kind == "handle" and before not in frames.places
        if unit.known:
            return False
        if self.begins(at):
            end = at + length
            ends = end == len(self.words) or self.clause(end) != self.clause(at)
            return ends or self.words[end] in frames.verbs
        if frames.before is not None:
            return before in frames.before
        return before is None or self.clause(at - 1) != self.clause(at) or before not in frames.places

    def hits(self) -> list[Hit]:
        """The frames of the text that are no question."""
        found, stop, search = list[Hit](), 0, self._frames.lexicon.search(self.words)
        for at in search.places:
            known = search.find(at) if at >= stop else None
            if not known:
                continue
            stop = at + 1
            meaning, end = known
            last = self.words[end - 1]
            if self._counts(meaning, last):
                if self.sentence(at) not in self.asked:
                    found.append(Hit(meaning.valence, meaning.role.rstrip("?"), at, end))
                # A name may be the end of one frame and the beginning of another.
                stop = max(stop, end - (last in _WHO))
        return found

    def _counts(self, meaning: Meaning, last: str) -> bool:
        if not meaning.role.endswith("?"):
            return True
        names_nobody = last in _WHO or last in self._frames.plain
        return not names_nobody and last.isalpha() and not self._known[last].known

    def clause(self, at: int) -> int:
        """The number of the clause that a unit is of."""
        return bisect_right(self._begins, at) - 1

    def sentence(self, at: int) -> int:
        """The number of the sentence that a unit is of."""
        return bisect_right(self._opens, at) - 1

    def begins(self, at: int) -> bool:
        """Whether a sentence begins with a unit."""
        return self._opens[self.sentence(at)] == at

    def of_clause(self, clause: int) -> range:
        """The units of a clause."""
        return range(*self._begins[clause : clause + 2])

    def of_sentence(self, sentence: int) -> range:
        """The units of a sentence."""
        return range(*self._opens[sentence : sentence + 2])

    def is_handle(self, at: int) -> bool:
        """Whether a unit is the name of an account."""
        return self._units[at].kind == "handle"

    def telling(self, at: range) -> list[int]:
        """Those of some units by which something is said: names, and words that are no little ones."""
        return [each for each in at if self._units[each].tells or self.words[each] in _WHO]

    def start(self, at: int) -> int:
        """Where in the text a unit begins."""
        return self._ends[2 * self._first[at]]

    def end(self, at: int) -> int:
        """Where in the text a unit ends."""
        return self._ends[2 * self._last[at] + 1]

    def span(self, hit: Hit) -> tuple[int, int]:
        """Where in the text a frame stands."""
        return self.start(hit.first), self.end(hit.stop - 1)

    def written(self, hit: Hit) -> str:
        """What the text says there."""
        return self.text[slice(*self.span(hit))]

    def parts(self, chosen: Iterable[int], after: Mapping[int, int] = MappingProxyType({})) -> str:
        """The clauses that are chosen; of some of them only what comes after a place."""
        bounds = ((max(self.clauses[each], after.get(each, 0)), self.clauses[each + 1]) for each in sorted(chosen))
        return " ".join(self.text[begin:end] for begin, end in bounds)

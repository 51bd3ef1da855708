"""Whom a text names, and which of its clauses is about whom."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from types import MappingProxyType

from rules.packs.frames import THEM, US, Frames
from rules.packs.lexicon import Meaning
from rules.text import fold

Names = frozenset[tuple[str, ...]]
"""What a text calls somebody: the folded words of each name, a handle or hashtag without its sign."""

_SHORTEST_PART = 4  # letters of a name that is known inside a handle or hashtag: acme in @acme_support
_PIECE = re.compile(
    r"""
      (?P<link>https?://\S+)
    | (?P<handle>@\w[\w.\-@]*(?<![.\-@]))
    | (?P<hashtag>\#\w+)
    | (?P<word>\w+|[\u2300-\u27a0\u27a2-\u27bf\U0001f000-\U0001faff])
    | (?P<stop>[.!?…]+(?![\w.!?…])|\n)
    | (?P<pause>[,;:()–—]|(?<=\s)-(?=\s))
    | (?P<arrow>[-=]+>|\u2192|\u27a1)
    | (?P<more>(?<![-=<>])>+(?![=>]))
    | (?P<less><+(?![-=<\d]))
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"@\w[\w.\-@]*(?<![.\-@])|#?\w+")
_PROPER = re.compile(r"[@#]\w+|(?<!\w)[A-Z\u00c0-\u00de]\w+")
_SET_APART = re.compile(r"[<>«“„\"\u2192\u27a1]|(?<!\w)RT @")
_BEGINNING, _LINK, _LONGEST_LINK = re.compile(r"(?:^|[.!?…\n])\s*$"), re.compile(r"(\w+)\W{1,2}$"), 20
_WHO = {US, THEM}
_SIGNS = {"more": "⇒", "less": "⇐", "arrow": "→"}
_fold = lru_cache(8192)(fold)


def names_of(written: Iterable[str]) -> Names:
    """The names that are written so."""
    return frozenset(
        tuple(_fold(piece.lstrip("@#")) for piece in _WORD.findall(name)) for name in written if _WORD.search(name)
    )


def names_nobody_else(text: str, names: Names, frames: Frames, is_known: Callable[[str], bool]) -> bool:
    """Whether a text surely names nobody but the brand, quotes nobody and has it in no frame: a quick look."""
    found, ours = list(_PROPER.finditer(text)), {word for name in names for word in name}
    if not found or _SET_APART.search(text):
        return False
    for piece in found:
        word = _fold(piece[0].lstrip("@#"))
        before = text[max(0, piece.start() - _LONGEST_LINK) : piece.start()]
        if word in ours:
            link = _LINK.search(before)
            if link and _fold(link[1]) in frames.links:
                return False
        elif piece[0][0] in "@#" or not (word in frames.plain or (is_known(word) and _BEGINNING.search(before))):
            return False
    return True


@dataclass(slots=True)
class Unit:
    """A word or a name: `word` folded, or what stands for a name; text[start:end] is what is written there. `owns`:
    such a name that its clause may be about it.
    """

    word: str
    kind: str
    start: int
    end: int
    clause: int
    sentence: int
    begins: bool
    owns: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """What a frame says for the brand, in units from `first` up to before `stop`."""

    meaning: Meaning
    first: int
    stop: int


class Reading:
    """A text in units. `who` holds what stands for those it names, `asked` the numbers of sentences that are questions;
    `clauses` and `sentences` are the places where each begins, and the end of the text.
    """

    def __init__(self, text: str, names: Names, frames: Frames, is_known: Callable[[str], bool]) -> None:
        self.text = unicodedata.normalize("NFC", text)
        self._frames, self._is_known = frames, is_known
        self.clauses, self.sentences, self.asked = [0], [0], set[int]()
        found = list(self._cut())
        self.clauses.append(len(self.text))
        self.sentences.append(len(self.text))
        self._is_loud = 2 * sum(map(str.isupper, map(self._written, found))) > len(found)
        self.units = list(self._named(found, names))
        self.who = {unit.word for unit in self.units if unit.kind != "word" or unit.word in _WHO}
        self._sentences = {number: list(units) for number, units in groupby(self.units, lambda unit: unit.sentence)}

    def _cut(self) -> Iterator[Unit]:
        begins = True
        for piece in _PIECE.finditer(self.text):
            kind, (start, end) = piece.lastgroup or "", piece.span()
            if kind in {"stop", "pause"}:
                self._divide(piece[0], end)
                begins = begins or kind == "stop"
            elif kind != "link":
                word = _SIGNS.get(kind) or _fold(piece[0].lstrip("@#"))
                if word in self._frames.splits and not begins:
                    self.clauses.append(start)
                yield Unit(word, kind, start, end, len(self.clauses) - 1, len(self.sentences) - 1, begins)
                begins = False

    def _divide(self, sign: str, end: int) -> None:
        self.clauses.append(end)
        if sign[0] in ".!?…\n":
            if "?" in sign:
                self.asked.add(len(self.sentences) - 1)
            self.sentences.append(end)

    def _written(self, unit: Unit) -> str:
        return self.text[unit.start : unit.end]

    def _named(self, found: list[Unit], names: Names) -> Iterator[Unit]:
        lengths = sorted({len(name) for name in names}, reverse=True)
        firsts = {name[0] for name in names}
        parts = [part for part in map("".join, names) if len(part) >= _SHORTEST_PART]
        at = ours = 0
        while at < len(found):
            unit = found[at]
            if unit.word in firsts:
                ours = next((n for n in lengths if self._called(found, at, n) in names), 0)
            elif unit.kind in {"handle", "hashtag"}:
                ours = int(any(part in unit.word for part in parts))
            else:
                ours = 0
            if ours:
                unit.word, unit.end, unit.owns = US, found[at + ours - 1].end, True
            theirs = 0 if ours else self._length(found, at)
            if theirs:
                unit.owns = self._may_own(found, at, theirs)
                unit.word, unit.end = THEM, found[at + theirs - 1].end
            yield unit
            at += ours or theirs or 1

    def _called(self, found: list[Unit], at: int, length: int) -> tuple[str, ...]:
        return tuple(unit.word for unit in found[at : at + length]) if at + length <= len(found) else ()

    def _length(self, found: list[Unit], at: int) -> int:
        """Of how many words a name of somebody else is that begins here."""
        length = 0
        while at + length < len(found) and (length == 0 or self._goes_on(found, at + length)):
            if not self._is_name(found[at + length]):
                break
            length += 1
        return length

    def _goes_on(self, found: list[Unit], at: int) -> bool:
        return self.text[found[at - 1].end : found[at].start] == " " and found[at].kind == "word"

    def _is_name(self, unit: Unit) -> bool:
        if unit.kind != "word":
            return unit.kind in {"handle", "hashtag"}
        written = self._written(unit)
        if self._is_loud or not written[0].isupper() or unit.word in self._frames.plain:
            return False
        return len(unit.word) > 1 and not (
            self._is_known(unit.word) and (unit.begins or self._frames.before is not None)
        )

    def _may_own(self, found: list[Unit], at: int, length: int) -> bool:
        """Whether a clause may be about somebody, not only name a place, a product or an addressee."""
        unit, before = found[at], found[at - 1] if at else None
        if unit.kind != "word":
            return unit.kind == "handle" and not (before and before.word in self._frames.places)
        if self._is_known(unit.word):
            return False
        if unit.begins:
            following = found[at + length] if at + length < len(found) else None
            return following is None or following.clause != unit.clause or following.word in self._frames.verbs
        if self._frames.before is not None:
            return before is not None and before.word in self._frames.before
        return before is None or before.clause != unit.clause or before.word not in self._frames.places

    def hits(self) -> list[Hit]:
        """The frames of the text that are no question."""
        words, found, stop = [unit.word for unit in self.units], list[Hit](), 0
        for at in self._frames.lexicon.openings(words):
            if at < stop:
                continue
            known = self._frames.lexicon.find(words, at, len(words))
            stop = at + 1
            if known and self._counts(known[0], self.units[known[1] - 1]):
                if self.units[at].sentence not in self.asked:
                    found.append(Hit(known[0]._replace(role=known[0].role.rstrip("?")), at, known[1]))
                # A name may be the end of one frame and the beginning of another.
                stop = max(stop, known[1] - (words[known[1] - 1] in _WHO))
        return found

    def _counts(self, meaning: Meaning, last: Unit) -> bool:
        if not meaning.role.endswith("?"):
            return True
        names_nobody = last.word in _WHO or last.word in self._frames.plain
        return not names_nobody and last.word.isalpha() and not self._is_known(last.word)

    def of_sentence(self, sentence: int) -> list[Unit]:
        """The units of a sentence."""
        return self._sentences.get(sentence, [])

    def is_alone(self, unit: Unit) -> bool:
        """Whether a sentence is nothing but this."""
        return self.of_sentence(unit.sentence) == [unit]

    def span(self, hit: Hit) -> tuple[int, int]:
        """Where in the text a frame stands."""
        return self.units[hit.first].start, self.units[hit.stop - 1].end

    def written(self, hit: Hit) -> str:
        """What the text says there."""
        return self.text[slice(*self.span(hit))]

    def parts(self, chosen: Iterable[int], after: Mapping[int, int] = MappingProxyType({})) -> str:
        """The clauses that are chosen; of some of them only what comes after a place."""
        bounds = ((max(self.clauses[each], after.get(each, 0)), self.clauses[each + 1]) for each in sorted(chosen))
        return " ".join(self.text[begin:end] for begin, end in bounds)

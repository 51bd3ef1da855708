"""English as vaderSentiment scores it: equal in all four scores, in time linear in the text."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import compress, product
from math import fabs
from operator import attrgetter
from string import punctuation
from types import ModuleType
from typing import NamedTuple

from rules.kept import Kept

_MOST_CACHED = 50_000
_ALTERING = frozenset({"no", "never", "so", "this", "without", "doubt", "least"})
_BEFORE, _AFTER = 3, 2
"""Words that have a part in what becomes of one, before and after it."""
_BEGINNING, _MOST_PICTURES = 2_000, 100
_COARSE = 1_000


class Scores(NamedTuple):
    """The shares in [0, 1] of what is said badly, neither way and well, and the compound in [-1, 1]."""

    neg: float
    neu: float
    pos: float
    compound: float


class _Word(NamedTuple):
    """One word. `known` says that it is in the lexicon, `rated` that it counts for itself there, with its `valence`;
    `boost` is what it adds to a word after it; `alters` says that it may have a part in what becomes of a word nearby,
    `marked` that it has a part in the scores at all.
    """

    lower: str
    upper: bool
    known: bool
    rated: bool
    valence: float
    boost: float
    negates: bool
    alters: bool
    marked: bool


_is_marked = attrgetter("marked")


class _Words(Kept[_Word]):
    """What there is to know of each piece of a text."""

    def __init__(self, package: ModuleType, lexicon: Mapping[str, float]) -> None:
        super().__init__(self._made, _MOST_CACHED)
        self._lexicon, self._boosters = lexicon, package.BOOSTER_DICT
        self._negators = frozenset(package.NEGATE)
        cases = [name.split() for name in (*package.SPECIAL_CASES, *package.BOOSTER_DICT) if " " in name]
        # a case lies in the window as a whole or not at all, so one of its words tells: the longest is the rarest
        self._altering = _ALTERING | {max(case, key=len) for case in cases}

    def _made(self, piece: str) -> _Word:
        stripped = piece.strip(punctuation)
        stripped = stripped if len(stripped) > 2 else piece  # its own number
        lower = stripped.lower()
        upper, known, boost = stripped.isupper(), lower in self._lexicon, self._boosters.get(lower, 0.0)
        rated, valence = known and not boost, self._lexicon.get(lower, 0.0)
        negates = lower in self._negators or "n't" in lower
        alters = bool(boost) or negates or lower in self._altering
        return _Word(lower, upper, known, rated, valence, boost, negates, alters, rated or upper or alters)


class Vader:
    """Scores by the tables of `package`, the module `vaderSentiment.vaderSentiment`. `is_exact` says that it answers as
    the package does on all of `probes`; where it does not, since the package is another one, the package itself is
    asked, and only with the beginning of a text: its own time is quadratic.
    """

    def __init__(self, package: ModuleType) -> None:
        self._package, self._original = package, package.SentimentIntensityAnalyzer()
        self._pictures = {sign: said for sign, said in self._original.emojis.items() if len(sign) == 1}
        self._picture = re.compile(_coarse(self._pictures))
        self._words = _Words(package, self._original.lexicon)
        self.is_exact = all(self._linear(text) == self._asked(text) for text in probes(package))

    def scores(self, text: str) -> Scores:
        """The four scores, rounded as the package rounds them."""
        return self._linear(text) if self.is_exact else self._asked(self._beginning(text))

    def valued(self, text: str) -> list[tuple[str, float]]:
        """The words of a text that are in the lexicon, as they stand there, with their valence."""
        words = self._words
        return [(piece, valence) for piece in text.split() if (valence := words[piece].valence)]

    def _linear(self, text: str) -> Scores:
        if not text.isascii():
            text = self._picture.sub(self._say, text)
        text = text.strip()
        words = list(map(self._words.__getitem__, text.split()))
        rated: dict[int, float] = {}
        altered: set[int] = set()
        upper: set[int] = set()
        for at in compress(range(len(words)), map(_is_marked, words)):
            word = words[at]
            if word.rated:
                rated[at] = word.valence
            if word.alters:
                altered.update(range(at - _AFTER, at + _BEFORE + 1))
            if word.upper:
                upper.add(at)
        if not rated:
            return Scores(0.0, 1.0 if words else 0.0, 0.0, 0.0)
        shouts = 0 < len(upper) < len(words)
        for at in rated.keys() & (altered | upper):
            rated[at] = self._valence(words, at, altered=at in altered, shouts=shouts)
        values = _turned(rated, words) if "but" in text.lower() else [*rated.values()]
        return self._summed(values, len(words), text)

    def _asked(self, text: str) -> Scores:
        return Scores(**self._original.polarity_scores(text))

    def _beginning(self, text: str) -> str:
        text = text[:_BEGINNING]
        places = (found.start() for count, found in enumerate(self._picture.finditer(text)) if count == _MOST_PICTURES)
        return text[: next(places, None)]

    def _say(self, found: re.Match[str]) -> str:
        said = self._pictures.get(found[0])
        if said is None:
            return found[0]
        before = found.string[found.start() - 1] if found.start() else " "
        return said if before == " " else f" {said}"

    def _valence(self, words: Sequence[_Word], at: int, *, altered: bool, shouts: bool) -> float:
        word = words[at]
        valence = word.valence
        if altered:
            if word.lower == "kind" and at + 1 < len(words) and words[at + 1].lower == "of":
                return 0.0
            valence = self._by_no(words, at, valence)
        if word.upper and shouts:
            valence += self._louder(valence)
        return self._altered(words, at, valence, shouts=shouts) if altered else valence

    def _louder(self, valence: float) -> float:
        louder: float = self._package.C_INCR
        return louder if valence > 0 else -louder

    def _by_no(self, words: Sequence[_Word], at: int, valence: float) -> float:
        before = [words[at - back].lower if back <= at else "" for back in range(4)]
        if "no" in before[1:3] or (before[3] == "no" and before[1] in {"or", "nor"}):
            return float(valence * self._package.N_SCALAR)
        stands_alone = at + 1 == len(words) or not words[at + 1].known
        return valence if before[0] != "no" or stands_alone else 0.0

    def _altered(self, words: Sequence[_Word], at: int, valence: float, *, shouts: bool) -> float:
        """What the three words before make of a valence, the farther the less, and the special cases around."""
        for back, share in ((1, 1.0), (2, 0.95), (3, 0.9)):
            if back > at or words[at - back].known:
                continue
            near = words[at - back]
            if near.boost:
                boost = -near.boost if valence < 0 else near.boost
                boost += self._louder(valence) if near.upper and shouts else 0.0
                valence += boost * share
            valence *= self._negation([word.lower for word in words[at - back : at]], negates=near.negates)
            if back == 3:  # the first word of its window
                valence = self._special(words, at, valence)
        return valence * self._least(words, at)

    def _negation(self, before: list[str], *, negates: bool) -> float:
        """What the words from the one in question up to the rated one multiply its valence by."""
        first, between = before[0], before[1:]
        # with three words, its own condition holds for "so" and "this" just before, whatever comes first
        praises = (first == "never" and between[:1] in (["so"], ["this"])) or between[1:] in (["so"], ["this"])
        if between and praises:
            return 1.25
        if first == "without" and "doubt" in between:
            return 1.0
        return float(self._package.N_SCALAR) if negates else 1.0

    def _special(self, words: Sequence[_Word], at: int, valence: float) -> float:
        cases, boosters = self._package.SPECIAL_CASES, self._package.BOOSTER_DICT
        three, two, one, zero, *after = (word.lower for word in words[at - 3 : at + 3])
        before = (f"{three} {two} {one}", f"{three} {two}", f"{two} {one}")
        around = (f"{one} {zero}", f"{two} {one} {zero}", before[2], before[0], before[1])
        valence = next((cases[case] for case in around if case in cases), valence)
        for count in range(1, len(after) + 1):
            valence = cases.get(" ".join([zero, *after[:count]]), valence)
        for case in before:
            valence += boosters.get(case, 0.0)
        return valence

    def _least(self, words: Sequence[_Word], at: int) -> float:
        if not at or words[at - 1].lower != "least" or words[at - 1].known:
            return 1.0
        spared = at > 1 and words[at - 2].lower in {"at", "very"}
        return 1.0 if spared else float(self._package.N_SCALAR)

    def _summed(self, values: Sequence[float], words: int, text: str) -> Scores:
        emphasis = 0.0
        if "!" in text or "?" in text:
            emphasis = self._original._punctuation_emphasis(text)  # noqa: SLF001  # its own step, linear
        total = float(sum(values))
        if total:
            total += emphasis if total > 0 else -emphasis
        good, bad, neutral = 0.0, 0.0, words
        for value in filter(None, values):  # one after the other, as the package does: `sum` compensates since 3.12
            neutral -= 1
            if value > 0:
                good += value + 1
            else:
                bad += value - 1
        if good > fabs(bad):
            good += emphasis
        elif good < fabs(bad):
            bad -= emphasis
        whole = good + fabs(bad) + neutral
        neg, neu, pos = round(-bad / whole, 3), round(neutral / whole, 3), round(good / whole, 3)
        return Scores(abs(neg), neu, pos, round(self._package.normalize(total), 4))


def _coarse(signs: Iterable[str]) -> str:
    """A pattern of few ranges in which the signs lie: one of every sign would be slow."""
    ranges: list[list[str]] = []
    for sign in sorted(signs):
        if ranges and ord(sign) - ord(ranges[-1][1]) < _COARSE:
            ranges[-1][1] = sign
        else:
            ranges.append([sign, sign])
    return f"[{''.join(f'{re.escape(first)}-{re.escape(last)}' for first, last in ranges)}]"


def _turned(rated: Mapping[int, float], words: Sequence[_Word]) -> list[float]:
    """What the first `but` makes of the valences: half before, half as much again after it. As in the package, a
    valence is looked up by its value, so that of equal ones the first is changed.
    """
    values = {at: value for at, value in rated.items() if value}
    turn = next((at for at, word in enumerate(words) if word.lower == "but"), None)
    if turn is None:
        return list(values.values())
    places: dict[float, list[int]] = {}
    for at, value in values.items():
        places.setdefault(value, []).append(at)
    for at in list(values):
        value = values[at]
        first = _first(places[value], values, value)
        if first != turn:
            values[first] = value * (0.5 if first < turn else 1.5)
            heappop(places[value])
            heappush(places.setdefault(values[first], []), first)
    return list(values.values())


def _first(heap: list[int], values: Mapping[int, float], value: float) -> int:
    while values[heap[0]] != value:
        heappop(heap)
    return heap[0]


_FRAMES = """{}
The {} crew
so {} and very {}
not {} at all
never so {}
{} but {}
I am NOT {}!
{} ?? {} !!!!!
without a doubt {}
the least {}
at least {}
kind of {}
no {} or {}
{} kind of {}
it was just enough {}
was it {} \U0001f600\U0001f621 {}
isn't really {}, but {} but {}
ABSOLUTELY {}
yeah right {}
the shit {} to die for""".splitlines()


def probes(package: ModuleType) -> Iterator[str]:
    """Texts that touch every rule of the package, with words from its own tables."""
    lexicon = sorted(package.SentimentIntensityAnalyzer().lexicon)
    step = len(lexicon) // 12
    some = [*lexicon[step // 2 :: step], "GOOD", "horrible", "no", "kind"]
    for number, (frame, word) in enumerate(product(_FRAMES, some)):
        yield frame.format(word, some[number % len(some)], some[(number * 7) % len(some)])

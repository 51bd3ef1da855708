"""What the words of labelled texts say of a tone: a second opinion, for where a pack hears nothing or little."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from math import exp, fsum, sqrt
from operator import add
from typing import NamedTuple

from rules.kept import Kept

DECIDES = 0.2
"""The compound from which a pack hears praise or blame."""
ASKED = "?"
"""The feature of a text that asks."""
ALWAYS = "_"
"""The feature of every text."""
_LONGEST_WORD = 40
_STEMS = (4, 5)  # letters
_EDGE = "|"
# The shares below were chosen on texts that were kept apart from those learnt from; see docs/sentiment.md.
_KNOWN = 0.66  # the share of a text's features below which it is about something else
_FEWEST = 20  # features: a text of some four words is the pack's
_SAYS = 0.65  # the probability from which a side is heard where the pack hears none
_DOUBTS = 0.2  # and below which the side that the pack hears is not
_SURE_BLAME = 0.57  # as loud as one word of valence -2: blame that clear is never lost to the subject of a text
_SURE_PRAISE = 0.75  # irony praises loudly
_LOUDNESS = 0.5  # the compound of what is certain to be heard here alone: less than a plain word's
_SUREST = 50.0  # as a logarithm: more is as good as certain
_DOUBTED = 0.2  # what is left of a compound


class Chances(NamedTuple):
    negative: float
    positive: float


class _Word(NamedTuple):
    """What a word is in a text: `plain` a number is any number; `before` begins a pair; `stems` are features."""

    plain: str
    before: str
    stems: tuple[str, ...]


def _word(word: str) -> _Word:
    plain = "0" if word.isdecimal() else word[:_LONGEST_WORD]
    return _Word(plain, f"{plain} ", (plain, *(f"{plain[:length]}*" for length in _STEMS if len(plain) > length)))


_WORDS = Kept(_word)


def features(words: Sequence[str], asked: bool) -> set[str]:
    """Of a text: its words, their beginnings and pairs."""
    plain, before, stems = zip(*map(_WORDS.__getitem__, words), strict=True) if words else ((), (), ())
    found = {ALWAYS, ASKED} if asked else {ALWAYS}
    found.update(*stems, map(add, (f"{_EDGE} ", *before), (*plain, _EDGE)))
    return found


@dataclass(frozen=True)
class Learnt:
    """`negative` and `positive` are the weights of features against neutral. Other weights have another `version`."""

    negative: Mapping[str, float]
    positive: Mapping[str, float]
    version: str = "0"

    @cached_property
    def _known(self) -> Mapping[str, tuple[float, float]]:
        """The weights of both sides, for one look."""
        known = dict.fromkeys([*self.negative, *self.positive])
        return {feature: (self.negative.get(feature, 0.0), self.positive.get(feature, 0.0)) for feature in known}

    def chances(self, found: Collection[str]) -> Chances:
        """Of both sides, given the known features of a text."""
        return _chances([(self.negative.get(feature, 0.0), self.positive.get(feature, 0.0)) for feature in found])

    @staticmethod
    def doubts(compound: float) -> bool:
        """Whether `amended` may make anything else of a compound; where not, the features need not be found."""
        return -_SURE_BLAME < compound < _SURE_PRAISE

    def amended(self, compound: float, found: Collection[str]) -> float:
        """What becomes of a pack's compound: fainter where its side is unlikely, a side's own where that is likely and
        the pack hears none, else as it is. Blame never becomes praise, and is not doubted where it is clear or the text
        asks something: a question hides no complaint.
        """
        if len(found) < _FEWEST or not self.doubts(compound):
            return compound
        known = list(filter(None, map(self._known.get, found)))
        if len(known) < _KNOWN * len(found):
            return compound
        blame, praise = _chances(known)
        if compound <= -DECIDES:
            doubted = blame < _DOUBTS and ASKED not in found
            return round(compound * _DOUBTED, 4) if doubted else compound
        heard = compound >= DECIDES
        if heard and praise >= _DOUBTS:
            return compound
        if max(blame, praise) >= _SAYS:
            return round(_LOUDNESS * (praise if praise > blame else -blame), 4)
        return round(compound * _DOUBTED, 4) if heard else compound


def _chances(weights: Sequence[tuple[float, float]]) -> Chances:
    unit = 1 / sqrt(len(weights) or 1)
    # the features are a set: their sum must not depend on its order, which each process has its own of
    says = (unit * fsum(side) for side in zip(*weights, strict=True)) if weights else (0.0, 0.0)
    blame, praise = (exp(min(_SUREST, said)) for said in says)
    return Chances(blame / (1 + blame + praise), praise / (1 + blame + praise))


def _side(written: Mapping[str, str]) -> Mapping[str, float]:
    return {feature: float(weight) for weight, lines in written.items() for feature in lines.split("\n") if feature}


@cache
def load(language: str) -> Learnt | None:
    """What was learnt of a language; None where nothing was."""
    source = files("rules.packs") / f"learnt-{language}.toml"
    if not source.is_file():
        return None
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    return Learnt(_side(data["negative"]), _side(data["positive"]), data["version"])

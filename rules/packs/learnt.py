"""What the words of labelled texts say of a tone: a second opinion, for where a pack hears nothing or little."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from math import exp, sqrt
from typing import NamedTuple

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


# Bounded in entries and, by _LONGEST_WORD, in bytes.
@lru_cache(maxsize=8192)
def _stems(word: str) -> tuple[str, ...]:
    """The features of a word alone."""
    return (word, *(f"{word[:length]}*" for length in _STEMS if len(word) > length))


def features(words: Sequence[str], asked: bool) -> set[str]:
    """Of a text: its words, their beginnings and pairs. A number is any number."""
    plain = ["0" if word.isdecimal() else word[:_LONGEST_WORD] for word in words]
    found = {feature for word in set(plain) for feature in _stems(word)}
    found.update(map(" ".join, zip([_EDGE, *plain], [*plain, _EDGE], strict=True)))
    return found | ({ALWAYS, ASKED} if asked else {ALWAYS})


@dataclass(frozen=True)
class Learnt:
    """`negative` and `positive` are the weights of features against neutral. Other weights have another `version`."""

    negative: Mapping[str, float]
    positive: Mapping[str, float]
    version: str = "0"

    def chances(self, found: Collection[str]) -> Chances:
        """Of both sides, given the known features of a text."""
        unit = 1 / sqrt(len(found) or 1)
        says = (unit * sum(side.get(feature, 0.0) for feature in found) for side in (self.negative, self.positive))
        blame, praise = (exp(min(_SUREST, said)) for said in says)
        return Chances(blame / (1 + blame + praise), praise / (1 + blame + praise))

    def amended(self, compound: float, found: Collection[str]) -> float:
        """What becomes of a pack's compound: fainter where its side is unlikely, a side's own where that is likely and
        the pack hears none, else as it is. Blame never becomes praise, and is not doubted where it is clear or the text
        asks something: a question hides no complaint.
        """
        known = [feature for feature in found if feature in self.negative or feature in self.positive]
        if len(found) < _FEWEST or len(known) < _KNOWN * len(found):
            return compound
        blame, praise = self.chances(known)
        if compound <= -DECIDES:
            doubted = blame < _DOUBTS and compound > -_SURE_BLAME and ASKED not in found
            return round(compound * _DOUBTED, 4) if doubted else compound
        heard = compound >= DECIDES
        if heard and (praise >= _DOUBTS or compound >= _SURE_PRAISE):
            return compound
        if max(blame, praise) >= _SAYS:
            return round(_LOUDNESS * (praise if praise > blame else -blame), 4)
        return round(compound * _DOUBTED, 4) if heard else compound


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

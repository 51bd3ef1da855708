"""How far an alert can be believed: a word with one measured meaning, from what is known when a step is taken."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from rules.transition import Evidence

Word = Literal["very", "likely", "check", "learning"]
"""Of alerts of this word at least nine in ten turned out to be real (`very`), six to nine (`likely`), or fewer
(`check`); `learning`: there is too little history to say. None is certain.
"""
Sign = Literal[
    "seldom",
    "rare",
    "grows",
    "far",
    "negative",
    "people",
    "places",
    "own-words",
    "agree",
    "copied",
    "one-voice",
    "unheard",
]
"""What speaks for an alert, or against it: the last three. `seldom`, `rare`: ringing at this would be wrong once a
month, or once in ten months, at most; `grows`: at least twice as many as at the opening; `far`: twice what hardly any
window has; `negative`: three in five of all mentions are; `people`: at least PEOPLE authors; `places`: two sources or
more, none with nearly all; `own-words`: nearly every mention has words of its own; `agree`: a rule that looks at
something else has an incident too, or other sources are as bad by themselves; `copied`: half of the mentions copy
another; `one-voice`: one author wrote a third of them; `unheard`: a good part of what is usually heard is not.
"""
AGAINST: frozenset[Sign] = frozenset({"copied", "one-voice", "unheard"})
PEOPLE = 12
VERY, LIKELY = 0.9, 0.6
PRIOR = 10
MEASURED: Mapping[int, float] = {6: 0.96, 2: 0.71}
LEAST_MEASURED = 0.5
"""The share of real alerts where at least so many more signs speak for them than against them, as measured by
`tests.scenarios.confidence` (one more real and one more false taken for granted); with fewer the least.
"""
_UNKNOWN = 0.5
_SELDOM, _RARE, _TWICE, _NEGATIVE = 1.0, 0.1, 2, 0.6
_MAINLY, _OWN_WORDS, _HEARD = 0.9, 0.8, 0.8


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Of a brand's own incidents that began with a word, those that people called real, and false alarms."""

    real: int = 0
    false: int = 0


class Confidence(msgspec.Struct, frozen=True, kw_only=True):
    """`word` is what is shown, after the `signs`, of which alerts like it turned out real with the share `measured`
    (None: never measured, as for rules without a budget), and after what was `judged` of the brand's own.
    """

    word: Word
    signs: tuple[Sign, ...] = ()
    measured: float | None = None
    judged: Judged = Judged()


def signs_of(evidence: Evidence) -> tuple[Sign, ...]:
    """What speaks for an alert and what against it, in the order of Sign."""
    told = {**_of_numbers(evidence), **_of_people(evidence)}
    return tuple(sign for sign, holds in told.items() if holds)


def _of_numbers(evidence: Evidence) -> dict[Sign, bool]:
    high, wrong, more = evidence.usual_high, evidence.wrong_rate, not evidence.fewer
    return {
        "seldom": wrong is not None and wrong <= _SELDOM,
        "rare": wrong is not None and wrong <= _RARE,
        "grows": more and bool(evidence.opening) and evidence.count >= _TWICE * (evidence.opening or 1),
        "far": more and high is not None and evidence.count >= _TWICE * max(high, 1.0),
        "negative": more and evidence.posts > 0 and evidence.negative >= _NEGATIVE * evidence.posts,
    }


def _of_people(evidence: Evidence) -> dict[Sign, bool]:
    count, heard = max(1, evidence.count), sum(evidence.sources.values())
    mentions = evidence.unit == "mentions"
    own = evidence.stories / count if evidence.stories and mentions else None
    return {
        "people": evidence.authors >= PEOPLE,
        "places": len(evidence.sources) > 1 and max(evidence.sources.values()) <= _MAINLY * heard,
        "own-words": own is not None and own >= _OWN_WORDS,
        "agree": bool(evidence.raised_by or evidence.also),
        "copied": own is not None and 2 * own <= 1,
        "one-voice": mentions and evidence.most > 1 and 3 * evidence.most >= count,
        "unheard": evidence.coverage < _HEARD,
    }


def measured_share(evidence: Evidence, signs: Iterable[Sign]) -> float | None:
    """How many alerts with such signs were real where the truth was known; None where none was measured."""
    if evidence.wrong_rate is None:
        return None
    balance = balance_of(signs)
    return next((share for least, share in MEASURED.items() if balance >= least), LEAST_MEASURED)


def balance_of(signs: Iterable[Sign]) -> int:
    """How many more signs speak for an alert than against it."""
    return sum(-1 if sign in AGAINST else 1 for sign in signs)


def word_of(share: float) -> Word:
    """The word for alerts of which that share is real: its meaning is fixed."""
    return "very" if share >= VERY else "likely" if share >= LIKELY else "check"


def first_word(evidence: Evidence) -> Word:
    """The word before a brand's own incidents were looked at."""
    if evidence.learning:
        return "learning"
    share = measured_share(evidence, signs_of(evidence))
    return word_of(_UNKNOWN if share is None else share)


def confidence(evidence: Evidence, own: Mapping[Word, Judged]) -> Confidence:
    """How far a step can be believed. `own` tells of the brand's incidents that were judged before, by `first_word`:
    the measured share counts for as much as PRIOR of them (the mean of a beta distribution). While there is too little
    history they change nothing.
    """
    signs = signs_of(evidence)
    share, first = measured_share(evidence, signs), first_word(evidence)
    if first == "learning":
        return Confidence(word="learning", signs=signs, measured=share)
    judged = own.get(first, Judged())
    prior = _UNKNOWN if share is None else share
    mean = (PRIOR * prior + judged.real) / (PRIOR + judged.real + judged.false)
    return Confidence(word=word_of(mean), signs=signs, measured=share, judged=judged)

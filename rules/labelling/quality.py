"""How good labels are, with how far that can be believed; and whether it changes with time."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

import msgspec

from rules.facts import Label

LABELS: tuple[Label, ...] = ("negative", "neutral", "positive")
_Z = 1.96  # 95 %
_TOGETHER = 0.25  # so that the interval of macro-F1 held the truth in 94 to 97 of 100 simulated samples


class Estimate(msgspec.Struct, frozen=True):
    """A figure and the interval that holds it 19 times out of 20; 0 between 0 and 1 where there is nothing to count."""

    value: float
    low: float
    high: float


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """`confusion` counts (said by a person, predicted). `macro_f1` is the mean over the labels that a person said.

    Intervals: Wilson's for precision and recall; F1 is 2J / (1 + J) of J, the share of the right ones among all that
    are negative or called so, and takes Wilson's interval of J through that; macro-F1 joins those of its F1 (MOVER:
    Zou & Donner 2008) as parts that are correlated by a quarter.
    """

    n: int
    confusion: Mapping[tuple[Label, Label], int]
    macro_f1: Estimate
    negative_precision: Estimate
    negative_recall: Estimate
    negative_f1: Estimate


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """`change` of macro-F1 from `before` to `lately`; `worse` when all of its interval lies below 0."""

    before: Quality
    lately: Quality
    change: Estimate
    worse: bool


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """How the share of each label changed; `moved` when one did by more than chance and by 5 points or more."""

    before: Mapping[Label, Estimate]
    lately: Mapping[Label, Estimate]
    change: Mapping[Label, Estimate]
    moved: bool


def quality(pairs: Iterable[tuple[Label, Label]]) -> Quality:
    """Of what a person said and what was predicted. Pairs whose first is no label of a person count in `n` only."""
    confusion = Counter(pairs)
    right = confusion["negative", "negative"]
    return Quality(
        n=confusion.total(),
        confusion=dict(confusion),
        macro_f1=_mean([_f1(confusion, label) for label in LABELS if _total(confusion, label, 0)]),
        negative_precision=share(right, _total(confusion, "negative", 1)),
        negative_recall=share(right, _total(confusion, "negative", 0)),
        negative_f1=_f1(confusion, "negative"),
    )


def share(part: int, whole: int, z: float = _Z) -> Estimate:
    """A proportion with Wilson's interval."""
    if not whole:
        return Estimate(0.0, 0.0, 1.0)
    p, weight = part / whole, z * z / whole
    middle, reach = p + weight / 2, z * sqrt(p * (1 - p) / whole + weight / whole / 4)
    # Its own bounds at 0 and 1, which rounding would miss.
    low, high = max(0.0, (middle - reach) / (1 + weight)), min(1.0, (middle + reach) / (1 + weight))
    return Estimate(p, min(p, low), max(p, high))


def macro_f1(confusion: Mapping[tuple[Label, Label], int]) -> float:
    """Of counts of (said by a person, predicted); over the labels that a person said, 0 when there are none."""
    said = [label for label in LABELS if _total(confusion, label, 0)]
    return sum(_f1(confusion, label).value for label in said) / max(1, len(said))


def mean_recall(confusion: Mapping[tuple[Label, Label], int]) -> float:
    """Of the same, over the same labels: no better for guessing than for always saying one label, as macro-F1 is."""
    said = {label: total for label in LABELS if (total := _total(confusion, label, 0))}
    return sum(confusion.get((label, label), 0) / total for label, total in said.items()) / max(1, len(said))


def drift(pairs: Sequence[tuple[Label, Label]], lately: int) -> Drift:
    """Of marks in the order they were made, each with the label that was in force: the last `lately` against those
    before.
    """
    cut = max(0, len(pairs) - lately)
    before, late = quality(pairs[:cut]), quality(pairs[cut:])
    change = _difference(before.macro_f1, late.macro_f1)
    return Drift(before=before, lately=late, change=change, worse=change.high < 0)


def shift(before: Mapping[Label, int], lately: Mapping[Label, int]) -> Shift:
    """Of counts of labels. For mentions of one language: what else changes moves shares too, such as more news."""
    labels: tuple[Label, ...] = (*LABELS, "unsupported")
    # Four labels are looked at: each must be surer, so that all of them together are wrong once in 20.
    was, now = (
        {label: share(side.get(label, 0), sum(side.values()), 2.5) for label in labels} for side in (before, lately)
    )
    change = {label: _difference(was[label], now[label]) for label in labels}
    moved = any(abs(each.value) >= 0.05 and (each.low > 0 or each.high < 0) for each in change.values())
    return Shift(before=was, lately=now, change=change, moved=moved)


def _total(confusion: Mapping[tuple[Label, Label], int], label: Label, side: int) -> int:
    return sum(count for pair, count in confusion.items() if pair[side] == label)


def _f1(confusion: Mapping[tuple[Label, Label], int], label: Label) -> Estimate:
    right = confusion.get((label, label), 0)
    jaccard = share(right, _total(confusion, label, 0) + _total(confusion, label, 1) - right)
    return Estimate(*(2 * j / (1 + j) for j in (jaccard.value, jaccard.low, jaccard.high)))


def _mean(parts: Sequence[Estimate]) -> Estimate:
    if not parts:
        return Estimate(0.0, 0.0, 1.0)
    value = sum(part.value for part in parts) / len(parts)
    below = _joined([part.value - part.low for part in parts]) / len(parts)
    above = _joined([part.high - part.value for part in parts]) / len(parts)
    return Estimate(value, max(0.0, value - below), min(1.0, value + above))


def _joined(reaches: Sequence[float]) -> float:
    """The reach of a sum whose parts go together by a quarter: an error costs two labels at once."""
    alone = sum(reach * reach for reach in reaches)
    return sqrt(_TOGETHER * sum(reaches) ** 2 + (1 - _TOGETHER) * alone)


def _difference(before: Estimate, lately: Estimate) -> Estimate:
    value = lately.value - before.value
    below = sqrt((lately.value - lately.low) ** 2 + (before.high - before.value) ** 2)
    above = sqrt((lately.high - lately.value) ** 2 + (before.value - before.low) ** 2)
    return Estimate(value, value - below, value + above)

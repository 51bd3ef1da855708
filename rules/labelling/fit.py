"""Weights from marks: multinomial logistic regression, pulled towards the pack's answer."""

from collections import Counter
from collections.abc import Sequence
from math import log, sqrt
from typing import NamedTuple

from rules.facts import Tone
from rules.labelling.features import features
from rules.labelling.model import ANSWERS, SIDES, Said, answer, chances

_PASSES = 20
_RATE = 1.0
_DECAY = 0.001
_RATE_ANSWER = 0.05
_PULL = 0.01
_TRUST = 1.2


class Example(NamedTuple):
    """A mark as the model sees it."""

    seen: list[int]
    told: tuple[float, ...]
    label: Said


Side = tuple[list[float], dict[int, float]]


def example(text: str, tone: Tone, label: Said) -> Example:
    return Example(features(text), answer(tone), label)


def prior() -> tuple[list[float], list[float]]:
    """The weights of the pack's answer before any mark: its label, with some trust."""
    return ([0.0, _TRUST, -_TRUST / 2, 0.0, 0.0, 0.0], [0.0, -_TRUST / 2, _TRUST, 0.0, 0.0, 0.0])


def fit(examples: Sequence[Example]) -> tuple[Side, Side]:
    """The weights of both sides, those of places in a text of which more than one mark knows."""
    counts = Counter(place for each in examples for place in each.seen)
    known = [place for place, count in counts.items() if count > 1]
    index = {place: at for at, place in enumerate(known)}
    pace = [log(1 + len(examples) / counts[place]) ** 2 for place in known]
    rows = [([index[place] for place in each.seen if place in index], 1 / sqrt(len(each.seen) or 1), each.told,
             tuple(float(each.label == side) for side in SIDES)) for each in examples]
    start = prior()
    answers = [list(side) for side in start]
    tables = [[0.0] * len(known) for _ in SIDES]
    sums = [[0.0] * len(known) for _ in SIDES]
    kept = 0
    t = 0
    for step in range(_PASSES):
        rate = _RATE / (1 + step * 0.3)
        for row in rows:
            seen, unit, told, target = row
            blame, praise = chances(*(
                sum(map(float.__mul__, weights, told)) + unit * sum(map(table.__getitem__, seen))
                for weights, table in zip(answers, tables, strict=True)
            ))
            for side, chance in enumerate((blame, praise)):
                error = target[side] - chance
                by = rate * unit * error
                table = tables[side]
                for at in seen:
                    table[at] += by * pace[at]
                weights = answers[side]
                slow = rate * _RATE_ANSWER
                for at in range(ANSWERS):
                    weights[at] += slow * (error * told[at] - _PULL * (weights[at] - start[side][at]))
        for side in (0, 1):
            shrink = max(0.0, 1 - rate * _DECAY * len(rows))
            tables[side] = [weight * shrink for weight in tables[side]]
    return tuple((answers[side], {place: tables[side][index[place]] for place in known}) for side in (0, 1))

"""Weights from marks, in two steps: what the text says, then how much that counts beside the pack's answer.

Both are multinomial logistic regressions. The second learns from what the first says of marks that it has not seen, so
that a text which the first knows by heart gives it no trust (stacking: Wolpert 1992).
"""

from collections import Counter
from collections.abc import Sequence
from math import log, sqrt
from typing import NamedTuple

from rules.labelling.model import SIDES, TOLD, Blend, Said, Table, blended, chances

# Chosen on the training parts of UMSAB, where macro-F1 hardly hangs on them (within a point for what was tried around).
_TEXT_PASSES, _TEXT_RATE, _TEXT_SLOWER, _TEXT_PULL = 6, 1.0, 0.3, 0.001
# The pull is that of all marks together: the more there are, the less the pack's answer holds.
_BLEND_PASSES, _BLEND_RATE, _BLEND_PULL = 30, 0.3, 3.0
_BIAS_RATE = 0.02
_HEAVIEST = 3.0
"""Of a mark with a rare label, against the mean."""
_TRUST = 1.1
"""What the pack's label weighs before any mark, whichever it is: it is right about six times out of ten."""


class Example(NamedTuple):
    """A mark as the model sees it: `seen` are the features of its text, `told` is the pack's answer."""

    seen: tuple[int, ...]
    told: tuple[float, ...]
    label: Said


class _Row(NamedTuple):
    at: list[int]
    unit: float
    target: tuple[float, ...]
    weight: float


def fit_text(examples: Sequence[Example]) -> tuple[Table, Table]:
    """By side, the weight of each place that an example knows."""
    counts = Counter(place for each in examples for place in each.seen)
    places = list(counts)
    known = {place: at for at, place in enumerate(places)}
    weights = _weights(examples)
    rows = [
        _Row([known[place] for place in each.seen], _unit(each.seen), _target(each.label), weights[each.label])
        for each in examples
    ]
    tables = _descend(rows, _paces(list(counts.values()), len(examples)))
    return _by_place(places, tables[0]), _by_place(places, tables[1])


def fit_blend(examples: Sequence[Example], texts: Sequence[tuple[float, float]]) -> Blend:
    """The weights of the pack's answer and of what the text says, which `texts` holds for each example. Near the
    pack's own answer unless the examples say otherwise.
    """
    start, pull = _before_any_mark(), _BLEND_PULL / max(1, len(examples))
    blend = [list(weights) for weights in start]
    # AdaGrad (Duchi et al. 2011): the compound and the text have scales of their own.
    squares = [[0.1] * len(weights) for weights in start]
    rows = [(*each.told, *text) for each, text in zip(examples, texts, strict=True)]
    weights = _weights(examples)
    targets = [(_target(each.label), weights[each.label]) for each in examples]
    for _ in range(_BLEND_PASSES):
        for row, (target, weight) in zip(rows, targets, strict=True):
            said = chances(*(blended(side, row) for side in blend))
            for side in (0, 1):
                _adapt(blend[side], start[side], squares[side], row, weight * (target[side] - said[side]), pull)
    return tuple(blend[0]), tuple(blend[1])


def _unit(seen: Sequence[int]) -> float:
    return 1 / sqrt(len(seen) or 1)


def _target(label: Said) -> tuple[float, ...]:
    return tuple(float(label == side) for side in SIDES)


def _weights(examples: Sequence[Example]) -> dict[Said, float]:
    """What a mark of each label weighs: halfway between as much as any other, and all labels as much as each other.
    As they come, rare labels would hardly ever be said.
    """
    counts = Counter(each.label for each in examples)
    return {label: min(_HEAVIEST, sqrt(len(examples) / len(counts) / count)) for label, count in counts.items()}


def _paces(counts: Sequence[int], examples: int) -> list[float]:
    """How fast each place learns: rare ones faster, the usual one at 1."""
    paces = [log(1 + examples / count) for count in counts]
    usual = sum(pace * count for pace, count in zip(paces, counts, strict=True)) / max(1, sum(counts))
    return [pace / usual for pace in paces]


def _descend(rows: Sequence[_Row], paces: Sequence[float]) -> list[list[float]]:
    """Stochastic gradient descent; `scale` shrinks all weights at once (Bottou 2012)."""
    tables = [[0.0] * len(paces) for _ in SIDES]
    biases, scale = [0.0, 0.0], 1.0
    for step in range(_TEXT_PASSES):
        rate = _TEXT_RATE / (1 + step * _TEXT_SLOWER)
        for row in rows:
            said = chances(*(
                bias + scale * row.unit * sum(map(table.__getitem__, row.at))
                for bias, table in zip(biases, tables, strict=True)
            ))  # fmt: skip
            scale *= 1 - rate * _TEXT_PULL
            for side, table in enumerate(tables):
                error = row.weight * (row.target[side] - said[side])
                biases[side] += rate * _BIAS_RATE * error
                by = 2 * rate * row.unit * error / scale
                for at in row.at:
                    table[at] += by * paces[at]
    return [[weight * scale for weight in table] for table in tables]


def _by_place(places: Sequence[int], weights: Sequence[float]) -> Table:
    return dict(zip(places, weights, strict=True))


def _before_any_mark() -> Blend:
    rest = (0.0,) * (TOLD - 3 + 2)
    return (-_TRUST, 2 * _TRUST, _TRUST, *rest), (-_TRUST, _TRUST, 2 * _TRUST, *rest)


def _adapt(
    weights: list[float], start: Sequence[float], squares: list[float], row: Sequence[float], error: float, pull: float
) -> None:
    for at, value in enumerate(row):
        slope = error * value - pull * (weights[at] - start[at])
        squares[at] += slope * slope
        weights[at] += _BLEND_RATE * slope / sqrt(squares[at])

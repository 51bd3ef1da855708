"""What the detector compared, for whoever asks why."""

from collections.abc import Sequence
from math import exp, isfinite

from rules.account import Condition, Rarity, Scale
from rules.detection.bursts import SCALES
from rules.detection.chance import tail
from rules.detection.detector import Detector, Reading
from rules.detection.doubt import at_most


def scales_of(detector: Detector, totals: Sequence[int], minute: int, times: float = 1.0) -> tuple[Scale, ...]:
    """Each scale as it stands in the open `minute`; `totals` are the counts of the last 5, 15 and 60 minutes, of which
    `times` the usual is expected.
    """
    beyond = detector.bursts.beyond(totals)
    return tuple(
        _scale(detector, minute, scale, total, exp(-max(0.0, excess)), times)
        for scale, total, excess in zip(SCALES, totals, beyond, strict=True)
    )


def _scale(detector: Detector, minute: int, minutes: int, total: int, further: float, times: float) -> Scale:
    level = detector.level
    means = [times * level.expected(each, 1.0) for each in range(minute - minutes + 1, minute + 1)]
    expected, most = sum(means), sum(at_most(mean, 1.0, level.heard) for mean in means)
    return Scale(
        minutes=minutes,
        observed=total,
        expected=expected,
        # minutes are independent of each other in the model: together they are less lumpy than each
        tail=tail(total, most, level.dispersion / minutes),
        usual_high=detector.bursts.high(minutes, expected / minutes),
        further=further,
        most=most if most > expected else None,
    )


def rarity_of(reading: Reading, budget: float) -> Rarity:
    """How rare a reading is, beside the budget."""
    return Rarity(evidence=reading.evidence, rate=_finite(reading.rate), budget=budget)


def rare_conditions(reading: Reading, budget: float) -> tuple[Condition, ...]:
    """What a reading must meet: more than chance does at a steady rate, and either longer than the series' own bursts
    last, or both more than it has done before from one moment to the next and rarer than its past excursions. Of these
    two ways the one that is nearer.
    """
    rates = {"chance": reading.by_chance, "habit": reading.by_habit, "peaks": reading.by_peaks}
    if reading.by_length < max(reading.by_habit, reading.by_peaks):
        rates = {"chance": reading.by_chance, "length": reading.by_length}
    return tuple(
        Condition(name=name, met=rate <= budget, observed=_finite(rate), needed=budget) for name, rate in rates.items()
    )


def _finite(rate: float) -> float | None:
    return rate if isfinite(rate) else None

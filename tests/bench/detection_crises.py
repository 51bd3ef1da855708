"""How long the detector takes on brands that are not even (see `tests.bench.simulated`), at one false alarm in 30 days:
`python -m tests.bench.detection_crises [--world bursts all] [--rate N ...] [--brands 6] [--processes 2]`.

The measure is the CUSUM that is told the true rate of every minute and the size of the rise, but nothing of bursts,
floods and lumps: its threshold is that which rings once a month on the same brands. Rises begin between the 80th and
the 90th day. What is not told within ten days counts as ten days; a rise that begins while it rings is left out
(Pollak, Annals of Statistics 1985). Prints the multiple, and in parentheses the mean minutes of that measure.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from math import sqrt
from multiprocessing import Pool
from random import Random
from statistics import mean, median
from typing import NamedTuple

from rules.detection.detector import Detector
from tests.bench.optimum import MONTH, Growth, Optimum, quantile, ramp, step
from tests.bench.simulated import BEGIN, DAY, WORLDS, brand, poisson

RATES = (0.01, 0.1, 1.0, 10.0, 100.0)
RISES: dict[str, tuple[Growth, tuple[float, ...]]] = {
    **{f"x{factor:g}": (step(factor), (factor,)) for factor in (2.0, 5.0, 20.0)},
    **{f"doubling in {minutes:g} min": (ramp(minutes), (3.0, 20.0)) for minutes in (15.0, 60.0, 180.0)},
}
"""What is added, and the factors of the optima of which the best counts."""
DISPERSION = 0.1
DAYS, ONSETS = 100, range(80 * DAY, 90 * DAY, DAY + 317)
LONGEST = 10 * DAY
_BEFORE = 2 * DAY
_CLOSING = 120


class Brand(NamedTuple):
    """The counts of one brand, and the true rates."""

    counts: list[int]
    rates: list[float]


class Cell(NamedTuple):
    """Brands of one kind and rate."""

    world: str
    rate: float
    brands: int


def measured(cell: Cell) -> tuple[Cell, list[tuple[float, float]], int]:
    """(mean delay of the detector, that of the measure) for every rise, and how many onsets were left out."""
    found = [
        Brand(*brand(Random(f"{cell} {number}"), cell.rate, DAYS, WORLDS[cell.world], DISPERSION))
        for number in range(cell.brands)
    ]
    ours: dict[str, list[int]] = {name: [] for name in RISES}
    for each in found:
        for name, delay in _detected(each):
            ours[name].append(delay)
    left_out = len(found) * len(ONSETS) - len(ours[next(iter(RISES))])
    factors = {factor for _, factors in RISES.values() for factor in factors}
    thresholds = {factor: _threshold(found, factor) for factor in factors}
    measures = [
        min(_optimal(found, name, growth, factor, thresholds[factor]) for factor in factors)
        for name, (growth, factors) in RISES.items()
    ]
    return cell, [(mean(ours[name]), measure) for name, measure in zip(RISES, measures, strict=True)], left_out


def _added(rates: Sequence[float], name: str, growth: Growth, onset: int) -> Iterator[int]:
    """What a crisis adds, minute by minute; the same whoever asks."""
    random = Random(f"{name} {onset}")
    for number in range(onset, min(onset + LONGEST, len(rates))):
        yield poisson(random, rates[number] * (growth(number - onset + 1) - 1))


def _detected(known: Brand) -> Iterator[tuple[str, int]]:
    detector, begin, rang = Detector(), 0, False
    for onset in ONSETS:
        for number in range(begin, onset):
            rang = detector.step(known.counts[number], BEGIN + number).exceeds(1.0)
        begin, state = onset, detector.dump()
        if rang:
            continue
        for name, (growth, _) in RISES.items():
            copy = Detector.load(state)
            added = _added(known.rates, name, growth, onset)
            rings = (
                copy.step(known.counts[number] + more, BEGIN + number).exceeds(1.0)
                for number, more in enumerate(added, onset)
            )
            yield name, next((passed for passed, rings_now in enumerate(rings, 1) if rings_now), LONGEST)


def _threshold(brands: Sequence[Brand], factor: float) -> float:
    """What is passed once a month."""
    increments = []
    for each in brands:
        test = Optimum(factor, DISPERSION)
        increments.append([test.increment(*pair) for pair in zip(each.counts, each.rates, strict=True)])
    allowed = sum(map(len, increments)) / MONTH
    low, high = 2.0, 1e5
    for _ in range(16):
        middle = sqrt(low * high)
        rings = sum(_pages(each, middle) for each in increments)
        low, high = (middle, high) if rings > allowed else (low, middle)
    return high


def _pages(increments: Sequence[float], threshold: float) -> int:
    """How often it rings when it begins anew after each alarm, and is quiet until two hours after the last."""
    total, last, rang = 0.0, -_CLOSING - 1, 0
    for number, each in enumerate(increments):
        total = max(0.0, total + each)
        if total > threshold:
            rang += number - last > _CLOSING
            total, last = 0.0, number
    return rang


def _optimal(brands: Sequence[Brand], name: str, growth: Growth, factor: float, threshold: float) -> float:
    delays = []
    for each in brands:
        for onset in ONSETS:
            test = Optimum(factor, DISPERSION)
            for number in range(onset - _BEFORE, onset):
                if test.add(each.counts[number], each.rates[number]) > threshold:
                    test.total = 0.0
            sums = (
                test.add(each.counts[number] + more, each.rates[number])
                for number, more in enumerate(_added(each.rates, name, growth, onset), onset)
            )
            delays.append(next((passed for passed, total in enumerate(sums, 1) if total > threshold), LONGEST))
    return mean(delays)


def main(arguments: Sequence[str]) -> None:
    """Simulate, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", nargs="+", choices=WORLDS, default=["bursts", "all"])
    parser.add_argument("--rate", nargs="+", type=float, default=list(RATES))
    parser.add_argument("--brands", type=int, default=6)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    cells = [Cell(*pair, chosen.brands) for pair in product(chosen.world, chosen.rate)]
    print(f"| brands, a minute | {' | '.join(RISES)} |\n|---|{'---|' * len(RISES)}")  # noqa: T201  # the figures are the point
    ratios: dict[str, list[float]] = {world: [] for world in chosen.world}
    missing = 0
    with Pool(chosen.processes) as pool:
        for cell, pairs, left_out in pool.imap(measured, cells):
            missing += left_out
            ratios[cell.world] += [ours / measure for ours, measure in pairs]
            told = " | ".join(f"{ours / measure:.2f} ({measure:.0f})" for ours, measure in pairs)
            print(f"| {cell.world}, {cell.rate:g} | {told} |", flush=True)  # noqa: T201  # same
    for world, found in ratios.items():
        print(f"\n{world}: median {median(found):.2f}, 90th percentile {quantile(found, 0.9):.2f}")  # noqa: T201  # same
    print(f"\n{missing} of {len(cells) * chosen.brands * len(ONSETS)} onsets left out: it rang")  # noqa: T201  # same


if __name__ == "__main__":
    main(sys.argv[1:])

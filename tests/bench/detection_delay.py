"""How long the detector takes, as multiples of the optimum that knows both rates, at one false alarm in 30 days:
`python -m tests.bench.detection_delay [--rate N ...] [--days 60 120] [--replicates 40] [--processes 2]`.

Even backgrounds, Poisson and negative binomial (dispersion 0.1), bins of a minute. The rate rises at once by a factor,
or doubles again and again (there the best of the tests for x1.2, x1.5, x2, x5 and x20 is the measure). Prints a table
for each warm-up: the multiple, and in parentheses the minutes that the optimum takes.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from multiprocessing import Pool
from random import Random
from statistics import mean, median
from typing import NamedTuple

from rules.detection.detector import Detector
from rules.detection.episodes import Alarm
from tests.bench.optimum import LONGEST, MONTH, Growth, Optimum, quantile, ramp, step
from tests.bench.simulated import BEGIN, DAY, drawn

RATES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
DISPERSIONS = (0.0, 0.1)
STEPS = (2.0, 3.0, 5.0, 10.0, 20.0)
DOUBLINGS = (5.0, 15.0, 60.0, 180.0)
RAMPS_BY = (1.2, 1.5, 2.0, 5.0, 20.0)
NAMES = [*(f"x{factor:g}" for factor in STEPS), *(f"doubling in {minutes:g} min" for minutes in DOUBLINGS)]
BUDGET = 1.0
_STEADY = 300
_SETTLED = 30 * DAY
"""Minutes of the warm-up after which false alarms are counted."""


class Task(NamedTuple):
    """One background."""

    rate: float
    dispersion: float
    days: tuple[int, ...]
    replicates: int
    steps: int


class Found(NamedTuple):
    """What came of it: for each warm-up the mean delays in the order of NAMES, those of the optimum, how many
    replicates were not seen in 30 days, and how many false alarms there were in how many months.
    """

    task: Task
    delays: list[list[float]]
    optimum: list[float]
    missed: int
    rang: int
    months: float


def measured(task: Task) -> Found:
    """Warm up, and measure every rise."""
    random = Random(f"{task.rate} {task.dispersion}")
    detector, alarm = Detector(), Alarm(BUDGET)
    rang = minute = missed = 0
    delays: list[list[float]] = []
    growths = [*map(step, STEPS), *map(ramp, DOUBLINGS)]
    for days in sorted(task.days):
        while minute < days * DAY:
            count = drawn(random, task.rate, task.dispersion)
            rang += alarm.opens(detector.step(count, BEGIN + minute).rate, minute) and minute >= _SETTLED
            minute += 1
        state = detector.dump()
        runs = [[_delay(random, state, minute, task, growth) for _ in range(task.replicates)] for growth in growths]
        missed += sum(run.count(LONGEST) for run in runs)
        delays.append([mean(run) for run in runs])
    return Found(task, delays, _optimum(random, task), missed, rang, max(0, minute - _SETTLED) / MONTH)


def _delay(random: Random, state: bytes, minute: int, task: Task, growth: Growth) -> int:
    detector = Detector.load(state)
    for number in range(_STEADY):
        detector.step(drawn(random, task.rate, task.dispersion), BEGIN + minute + number)
    minute += _STEADY
    for passed in range(1, LONGEST + 1):
        count = drawn(random, task.rate * growth(passed), task.dispersion)
        if detector.step(count, BEGIN + minute + passed - 1).exceeds(BUDGET):
            return passed
    return LONGEST


def _optimum(random: Random, task: Task) -> list[float]:
    tests = {factor: Optimum(factor, task.dispersion) for factor in {*STEPS, *RAMPS_BY}}
    thresholds = {factor: test.threshold(random, task.rate, task.steps) for factor, test in tests.items()}

    def delay(factor: float, growth: Growth) -> float:
        test, threshold = tests[factor], thresholds[factor]
        return mean(test.delay(random, task.rate, threshold, growth) for _ in range(5 * task.replicates))

    steps = [delay(factor, step(factor)) for factor in STEPS]
    return [*steps, *(min(delay(factor, ramp(minutes)) for factor in RAMPS_BY) for minutes in DOUBLINGS)]


def table(results: Sequence[Found], warm_up: int) -> Iterator[str]:
    """The lines of a table."""
    yield f"| a minute | {' | '.join(NAMES)} |"
    yield "|---|" + "---|" * len(NAMES)
    for found in results:
        name = f"{found.task.rate:g}, {'negative binomial' if found.task.dispersion else 'Poisson'}"
        pairs = zip(found.delays[warm_up], found.optimum, strict=True)
        yield f"| {name} | {' | '.join(f'{delay / best:.2f} ({best:.0f})' for delay, best in pairs)} |"


def summary(results: Sequence[Found], warm_up: int) -> str:
    """Median and 90th percentile over all cells and for each rate."""
    by_rate: dict[float, list[float]] = {}
    for found in results:
        ratios = [delay / best for delay, best in zip(found.delays[warm_up], found.optimum, strict=True)]
        by_rate.setdefault(found.task.rate, []).extend(ratios)
    cells = [ratio for ratios in by_rate.values() for ratio in ratios]
    rates = ", ".join(f"{rate:g}: {median(ratios):.2f}" for rate, ratios in by_rate.items())
    return (
        f"median {median(cells):.2f}, 90th percentile {quantile(cells, 0.9):.2f} of {len(cells)} cells; by rate {rates}"
    )


def main(arguments: Sequence[str]) -> None:
    """Simulate, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", nargs="+", type=float, default=list(RATES))
    parser.add_argument("--days", nargs="+", type=int, default=[60, 120])
    parser.add_argument("--replicates", type=int, default=40)
    parser.add_argument("--steps", type=int, default=1_000_000, help="simulated for a threshold of the optimum")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    days = tuple(sorted(chosen.days))
    tasks = [Task(*pair, days, chosen.replicates, chosen.steps) for pair in product(chosen.rate, DISPERSIONS)]
    results = []
    with Pool(chosen.processes) as pool:
        for found in pool.imap(measured, tasks):
            results.append(found)
            print(f"{len(results)} of {len(tasks)}", found, file=sys.stderr, flush=True)  # noqa: T201  # progress
    for warm_up, known in enumerate(days):
        print(f"\nAfter {known} days: {summary(results, warm_up)}\n")  # noqa: T201  # the figures are the point
        print("\n".join(table(results, warm_up)))  # noqa: T201  # same
    rang, months = sum(found.rang for found in results), sum(found.months for found in results)
    missed = sum(found.missed for found in results)
    print(f"\n{missed} rises were not seen in 30 days; {rang} false alarms in {months:.0f} brand-months of warm-up")  # noqa: T201  # same


if __name__ == "__main__":
    main(sys.argv[1:])

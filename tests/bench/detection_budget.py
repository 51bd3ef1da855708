"""False alarms beside the budget on made-up brands, on which everything that rings is false:
`python -m tests.bench.detection_budget [--world NAME ...] [--rate N ...] [--brands 2] [--days 120] [--processes 2]`.

Prints how often an incident would open in 30 days, with the exact 95 % interval of a Poisson count, which is too narrow
where the incidents of a brand come together; and how much of the time is beyond a budget of 1, which shows an incident
that does not end.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from multiprocessing import Pool
from random import Random
from typing import NamedTuple

from listener.tuning.chance import interval
from rules.detection.detector import Detector
from rules.detection.episodes import Alarm
from tests.bench.simulated import BEGIN, DAY, WORLDS, brand

BUDGETS = (0.25, 1.0, 4.0)
RATES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
MONTH = 30


class Cell(NamedTuple):
    """One made-up brand."""

    world: str
    rate: float
    number: int
    days: int


Pages = list[list[int]]
"""For each day from the cold start on, how often it rang for each budget, and the minutes beyond a budget of 1."""


def pages(cell: Cell) -> tuple[Cell, Pages]:
    """How often it rang."""
    random = Random(f"{cell.world} {cell.rate} {cell.number}")
    counts, _ = brand(random, cell.rate, cell.days, WORLDS[cell.world], (0.4, 0.1)[cell.number % 2])
    detector, alarms = Detector(), [Alarm(budget) for budget in BUDGETS]
    days: Pages = [[0] * (len(BUDGETS) + 1) for _ in range(cell.days)]
    for number, count in enumerate(counts):
        rate = detector.step(count, BEGIN + number).rate
        for index, alarm in enumerate(alarms):
            days[number // DAY][index] += alarm.opens(rate, number)
        days[number // DAY][-1] += rate <= 1.0
    return cell, days


def row(name: str, found: Sequence[Pages], since: int = 0, until: int | None = None) -> str:
    """A line of the table: days from `since` until before `until`."""
    days = [day for each in found for day in each[since:until]]
    months, cells = len(days) / MONTH, []
    for index in range(len(BUDGETS)):
        total = sum(day[index] for day in days)
        low, high = (bound / months for bound in interval(total))
        cells.append(f"{total / months:.2f} ({low:.2f}-{high:.2f})")
    ringing = sum(day[-1] for day in days) / len(days) / DAY
    return f"| {name} | {months:.0f} | {' | '.join(cells)} | {ringing:.1%} |"


def table(results: Sequence[tuple[Cell, Pages]]) -> Iterator[str]:
    """The lines of the table."""
    yield f"| brands | brand-months | {' | '.join(f'budget {budget:g}' for budget in BUDGETS)} | time beyond 1 |"
    yield "|---|---|---|" + "---|" * len(BUDGETS)
    for name in dict.fromkeys(cell.world for cell, _ in results):
        yield row(name, [found for cell, found in results if cell.world == name])
    for rate in dict.fromkeys(cell.rate for cell, _ in results):
        yield row(f"{rate:g} a minute", [found for cell, found in results if cell.rate == rate])
    everything = [found for _, found in results]
    yield row("the first month", everything, 0, MONTH)
    if max(map(len, everything)) > MONTH:
        yield row("after the first month", everything, MONTH)
    yield row("**all**", everything)
    first = (sum(found[0][index] for found in everything) / len(everything) for index in range(len(BUDGETS)))
    yield f"\nOn its first day a brand rang {', '.join(f'{each:.2f}' for each in first)} times."


def main(arguments: Sequence[str]) -> None:
    """Simulate, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--rate", nargs="+", type=float, default=list(RATES))
    parser.add_argument("--brands", type=int, default=2, help="of each kind and rate")
    parser.add_argument("--days", type=int, default=120, help="of each")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    order = {cell: place for place, cell in enumerate(product(chosen.world, chosen.rate, range(chosen.brands)))}
    results = []
    with Pool(chosen.processes) as pool:
        for cell, found in pool.imap_unordered(pages, [Cell(*key, chosen.days) for key in order]):
            results.append((cell, found))
            print(f"{len(results)} of {len(order)}: {cell}", file=sys.stderr, flush=True)  # noqa: T201  # progress
    print("\n".join(table(sorted(results, key=lambda each: order[each[0][:3]]))))  # noqa: T201  # the figures are the point


if __name__ == "__main__":
    main(sys.argv[1:])

"""Whether memory stays flat under load: `python -m tests.bench.steady [--load NAME] [--minutes N] [--rate POSTS]`.

A real `badbuzz run` and a firehose of the mock, a process each, at 80 % of the capacity that `tests.bench.latency`
finds first, or at a rate that is given. Resident memory of the daemon and of its workers every two seconds; the slope
is that of the medians of the minutes after the first five, in which tables and buffers fill, with its interval of 95 %.
Waits are told for the whole time.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist, linear_regression, mean, median
from tempfile import TemporaryDirectory
from threading import Event, Thread

from listener.mock.bluesky_firehose import FASTEST
from tests.bench.daemon import Daemon, show
from tests.bench.latency import afresh, waits
from tests.bench.load import LOADS, Load, listening, pace, watched

SHARE, OFTEN, FIRST, MINUTE = 0.8, 2.0, 5, 60
SURE = NormalDist().inv_cdf(0.975)


def sampled(daemon: Daemon, over: Event) -> list[float]:
    """MiB, every two seconds until it is over."""
    found = list[float]()
    while not over.wait(OFTEN):
        found.append(daemon.resident() + daemon.resident_of_workers())
    return found


def slope(minutes: Sequence[float]) -> tuple[float, float]:
    """MiB a minute, and half of the interval around it."""
    at = range(len(minutes))
    rising, start = linear_regression(at, minutes)
    left = sum((each - start - rising * minute) ** 2 for minute, each in enumerate(minutes))
    spread = sum((minute - mean(at)) ** 2 for minute in at)
    return rising, SURE * (left / (len(minutes) - 2) / spread) ** 0.5


def rows(load: Load, rate: int, minutes: int, folder: Path) -> list[tuple[str, str]]:
    over, found = Event(), list[float]()
    with listening(load, rate, folder) as (daemon, _):
        used, idle = daemon.processor(), daemon.resident() + daemon.resident_of_workers()
        looking = Thread(target=lambda: found.extend(sampled(daemon, over)))
        looking.start()
        seen = watched(folder / "data/badbuzz.db", minutes * MINUTE)
        over.set()
        looking.join()
        used = daemon.processor() - used
    many = round(MINUTE / OFTEN)
    medians = [median(found[start : start + many]) for start in range(0, len(found) - many + 1, many)]
    rising, half = slope(medians[FIRST:])
    return [
        ("posts a second, mentions committed", f"{rate:,}, {len(seen):,}"),
        ("processor of the daemon itself", f"{used / minutes / MINUTE:.0%} of a core"),
        ("before anything was said", f"{idle:.0f} MiB"),
        ("medians of the minutes", ", ".join(f"{each:.0f}" for each in medians) + " MiB"),
        (f"slope after the first {FIRST}", f"{rising:+.2f} ± {half:.2f} MiB a minute"),
        ("waits: p50, p99, longest", waits(seen)),
    ]


def main(arguments: argparse.Namespace) -> None:
    load, rate = LOADS[arguments.load], arguments.rate
    if not rate:
        rate = round(SHARE * pace(afresh(load, FASTEST, 15, arguments.folder), FASTEST))
    with TemporaryDirectory(dir=arguments.folder) as name:
        show(f"{arguments.minutes} minutes, {arguments.load}", rows(load, rate, arguments.minutes, Path(name)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", choices=LOADS, default="firehose")
    parser.add_argument("--minutes", type=int, default=15)
    parser.add_argument("--rate", type=int, help="posts a second, where the capacity is known")
    parser.add_argument("--folder", type=Path, help="where the store is made: on the disk that is meant")
    chosen = parser.parse_args()
    if chosen.minutes < FIRST + 3:
        parser.error(f"a slope needs {FIRST + 3} minutes")
    main(chosen)

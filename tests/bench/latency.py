"""How long a post waits for its verdict: `python -m tests.bench.latency [--load NAME] [--seconds N]`, 4 minutes a load.

A real `badbuzz run`, its store on disk with `synchronous=FULL`, and a firehose of the mock, a process each. First more
is said than can be heard, which tells the capacity; then half of that, and 80 %, whatever becomes of it: a post's wait
counts from when it was to be sent until it can be read in the store with all that was concluded from it. The mock
looks every 5 ms what there is to send, as who watches does what there is to read; both count.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from listener.mock.bluesky_firehose import FASTEST
from tests.bench.daemon import show
from tests.bench.load import LOADS, Load, Measured, Seen, measured, pace

WARM = 25.0
"""Seconds: workers come when there is work, and what was said until then is caught up with."""
SHARES = (0.5, 0.8)


def waits(seen: Sequence[Seen]) -> str:
    """p50, p99 and the longest, in ms."""
    spent = [(each.committed - each.sent) / 1_000 for each in seen]
    cuts = quantiles(spent, n=100, method="inclusive")
    return f"{cuts[49]:.0f}, {cuts[98]:.0f}, {max(spent):.0f} ms"


def afresh(load: Load, rate: int, seconds: float, folder: Path | None) -> Measured:
    with TemporaryDirectory(dir=folder) as name:
        return measured(load, rate, Path(name), WARM, seconds)


def rows(load: Load, seconds: float, folder: Path | None) -> list[tuple[str, str]]:
    full = afresh(load, FASTEST, seconds / 2, folder)
    most = pace(full, FASTEST)
    found = [("capacity, by the clock on the wall", f"{most:,.0f} posts a second, {full.processor:.0%} of a core")]
    for share in SHARES:
        at = afresh(load, round(most * share), seconds, folder)
        what = f"at {share:.0%}: p50, p99, longest of {len(at.seen):,} mentions"
        found.append((what, f"{waits(at.seen)}, {at.processor:.0%} of a core"))
    return found


def main(arguments: argparse.Namespace) -> None:
    for name in arguments.load or LOADS:
        show(f"from a post to its verdict, {name}", rows(LOADS[name], arguments.seconds, arguments.folder))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", action="append", choices=LOADS)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--folder", type=Path, help="where the store is made: on the disk that is meant")
    main(parser.parse_args())

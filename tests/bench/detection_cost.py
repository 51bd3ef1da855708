"""What a series costs: `python -m tests.bench.detection_cost [--series 100000]`.

Prints µs an update and the bytes that are stored, for brands from silent to huge, and how long it takes to tick so many
series once, kept as objects and kept as bytes.
"""

import argparse
import sys
from collections.abc import Sequence
from random import Random
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import process_time

from rules.detection.detector import Detector
from tests.bench.simulated import BEGIN, drawn

RATES = (0.0, 0.01, 1.0, 100.0, 10_000.0, 65_000.0, 1e9)
_WARM, _ROUND, _ROUNDS = 5_000, 5_000, 5


def cost(random: Random, rate: float) -> tuple[float, int]:
    """(µs an update as the median of some rounds, most bytes)."""
    detector = Detector()
    times, sizes, minute = [], [], BEGIN
    for number in range(_WARM // _ROUND + _ROUNDS):
        counts = [drawn(random, rate, 0.1) if rate else 0 for _ in range(_ROUND)]
        began = process_time()
        for count in counts:
            detector.step(count, minute)
            minute += 1
        if number >= _WARM // _ROUND:
            times.append((process_time() - began) / _ROUND * 1e6)
        sizes.append(len(detector.dump()))
    return median(times), max(sizes)


def many(random: Random, series: int) -> tuple[float, float, float, float]:
    """Seconds to tick so many objects, MiB that they take, seconds to tick them from and to bytes, MB of these."""
    model = Detector()
    for number in range(_WARM):
        model.step(drawn(random, 0.2, 0.1), BEGIN + number)
    stored = [model.dump()] * series
    before = getrusage(RUSAGE_SELF).ru_maxrss
    detectors = [Detector.load(state) for state in stored]
    taken = (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024
    counts = [drawn(random, 0.2, 0.1) for _ in range(series)]
    began = process_time()
    for detector, count in zip(detectors, counts, strict=True):
        detector.step(count, BEGIN + _WARM)
    objects = process_time() - began
    del detectors
    began = process_time()
    for number, count in enumerate(counts):
        detector = Detector.load(stored[number])
        detector.step(count, BEGIN + _WARM)
        stored[number] = detector.dump()
    return objects, taken, process_time() - began, sum(map(len, stored)) / 1e6


def main(arguments: Sequence[str]) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=100_000)
    chosen, random = parser.parse_args(arguments), Random(0)
    print("| mentions a minute | µs an update | bytes |\n|---|---|---|")  # noqa: T201  # the figures are the point
    for rate in RATES:
        time, each = cost(random, rate)
        print(f"| {rate:,.10g} | {time:.1f} | {each} |")  # noqa: T201  # same
    objects, taken, as_bytes, size = many(random, chosen.series)
    print(f"\n{chosen.series:,} series: a tick of all takes {objects:.1f} s as objects ({taken:.0f} MiB), "  # noqa: T201  # same
          f"{as_bytes:.1f} s from bytes and back ({size:.0f} MB)")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])

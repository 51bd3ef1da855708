"""The detector on labelled counts of mentions: `python -m tests.bench.detection_counts DIR`.

DIR holds the files of NAB's `realTweets` with its labels: `*.csv` (timestamp,value), `windows.json`, `points.json`.
Rows are fed one at a time, scores are those that `badbuzz detect` prints. Prints NAB's score, the windows found within
1 and 1.2 false alarms a brand and month, and the median hours from the labelled instant; each also with the threshold
chosen on the other brands; and what the `alarm` of `badbuzz detect` rings for at several budgets.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from rules.detection.detector import Detector
from rules.detection.episodes import Alarm, News
from tests.bench import nab

WIDTH = 5.0
BUDGETS = (1.0, 2.0, 4.0, 8.0)


def detected(file: nab.Labelled) -> list[nab.Scored]:
    """The file with the scores that are news, and for each budget with 1 where an incident opens."""
    detector, news, alarms = Detector(width=WIDTH), News(), [Alarm(budget) for budget in BUDGETS]
    rows = []
    for time, count in zip(file.times, file.counts, strict=True):
        reading = detector.step(count, time / 60)
        opened = [float(alarm.opens(reading.rate, time / 60)) for alarm in alarms]
        rows.append((news.of(reading.score, time / 60), *opened))
    return [nab.scored(file, scores) for scores in zip(*rows, strict=True)]


def line(name: str, corpus: Sequence[nab.Scored], threshold: float) -> str:
    """A row of the table."""
    hours = list(nab.lags(corpus, threshold))
    windows, months = sum(len(file.windows) for file in corpus), sum(file.months for file in corpus)
    ring = nab.false_alarms(corpus, threshold)
    score = nab.nab(corpus, nab.raw(corpus, threshold))
    lag = f"{median(hours):+.1f} h" if hours else "-"
    return f"| {name} | {threshold:.2f} | {score:.1f} | {len(hours)} of {windows} | {ring / months:.2f} | {lag} |"


def left_out(corpus: Sequence[nab.Scored], file: nab.Scored, budget: float | None) -> float:
    """The threshold that the other files choose."""
    others = [each for each in corpus if each is not file]
    return nab.best_threshold(others) if budget is None else nab.budget_threshold(others, budget)


def shifted(corpus: Sequence[nab.Scored], budget: float | None) -> list[nab.Scored]:
    """Each file with scores measured from the threshold that the others choose."""
    found = []
    for file in corpus:
        threshold = left_out(corpus, file, budget)
        rows = [row._replace(score=row.score - threshold) for row in file.rows]
        found.append(nab.Scored(labelled=file.labelled, rows=rows, months=file.months))
    return found


def table(corpus: Sequence[nab.Scored], alarms: Sequence[Sequence[nab.Scored]]) -> Iterator[str]:
    """The lines of the table."""
    yield "| threshold | value | NAB | windows found | false alarms a brand-month | median from the labelled instant |"
    yield "|---|---|---|---|---|---|"
    yield line("best for NAB", corpus, nab.best_threshold(corpus))
    for budget in (1.0, 1.2):
        yield line(f"{budget:g} a brand-month", corpus, nab.budget_threshold(corpus, budget))
    for name, chosen in (("best for NAB", None), ("1 a brand-month", 1.0), ("1.2 a brand-month", 1.2)):
        yield line(f"{name}, chosen on the other brands", shifted(corpus, chosen), 0.0).replace(
            "| 0.00 |", "| each |", 1
        )
    for budget, opened in zip(BUDGETS, alarms, strict=True):
        yield line(f"`alarm`, {budget:g} per month", opened, 1.0).replace("| 1.00 |", "| - |", 1)


def main(folder: str) -> None:
    """Print the table."""
    corpus, *alarms = zip(*map(detected, nab.read(Path(folder))), strict=True)
    print("\n".join(table(corpus, alarms)))  # noqa: T201  # the figures are the point


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

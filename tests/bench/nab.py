"""The scores of the Numenta Anomaly Benchmark, standard profile, from the published formula (Lavin & Ahmad, ICMLA 2015,
arXiv:1510.03336; Ahmad, Lavin, Purdy & Agha, Neurocomputing 262, 2017), and what its labels say of an alarm budget.

A row is flagged when its score reaches the threshold. The first 15 % of a file, at most 750 rows, are never scored. A
window earns what its earliest flagged row is worth, 1 at its beginning and hardly anything at its end, or loses 1. A
flagged row outside costs up to 0.11, the less the sooner it follows a window.
"""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from math import exp, inf, nextafter
from pathlib import Path
from statistics import median
from typing import NamedTuple

FALSE_POSITIVE = 0.11
HOUR, DAY = 3600.0, 86_400.0
MONTH = 30 * DAY


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One file of counts: seconds of its rows, windows as (first row, last row), and when each event began."""

    name: str
    times: list[float]
    counts: list[int]
    windows: list[tuple[int, int]]
    onsets: list[float]


class Row(NamedTuple):
    """A row that is scored: `window` is its window's index or -1, `worth` what flagging it brings."""

    score: float
    time: float
    window: int
    worth: float


@dataclass(kw_only=True)
class Scored:
    """A file with a score for each row."""

    labelled: Labelled
    rows: list[Row] = field(default_factory=list)
    months: float = 0.0

    @property
    def windows(self) -> set[int]:
        """The windows that do not lie in the part that is never scored."""
        return {row.window for row in self.rows} - {-1}


def read(folder: Path) -> list[Labelled]:
    """The files of a folder with `windows.json` and `points.json` beside them."""
    windows, points = (json.loads((folder / f"{name}.json").read_text()) for name in ("windows", "points"))
    return [_file(folder, key, windows[key], points.get(key, [])) for key in sorted(windows)]


def _file(folder: Path, key: str, windows: list[list[str]], points: list[str]) -> Labelled:
    with (folder / key.rpartition("/")[2]).open(newline="") as stream:
        rows = [(_seconds(row["timestamp"]), int(float(row["value"]))) for row in csv.DictReader(stream)]
    times = [time for time, _ in rows]
    spans = [(times.index(_seconds(begin)), times.index(_seconds(end))) for begin, end in windows]
    onsets = []
    for begin, end in spans:
        inside = [point for point in map(_seconds, points) if times[begin] <= point <= times[end]]
        onsets.append(min(inside, default=(times[begin] + times[end]) / 2))
    name = Path(key).stem.rpartition("_")[2]
    return Labelled(name=name, times=times, counts=[count for _, count in rows], windows=spans, onsets=onsets)


def _seconds(text: str) -> float:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001  # as the file has it


def scored(file: Labelled, scores: Sequence[float]) -> Scored:
    """The rows of a file after its first part, with what each is worth."""
    first = min(int(0.15 * len(scores)), 750)
    rows = [
        Row(score, time, *_worth(file.windows, number))
        for number, (time, score) in enumerate(zip(file.times, scores, strict=True))
        if number >= first
    ]
    step = median(later - earlier for earlier, later in zip(file.times, file.times[1:], strict=False))
    return Scored(labelled=file, rows=rows, months=step * len(rows) / MONTH)


def _worth(windows: Sequence[tuple[int, int]], row: int) -> tuple[int, float]:
    worth = -FALSE_POSITIVE
    for index, (begin, end) in enumerate(windows):
        if begin <= row <= end:
            return index, _sigmoid(-(end - row + 1) / (end - begin + 1)) / _sigmoid(-1)
        if row > end:
            after = (row - end) / (end - begin)
            worth = FALSE_POSITIVE * (_sigmoid(after) if after <= 3 else -1)
    return -1, worth


def _sigmoid(place: float) -> float:
    return 2 / (1 + exp(5 * place)) - 1


def raw(corpus: Sequence[Scored], threshold: float) -> float:
    """What all files earn at a threshold."""
    total = 0.0
    for file in corpus:
        flagged = [row for row in file.rows if row.score >= threshold]
        total += sum(row.worth for row in flagged if row.window < 0)
        for window in file.windows:
            total += max((row.worth for row in flagged if row.window == window), default=-1.0)
    return total


def nab(corpus: Sequence[Scored], earned: float) -> float:
    """0 for flagging nothing, 100 for flagging the first row of every window alone."""
    null = -sum(len(file.windows) for file in corpus)
    return 100 * (earned - null) / (sum(len(file.labelled.windows) for file in corpus) - null)


def best_threshold(corpus: Sequence[Scored]) -> float:
    """The one that earns most."""
    order = sorted(
        ((row, file) for file, each in enumerate(corpus) for row in each.rows), key=lambda pair: -pair[0].score
    )
    earned, best, chosen = 0.0, 0.0, inf
    reached: dict[tuple[int, int], float] = {}
    for score, rows in groupby(order, key=lambda pair: pair[0].score):
        for row, file in rows:
            if row.window < 0:
                earned += row.worth
                continue
            before = reached.get((file, row.window), -1.0)
            reached[file, row.window] = max(before, row.worth)
            earned += max(0.0, row.worth - before)
        if earned > best:
            best, chosen = earned, score
    return chosen


def episodes(times: Sequence[float]) -> int:
    """Rows an hour or less apart are one false alarm, and one more for each full day that it lasts."""
    if not times:
        return 0
    cuts = [number for number in range(1, len(times)) if times[number] - times[number - 1] > HOUR]
    runs = zip([0, *cuts], [*cuts, len(times)], strict=True)
    return sum(1 + int((times[end - 1] - times[begin]) // DAY) for begin, end in runs)


def false_alarms(corpus: Sequence[Scored], threshold: float) -> int:
    """Episodes outside windows."""
    return sum(
        episodes([row.time for row in file.rows if row.score >= threshold and row.window < 0]) for file in corpus
    )


def budget_threshold(corpus: Sequence[Scored], budget: float) -> float:
    """The lowest that keeps within `budget` false alarms a month and file, walking down."""
    allowed = budget * sum(file.months for file in corpus)
    outside = sorted({row.score for file in corpus for row in file.rows if row.window < 0}, reverse=True)
    too_many = _first(outside, lambda score: false_alarms(corpus, score) > allowed)
    return nextafter(too_many, inf) if too_many is not None else outside[-1]


def _first(descending: Sequence[float], holds: Callable[[float], bool]) -> float | None:
    for score in descending:
        if holds(score):
            return score
    return None


def lags(corpus: Sequence[Scored], threshold: float) -> Iterator[float]:
    """For each window that is found, the hours from the beginning of its event to the first flagged row."""
    for file in corpus:
        for window in file.windows:
            times = [row.time for row in file.rows if row.window == window and row.score >= threshold]
            if times:
                yield (times[0] - file.labelled.onsets[window]) / HOUR

"""`badbuzz detect`: which counts of a series go beyond what is usual for it."""

import csv
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from alerts.alert import Language
from config.model import format_duration, parse_duration
from config.model import time_zone as known_zone
from listener.charts.picture import Bucket
from listener.charts.sketch import Sketch
from listener.cli.charting import Chart, LabelError, read_known, wanted, write
from listener.cli.counts import EPOCH, Row, read_rows
from listener.cli.lines import opened
from listener.cli.terminal import say
from rules.budget import parse_budget
from rules.detection.detector import Detector
from rules.detection.episodes import Alarm, News

_COLUMNS = ("timestamp", "value", "expected", "score", "alarm")
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)
_LONGEST_PAUSE = timedelta(days=366)
_SUPPOSED = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)


class WidthError(ValueError):
    """Bins so short or so long are not read."""


def command(
    counts: Annotated[
        Path, typer.Argument(metavar="COUNTS", help="Counts as CSV, timestamp,value in UTC, in order; - is stdin.")
    ],
    budget: Annotated[str, typer.Option(help="How many false alarms are accepted.")] = "1 per month",
    every: Annotated[
        str | None,
        typer.Option(help="The length of a bin, such as 5m; when not given, the time between the first two rows."),
    ] = None,
    chart: Chart = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What is known to have happened, for the chart: CSV or JSON of start, end."),
    ] = None,
    language: Annotated[Language, typer.Option(help="Of the chart: fr or en.")] = "en",
    time_zone: Annotated[str, typer.Option(help="Of the chart, such as Europe/Paris.")] = "UTC",
) -> None:
    """Tell of each count, before the next is read, what was expected, a score where it says something new, and whether
    an incident would open: CSV timestamp,value,expected,score,alarm.

    Bins that are missing, or whose value is empty or NaN, pass without being learnt. A row that cannot be used is said,
    answered in its place with no `expected`, and left out: the exit code is then 1.
    """
    width, accepted = _width(every), _budget(budget)
    sketch = _sketch(chart, labels, counts.name, (language, time_zone))
    failed = empty = False
    with opened(counts) as stream:
        if stream.isatty():
            say("waiting for lines such as 2026-01-31 10:05:00,12; Ctrl-D ends them")
        try:
            failed, empty = _write(Series(accepted, width, sketch), read_rows(stream))
        except WidthError as error:
            say(str(error))
            failed = True
    if empty:
        say("there were no counts")
    if sketch and chart:
        write([sketch.panel], chart, language, time_zone)
    raise typer.Exit(1 if failed else 0)


def _sketch(chart: Path | None, labels: Path | None, title: str, reader: tuple[Language, str]) -> Sketch | None:
    language, zone = reader
    if not wanted(chart):
        if labels:
            raise typer.BadParameter("what is known is shown in a chart: add --chart FILE", param_hint="--labels")
        return None
    try:
        known_zone(zone)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--time-zone") from error
    try:
        return Sketch(title, read_known(labels) if labels else [], language)
    except LabelError as error:
        raise typer.BadParameter(str(error), param_hint="--labels") from error


def _budget(text: str) -> float:
    try:
        return float(str(parse_budget(text)))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--budget") from error


def _width(text: str | None) -> timedelta | None:
    if text is None:
        return None
    try:
        width = parse_duration(text)
        assert isinstance(width, timedelta)
        return _checked(width)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--every") from error


def _checked(width: timedelta) -> timedelta:
    if not _SHORTEST <= width <= _LONGEST:
        raise WidthError(f"bins of {format_duration(width)} are not read: from 1 minute to 1 hour")
    return width


def _write(series: "Series", rows: Iterable[Row]) -> tuple[bool, bool]:
    """Answer row by row; whether one could not be used, and whether there was none."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    sys.stdout.flush()
    failed, empty = False, True
    for row in rows:
        answer, problem = series.answer(row)
        writer.writerow((row.timestamp, row.value, *answer))
        sys.stdout.flush()
        if problem:
            say(f"line {row.line}: {problem}")
        failed, empty = failed or bool(problem), False
    return failed, empty


class Series:
    """Answers the rows of one series in order. Bins are as long as the first two rows are apart, unless `width` is
    given; the first row is answered as if it were five minutes, and learnt anew once the second is there.
    """

    def __init__(self, budget: float, width: timedelta | None = None, sketch: Sketch | None = None) -> None:
        self._budget, self._sketch = budget, sketch
        self._width = width
        self._detector = Detector(width=(width or _SUPPOSED) / _MINUTE)
        self._alarm, self._news = Alarm(budget), News()
        self._last: Row | None = None

    def answer(self, row: Row) -> tuple[tuple[str, str, str], str]:
        """(expected, score, alarm) of the next row, and what is wrong with it. Raises WidthError."""
        problem = row.problem or self._misplaced(row)
        if problem:
            return ("", "0", "0"), problem
        self._find_width(row)
        self._last = row
        return self._learn(row), ""

    def _misplaced(self, row: Row) -> str:
        if self._last is None:
            return ""
        passed = row.at - self._last.at
        if passed <= timedelta():
            return "not later than the row before it"
        if passed > _LONGEST_PAUSE:
            return f"more than {_LONGEST_PAUSE.days} days after the row before it: is its year right?"
        if self._width and passed < self._width / 2:
            short = format_duration(self._width)
            return f"less than half a bin ({short}) after the row before it; give the length of a bin with --every"
        return ""

    def _find_width(self, row: Row) -> None:
        if self._width is None and self._last is not None:
            try:
                self._width = _checked(row.at - self._last.at)
            except WidthError as error:
                raise WidthError(f"line {row.line}: {error}; --every says how long they are") from None
            self._detector = Detector(width=self._width / _MINUTE)
            if self._last.count is not None:
                self._detector.step(self._last.count, _minute(self._last))

    def _learn(self, row: Row) -> tuple[str, str, str]:
        minute = _minute(row)
        if row.count is None:
            return _number(self._detector.level.expected(minute, self._detector.width)), "0", "0"
        reading = self._detector.step(row.count, minute)
        opens = self._alarm.opens(reading.rate, minute)
        if self._sketch and self._width:  # of the first row alone nobody knows how long it is
            high = self._detector.bursts.high(round(self._detector.width), reading.expected / self._detector.width)
            bucket = Bucket(begin=int(minute), count=row.count, expected=reading.expected, high=high)
            self._sketch.add(bucket, self._width, opens=opens, over=reading.exceeds(self._budget))
        return _number(reading.expected), _number(self._news.of(reading.score, minute)), str(int(opens))


def _minute(row: Row) -> float:
    return (row.at - EPOCH) / _MINUTE


def _number(value: float) -> str:
    return f"{value:.6g}"

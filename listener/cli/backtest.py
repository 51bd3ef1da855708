"""`badbuzz backtest`: what would have rung, on recorded mentions or on what the daemon stored."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from alerts.alert import Language
from config.settings import Settings
from listener.backtest import Backtest, Replay, Summary, replay_store
from listener.catalogs import CATALOGS
from listener.charts.sampling import Sampling
from listener.checks import usable
from listener.cli import charting
from listener.cli.lines import opened, raw_lines
from listener.cli.recordings import Files, FromStore, choose, told_apart
from listener.cli.store_access import put, with_views
from listener.cli.terminal import ConfigPath, config_path, say
from listener.garbage import settle
from listener.lines import BOM, LineError, in_words, read_line
from listener.pipeline.setup import build_setup
from listener.store.port import Views
from listener.wire import iso, json_line, transition_line
from rules.mention import Mention

LONGEST_LINE = 4 * 1024 * 1024
_SHOWN_EVERY = 1_000
"""Lines between two looks at how far it is."""
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST_PAUSE = timedelta(days=366)
Timed = tuple[Mention, datetime | None]


class _Moments(msgspec.Struct, frozen=True, kw_only=True):
    """When a recorded mention was taken, seen, or else written."""

    at: datetime | None = None
    observed_at: datetime | None = None
    created_at: datetime | None = None


def command(
    config: ConfigPath = None,
    files: Files = None,
    *,
    from_store: FromStore = False,
    chart: charting.Chart = None,
    language: Annotated[
        Language | None, typer.Option(help="Of the chart: fr or en; the daemon's when not given.")
    ] = None,
) -> None:
    """Run the detection again and print its transitions as JSON Lines, a summary last.

    With --from-store, exit 1 when the daemon did anything else than its own log says.
    """
    config, recorded = told_apart(config, files)
    choose("backtest", recordings=bool(recorded), from_store=from_store)
    if from_store and chart:
        raise typer.BadParameter("a chart is of recordings", param_hint="--chart")
    if from_store:
        raise typer.Exit(with_views(config, _replay))
    problems = Problems()
    settings = settings_of(config_path(config))
    spoken = language or settings.daemon.language
    names = {name: brand.name or name for name, brand in settings.brands.items()}
    sampling = Sampling(names, spoken) if charting.wanted(chart) else None
    backtest = Backtest(build_setup(settings), sampling)
    settle()
    with _shown(recorded) as (advance, write):
        for step in backtest.run(mentions_in(recorded, problems, advance, paced=True)):
            write(transition_line(step))
    if not backtest.summary.mentions and not problems.count:
        say("there were no mentions")
    put(_summary(backtest.summary, problems.count))
    if chart:
        charting.write(backtest.panels(), chart, spoken, settings.daemon.time_zone)
    raise typer.Exit(1 if problems.count else 0)


def settings_of(config: Path) -> Settings:
    """As the daemon would take it, but for credentials, which nothing here needs. Raises ConfigError."""
    return usable(config, CATALOGS)


@contextmanager
def _shown(files: list[Path]) -> Iterator[tuple[Callable[[int], None], Callable[[bytes], None]]]:
    """What takes in how far it is, and what writes a line; with a bar where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None, put
        return
    from listener.cli.progress import bar  # noqa: PLC0415 - takes a while, and pipes do not need it

    sizes = [path.stat().st_size if path.is_file() else 0 for path in files]
    with bar(sum(sizes) if all(sizes) else None) as shown:
        yield shown


class Problems:
    """Lines that could not be read: said once each for the first few, counted all."""

    shown = 10

    def __init__(self) -> None:
        self.count = 0

    def add(self, place: str, problem: str) -> None:
        """Say what is wrong with a line, unless many were said already."""
        self.count += 1
        if self.count <= self.shown:
            say(f"{place}: {problem}; the line is left out")
        elif self.count == self.shown + 1:
            say("further lines are left out silently")


def mentions_in(
    files: list[Path], problems: Problems, advance: Callable[[int], None] = lambda _: None, *, paced: bool = False
) -> Iterator[Timed]:
    """The mentions of recordings, each with its `at` when it has one; what cannot be read goes to `problems`, and when
    they are `paced`, so does what is long after all before it. `advance` takes in how many more bytes were read.
    """
    reader = _Reader(problems, paced=paced)
    for path in files:
        with opened(path) as stream:
            passed = 0
            for number, line in raw_lines(stream, LONGEST_LINE):
                passed += len(line or b"")
                if number % _SHOWN_EVERY == 0:
                    advance(passed)
                    passed = 0
                record = reader.read(line, f"{path}:{number}")
                if record is not None:
                    yield record
            advance(passed)


class _Reader:
    """Makes mentions of lines, and says what is wrong with those that are none."""

    def __init__(self, problems: Problems, *, paced: bool) -> None:
        self._problems, self._paced = problems, paced
        self._last: datetime | None = None

    def read(self, line: bytes | None, place: str) -> Timed | None:
        """The mention in a line with its `at`, when it has one."""
        if line is None:
            self._problems.add(place, f"longer than {LONGEST_LINE} bytes")
            return None
        line = line.removeprefix(BOM)
        try:
            moments = msgspec.json.decode(line, type=_Moments)
            return self._mention(line, moments), moments.at
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._problems.add(place, in_words(error))
        except LineError as error:
            self._problems.add(place, str(error))
        return None

    def _mention(self, line: bytes, moments: _Moments) -> Mention:
        known = [moment for moment in (moments.observed_at, moments.created_at, moments.at) if moment]
        if not known or any(moment.tzinfo is None for moment in known):
            raise LineError("one of `at`, `observed_at`, `created_at` is needed, each with its time zone")
        mention = read_line(line, source="file", platform="file", now=known[0])
        self._pass(moments.at or known[0])
        return mention

    def _pass(self, at: datetime) -> None:
        """Between two mentions that are judged every minute is gone through: a wrong year would take for ever."""
        if not _FIRST <= at < _LAST:
            raise LineError(f"its time is before {_FIRST.year} or after {_LAST.year - 1}")
        if self._paced and self._last is not None and at - self._last > _LONGEST_PAUSE:
            raise LineError(f"more than {_LONGEST_PAUSE.days} days after the latest before it ({self._last:%Y-%m-%d})")
        self._last = max(at, self._last or at)


def _summary(summary: Summary, unreadable: int) -> bytes:
    ends = {"since": summary.since, "until": summary.until}
    span = {name: iso(at) for name, at in ends.items() if at is not None}
    return json_line(
        {
            "type": "summary",
            "mentions": summary.mentions,
            "counted": summary.counted,
            "dropped": dict(summary.dropped),
            "unreadable": unreadable,
            "transitions": dict(summary.transitions),
            **span,
        }
    )


async def _replay(views: Views, settings: Settings) -> int:
    parts = settings.daemon.kafka.parts if settings.daemon.kafka else 0
    replays: list[Replay] = [replay async for replay in replay_store(views, parts)]
    steps = sorted((step for replay in replays for step in replay.replayed), key=lambda step: (step.at, step.brand))
    for step in steps:
        put(transition_line(step))
    different = [replay.brand for replay in replays if not replay.equal]
    put(
        json_line(
            {
                "type": "summary",
                "inputs": sum(replay.inputs for replay in replays),
                "stored": sum(len(replay.stored) for replay in replays),
                "replayed": len(steps),
                "equal": not different,
                "different": different,
            }
        )
    )
    return 1 if different else 0

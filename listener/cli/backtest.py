"""`badbuzz backtest`: what would have rung, on recorded mentions or on what the daemon stored."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from config.settings import Settings
from listener.backtest import Backtest, Replay, Summary, replay_store
from listener.catalogs import CATALOGS
from listener.checks import usable
from listener.cli.lines import opened, raw_lines
from listener.cli.store_access import put, with_views
from listener.cli.terminal import ConfigPath, config_path, say
from listener.lines import LineError, read_line
from listener.pipeline.setup import build_setup
from listener.store.port import Views
from listener.wire import iso, json_line, transition_line
from rules.mention import Mention

LONGEST_LINE = 4 * 1024 * 1024


class _Moments(msgspec.Struct, frozen=True, kw_only=True):
    """When a recorded mention was taken, seen, or else written."""

    at: datetime | None = None
    observed_at: datetime | None = None
    created_at: datetime | None = None


def command(
    config: ConfigPath = None,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Recordings: mentions as JSON Lines, - is stdin; the configuration is named before them."),
    ] = None,
    *,
    from_store: Annotated[bool, typer.Option("--from-store", help="Replay what the daemon stored.")] = False,
) -> None:
    """Run the detection again and print its transitions as JSON Lines, a summary last.

    With --from-store, exit 1 when the daemon did anything else than its own log says.
    """
    if from_store == bool(files):
        raise typer.BadParameter("give either the configuration and recordings, or --from-store")
    if from_store:
        raise typer.Exit(with_views(config, _replay))
    problems = _Problems()
    backtest = Backtest(build_setup(usable(config_path(config), CATALOGS)))
    for step in backtest.run(_mentions(files or [], problems)):
        put(transition_line(step))
    put(_summary(backtest.summary, problems.count))
    raise typer.Exit(1 if problems.count else 0)


class _Problems:
    """Lines that could not be read: said once each for the first few, counted all."""

    shown = 10

    def __init__(self) -> None:
        self.count = 0

    def add(self, place: str, problem: str) -> None:
        self.count += 1
        if self.count <= self.shown:
            say(f"{place}: {problem}; the line is left out")
        elif self.count == self.shown + 1:
            say("further lines are left out silently")


def _mentions(files: list[Path], problems: _Problems) -> Iterator[tuple[Mention, datetime | None]]:
    for path in files:
        with opened(path) as stream:
            for number, line in raw_lines(stream, LONGEST_LINE):
                place = f"{path}:{number}"
                record = _read(line, place, problems)
                if record is not None:
                    yield record


def _read(line: bytes | None, place: str, problems: _Problems) -> tuple[Mention, datetime | None] | None:
    if line is None:
        problems.add(place, f"longer than {LONGEST_LINE} bytes")
        return None
    try:
        moments = msgspec.json.decode(line, type=_Moments)
        return _mention(line, moments), moments.at
    except (msgspec.DecodeError, UnicodeDecodeError, LineError) as error:
        problems.add(place, str(error))
    return None


def _mention(line: bytes, moments: _Moments) -> Mention:
    known = [moment for moment in (moments.observed_at, moments.created_at, moments.at) if moment]
    if not known or any(moment.tzinfo is None for moment in known):
        raise LineError("one of `at`, `observed_at`, `created_at` is needed, each with its time zone")
    return read_line(line, source="file", platform="file", now=known[0])


def _summary(summary: Summary, unreadable: int) -> bytes:
    span = {"since": iso(summary.since), "until": iso(summary.until)} if summary.since and summary.until else {}
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


async def _replay(views: Views, _settings: Settings) -> int:
    replays: list[Replay] = [replay async for replay in replay_store(views)]
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

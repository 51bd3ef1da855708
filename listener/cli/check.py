"""`badbuzz check`: every problem of a configuration at once."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from config.load import Loaded
from config.problems import Problem
from config.settings import Component
from listener.asking import asked, asks_for_events, events
from listener.catalogs import CATALOGS
from listener.checks import examine
from listener.cli.terminal import ConfigPath, config_path, say
from listener.clock import Clock
from listener.queries import query_of
from listener.trial import Trial, try_all

_DEAREST = 10


class Output(StrEnum):
    TEXT = "text"
    JSON = "json"


def command(
    config: ConfigPath = None,
    online: Annotated[
        bool, typer.Option("--online", help="Try each source, channel, calendar and Kafka as well.")
    ] = False,
    output: Annotated[Output, typer.Option("--output", "-o", help="How problems are printed.")] = Output.TEXT,
) -> None:
    """Say everything that is wrong with a configuration; exit 1 when it cannot be run.

    A warning alone does not fail. `--online` reads each source and calendar once and greets each channel and Kafka;
    nothing is delivered. It needs the credentials that systemd gives the service; without it, a warning says that they
    are not looked at.
    """
    path = config_path(config)
    loaded, problems = examine(path, CATALOGS, elsewhere_is_fine=not online, now=Clock().now())
    failed = any(problem.level == "error" for problem in problems)
    trials = asyncio.run(try_all(loaded, CATALOGS, Clock())) if loaded and online and not failed else []
    failed = failed or any(trial.outcome == "failed" for trial in trials)
    sound = None if any(problem.level == "error" for problem in problems) else loaded
    if output is Output.JSON:
        typer.echo(_as_json(path, problems, trials, sound, failed=failed))
    else:
        for problem in problems:
            typer.echo(str(problem))
        for trial in trials:
            typer.echo(f"{trial.role} {trial.name}: {trial.outcome}: {trial.detail}")
    for line in _asked(sound):
        say(line)
    say(_verdict(path, problems, trials, loaded, failed=failed))
    raise typer.Exit(1 if failed else 0)


def _asked(loaded: Loaded | None) -> Iterator[str]:
    """Which part of the queries goes where, and what they cost."""
    for source, filters in _filters(loaded):
        sent = f"sends {', '.join(filters)} alone" if filters else "sends everything"
        yield f"source {source.name}: {source.kind} {sent}; what else the queries say is judged here"
    yield from _events(loaded)
    dearest = sorted((each for each in _costs(loaded) if each[1] > 1), key=lambda each: -each[1])[:_DEAREST]
    yield from (f"brand {name}: its query costs {cost} times that of one word" for name, cost in dearest)


def _events(loaded: Loaded | None) -> Iterator[str]:
    now = Clock().now()
    for event, _, end in events(loaded.settings) if loaded else ():
        for source in loaded.settings.sources.values() if loaded and now < end else ():
            if asks_for_events(source, event.brand):
                begins, ends = f"{event.begins:%Y-%m-%d %H:%M}", f"{event.ends:%Y-%m-%d %H:%M}"
                yield f"source {source.name}: {source.kind} sends {event.live} too from {begins} to {ends}"


def _filters(loaded: Loaded | None) -> Iterator[tuple[Component, tuple[str, ...]]]:
    return asked(loaded.settings, CATALOGS) if loaded else iter(())


def _costs(loaded: Loaded | None) -> Iterator[tuple[str, int]]:
    if loaded:
        yield from ((name, query_of(each, loaded.settings).cost) for name, each in loaded.settings.brands.items())


def _as_json(path: Path, problems: list[Problem], trials: list[Trial], loaded: Loaded | None, *, failed: bool) -> str:
    plain = {
        "file": str(path),
        "ok": not failed,
        "problems": [asdict(problem) for problem in problems],
        "trials": [asdict(trial) for trial in trials],
        "sources": {source.name: list(filters) for source, filters in _filters(loaded)},
        "queries": dict(_costs(loaded)),
    }
    return json.dumps(plain, ensure_ascii=False)


def _verdict(path: Path, problems: list[Problem], trials: list[Trial], loaded: Loaded | None, *, failed: bool) -> str:
    errors = sum(problem.level == "error" for problem in problems)
    warnings = len(problems) - errors
    broken = sum(trial.outcome == "failed" for trial in trials)
    counts = ((errors, "error"), (warnings, "warning"), (broken, "failed trial"))
    found = ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)
    if failed or not loaded:
        return f"{path}: {found}"
    sections = ("brands", "sources", "rules", "channels")
    holds = ", ".join(f"{section} {len(loaded.document.data.get(section) or ())}" for section in sections)
    return f"{path}: fine ({holds})" + (f", {found}" if found else "")

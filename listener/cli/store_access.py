"""How commands reach the store of a configuration: read it, or leave a wish for the daemon."""

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from alerts.drill import DrillFor
from alerts.silence import HushFor
from config.load import load
from config.settings import Settings
from listener.catalogs import CATALOGS
from listener.cli.terminal import CONFIG_HELP, config_path, say
from listener.clock import Clock
from listener.pipeline.acting import answer
from listener.store.address import store_address
from listener.store.marks import Wish
from listener.store.port import Views
from listener.store.views import open_views
from rules.inputs import Imported
from rules.transition import Ending

T = TypeVar("T")

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="BADBUZZ_CONFIG",
        show_envvar=False,
        help=CONFIG_HELP,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a table.")]

_PATIENCE = 3.0
"""Seconds to wait for a running daemon to carry a command out."""


def with_views(config: Path | None, work: Callable[[Views, Settings], Awaitable[T]]) -> T:
    """The result of `work` on the store of a configuration. Raises ConfigError and StoreError."""
    settings = load(config_path(config), CATALOGS, absent_is_fine=True).settings

    async def run() -> T:
        async with _views(settings) as views:
            return await work(views, settings)

    return asyncio.run(run())


@asynccontextmanager
async def _views(settings: Settings) -> AsyncIterator[Views]:
    views = open_views(store_address(settings))
    try:
        yield views
    finally:
        await views.close()


async def ask(
    views: Views,
    verb: str,
    target: str,
    *,
    by: str | None,
    because: str | None = None,
    ending: Ending | None = None,
) -> int:
    """Leave a command for the daemon and wait a moment for what comes of it; returns the exit code."""
    command = await views.ask(verb, target, by or getpass.getuser(), Clock().now(), because, ending=ending)
    answered = await answer(views, command, patience=_PATIENCE)
    if answered is None:
        say(f"noted: {verb} {target} will be carried out when the daemon runs")
        return 0
    if answered.refusal:
        say(f"refused: {answered.refusal}")
        return 1
    say(f"done: {verb} {target}")
    return 0


async def ask_labels(views: Views, wishes: Sequence[tuple[str, Wish]], *, by: str | None, done: str) -> int:
    """The same for marks; `done` is said of them."""
    return await _told(views, await views.ask_labels(wishes, by or getpass.getuser(), Clock().now()), done)


async def ask_silence(views: Views, wish: HushFor, because: str, *, by: str | None, done: str) -> int:
    """The same for a silence."""
    return await _told(views, await views.ask_silence(wish, because, by or getpass.getuser(), Clock().now()), done)


async def ask_drill(views: Views, wish: DrillFor, *, by: str | None = None) -> str | None:
    """Leave a drill for a running daemon: why it refuses, empty when it begins, None when no daemon answers."""
    command = await views.ask_drill(wish, by or getpass.getuser(), Clock().now())
    answered = await answer(views, command, patience=_PATIENCE)
    return answered.refusal if answered else None


async def ask_history(views: Views, brand: str, history: Sequence[Imported], *, by: str | None, done: str) -> int:
    """The same for counts of before."""
    command = await views.ask_history(brand, history, by or getpass.getuser(), Clock().now())
    return await _told(views, command, done)


async def _told(views: Views, command: int, done: str) -> int:
    answered = await answer(views, command, patience=_PATIENCE)
    if answered and answered.refusal:
        say(f"refused: {answered.refusal}")
        return 1
    say(f"done: {done}" if answered else "noted: the daemon takes it as soon as it runs")
    return 0


def put(line: bytes) -> None:
    """Data for a program or a pipe, at once."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def shown() -> Console:
    """Where words for a person go, in lines as long as they are. Strangers' words are shown as they are: `[/b]` is no
    markup.
    """
    return Console(markup=False, highlight=False, emoji=False, soft_wrap=True)


def put_table(headings: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> None:
    """Columns under their headings, and under each row its note, if any; nothing is cut, whatever the width of the
    terminal, so that it can be copied.
    """
    lines = [headings, *rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    console = shown()
    for number, line in enumerate(lines):
        text = "  ".join(set_cell_size(cell, width) for cell, width in zip(line, widths, strict=True))
        console.print(text.rstrip(), style="bold" if number == 0 else None)
        if number and notes and notes[number - 1]:
            console.print(f"    {notes[number - 1]}")

"""How far a command is that reads for long, or that it is at work."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

ItemT = TypeVar("ItemT")


@contextmanager
def _drawn(progress: Progress) -> Iterator[Progress]:
    """Until its thread has ended, for which Rich does not wait: one that is at work when Python ends can abort it."""
    thread = None
    try:
        with progress:
            thread = progress.live._refresh_thread  # noqa: SLF001  # nothing else tells which it is
            yield progress
    finally:
        if thread:
            thread.join()


@contextmanager
def busy(words: str) -> Iterator[None]:
    """Says so on standard error, if that is a terminal, for as long as it takes."""
    columns, is_shown = (SpinnerColumn(), TextColumn("{task.description}")), sys.stderr.isatty()
    with _drawn(Progress(*columns, console=Console(stderr=True), disable=not is_shown, transient=True)) as progress:
        progress.add_task(words, total=None)
        yield


class _Lines(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.completed:,.0f} lines, {task.speed or 0:,.0f} lines/s")


def followed(lines: Iterable[ItemT]) -> Iterator[ItemT]:
    """The same lines, counted on standard error, a terminal; what is said there meanwhile stays above."""
    columns, console = (SpinnerColumn(), _Lines(), TimeElapsedColumn()), Console(stderr=True)
    with _drawn(Progress(*columns, console=console, redirect_stdout=False, refresh_per_second=4)) as progress:
        task = progress.add_task("", total=None)
        for line in lines:
            yield line
            progress.advance(task)


@contextmanager
def bar(total: int | None) -> Iterator[tuple[Callable[[int], None], Callable[[bytes], None]]]:
    """A bar on a terminal for so many bytes, None unknown. Gives what takes in how many more were read, and what writes
    a line of standard output, above the bar where both are seen.
    """
    console = Console(stderr=not sys.stdout.isatty(), soft_wrap=True)
    columns = SpinnerColumn(), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with _drawn(Progress(*columns, console=console, redirect_stdout=False, refresh_per_second=4)) as progress:
        task = progress.add_task("", total=total)

        def write(line: bytes) -> None:
            if console.stderr:
                sys.stdout.buffer.write(line)
            else:
                console.out(line.decode().rstrip("\n"), highlight=False)

        yield lambda read: progress.advance(task, read), write


@contextmanager
def portion(words: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, if that is a terminal. Gives what takes in how much of how much is done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    console, is_shown = Console(stderr=True), sys.stderr.isatty()
    with _drawn(Progress(*columns, console=console, disable=not is_shown, refresh_per_second=4)) as progress:
        task = progress.add_task(words, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)

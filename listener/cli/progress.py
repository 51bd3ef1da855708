"""How far a command is that answers line by line."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TimeElapsedColumn
from rich.text import Text

ItemT = TypeVar("ItemT")


class _Lines(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.completed:,.0f} lines, {task.speed or 0:,.0f} lines/s")


def followed(lines: Iterable[ItemT]) -> Iterator[ItemT]:
    """The same lines, counted on standard error, a terminal; what is said there meanwhile stays above."""
    columns = SpinnerColumn(), _Lines(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False, refresh_per_second=4) as progress:
        task = progress.add_task("", total=None)
        for line in lines:
            yield line
            progress.advance(task)

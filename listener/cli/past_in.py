"""The past as files tell it, for commands that learn from it or judge by it."""

import sys
from collections.abc import Iterator
from pathlib import Path

from listener.cli.backtest import Problems, mentions_in
from listener.cli.counts import read_rows
from listener.cli.lines import opened
from listener.cli.progress import followed
from listener.clock import Clock
from listener.history import BinError, Bins
from rules.instant import Instant, instant
from rules.mention import Mention


def read_bins(path: Path, bins: Bins, problems: Problems) -> None:
    """Fill `bins` with the rows of a file; rows that cannot be used go to `problems`."""
    with opened(path) as stream:
        for row in read_rows(stream):
            problem = row.problem
            try:
                if not problem:
                    bins.add(row.at, row.count)
            except BinError as error:
                problem = str(error)
            if problem:
                problems.add(f"{path}:{row.line}", problem)


def said_in(files: list[Path], problems: Problems) -> Iterator[tuple[Mention, Instant]]:
    """The mentions of recordings, each with the moment it was said, as far as that can be: not after it was taken. What
    is dated after now is left out.
    """
    now, recorded = Clock().now(), mentions_in(files, problems)
    for mention, at in followed(recorded) if sys.stderr.isatty() else recorded:
        taken = instant(at or mention.observed_at)
        said = min(taken, instant(mention.created_at)) if mention.created_at else taken
        if said > now:
            problems.add(f"{', '.join(map(str, files))}: {mention.id}", "dated after now")
        else:
            yield mention, said

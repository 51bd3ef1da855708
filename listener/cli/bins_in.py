"""Counts put into bins, for commands that read all of them first."""

from pathlib import Path

from listener.cli.backtest import Problems
from listener.cli.counts import read_rows
from listener.cli.lines import opened
from listener.history import BinError, Bins


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

"""What commands that draw a chart share: where to, and what is known to have happened."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from alerts.alert import Language
from listener.charts.draw import SUFFIXES, ChartsMissingError, draw, require
from listener.charts.picture import Panel, Stretch
from listener.cli.terminal import say

Chart = Annotated[Path | None, typer.Option("--chart", metavar="FILE", help="Also draw a chart: FILE.png or FILE.svg.")]
_MOST_KNOWN = 1_000


class LabelError(ValueError):
    """What is known to have happened cannot be read; the message says where."""


def wanted(chart: Path | None) -> bool:
    """Whether to draw. Raises BadParameter before the work is done, when it would be in vain."""
    if chart is None:
        return False
    if chart.suffix not in SUFFIXES:
        raise typer.BadParameter(f"{chart} is neither .png nor .svg", param_hint="--chart")
    if not chart.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {chart.absolute().parent}", param_hint="--chart")
    try:
        require()
    except ChartsMissingError as error:
        raise typer.BadParameter(str(error), param_hint="--chart") from error
    return True


def write(panels: Sequence[Panel], chart: Path, language: Language, zone: str) -> None:
    """Draw it, and say so."""
    draw(panels, chart, language, zone)
    say(f"drawn: {chart}")


def read_known(path: Path) -> list[Stretch]:
    """The stretches of a file: CSV `start,end` or `start,end,name`, with or without a header, or JSON, a list of
    `[start, end]` or `{"start", "end", "name"}`. Times without a zone are UTC. Raises LabelError and OSError.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LabelError(f"{path}: not UTF-8") from None
    rows = _from_json(text, path) if text.lstrip().startswith(("[", "{")) else _from_csv(text)
    found = [_stretch(row, f"{path}:{place}") for place, row in rows]
    if len(found) > _MOST_KNOWN:
        raise LabelError(f"{path}: more than {_MOST_KNOWN} stretches")
    return found


def _from_csv(text: str) -> Iterator[tuple[str, list[str]]]:
    for place, row in enumerate(csv.reader(text.splitlines()), 1):
        is_header = place == 1 and [cell.strip().lower() for cell in row[:2]] == ["start", "end"]
        if row and not is_header:
            yield str(place), row


def _from_json(text: str, path: Path) -> Iterator[tuple[str, list[Any]]]:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise LabelError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, list):
        raise LabelError(f'{path}: not a list: write [["2026-01-31T10:05Z", "2026-01-31T12:00Z"], ...]')
    for place, row in enumerate(found, 1):
        yield str(place), [row.get(key) for key in ("start", "end", "name")] if isinstance(row, dict) else row


def _stretch(row: object, place: str) -> Stretch:
    if not isinstance(row, list) or len(row) not in {2, 3}:
        raise LabelError(f"{place}: write start,end or start,end,name")
    since, until = (_time(str(cell), place) for cell in row[:2])
    if until < since:
        raise LabelError(f"{place}: it ends before it begins")
    return Stretch(since=since, until=until, name=str(row[2] or "") if row[2:] else "")


def _time(text: str, place: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise LabelError(f"{place}: not a time: {text[:40]!r}; write 2026-01-31T10:05Z") from None

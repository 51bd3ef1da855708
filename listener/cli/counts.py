"""Counts as CSV: a time and how many mentions there were, line by line, whatever the lines hold."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from listener.cli.lines import raw_lines
from rules.text import defuse

LARGEST = 10**12
"""The largest count that is believed."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_LINE = 10_000
_SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line: what was written, and what it means. `count` is None where nothing was measured; where there is a
    `problem`, `at` and `count` mean nothing.
    """

    line: int
    timestamp: str = ""
    value: str = ""
    at: datetime = EPOCH
    count: int | None = None
    problem: str = ""


def read_rows(stream: BinaryIO) -> Iterator[Row]:
    """The rows `timestamp,value` of a stream, each before the next is read. Blank lines and a header are left out: the
    first line, when its time and its value can both not be read. Semicolons may stand for the commas, from the first
    line on.
    """
    separator = ""
    for number, raw in raw_lines(stream, _LONGEST_LINE):
        try:
            text = _decoded(raw, first=not separator)
            is_first, separator = not separator, separator or (";" if ";" in text else ",")
            timestamp, value = _columns(text, separator)
        except ValueError as error:
            separator = separator or ","
            yield Row(line=number, problem=str(error))
            continue
        if not (is_first and _is_header(timestamp, value)):
            yield _row(number, timestamp, value)


def _decoded(raw: bytes | None, *, first: bool) -> str:
    if raw is None:
        raise ValueError(f"longer than {_LONGEST_LINE} bytes")
    try:
        return raw.decode("utf-8-sig" if first else "utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError("not UTF-8: save it as UTF-8") from None


def _columns(text: str, separator: str) -> tuple[str, str]:
    if text.startswith("{"):
        raise ValueError("JSON, and counts are CSV: write timestamp,value")
    if "\r" in text:
        raise ValueError("lines end in CR alone: save it with LF or CRLF")
    try:
        found = next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error as error:
        raise ValueError(f"not CSV: {error}") from None
    if len(found) != 2:
        raise ValueError(f"{len(found)} column{'s' if len(found) != 1 else ''}: write timestamp,value")
    return found[0].strip(), found[1].strip()


def _is_header(timestamp: str, value: str) -> bool:
    for read, text in ((_moment, timestamp), (_count, value)):
        try:
            read(text)
        except ValueError:
            continue
        return False
    return True


def _row(line: int, timestamp: str, value: str) -> Row:
    try:
        at = _moment(timestamp)
        count = _count(value)
    except ValueError as error:
        return Row(line=line, timestamp=timestamp, value=value, problem=str(error))
    is_utc = datetime.fromisoformat(timestamp).utcoffset() in {None, at.utcoffset()}
    written = timestamp if is_utc else at.replace(tzinfo=None).isoformat() + "Z"
    return Row(line=line, timestamp=written, value=value, at=at, count=count)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"not a time: {_shown(text)}; write 2026-01-31 10:05:00 (UTC), or a time with its zone"
        ) from None


def _count(text: str) -> int | None:
    """None for an empty text and for NaN, as programs write what was not measured."""
    try:
        found = float(text.replace("_", "?") or "nan")  # Python reads 1_0 as 10
    except ValueError:
        raise ValueError(f"not a number: {_shown(text)}") from None
    if math.isnan(found):
        return None
    if not 0 <= found <= LARGEST or found != int(found):
        raise ValueError(f"not a count: {_shown(text)}; write a whole number from 0 to {LARGEST}")
    return int(found)


def _shown(text: str) -> str:
    cleaned = defuse(text)
    return cleaned if len(cleaned) <= _SHOWN else cleaned[:_SHOWN] + "…"

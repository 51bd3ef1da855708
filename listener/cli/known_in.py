"""Incidents that somebody knows of, as CSV: from when to when, and whether it was one."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from listener.cli.lines import raw_lines
from listener.tuning.trial import Known
from rules.instant import instant
from rules.series import minute_of

FALSE = {"false-alarm", "false alarm", "fausse alerte", "fausse-alerte", "false", "no", "non"}
"""Labels of what was none: what rings then rang for nothing. Every other label, and none at all, is an incident."""
_LONGEST_LINE = 10_000


def read_known(stream: BinaryIO) -> Iterator[tuple[int, Known | str]]:
    """(line, what it says or what is wrong with it) of a CSV of `from,to,label`; a first line that is none is a
    header.
    """
    for place, (number, raw) in enumerate(raw_lines(stream, _LONGEST_LINE)):
        try:
            yield number, _known(raw)
        except (ValueError, csv.Error) as error:
            if place or raw is None:
                yield number, str(error)


def _known(raw: bytes | None) -> Known:
    if raw is None:
        raise ValueError(f"longer than {_LONGEST_LINE} bytes")
    text = raw.decode("utf-8-sig", errors="replace")
    cells = [cell.strip() for cell in next(csv.reader([text], delimiter=";" if ";" in text else ","))]
    since, until, name, *_ = (*cells, "", "")
    begin, end = _minute(since), _minute(until or since)
    if end < begin:
        raise ValueError("it ends before it begins")
    return Known(since=begin, until=end, label=name, real=name.casefold() not in FALSE)


def _minute(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
        return minute_of(instant(found if found.tzinfo else found.replace(tzinfo=UTC)))
    except (ValueError, OverflowError):
        raise ValueError("write from,to,label with times such as 2026-01-31 10:05 (UTC)") from None

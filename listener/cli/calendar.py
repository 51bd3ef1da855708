"""`badbuzz calendar`: what is known beforehand, and what calendars that are kept elsewhere came to."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.agenda import Agenda, together, written
from config.load import load
from listener.agenda.copies import AHEAD, Known, known
from listener.catalogs import CATALOGS
from listener.cli.store_access import Config, Json, put, put_table
from listener.cli.terminal import config_path, say
from listener.clock import Clock
from listener.wire import clock_time, json_line
from rules.instant import moment
from rules.text import defuse

app = typer.Typer(help="Show posts, campaigns and live events to come.", no_args_is_help=True)

_MOST_DAYS = AHEAD.days - 1

Row = tuple[datetime, datetime | None, str, str, str]
"""From when, until when, the brand, what it is and how it is called."""


@app.command("list")
def list_(
    config: Config = None,
    *,
    days: Annotated[int, typer.Option(min=1, max=_MOST_DAYS, help="How far to look ahead.")] = 14,
    json: Json = False,
) -> None:
    """List what is planned, the next first.

    And what of each calendar was understood when it was last read.
    """
    settings, now = load(config_path(config), CATALOGS, absent_is_fine=True).settings, Clock().now()
    files = known(settings, now)
    agenda = together([written(settings), *(each.meaning.agenda for each in files)])
    rows, zone = _rows(agenda, moment(now), timedelta(days=days)), ZoneInfo(settings.daemon.time_zone)
    if json:
        for row in rows:
            put(json_line(_plain(row, zone)))
    elif rows:
        cells = [
            (_shown(since, zone), _shown(until, zone) if until else "", brand, kind, defuse(name))
            for since, until, brand, kind, name in rows
        ]
        put_table(("from", "until", "brand", "what", "name"), cells)
    else:
        typer.echo(f"nothing is planned within {days} days")
    for each in files:
        say(_note(each))


def _rows(agenda: Agenda, now: datetime, ahead: timedelta) -> list[Row]:
    rows = [row for brand in agenda for row in _of(brand, agenda)]
    return sorted(
        (row for row in rows if row[0] < now + ahead and (row[1] or row[0]) >= now), key=lambda row: (row[0], row[2:])
    )


def _of(brand: str, agenda: Agenda) -> Iterator[Row]:
    for post in agenda[brand].posts:
        yield post.at, None, brand, "post", post.name
    for span in agenda[brand].spans:
        brings = f" x{span.posts:g}" if span.posts else ""
        yield span.since, span.until, brand, ("live event" if span.tag else "campaign") + brings, span.name


def _note(each: Known) -> str:
    copy, meaning = each.copy, each.meaning
    read = f"read {clock_time(copy.read_at)}" if copy.read_at is not None else "not read yet: the daemon does that"
    counts = (
        (len(each.contents.events), "events"),
        (meaning.unmarked, "left out as they do not say what they are"),
        (meaning.nobodys, "of no brand here"),
        (meaning.hourless, "posts without an hour"),
        (each.contents.skipped, "that cannot be worked out"),
    )
    found = ", ".join(f"{count} {words}" for count, words in counts if count)
    trouble = f"cannot be read now: {defuse(copy.problem)}" if copy.problem else ""
    return f"{each.entry.label}: {'; '.join(filter(None, (read, found, trouble)))}"


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _plain(row: Row, zone: ZoneInfo) -> dict[str, object]:
    since, until, brand, kind, name = row
    ends = until.astimezone(zone).isoformat() if until else None
    return {"from": since.astimezone(zone).isoformat(), "until": ends, "brand": brand, "what": kind, "name": name}

"""The last good copy of each calendar that is kept elsewhere: a file each beside the store, so that a start knows what
was known before, and a server that is away takes nothing away.
"""

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2s
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from alerts.agenda import Agenda, together
from config.calendar import CalendarFile
from config.settings import Settings
from listener.agenda.ics import CalendarError, Contents, contents
from listener.agenda.meaning import Meaning, meaning_of
from listener.whole import put
from rules.instant import Instant, moment

BEHIND, AHEAD = timedelta(days=8), timedelta(days=32)
"""How far a calendar is looked through: what is past is still learnt from for a while."""
FOLDER = "calendars"


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar as it was when it was last read well, at `read_at`. `etag` and `modified` are for asking whether it
    changed; `problem` says what is wrong with what came since, "" for nothing.
    """

    body: bytes = b""
    etag: str = ""
    modified: str = ""
    read_at: Instant | None = None
    problem: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a calendar now."""

    entry: CalendarFile
    copy: Copy
    contents: Contents
    meaning: Meaning


def load(data: Path, entry: CalendarFile) -> Copy:
    """The copy of a calendar; an empty one when there is none that can be read."""
    with suppress(OSError, msgspec.DecodeError, msgspec.ValidationError):
        return msgspec.json.decode(_path(data, entry).read_bytes(), type=Copy)
    return Copy()


def save(data: Path, entry: CalendarFile, copy: Copy) -> None:
    """Keep a copy in the place of the one before, whole or not at all. Raises OSError."""
    put(_path(data, entry), msgspec.json.encode(copy))


def window(now: Instant) -> tuple[datetime, datetime]:
    """The stretch of time that is looked through: whole days, so that it changes once a day."""
    today = datetime.combine(moment(now).date(), time(), tzinfo=UTC)
    return today - BEHIND, today + AHEAD


def known(settings: Settings, now: Instant) -> list[Known]:
    """What the copies of all calendars say now."""
    zone, found = ZoneInfo(settings.daemon.time_zone), []
    for entry in settings.calendar:
        if isinstance(entry, CalendarFile):
            copy = load(settings.daemon.data, entry)
            held = _held(copy, now)
            found.append(
                Known(
                    entry=entry, copy=copy, contents=held, meaning=meaning_of(held.events, entry, settings.brands, zone)
                )
            )
    return found


def elsewhere(settings: Settings, now: Instant) -> Agenda:
    """What calendars that are kept elsewhere say, all together."""
    return together(each.meaning.agenda for each in known(settings, now))


def _held(copy: Copy, now: Instant) -> Contents:
    with suppress(CalendarError):  # what was fit when it came may hold too much for other days
        return contents(copy.body, *window(now)) if copy.body else Contents()
    return Contents()


def _path(data: Path, entry: CalendarFile) -> Path:
    return data / FOLDER / f"{blake2s(entry.ics.encode(), digest_size=12).hexdigest()}.json"

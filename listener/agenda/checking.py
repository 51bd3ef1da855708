"""What is odd about a calendar that is valid in itself."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from config.calendar import CalendarFile, Entry, Post, shown_times
from config.load import Catalogs, Loaded
from config.problems import Problem
from listener.net.guard import is_inside


def check_calendar(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    """Moments that the clocks leave out or show twice, and addresses that are refused whenever they are read."""
    if "calendar" in loaded.flawed:
        return
    zone = ZoneInfo(loaded.settings.daemon.time_zone)
    for number, entry in enumerate(loaded.settings.calendar):
        for key, local in _moments(entry):
            yield from _clock(loaded, ("calendar", number, key), local, zone)
        if isinstance(entry, CalendarFile) and not (entry.is_file or entry.allow_private) and is_inside(entry.ics):
            message = "a private or reserved address: it will not be read"
            hint = "meant? add allow_private: true"
            yield loaded.document.problem(("calendar", number, "ics"), message, hint, warning=True)


def _moments(entry: Entry) -> list[tuple[str, datetime]]:
    if isinstance(entry, CalendarFile):
        return []
    if isinstance(entry, Post):
        return [("post_at", entry.post_at)]
    return [("from", entry.begins), ("to", entry.ends)]


def _clock(loaded: Loaded, keys: tuple[str | int, ...], local: datetime, zone: ZoneInfo) -> Iterator[Problem]:
    shown = shown_times(local, zone)
    if shown == 0:
        hint = "that night the clocks are put forward: write an hour later"
        yield loaded.document.problem(keys, f"no clock in {zone.key} shows this time", hint)
    elif shown > 1:
        offset = keys[-1] == "post_at"
        hint = "the first is meant" + ("; for the second, write its offset from UTC, such as +01:00" if offset else "")
        yield loaded.document.problem(keys, f"clocks in {zone.key} show this time twice", hint, warning=True)

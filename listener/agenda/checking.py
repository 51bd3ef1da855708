"""What is odd about a calendar that is valid in itself."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config.calendar import CalendarFile, Entry, Live, Post, shown_times
from config.load import Catalogs, Loaded
from config.problems import Problem
from listener.asking import asks_for_events
from listener.net.guard import is_inside
from rules.query.compiled import compile_query
from rules.query.errors import QueryError
from rules.text import fold


def check_calendar(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    """Moments that the clocks leave out or show twice, hashtags that a source does not bring, and places from which
    nothing will be read.
    """
    if "calendar" in loaded.flawed:
        return
    zone = ZoneInfo(loaded.settings.daemon.time_zone)
    for number, entry in enumerate(loaded.settings.calendar):
        for key, local in _moments(entry):
            yield from _clock(loaded, ("calendar", number, key), local, zone)
        if isinstance(entry, Live):
            yield from _hashtag(loaded, number, entry)
        if isinstance(entry, CalendarFile):
            yield from _address(loaded, number, entry)


def _address(loaded: Loaded, number: int, entry: CalendarFile) -> Iterator[Problem]:
    keys = ("calendar", number, "ics")
    if entry.is_file and not Path(entry.ics).is_file():
        hint = "check the path; until it is there, nothing is known of it"
        yield loaded.document.problem(keys, "there is no such file", hint, warning=True)
    elif not (entry.is_file or entry.allow_private) and is_inside(entry.ics):
        message = "a private or reserved address: it will not be read"
        yield loaded.document.problem(keys, message, "meant? add allow_private: true", warning=True)


def _hashtag(loaded: Loaded, number: int, entry: Live) -> Iterator[Problem]:
    """That it cannot be looked for, and sources that ask their platform for other hashtags alone."""
    keys = ("calendar", number, "live")
    try:
        compile_query(entry.live)
    except QueryError as error:
        yield loaded.document.problem(keys, str(error))
    for name, source in loaded.settings.sources.items():
        asked, brands = getattr(source.options, "tags", ()), getattr(source.options, "brands", None)
        mine = brands is None or entry.brand in brands
        known = [fold(tag.removeprefix("#")) for tag in asked]
        if asks_for_events(source, entry.brand):
            continue
        if mine and asked and not getattr(source.options, "public", False) and fold(entry.live[1:]) not in known:
            message = f"source '{name}' asks for other hashtags alone, and will not bring this one"
            yield loaded.document.problem(keys, message, f"add it to the tags of '{name}'", warning=True)


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

"""Reads a calendar that is kept elsewhere, again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from msgspec.structs import replace
from yarl import URL

from config.calendar import CalendarFile
from config.settings import Settings
from listener.agenda.copies import Copy, elsewhere, load, save, window
from listener.agenda.ics import LARGEST, CalendarError, contents
from listener.clock import Clock
from listener.errors import FetchError
from listener.net.address import shown
from listener.net.client import Client
from listener.pipeline.outlive import outlive
from listener.pipeline.roster import Job
from listener.pipeline.setup import Setup, build_setup
from listener.shares import Share
from rules.instant import Instant, span

_GOOD, _UNCHANGED = 200, 304
_WORDS = 200

log = structlog.get_logger("calendar")


class Reading:
    """Keeps the copy of one calendar fresh, and calls `news` after each look. What cannot be read is told in the log
    and by `badbuzz calendar list`; what was known before goes on being known. Errors go through `hide`.
    """

    def __init__(
        self,
        entry: CalendarFile,
        data: Path,
        client: Client,
        clock: Clock,
        news: Callable[[], Awaitable[None]],
        hide: Callable[[str], str] = str,
    ) -> None:
        self._entry, self._data, self._client, self._clock = entry, data, client, clock
        self._news, self._hide = news, hide

    async def run(self) -> None:
        """Look now and at each interval, until the task is cancelled."""
        while True:
            await outlive(self.look(), calendar=self._entry.label)
            await self._clock.sleep(span(self._entry.every))

    async def look(self) -> None:
        """Read it once. Raises OSError when the copy cannot be kept."""
        before = load(self._data, self._entry)
        try:
            after = await self.fresh(before)
        except CalendarError as error:
            after = replace(before, problem=self._hide(str(error))[:_WORDS])
        if after.problem and after.problem != before.problem:
            log.warning("calendar_unread", calendar=self._entry.label, problem=after.problem)
        if after != before:
            await asyncio.to_thread(save, self._data, self._entry, after)
        await self._news()

    def _words(self, error: Exception) -> str:
        """Why it cannot be read, without its address: a path may be as secret as a password."""
        if isinstance(error, OSError):
            return error.strerror or "cannot be read"
        return str(error) if self._entry.is_file else str(error).replace(shown(URL(self._entry.ics)), self._entry.label)

    async def fresh(self, before: Copy) -> Copy:
        """What it is now, when `before` is known of it. Raises CalendarError when it cannot be read."""
        try:
            return await self._read(before)
        except (FetchError, OSError) as error:
            raise CalendarError(self._words(error)) from error

    async def _read(self, before: Copy) -> Copy:
        now = self._clock.now()
        if self._entry.is_file:
            body, etag, modified = await asyncio.to_thread(_head, Path(self._entry.ics)), "", ""
        else:
            response = await self._client.get(
                self._entry.ics, headers=_asked(before), allow_private=self._entry.allow_private
            )
            if response.status == _UNCHANGED and before.body:
                return replace(before, read_at=now, problem="")
            if response.status != _GOOD:
                raise FetchError(f"{self._entry.label} answered {response.status}", code=str(response.status))
            body, said = response.body, response.headers
            etag, modified = said.get("etag", ""), said.get("last-modified", "")
        await asyncio.to_thread(contents, body, *window(now))
        return Copy(body=body, etag=etag, modified=modified, read_at=now)


def _asked(before: Copy) -> dict[str, str]:
    known = {"If-None-Match": before.etag, "If-Modified-Since": before.modified} if before.body else {}
    return {"Accept": "text/calendar, */*;q=0.1", **{name: value for name, value in known.items() if value}}


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def readings(
    settings: Settings, client: Client, clock: Clock, news: Callable[[], Awaitable[None]], hide: Callable[[str], str]
) -> dict[str, Job]:
    """What reads the calendars of a configuration."""
    entries = [entry for entry in settings.calendar if isinstance(entry, CalendarFile)]
    return {
        f"{number} {entry.label}": Job(
            fingerprint=entry.model_dump_json(),
            start=Reading(entry, settings.daemon.data, client, clock, news, hide).run,
        )
        for number, entry in enumerate(entries)
    }


def setup_at(now: Instant, settings: Settings, before: Setup | None = None, share: Share | None = None) -> Setup:
    """The setup of a configuration, with what is known of its calendars; `before` is the one that it comes after. With
    a `share`, that of the brands of it.
    """
    return build_setup(settings, elsewhere=elsewhere(settings, now), before=before, share=share)

"""What people ask for where an alert reached them, carried out as the command line's wishes are."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerts.acts import BECAUSE, Act, Acted
from alerts.alert import Language
from alerts.answers import FalseAlarm, judged_false, judged_real, question, refused, silenced
from alerts.ceiling import SPAN
from alerts.safe import NAME, REASON
from alerts.silence import USUAL, Hush, HushFor
from alerts.times import Times
from config.settings import Component, Settings
from listener.pipeline.linking import recipient
from listener.pipeline.loads import own_channels
from listener.pipeline.namesake import suggestion
from listener.pipeline.notify import directory_of
from listener.store.asking import Answered
from listener.store.port import IncidentRow, StoreError, Views
from rules.instant import Instant, moment, span
from rules.text import defuse, shorten

PATIENCE = 3.0
"""Seconds that somebody who asked is kept waiting for the daemon's word."""
LOOK_AGAIN = 0.1
_LOOKED_AT = 1_000
"""Incidents that are looked through, the newest."""


async def answer(
    views: Views, command: int, wait: Callable[[float], Awaitable[object]] | None = None, patience: float = PATIENCE
) -> Answered | None:
    """What came of a command, None when nobody took it within `patience` seconds. `wait` returns when there is news, or
    after the seconds it is given. Raises StoreError.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    while True:
        answered = await views.answer(command)
        if answered is not None or (left := until - loop.time()) <= 0:
            return answered
        # news may come while the store is asked
        await (wait or asyncio.sleep)(min(left, LOOK_AGAIN))


def quiet_for_an_hour(row: IncidentRow) -> HushFor:
    """What somebody asks for who wants to hear nothing of an incident for a while."""
    # who presses knows how bad it is: a silence that holds nothing would only seem to be one
    return HushFor(what=Hush(incident=row.id, critical=row.severity == "critical"), span=span(USUAL))


@dataclass(frozen=True, kw_only=True)
class Place:
    """The channel where people ask, its kind, what they call it, and what is spoken there."""

    channel: str
    kind: str = ""
    name: str
    language: Language
    zone: ZoneInfo


def place_of(channel: Component, settings: Settings) -> Place:
    """What a configuration says of a channel: it answers as it tells."""
    who = recipient(channel.name, settings)
    zone = ZoneInfo(who.time_zone)
    return Place(channel=channel.name, kind=channel.kind, name=channel.label, language=who.language, zone=zone)


class Acting:
    """Carries out what is asked for in a channel, by whoever it is the own one of. `settings` gives those in force, and
    `wait` is as in `answer`.
    """

    def __init__(
        self,
        views: Views,
        settings: Callable[[], Settings],
        now: Callable[[], Instant],
        place: Place,
        patience: float = PATIENCE,
        wait: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self._views, self._settings, self._now = views, settings, now
        self._place, self._patience, self._wait = place, patience, wait

    async def __call__(self, act: Act) -> Acted:
        """What came of it; what nobody takes in time is done once the daemon is at it again."""
        language = act.language or self._place.language
        try:
            mark = self._mark(act)
            before = None if mark is None else await self._views.asked_before(mark)
            if before is not None:
                return await self._refusal(before, language) or Acted()
            return await self._carried_out(act, language)
        except StoreError as error:
            return refused(str(error), language)

    async def _carried_out(self, act: Act, language: Language) -> Acted:
        times = Times(moment(self._now()), self._place.zone, language)
        by = self._called(act)
        row = await self._views.incident(act.incident)
        if why_not := _objection(act, row):
            return refused(why_not, language)
        if row is None or act.verb in ("ack", "unack"):
            return await self._asked(act, by, language) or Acted()
        if act.verb == "question":
            return question(language)
        if act.verb == "silence":
            return await self._silence(act, row, by, times)
        false = await self._false(row) if act.ending == "false-alarm" else None
        return await self._asked(act, by, language) or await self._judged(act, row, times, false)

    def _called(self, act: Act) -> str:
        """Who asks, as it is told to others."""
        people, place = directory_of(self._settings()), self._place
        who = people.owner(place.channel) or people.known(place.kind, act.by, act.identity)
        shown = shorten(defuse(people.called(who) if who else act.by), NAME)
        if who is None and people.named(shown):
            # anybody may call themselves so where others read too
            return f"{shown} ({shorten(place.name, NAME)})"
        return shown or "?"

    async def _asked(self, act: Act, by: str, language: Language) -> Acted | None:
        """The refusal, if any."""
        because = shorten(defuse(act.because), REASON) or None if act.because else None
        command = await self._views.ask(
            act.verb, act.incident, by, self._now(), because, ending=act.ending, once=self._mark(act)
        )
        return await self._refusal(command, language)

    def _mark(self, act: Act) -> str | None:
        """What the store knows the press by, of all channels; None of one that is told once."""
        return f"{self._place.channel} {act.once}" if act.once else None

    async def _refusal(self, command: int, language: Language) -> Acted | None:
        answered = await answer(self._views, command, self._wait, self._patience)
        return refused(answered.refusal, language) if answered and answered.refusal else None

    async def _silence(self, act: Act, row: IncidentRow, by: str, times: Times) -> Acted:
        wish, because = quiet_for_an_hour(row), f"asked for in {self._place.name}"
        command = await self._views.ask_silence(wish, because, by, self._now(), once=self._mark(act))
        why_not = await self._refusal(command, times.language)
        return why_not or silenced(row.number, times.now + USUAL, times, critical=wish.what.critical)

    async def _judged(self, act: Act, row: IncidentRow, times: Times, false: tuple[int, int | None] | None) -> Acted:
        """What is said to somebody who says what an incident was; `false` as `_false` found before."""
        if false is None:
            return judged_real(row.number, times) if act.ending else Acted()
        namesake = act.because == BECAUSE["namesake"]
        told = FalseAlarm(
            number=row.number,
            because=act.because,
            had=false[0],
            ceiling=false[1],
            was_over=row.state == "resolved",
            suggestion=await suggestion(row, self._views, self._settings()) if namesake else None,
        )
        return judged_false(told, times)

    async def _false(self, row: IncidentRow) -> tuple[int, int | None]:
        """How many false alarms there are lately, once this incident is one, and the ceiling: of what the one reader
        was told who has a ceiling, or else of its brand.
        """
        since, people = self._now() - SPAN, directory_of(self._settings())
        who = people.owner(self._place.channel)
        ceiling = people.people[who].false_alarms if who else None
        if who is None or ceiling is None:
            return len({row.id, *await _false_since(self._views, since, row.brand)}), None
        before = await self._views.false_alarms(own_channels(people, who), since)
        return max(1, before + (row.ending != "false-alarm")), ceiling


def _objection(act: Act, row: IncidentRow | None) -> str:
    """Why something cannot be had that only a look at the incident tells."""
    if row is None and act.verb in ("ack", "unack"):
        return ""  # of a drill: the daemon knows
    if row is None:
        return f"there is no incident {defuse(act.incident)}"
    if act.verb == "silence" and row.state == "resolved":
        return f"incident {row.number} is already resolved"
    if act.ending == "real" and row.state != "resolved":
        return f"incident {row.number} is not over"
    return ""


async def _false_since(views: Views, since: Instant, brand: str) -> set[str]:
    """The incidents of a brand that opened since then and were false alarms."""
    rows = await views.incidents(brand=brand, limit=_LOOKED_AT)
    return {row.id for row in rows if row.opened_at >= since and row.ending == "false-alarm"}

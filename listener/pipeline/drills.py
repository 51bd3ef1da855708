"""Fire drills: begun by a person or when it is time, told through the outbox, taken, and ended with what came of it.

All of a drill is rows of its own beside those of incidents: no engine hears of it, so no log, baseline or figure does.
"""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

import structlog
from apscheduler.triggers.cron import CronTrigger
from msgspec.structs import replace

from alerts.alert import Notice
from alerts.delivery import Call, Outgoing
from alerts.drill import ENDED, OPENED, STALE, TAKEN, Drill, DrillFor, drill_of, is_over, reached
from alerts.ladder import due, seats
from alerts.outbox import delivery_id
from alerts.routing import Routed, told_of
from alerts.step import Step
from config.settings import Settings
from listener.pipeline.notify import directory_of, route, to_operator
from listener.pipeline.turn import Turn
from listener.store.asking import Answered, Command
from listener.store.port import Views
from rules.instant import HOUR, Instant, Span, instant, moment, span

LATEST: Span = HOUR
"""A drill whose time came while the daemon was away is held this long afterwards; later it would surprise people."""

NOBODY: Mapping[str, Call | None] = {}
"""Nobody by name."""

log = structlog.get_logger("drills")


class Drills:
    """Holds at most one drill at a time. `load` first, and again whenever what was done was not committed."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._under_way: Drill | None = None
        self._last = 0
        self._since: Instant = 0
        self._climbed: Instant = 0
        self._planned: tuple[str, str, Instant | None] = ("", "", None)

    async def load(self, committed: Instant) -> None:
        """Go on after what was committed last. Raises StoreError."""
        self._last = max((each.number for each in await self._views.drills(limit=1)), default=0)
        self._under_way = next(iter(await self._views.drills(open_only=True, limit=1)), None)
        self._since, self._climbed, self._planned = committed, committed, ("", "", None)

    def is_meant(self, command: Command) -> bool:
        """Whether a command is about drills."""
        return command.verb == "drill" or drill_of(command.target) is not None

    def obey(self, command: Command, turn: Turn) -> Answered:
        """Begin a drill, or take or end the one under way."""
        if command.verb == "drill":
            late = turn.at - command.at > STALE
            refusal = "it was asked for too long ago" if late else self._begin(command.drill, command.by, turn)
        else:
            refusal = self._answer(command, turn)
        return Answered(id=command.id, at=turn.at, refusal=refusal)

    async def go_on(self, turn: Turn) -> None:
        """Begin what is due, and end what is over. Raises StoreError."""
        settings = turn.setup.settings
        if self._is_due(settings, turn.at):
            refusal = self._begin(DrillFor(), "", turn)
            if refusal:
                log.warning("no_drill", why=refusal)
                brand = settings.drill.brand or next(iter(settings.brands))
                name, at = f"no-drill-{turn.at}", moment(turn.at)
                notice = Notice(id=name, topic="no_drill", at=at, subject=brand, brand=brand, detail=refusal)
                turn.commit.outgoing += to_operator(notice, settings.operator.to, turn.at)
        self._climb(turn)
        drill = self._under_way
        if drill is None or (drill.taken_at is None and turn.at < drill.until):
            return
        deliveries = await self._views.deliveries(thread=drill.incident)
        if is_over(drill, deliveries, turn.at):
            self._end(replace(drill, ended_at=turn.at, reached=reached(drill, deliveries)), turn)

    def _begin(self, wish: DrillFor | None, by: str, turn: Turn) -> str:
        """Why it does not begin; empty when it does."""
        settings, wish = turn.setup.settings, wish or DrillFor()
        brand = wish.brand or settings.drill.brand or next(iter(settings.brands))
        if brand not in settings.brands:
            return f"there is no brand {brand}"
        if self._under_way:
            return f"drill {self._under_way.number} is still under way"
        routed, told, refusal = _recipients(settings, wish, brand, turn)
        if refusal:
            return refusal
        spared = tuple(name for name in routed.channels if name not in told)
        drill = Drill(
            number=self._last + 1,
            brand=brand,
            at=turn.at,
            until=turn.at + span(settings.drill.lasting),
            by=by,
            channels=told,
            spared=spared,
            ladder=routed.ladder,
        )
        self._last, self._under_way = drill.number, drill
        self._tell(drill, OPENED, turn, told, routed.calls)
        log.info("drill_began", drill=drill.number, brand=brand, channels=list(told), spared=list(spared))
        return ""

    def _answer(self, command: Command, turn: Turn) -> str:
        number, _ = drill_of(command.target) or (0, 0)
        drill = self._under_way
        if drill is None or drill.number != number:
            return f"drill {number} is over" if 0 < number <= self._last else f"there is no drill {number}"
        if command.verb == "resolve":
            self._under_way = replace(drill, until=turn.at)
        elif command.verb != "ack":
            return "a drill is taken or ended, and nothing else"
        elif drill.taken_at is not None:
            return f"{drill.taken_by} already has drill {number}"
        else:
            self._under_way = taken = replace(drill, taken_at=turn.at, taken_by=command.by)
            self._tell(taken, TAKEN, turn, drill.channels)
            log.info("drill_taken", drill=number)
        return ""

    def _end(self, drill: Drill, turn: Turn) -> None:
        """Those who heard of it, and the operator, hear what came of it."""
        self._under_way = None
        heard = [each.channel for each in drill.reached if each.after is not None]
        self._tell(drill, ENDED, turn, dict.fromkeys((*heard, *turn.setup.settings.operator.to)))
        log.info("drill_ended", drill=drill.number, taken=drill.taken_at is not None)

    def _climb(self, turn: Turn) -> None:
        """Remind or call people while nobody has it, as of an incident; made again, deliveries have the same ids."""
        drill, settings, since = self._under_way, turn.setup.settings, self._climbed
        self._climbed = turn.at
        if drill is None or drill.ladder is None or drill.taken_at is not None:
            return
        people, allowed = directory_of(settings), open_to_drills(settings)
        for rung in due(people, drill.ladder, max(since, drill.at), min(turn.at, drill.until)):
            called = {each.channel: each for each in seats(people, rung, drill.brand, drill.ladder)}
            calls = {name: seat.call for name, seat in called.items() if name in allowed}
            drill = replace(drill, channels=tuple(dict.fromkeys((*drill.channels, *calls))))
            self._under_way = drill
            self._tell(drill, OPENED, turn, calls, calls, of=f"{drill.incident}.{drill.ladder}.{rung.number}")

    def _tell(
        self,
        drill: Drill,
        step: int,
        turn: Turn,
        channels: Iterable[str],
        calls: Mapping[str, Call | None] = NOBODY,
        *,
        of: str = "",
    ) -> None:
        turn.commit.drills.append(drill)
        turn.commit.outgoing += [
            Outgoing(
                id=delivery_id(of or drill.step(step), name),
                channel=name,
                thread=drill.incident,
                due=turn.at,
                transition=drill.step(step),
                call=calls.get(name),
            )
            for name in channels
        ]

    def _is_due(self, settings: Settings, at: Instant) -> bool:
        every, zone = settings.drill.every, settings.daemon.time_zone
        if every is None:
            self._since = at
            return False
        if self._planned[:2] != (every, zone):
            self._planned = (every, zone, next_drill(every, zone, max(self._since, at - LATEST)))
        planned = self._planned[2]
        if planned is None or at < planned:
            return False
        self._since, self._planned = at, (every, zone, next_drill(every, zone, at))
        return at - planned <= LATEST


def next_drill(every: str, zone: str, after: Instant) -> Instant | None:
    """The first time after that moment."""
    trigger = CronTrigger.from_crontab(every, timezone=ZoneInfo(zone))
    fire = trigger.get_next_fire_time(None, moment(after + 1))
    return None if fire is None else instant(fire)


def _recipients(settings: Settings, wish: DrillFor, brand: str, turn: Turn) -> tuple[Routed, tuple[str, ...], str]:
    """What the routes say, who of that is told, and why nobody is."""
    if wish.to:
        unknown = [name for name in wish.to if not settings.reached_by(name)]
        told = tuple(dict.fromkeys(channel for name in wish.to for channel in settings.reached_by(name)))
        return Routed(), told, f"there is no channel or person {unknown[0]}" if unknown else ""
    routed = route(settings, Step(brand=brand, severity="critical", at=turn.at), silences=turn.silences.values())
    if routed.silence is not None:
        return routed, (), f"nobody would be told: {told_of(turn.silences[routed.silence])}"
    allowed = open_to_drills(settings)
    told = tuple(name for name in routed.channels if name in allowed)
    none = f"no channel that drills may reach hears of what is critical of {brand}: name one in drill.to, or with --to"
    return routed, told, "" if told else none


def open_to_drills(settings: Settings) -> frozenset[str]:
    """The channels that drills may reach: those the operator named; else those of routes for every brand, but none of
    people who hear of some brands alone.
    """
    if settings.drill.to:
        return frozenset(channel for name in settings.drill.to for channel in settings.reached_by(name))
    named = (name for each in settings.routes if each.brand is None for name in each.to)
    clients = {channel for person in settings.people.values() if person.only for channel in person.call_by}
    return frozenset(channel for name in named for channel in settings.reached_by(name)) - clients

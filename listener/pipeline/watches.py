"""Hand-overs of the watch, and a nudge to whoever has an incident that still grows: notices of the outbox."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from alerts.alert import Notice, Topic
from alerts.delivery import Call, Outgoing
from alerts.handover import WatchOf
from alerts.outbox import delivery_id
from alerts.people import Directory
from alerts.watching import UNWRITTEN, TakenOver, is_unwritten, is_watch, taken_over
from listener.pipeline.describe import page_of
from listener.pipeline.engines import Engines
from listener.pipeline.linking import is_answerable
from listener.pipeline.notify import circle_of, directory_of
from listener.pipeline.setup import NOBODY
from listener.pipeline.turn import Turn
from listener.store.asking import Answered, Command
from listener.store.port import IncidentRow, SourceRow, Views
from rules.instant import MINUTE, Instant, moment

_MOST = 1_000
_CONFIRMED: Topic = "watch_confirmed"


class Watches:
    """Tells who takes over, and takes their word for it. What was told is in the outbox, so that a start tells nothing
    twice.
    """

    def __init__(self, views: Views) -> None:
        self._views = views
        self._nudged: frozenset[str] = frozenset()
        self._last: dict[tuple[str, str], Instant] = {}
        self._looked: Instant = 0

    def begin(self) -> None:
        """Go on from what was committed: what was done since may not have been."""
        self._nudged, self._last, self._looked = frozenset(), {}, 0

    def is_meant(self, command: Command) -> bool:
        """Whether a command is about a watch."""
        return command.verb == "ack" and is_watch(command.target)

    async def obey(self, command: Command, turn: Turn) -> Answered:
        """Take the word of whoever took over. Raises StoreError."""
        known = [each.notice for each in await self._views.deliveries(thread=command.target) if each.notice]
        begun = next((each for each in known if each.topic == "watch"), None)
        if begun is None:
            return Answered(id=command.id, at=turn.at, refusal=f"there is no incident {command.target}")
        told = {each.subject for each in known}
        notice = Notice(
            id=f"{command.target}-confirmed",
            topic=_CONFIRMED,
            at=moment(turn.at),
            subject=begun.subject,
            watch=begun.watch and replace(begun.watch, asked=False),
        )
        people = directory_of(turn.setup.settings)
        for name in told:
            turn.commit.outgoing += _to(people, name, notice, command.target, turn.at)
        return Answered(id=command.id, at=turn.at)

    async def hand_over(self, turn: Turn, sources: Mapping[str, SourceRow], after: Instant) -> None:
        """Tell who takes over since `after`. Raises StoreError."""
        people = directory_of(turn.setup.settings)
        over = taken_over(people, after, turn.at) if after else None
        if over:
            await self._hand_over(over, people, turn, sources)

    async def nudge(self, turn: Turn, engines: Engines) -> None:
        """Ask whoever has an incident that grows how it goes, now and then. Raises StoreError."""
        if turn.at - self._looked >= MINUTE:
            self._looked = turn.at
            for row, since in await self._unwritten(engines, turn.at):
                self._nudge(row, since, directory_of(turn.setup.settings), turn)

    async def _hand_over(
        self, over: TakenOver, people: Directory, turn: Turn, sources: Mapping[str, SourceRow]
    ) -> None:
        settings, watch = turn.setup.settings, over.watch
        asked = settings.oncall is not None and settings.oncall.confirm_at_start
        # who can answer nowhere is not asked: the second would hear each time that they did not
        asked = asked and any(is_answerable(each, settings) for each in people.people[watch.first].call_by)
        brands = [brand for brand in settings.brands if people.sees(watch.first, brand)]
        open_now = await self._views.incidents(open_only=True, limit=_MOST)
        mine = [row for row in open_now if row.brand in brands]
        of = WatchOf(
            until=None if watch.until is None else moment(watch.until),
            brands=tuple(brands),
            open=tuple((row.number, row.acknowledged_by is not None) for row in mine),
            blind=_blind(sources.values(), turn, brands),
            first=people.called(watch.first),
            second=people.called(watch.second) if watch.second else None,
            asked=asked,
        )
        if over.begun:
            notice = Notice(id=over.id, topic="watch", at=moment(turn.at), subject=watch.first, watch=of)
            turn.commit.outgoing += _to(people, watch.first, notice, over.id, turn.at)
        if over.unanswered and asked and not await self._is_confirmed(over.id):
            self._unanswered(over, of, people, turn)

    def _unanswered(self, over: TakenOver, of: WatchOf, people: Directory, turn: Turn) -> None:
        """The second hears that nobody confirmed, and whoever was to is asked once more."""
        told: list[tuple[str | None, Topic, WatchOf]] = [
            (over.watch.second, "watch_unanswered", replace(of, asked=False)),
            (over.watch.first, "watch_again", of),
        ]
        for who, topic, what in told:
            if who is not None:
                name = f"{over.id}-{topic.removeprefix('watch_')}"
                notice = Notice(id=name, topic=topic, at=moment(turn.at), subject=who, watch=what)
                turn.commit.outgoing += _to(people, who, notice, over.id, turn.at)

    async def _is_confirmed(self, thread: str) -> bool:
        rows = await self._views.deliveries(thread=thread)
        return any(each.notice and each.notice.topic == _CONFIRMED for each in rows)

    async def _unwritten(self, engines: Engines, at: Instant) -> list[tuple[IncidentRow, Instant]]:
        """Incidents that somebody has and that grew since, without a note for long, with since when."""
        found = []
        for incident in [each for engine in engines for each in engine.open_incidents() if each.acknowledged_by]:
            if not is_unwritten(0, incident.peak_at, incident.calm_since, at):
                continue
            row = await self._views.incident(incident.id)
            steps = [each async for each in self._views.transitions(incident.id) if each.state == "acknowledged"]
            notes = [note.at for note in await self._views.notes(incident.id)]
            since = max([step.at for step in steps] + notes, default=at)
            if row and is_unwritten(since, incident.peak_at, incident.calm_since, at):
                found.append((row, since))
        return found

    def _nudge(self, row: IncidentRow, since: Instant, people: Directory, turn: Turn) -> None:
        name, who = f"nudge-{row.id}-{since}", people.named(row.acknowledged_by or "")
        if who is None or name in self._nudged or not people.sees(who, row.brand):
            return
        # whoever took all of a flood is not to get one line for each
        of = who, circle_of(turn.setup.settings, row.brand)
        if turn.at - self._last.get(of, -UNWRITTEN) < UNWRITTEN:
            return
        self._last[of] = turn.at
        self._nudged = frozenset([*list(self._nudged)[-_MOST:], name])
        notice = Notice(
            id=name,
            topic="nudge",
            at=moment(turn.at),
            subject=who,
            brand=row.brand,
            number=row.number,
            watched_since=moment(since),
            link=page_of(row, turn.setup.settings),
        )
        turn.commit.outgoing += _to(people, who, notice, name, turn.at)


def _blind(rows: Iterable[SourceRow], turn: Turn, brands: Iterable[str]) -> int:
    """How many sources are not heard of those that listen for some of the brands."""
    listeners = turn.setup.listeners
    return sum(row.blind_since is not None and not listeners.get(row.name, NOBODY).isdisjoint(brands) for row in rows)


def _to(people: Directory, name: str, notice: Notice, thread: str, at: Instant) -> list[Outgoing]:
    if name not in people.people:
        return []
    return [
        Outgoing(
            id=delivery_id(notice.id, seat.channel),
            channel=seat.channel,
            thread=thread,
            due=at,
            notice=notice,
            call=seat.call,
        )
        for seat in people.seats(name, Call(person=name), "")
    ]

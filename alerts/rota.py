"""Who has the watch, who steps in, and from when until when. Pure: time is an argument."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.hours import stretches
from config.oncall import OnCall
from rules.instant import MINUTE, Instant, instant, moment

_WEEK = timedelta(days=7)
_FAR = 5 * _WEEK
"""How far a beginning or an end is looked for."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Who is called at a moment, in order: the first of the `line` has the watch, the next one steps in. Whoever a swap
    stands in for comes last. `on` is False outside the hours of the watch; the line then is that of the turn. It is so
    from `since` until just before `until`, None where that is more than five weeks away.
    """

    line: tuple[str, ...]
    on: bool
    since: Instant | None
    until: Instant | None
    swapped: str | None = None

    @property
    def first(self) -> str:
        """Who has the watch, or the turn."""
        return self.line[0]

    @property
    def second(self) -> str | None:
        """Who steps in; None when there is nobody else."""
        return self.line[1] if len(self.line) > 1 else None


def struck(wall: datetime, zone: ZoneInfo) -> Instant:
    """When the clock on the wall of `zone` first shows a time, or passes over it as it is put forward."""
    late = instant(wall.replace(tzinfo=zone))
    if moment(late).astimezone(zone).replace(tzinfo=None) == wall:
        return late
    summer = moment(late).astimezone(zone).utcoffset()
    minutes = range(instant(wall.replace(tzinfo=zone, fold=1)), late + 1, MINUTE)
    return minutes[bisect_left(minutes, True, key=lambda at: moment(at).astimezone(zone).utcoffset() == summer)]


class Rota:
    """The turns of a watch, in its time zone, or in `zone` where it has none. An hour that comes twice, as clocks are
    put back, counts when it comes first.
    """

    def __init__(self, oncall: OnCall, zone: str) -> None:
        self._oncall, self._zone = oncall, ZoneInfo(oncall.time_zone or zone)
        self._stretches = stretches(oncall.all_hours or ("Mon-Sun",))
        self._anchor = _next(datetime.combine(oncall.counted_from, time()), oncall.turn_begins)
        self._swaps = [(self._struck(each.begins), self._struck(each.ends), each.who) for each in oncall.swaps]
        self._known: tuple[Instant, Instant, Watch | None] = (0, 0, None)

    def at(self, at: Instant) -> Watch:
        """The watch at a moment."""
        begin, end, watch = self._known
        if watch is None or not begin <= at < end:
            begin, end, watch = self._known = self._look(at)
        return watch

    def _look(self, at: Instant) -> tuple[Instant, Instant, Watch]:
        """The watch, and from when until when it is exactly the same."""
        spans, edges = self._around(at)
        here = bisect_right(edges, at) - 1

        def state(place: int) -> tuple[bool, str]:
            return _is_in(spans, edges[place]), self._line(edges[place])[0][0]

        begin, end, mine = here, here + 1, state(here)
        while begin > 0 and state(begin - 1) == mine:
            begin -= 1
        while end < len(edges) and state(end) == mine:
            end += 1
        line, swapped = self._line(at)
        watch = Watch(
            line=line,
            on=mine[0],
            since=edges[begin] if begin else None,
            until=edges[end] if end < len(edges) else None,
            swapped=swapped,
        )
        return edges[here], edges[here + 1] if here + 1 < len(edges) else at + 1, watch

    def begins(self, at: Instant) -> Instant:
        """When somebody has the watch next: now, if somebody has. The same as `at` where that is far away."""
        watch = self.at(at)
        return at if watch.on or watch.until is None else watch.until

    def taken_over(self, at: Instant) -> Watch | None:
        """The watch at a moment, where somebody else had the one before; None when nobody has it, or had it."""
        watch = before = self.at(at)
        if not watch.on or watch.since is None:
            return None
        while before.since is not None:
            before = self.at(before.since - 1)
            if before.on:
                return watch if before.first != watch.first else None
        return None

    def _line(self, at: Instant) -> tuple[tuple[str, ...], str | None]:
        """Who is called, and whom the first stands in for."""
        turns = self._oncall.turns
        own = turns[self._turn(at) % len(turns)]
        instead = next((who for begin, end, who in reversed(self._swaps) if begin <= at < end), own)
        place = turns.index(own)
        others = dict.fromkeys((*turns[place:], *turns[:place]))
        last = [own] if instead != own else []
        line = (instead, *(who for who in others if who not in (instead, own)), *last)
        return line, own if last else None

    def _turn(self, at: Instant) -> int:
        """The number of a turn, counted from the first of the first person; earlier ones are negative."""
        number = (moment(at).astimezone(self._zone).replace(tzinfo=None) - self._anchor) // _WEEK
        # where the hand-over is in the hour that comes twice, the clock shows a time before it once more
        return number + 1 if self._struck(self._anchor + (number + 1) * _WEEK) <= at else number

    def _around(self, at: Instant) -> tuple[list[tuple[Instant, Instant]], list[Instant]]:
        """The hours near a moment, in order, and the moments at which anything may change, one of them before it."""
        local = moment(at).astimezone(self._zone).replace(tzinfo=None)
        first = datetime.combine(local.date() - _FAR - timedelta(days=local.weekday()), time())
        weeks = [first + number * _WEEK for number in range(2 * (_FAR // _WEEK) + 2)]
        spans = sorted(self._spans(weeks))
        turns = [self._struck(_next(week, self._oncall.turn_begins)) for week in weeks]
        begin, end = self._struck(weeks[0]), self._struck(weeks[-1])
        moments = {each for span in (*spans, *(swap[:2] for swap in self._swaps)) for each in span} | set(turns)
        return spans, [begin, *sorted(each for each in moments if begin < each < end)]

    def _spans(self, weeks: Sequence[datetime]) -> Iterator[tuple[Instant, Instant]]:
        for week in weeks:
            for minute, length in self._stretches:
                begin = week + timedelta(minutes=minute)
                yield self._struck(begin), self._struck(begin + timedelta(minutes=length))

    def _struck(self, wall: datetime) -> Instant:
        return struck(wall, self._zone)


def _next(day: datetime, minute: int) -> datetime:
    """The first moment from the beginning of a day on at which that minute of the week begins."""
    monday = day - timedelta(days=day.weekday())
    first = monday + timedelta(minutes=minute)
    return first if first >= day else first + _WEEK


def _is_in(spans: Sequence[tuple[Instant, Instant]], at: Instant) -> bool:
    place = bisect_right(spans, at, key=lambda span: span[0])
    return place > 0 and at < spans[place - 1][1]

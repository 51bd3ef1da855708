"""The ladder: who is reminded, and to whom it is passed on, while nobody has taken an incident. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from alerts.delivery import Call
from alerts.people import Directory, Seat
from config.oncall import FIRST, Rung
from rules.instant import Instant, span


@dataclass(frozen=True, kw_only=True)
class Step:
    """A rung that is due at a moment: its `number`, counted from 0 at the foot, which is whoever has the watch."""

    number: int
    rung: Rung
    due: Instant


def rungs(directory: Directory, since: Instant) -> list[Step]:
    """The ladder that begins to be climbed then, its foot included; empty without a watch."""
    if directory.oncall is None:
        return []
    written = directory.oncall.ladder
    foot = () if any(rung.call and not rung.after for rung in written) else (_FOOT,)
    return [
        Step(number=number, rung=rung, due=since + span(rung.after)) for number, rung in enumerate((*foot, *written))
    ]


_FOOT = Rung.model_validate({"after": "0s", "call": FIRST})


def due(directory: Directory, since: Instant, after: Instant, until: Instant) -> Iterator[Step]:
    """The rungs of a ladder begun at `since` that became due after one moment and until another. Those of its foot are
    told as routes say, unless the ladder begins later.
    """
    return (step for step in rungs(directory, since) if after < step.due <= until)


def seats(directory: Directory, step: Step, brand: str, since: Instant) -> tuple[Seat, ...]:
    """The channels that a rung tells, none when it means nobody."""
    who = directory.who(step.rung.who, brand, step.due)
    if who is None:
        return ()
    call = Call(person=who, why="remind" if step.rung.remind else "pass", ladder=since)
    return tuple(directory.seats(who, call, directory.called(who)))


def next_call(directory: Directory, brand: str, since: Instant, now: Instant) -> tuple[str, Instant] | None:
    """Who is called next, and when, while nobody takes an incident; None when the ladder ends."""
    for step in rungs(directory, since):
        who = directory.who(step.rung.who, brand, step.due) if step.rung.call and step.due > now else None
        if who is not None:
            return who, step.due
    return None


def next_word(directory: Directory, channel: str, brand: str, since: Instant, now: Instant) -> Instant | None:
    """When a channel is told again while nobody takes an incident; None where the ladder does not tell it."""
    for step in rungs(directory, since):
        if step.due > now and any(seat.channel == channel for seat in seats(directory, step, brand, since)):
            return step.due
    return None

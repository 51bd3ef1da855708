"""A message on its way: what is to be delivered, and what came of each attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from alerts.alert import Notice
from alerts.grouping import Rank
from rules.instant import Instant
from rules.transition import Evidence

CANARY = "_canary"
"""The channel where canaries end, which no configuration can name."""


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of an incident `at` a moment between two of its steps."""

    at: Instant
    evidence: Evidence


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """For whom a channel is told: `person`, None for all who read it. `why`: they are `told` as a route says,
    reminded, or it is passed on to them, as nobody has taken the incident. `ladder` is when the ladder begins to be
    climbed for it, None where none is; `present` is what was counted when a rung of it called, where that is known.
    """

    person: str | None = None
    why: Literal["told", "remind", "pass"] = "told"
    ladder: Instant | None = None
    present: Present | None = None


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A delivery to be made, of a transition (`transition` is its id) or of a notice. `id` is stable across replays:
    inserting it again changes nothing. `thread` orders: a later one of the same thread and channel waits for the
    earlier. `fallback` names the channels to try next when this one parks, in order. `call` says for whom it is.
    `circle` says with what it may stand in one message, None for what is told by itself; at `slot` all of a channel
    and circle is told in one. `asks`: somebody is to act; `rises`: on what got worse than it ever was; `goes_on`: it
    wakes nobody where the channel can edit the message that it has of the thread alone.
    """

    id: str
    channel: str
    thread: str
    due: Instant
    transition: str | None = None
    notice: Notice | None = None
    critical: bool = False
    fallback: tuple[str, ...] = ()
    call: Call | None = None
    circle: str | None = None
    slot: Instant | None = None
    asks: bool = False
    rises: bool = False
    goes_on: bool = False

    @property
    def rank(self) -> Rank:
        """How much it matters beside others of its channel."""
        if not self.asks:
            return Rank.LATER
        return Rank.CRITICAL if self.critical else Rank.WORSE if self.rises else Rank.ASKS


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one attempt. `state`: sent, retry (again at `due`), parked (somebody must act), cancelled.
    `receipt` is what the channel names what it sent, and `told_in` the id of the message where that told of several.
    """

    delivery: str
    at: Instant
    attempt: int
    state: Literal["sent", "retry", "parked", "cancelled"]
    due: Instant = 0
    reason: str = ""
    detail: str = ""
    receipt: str = ""
    told_in: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """An outbox row with what came of it so far: state is due, sent, parked or cancelled. `receipt` is its own once it
    is sent, and the last one of its thread and channel while it is due; `told_in` is as its outcome says.
    """

    id: str
    channel: str
    thread: str
    state: str
    due: Instant
    attempts: int
    transition: str | None
    notice: Notice | None
    critical: bool
    fallback: tuple[str, ...]
    reason: str = ""
    detail: str = ""
    created: Instant = 0
    finished: Instant | None = None
    receipt: str = ""
    call: Call | None = None
    circle: str | None = None
    slot: Instant | None = None
    asks: bool = False
    rises: bool = False
    told_in: str = ""

    @property
    def step(self) -> int:
        """The number of the step of its thread that it tells; 0 of a notice."""
        return int((self.transition or "").rpartition(".")[2] or 0)


def of_one_thread(deliveries: Sequence[Delivery]) -> bool:
    """Whether what is told in one message is all of one incident, of which its last step then tells."""
    return len({each.thread for each in deliveries}) == 1


@dataclass(frozen=True)
class Slot:
    """When a channel is told of what is of one circle, and how much the most of it matters."""

    channel: str
    circle: str
    at: Instant
    rank: Rank = Rank.ASKS

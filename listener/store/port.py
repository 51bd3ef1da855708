"""What the program asks of a store: one transaction a batch, and bounded reads."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import msgspec

from alerts.ceiling import Spared
from alerts.delivery import Delivery, Outcome, Outgoing, Slot
from alerts.drill import Drill
from alerts.grouping import MOST_TOGETHER
from alerts.silence import HeldBack, Silence
from listener.errors import SourceState
from listener.store.asking import Answered, Asking, Command, Judged, Split
from listener.store.deliveries import DeliveryViews
from listener.store.drills import DrillViews
from listener.store.following import LogViews
from listener.store.marks import MOST_MARKS, Marked, Marking, ModelRow
from listener.store.notes import Remark, Remarks
from listener.store.reached import Head, Position, Snapshot, Tenure
from rules.facts import Facts, Tone
from rules.inputs import Input
from rules.instant import Instant
from rules.mention import Mention
from rules.transition import Ending, Transition


class StoreError(Exception):
    """The store cannot be used; the message names it without its password and says what to do."""


class NoStoreError(StoreError):
    """Nothing was ever stored there."""


class StoreAwayError(StoreError):
    """The server ended a connection that was had, or takes none just now: it may soon be had."""


class StoreBusyError(StoreError):
    """Another daemon writes here; the message names it."""


class StoreRefusedError(StoreError):
    """The store is well, and cannot hold what it was given."""


class SchemaError(StoreError):
    """The store was written by a newer program, or waits for `badbuzz db migrate`."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # none of these is within itself
    """What the store knows of one identity: the revisions that were taken, each with the source that brought it,
    whether its author deleted it, what was counted for each brand last, and what a person said of it for a brand.
    """

    revisions: Mapping[str, str]
    deleted: bool
    facts: Mapping[str, Facts]
    marks: Mapping[str, Marking] = {}


DELETED = "deleted by "
"""With the name of a source: the revision under which its deletion is remembered."""


class StoredMention(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A mention as kept: one row an identity; `tones` and `facts` by brand. `at` is when it was taken."""

    at: Instant
    mention: Mention
    facts: Mapping[str, Facts]
    tones: Mapping[str, Tone]
    deleted: bool = False


class LogEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One input of one brand. `brand` has its own sequence, assigned at commit in the order given."""

    brand: str
    entry: Input


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """What is known of a source. `reading_since` is the start of the present uninterrupted stretch of reading,
    `blind_since` of the present one in which it is not heard, and `told_at` when the operator heard of that.
    """

    name: str
    kind: str
    state: SourceState
    cursor: str | None = None
    reading_since: Instant | None = None
    last_read: Instant | None = None
    last_mention: Instant | None = None
    blind_since: Instant | None = None
    told_at: Instant | None = None
    code: str = ""
    detail: str = ""
    mentions: int = 0
    skipped: int = 0

    @property
    def silent_since(self) -> Instant | None:
        """When it was last heard; None when it never was. A starved stream answers on, and its silence is older."""
        if self.last_read is None or self.blind_since is None:
            return self.last_read
        return min(self.last_read, self.blind_since)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What a channel was to be told of a circle at one moment, and is not yet, is told at a later one."""

    channel: str
    circle: str
    before: Instant
    after: Instant


@dataclass(kw_only=True)
class Commit:
    """One transaction: all of it or nothing. `advanced` is the instant up to which the engines have run; `last` the
    highest stamp given; `offset` where the topic of a part is read on from, None where that stays as it is. `handed`
    are commands, by their ids, that the desk leaves to a part, `split` those that it leaves to several. Rows are
    written in the order of the fields.

    `mentions`: a create, or an update that replaces the row of its identity. `joined`: brands that hear a stored
    mention too; their facts and tones are added to its row, of which nothing else changes. `seen`: (identity,
    revision, source), insert-or-ignore. `marks` replace those of the same brand and identity, of which the newest
    MOST_MARKS of a brand are kept; `unmarked` are (brand, identity). `silences`, `held_back` and `spared` replace those
    of the same number, incident and step, or incident and person. `tombstones`: identities whose text, title,
    author and url are removed everywhere, marks included; an identity never stored is remembered as deleted.
    `snapshots` carry `seq=None` resolved at commit to the brand's last input, the ones in this commit included.
    """

    advanced: Instant
    last: Instant
    offset: int | None = None
    handed: list[tuple[int, int]] = field(default_factory=list)
    split: list[Split] = field(default_factory=list)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    mentions: list[StoredMention] = field(default_factory=list)
    joined: list[StoredMention] = field(default_factory=list)
    unmarked: list[tuple[str, str]] = field(default_factory=list)
    marks: list[Marking] = field(default_factory=list)
    models: list[ModelRow] = field(default_factory=list)
    tombstones: list[str] = field(default_factory=list)
    inputs: list[LogEntry] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    held_back: list[HeldBack] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    drills: list[Drill] = field(default_factory=list)
    unpark: list[tuple[str, Instant]] = field(default_factory=list)
    sources: list[SourceRow] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    snapshots: list[tuple[str, Instant, bytes]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class IncidentRow:
    """An incident as its last transition left it. `number` is the short name people use, counted from 1. `ending` is
    what it was by whoever looked back last, who is `judged_by`.
    """

    id: str
    number: int
    brand: str
    rule: str
    state: str
    severity: str
    opened_at: Instant
    changed_at: Instant
    acknowledged_by: str | None
    steps: int
    ending: Ending | None = None
    judged_by: str | None = None
    judged_because: str | None = None


class Store(Protocol):
    """The writing side. One process at a time: `open` begins its epoch, and whatever another one commits after that is
    refused. Each method is one transaction or none.
    """

    async def open(self, owner: str) -> Tenure:
        """Become the writer for `owner` (a process in words) and bring the schema up to date where that is allowed.
        Raises StoreBusyError while another process is, SchemaError, StoreError; it may be tried again then.
        """
        ...

    async def keep(self) -> None:
        """To be run beside all that writes, or another process may become the writer. Raises StoreBusyError once one
        has; returns where none can.
        """
        ...

    async def assure(self) -> None:
        """Return while no other process may write: to be asked before what cannot be taken back. Raises StoreBusyError
        when one may, StoreError while that is not known.
        """
        ...

    async def close(self) -> None: ...

    async def commit(self, commit: Commit) -> None:
        """All rows of `commit`, or none. Raises StoreError; what was in memory must then be thrown away."""
        ...

    async def position(self) -> Position | None: ...

    async def salt(self) -> bytes:
        """32 random bytes made with the store: the key of author pseudonyms."""
        ...

    async def lookup(self, identities: Sequence[str]) -> dict[str, Seen]:
        """What is known of each identity; unknown ones are missing from the answer."""
        ...

    async def heads(self, brands: Sequence[str]) -> dict[str, Head]:
        """How far the logs of some brands are: read at once, for a few dozen."""
        ...

    def inputs(self, brand: str, after: int) -> AsyncIterator[tuple[int, Input]]:
        """(seq, input) of a brand with seq > `after`, in order, read in pages."""
        ...

    async def source(self, name: str) -> SourceRow | None: ...

    async def sources(self) -> list[SourceRow]: ...

    async def commands(self, limit: int = 100) -> list[Command]:
        """Commands not yet answered, oldest first; labels after all others, since they come in thousands."""
        ...

    async def due(self, channel: str, at: Instant, limit: int = 20) -> list[Delivery]:
        """Deliveries of a channel to be made now: due, and first of their thread that is not finished. Threads in which
        something critical waits come first, then what has been due for longest.
        """
        ...

    async def together(self, first: Delivery, at: Instant, limit: int = MOST_TOGETHER) -> list[Delivery]:
        """`first`, which is due, and what is told in one message with it: of the same channel, slot and circle, each
        line from its beginning, what is critical first.
        """
        ...

    async def slots(self, since: Instant) -> list[Slot]:
        """The moments after `since` at which a channel is told of something, in order."""
        ...

    async def overdue(self, since: Instant, besides: Collection[str] = (), limit: int = 100) -> list[Delivery]:
        """The critical ones with a fallback whose line, of their thread and channel, was begun at `since` or before and
        is still headed by one that was tried in vain, without those of the ids `besides`; oldest first.
        """
        ...

    async def next_due(self) -> Instant | None:
        """When the earliest waiting delivery of any channel is due."""
        ...

    async def waiting_since(self) -> Instant | None:
        """When the oldest delivery still to be made, of any channel, was first due, however often it was tried."""
        ...

    async def purge(
        self,
        at: Instant,
        keep: timedelta,
        per_source: Mapping[str, timedelta],
        listed: timedelta,
        brands: Collection[str],
    ) -> int:
        """Remove mentions older than their retention, their `seen` rows once not listed for `listed`, answered
        commands, finished deliveries, silences and what was held back `keep` after their end, inputs older than `keep`
        that a kept snapshot covers, and marks and models older than `keep` of which the brand is neither in `brands`
        nor has a mention left. Returns rows removed; works in small transactions.
        """
        ...


class Views(Asking, DeliveryViews, DrillViews, LogViews, Remarks, Protocol):
    """The reading side: read-only connections with a time limit; for the page, the command line and the dispatcher."""

    async def close(self) -> None: ...

    async def position(self) -> Position | None: ...

    async def positions(self) -> Mapping[int, Position]:
        """Where each part of the brands stopped, by its number; 0 is who judges all, or none."""
        ...

    async def brands(self) -> list[str]: ...

    async def incidents(
        self, *, brand: str | None = None, open_only: bool = False, limit: int = 100
    ) -> list[IncidentRow]:
        """Newest first."""

    async def incident(self, name: str) -> IncidentRow | None:
        """By number (`37`), id, or a prefix of the id that only one has."""

    def transitions(self, incident: str | None = None) -> AsyncIterator[Transition]:
        """In the order they were committed; read in pages."""

    async def transition(self, name: str) -> Transition | None: ...

    async def mentions(
        self,
        *,
        brand: str | None = None,
        identities: Sequence[str] | None = None,
        until: Instant | None = None,
        limit: int = 50,
    ) -> list[StoredMention]:
        """Newest first; those named by `identities` when given, and none taken after `until`."""

    async def sources(self) -> list[SourceRow]: ...

    def log(self, brand: str, after: int | None = None) -> AsyncIterator[tuple[int, Input]]:
        """A brand's kept log after its `first_snapshot`, or after the seq given, in order, read in pages."""

    async def first_snapshot(self, brand: str) -> Snapshot | None:
        """Where a replay of the kept log starts; None while the log is whole and starts from nothing."""

    async def snapshot_before(self, brand: str, at: Instant) -> Snapshot | None:
        """Where a replay to `at` starts soonest; None while there is none from before that the kept log continues."""

    async def marks(self, brand: str, limit: int = MOST_MARKS) -> list[Marking]:
        """Newest first."""

    async def marked(self) -> dict[str, Marked]:
        """The marks of each brand by what its last training knew; brands with none of either sort are missing."""

    async def models(self) -> list[ModelRow]:
        """What the last training of each brand came to."""

    async def tones(self, brand: str, limit: int = 20_000) -> list[tuple[Instant, Tone]]:
        """Of the mentions of a brand that were taken last: when, and their tone. Newest first."""

    async def silences(self, since: Instant | None = None, limit: int = 1_000) -> list[tuple[Silence, int]]:
        """Newest first, with how many steps each held back; those that were in force after `since` when given."""

    async def held_back(self, incident: str) -> list[HeldBack]:
        """What was not told of an incident, in order."""

    async def spared(self, incident: str) -> list[Spared]:
        """Who was not told of an incident at first, for the sake of the ceiling of their false alarms."""

    async def kept_from(self, person: str, channels: Sequence[str], since: Instant) -> list[tuple[Spared, str, int]]:
        """What a person, who has `channels`, was spared since then for good: its brand and number, newest first."""

    async def false_alarms(self, channels: Sequence[str], since: Instant) -> int:
        """How many incidents that turned out false alarms some channels were told of since then."""

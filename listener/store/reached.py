"""How far a store is: whose time it is, the instants reached, and how engines stood."""

from dataclasses import dataclass
from datetime import timedelta

from rules.instant import Instant


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where the last process stopped; None in an empty store. `offset` is where a part reads its topic on from."""

    advanced: Instant
    last: Instant
    offset: int | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An engine's state after the input `seq` of its brand (0: before the first)."""

    brand: str
    seq: int
    at: Instant
    state: bytes


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where the log of a brand ends, and its newest snapshot; 0 and None where it has none."""

    seq: int
    snapshot: Snapshot | None


@dataclass(frozen=True, kw_only=True)
class Tenure:
    """The time of one writer: its number, and for how long nobody wrote before; None where that is not known."""

    epoch: int
    idle: timedelta | None = None

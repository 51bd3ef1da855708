"""What people write down of an incident, and which ones they keep from being deleted."""

from dataclasses import dataclass
from typing import Protocol

import msgspec

from alerts.digest import Counted
from rules.inputs import Input
from rules.instant import Instant, Span
from rules.mention import Mention

LONGEST_NOTE = 1_000
"""Characters of a note, on one line."""
MOST_NOTES = 500
"""Of one incident."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote down of an incident."""

    incident: str
    at: Instant
    by: str
    text: str


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A legal hold: while it is there, no mention of the incident's brand that was taken from `since` until the end of
    the incident is removed for its age, nor what was delivered; of what its author deletes the words are kept aside.
    """

    incident: str
    brand: str
    since: Instant
    at: Instant
    by: str
    because: str


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a hold: what was kept for it alone goes, as its author or its age wanted."""

    incident: str


Remark = Note | Hold | Release


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A mention as it was when its author deleted it, at `deleted_at`; only a dossier shows it."""

    deleted_at: Instant
    mention: Mention


class Remarks(Protocol):
    """What can be read of this, and what reports count."""

    async def counted(self, brand: str, since: Instant, until: Instant, width: Span) -> dict[Instant, Counted]:
        """The mentions of a brand from `since` until just before `until`, in bins of `width`, by their beginning; empty
        ones are missing. Stored ones alone are counted, so what is too old is none.
        """
        ...

    async def heard_since(self, brand: str) -> Instant | None:
        """When the oldest mention of a brand that is still stored was taken."""
        ...

    async def hearing(self, brand: str, since: Instant, until: Instant) -> tuple[bytes | None, list[Input]]:
        """The engine of a brand as a snapshot before `since` left it, and what the log says from there until `until` of
        what was heard.
        """
        ...

    async def notes(self, incident: str) -> list[Note]:
        """Of an incident (its id), in order."""
        ...

    async def hold(self, incident: str) -> Hold | None: ...

    async def kept(self, incident: str, limit: int = 1_000) -> list[Kept]:
        """What was deleted by its author since the hold on an incident, by the time of that."""
        ...

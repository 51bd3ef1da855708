"""What people write down of an incident, and which ones they keep from being deleted."""

from dataclasses import dataclass
from typing import Protocol

import msgspec

from rules.instant import Instant
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
    """What can be read of this."""

    async def notes(self, incident: str) -> list[Note]:
        """Of an incident (its id), in order."""
        ...

    async def hold(self, incident: str) -> Hold | None: ...

    async def kept(self, incident: str, limit: int = 1_000) -> list[Kept]:
        """What was deleted by its author since the hold on an incident, by the time of that."""
        ...

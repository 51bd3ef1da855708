"""What people ask to be written down of an incident: a note, and that nothing of it may be deleted."""

from collections.abc import Sequence

from listener.store.asking import Command
from listener.store.notes import LONGEST_NOTE, MOST_NOTES, Hold, Note, Release, Remark
from listener.store.port import IncidentRow, Views
from rules.instant import Instant
from rules.text import defuse, shorten


async def remark_on(command: Command, views: Views, at: Instant) -> tuple[str, list[Remark]]:
    """Why a `note`, `hold` or `release` is refused, "" when it is not; and what it comes to. Raises StoreError."""
    row = await views.incident(command.target)
    if row is None:
        return f"there is no incident {command.target}", []
    text = shorten(defuse(command.because or ""), LONGEST_NOTE)
    refusal = await _objection(command.verb, row, text, views)
    return refusal, [] if refusal else list(await _remark(command, row, text, views, at))


async def _objection(verb: str, row: IncidentRow, text: str, views: Views) -> str:
    if verb == "note" and not text:
        return "a note says something"
    if verb == "note" and len(await views.notes(row.id)) >= MOST_NOTES:
        return f"incident {row.number} has {MOST_NOTES} notes already"
    hold = None if verb == "note" else await views.hold(row.id)
    if verb == "hold" and hold:
        return f"incident {row.number} is on hold already"
    if verb == "release" and hold is None:
        return f"incident {row.number} is not on hold"
    return "" if verb != "hold" or text else "a hold says why"


async def _remark(command: Command, row: IncidentRow, text: str, views: Views, at: Instant) -> Sequence[Remark]:
    by, asked = command.by, min(command.at, at)
    match command.verb:
        case "note":
            return [Note(incident=row.id, at=asked, by=by, text=text)]
        case "hold":
            since = await begin_of(row, views)
            return [Hold(incident=row.id, brand=row.brand, since=since, at=at, by=by, because=text)]
        case _:
            return [Release(incident=row.id)]


async def begin_of(row: IncidentRow, views: Views) -> Instant:
    """The first moment of which the mentions belong to an incident."""
    opening = await views.transition(f"{row.id}.0")
    if opening is None:
        return row.opened_at
    evidence = opening.evidence
    return min(row.opened_at - evidence.window, row.opened_at if evidence.first_at is None else evidence.first_at)

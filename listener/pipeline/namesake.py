"""A word that would keep somebody else of the same name out, and what leaving it out would have cost."""

from collections.abc import AsyncIterator

from alerts.answers import Suggestion
from config.settings import Settings
from listener.pipeline.talk import Spoken, heard_in, talk_of
from listener.store.port import IncidentRow, StoredMention, Views
from rules.instant import moment
from rules.query.compiled import compile_query
from rules.query.errors import QueryError
from rules.transition import Transition

_MOST, _AT_ONCE = 10_000, 1_000
"""Mentions that are read again, the newest, and how many at once."""
_REAL = 200
"""Incidents that are looked through for real ones, the newest."""
_MOSTLY = 0.5
"""Of what an incident talks about so much must hold the word."""


async def suggestion(row: IncidentRow, views: Views, settings: Settings) -> Suggestion | None:
    """The word that stands out most in an incident which was about a namesake, where most of it holds that word and
    other mentions show what excluding it costs; None where there is none. Raises StoreError.
    """
    step = await _last_told(row, views)
    spoken = await talk_of(step, await heard_in(step, views), views, settings) if step else Spoken()
    word = next((each.word for each in spoken.talk if each.count >= _MOSTLY * spoken.read), None)
    if word is None:
        return None
    try:
        query = compile_query(word)
    except QueryError:
        return None
    read, removed, oldest = 0, [], row.opened_at
    async for stored in _kept(row.brand, views):
        read, oldest = read + 1, min(oldest, stored.at)
        if query.match(stored.mention):
            removed.append(stored)
    marked = {each.identity for each in await views.marks(row.brand)}
    spans = await _real(row.brand, views)
    return Suggestion(
        word=word,
        read=read,
        since=moment(oldest),
        removed=len(removed),
        marked=sum(each.mention.identity in marked for each in removed),
        real=sum(any(begin <= each.at <= end for begin, end in spans) for each in removed),
    )


async def _last_told(row: IncidentRow, views: Views) -> Transition | None:
    """The last step that says what is talked about."""
    life = [step async for step in views.transitions(row.id)]
    return next((step for step in reversed(life) if step.state in ("open", "reopened", "worse")), None)


async def _kept(brand: str, views: Views) -> AsyncIterator[StoredMention]:
    """Mentions of a brand that are kept, the newest first."""
    until, seen = None, set[str]()
    while len(seen) < _MOST:
        page = await views.mentions(brand=brand, until=until, limit=_AT_ONCE)
        fresh = [each for each in page if each.mention.identity not in seen]
        seen.update(each.mention.identity for each in fresh)
        for each in fresh:
            if not each.deleted:
                yield each
        if not fresh or len(page) < _AT_ONCE:
            return
        until = page[-1].at


async def _real(brand: str, views: Views) -> list[tuple[int, int]]:
    """From when to when real incidents lasted."""
    rows = await views.incidents(brand=brand, limit=_REAL)
    return [(row.opened_at, row.changed_at) for row in rows if row.ending == "real"]

"""What people ask for or praise: mentions that somebody may want to answer."""

import re
from collections.abc import AsyncIterator, Iterable
from heapq import nlargest
from operator import itemgetter
from typing import Literal

from alerts.alert import Quote
from alerts.digest import Worth
from listener.store.port import StoredMention, Views
from rules.classify import full_text
from rules.instant import Instant
from rules.quoted import own_words

Kind = Literal["asks", "praise"]

READ = 5_000
"""Mentions that are looked through, the newest."""
MOST = 3
"""Told of each sort."""
_PAGE = 500
_CLEAR = 0.5
"""A compound from which on praise is meant."""
_LONGEST = 2_000
_WISH = re.compile(
    r"\b(j['’]aimerais|je voudrais|il faudrait|pourriez-vous|pouvez-vous|serait-il possible|à quand|"
    r"i wish|i['’]d love|could you|can you|please add|would be (?:nice|great)|any plans)\b",
    re.IGNORECASE,
)
_SOMEBODY = frozenset({"post", "comment", "reply", "quote", "review"})


async def worth_answering(views: Views, brand: str, since: Instant, until: Instant) -> tuple[list[Worth], int | None]:
    """The questions, wishes and praise of most reach, few; and how many mentions were looked through, None when it was
    all of them. Raises StoreError.
    """
    found: list[tuple[Kind, int, StoredMention]] = []
    read, full = 0, False
    async for stored in _newest(views, brand, since, until):
        if read == READ:
            full = True
            break
        read += 1
        if kind := _kind(stored, brand):
            found.append((kind, _reach(stored), stored))
            found = [*_best(found, "asks"), *_best(found, "praise")]
    return [Worth(kind=kind, quote=_quote(stored, brand)) for kind, _, stored in found], read if full else None


def _best(found: Iterable[tuple[Kind, int, StoredMention]], kind: Kind) -> list[tuple[Kind, int, StoredMention]]:
    # what many copy is told once
    mine = {full_text(each[2].mention): each for each in found if each[0] == kind}
    return nlargest(MOST, mine.values(), key=itemgetter(1))


async def _newest(views: Views, brand: str, since: Instant, until: Instant) -> AsyncIterator[StoredMention]:
    seen: set[str] = set()
    last = until - 1
    while page := await views.mentions(brand=brand, until=last, limit=_PAGE):
        fresh = [each for each in page if each.mention.identity not in seen]
        for each in fresh:
            if each.at < since:
                return
            yield each
        # what was taken together has one moment, and may be more than was left of a page
        last, seen = page[-1].at - (not fresh), {each.mention.identity for each in page}


def _kind(stored: StoredMention, brand: str) -> Kind | None:
    facts, tone, mention = stored.facts.get(brand), stored.tones.get(brand), stored.mention
    if stored.deleted or facts is None or facts.own or mention.repost_of or mention.kind not in _SOMEBODY:
        return None
    text = own_words(full_text(mention)[:_LONGEST])
    if tone and tone.label == "positive" and (tone.compound or 1.0) >= _CLEAR and "?" not in text:
        return "praise"
    asks = "?" in text or _WISH.search(text)
    return "asks" if asks and (tone is None or tone.label != "negative") else None


def _reach(stored: StoredMention) -> int:
    reactions = sum(int(count) for count in stored.mention.counts.values() if count > 0)
    return (stored.mention.author.followers or 0) + 100 * reactions


def _quote(stored: StoredMention, brand: str) -> Quote:
    mention, tone = stored.mention, stored.tones.get(brand)
    return Quote(
        role="latest",
        platform=mention.platform,
        source=mention.source,
        text=mention.text or mention.title or "",
        handle=mention.author.handle or mention.author.name,
        followers=mention.author.followers,
        url=mention.url,
        created_at=mention.created_at,
        language=(tone.language if tone else None) or mention.language,
    )

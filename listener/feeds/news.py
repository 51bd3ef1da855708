"""What is new or changed in a feed, as mentions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from listener.feeds.entry import Entry, is_universal
from listener.feeds.memory import Memory, digest
from rules.instant import moment
from rules.mention import Mention

_LONGEST_TITLE = 1_000
_LONGEST_ID = 2_000
_FEWEST = 10
"""Entries of a document; one that always lists the latest few leaves others out without a gap."""


@dataclass(frozen=True)
class News:
    """A mention to hand over, and what to remember of it once that is committed."""

    mention: Mention
    key: str
    mark: str


@dataclass(frozen=True)
class _Known:
    entry: Entry
    id: str
    identity: str

    @property
    def content(self) -> str:
        return digest(self.entry.title or "", self.entry.text, size=6)

    @property
    def apart(self) -> str:
        return self.entry.url or self.entry.title or self.entry.text


def changes(
    entries: Sequence[Entry], memory: Memory, *, feed: str, source: str, observed_at: datetime
) -> tuple[list[News], list[str]]:
    """Entries that are new, or whose title or text differs from what `memory` knows, in the order of the feed; and
    the keys of everything listed. Ids shared by different entries are noted in `memory.twins`.

    An edit is counted in the revision, so that text which is changed back is an edit too.
    """
    news, listed = [], []
    for known in _identified(entries, memory, feed):
        key = digest(known.identity)
        listed.append(key)
        count, _, content = memory.known.get(key, "").partition("-")
        if content == known.content:
            continue
        edits = int(count) + 1 if count.isdigit() else 0
        mark = f"{edits}-{known.content}"
        news.append(News(_mention(known, mark, source, observed_at), key, mark))
    return news, listed


def is_overtaken(entries: Sequence[Entry], listed: Sequence[str], memory: Memory) -> bool:
    """Whether entries have come and gone since the last reading: nothing that is listed was known, and most of it was
    written since. A feed that names its entries anew each time lists older ones too.
    """
    if not memory.at or len(listed) < _FEWEST or any(key in memory.known for key in listed):
        return False
    written = sorted(entry.created_at for entry in entries if entry.created_at)
    # most formats write whole seconds
    return bool(written) and written[len(written) // 2] >= moment(memory.at).replace(microsecond=0)


def _identified(entries: Sequence[Entry], memory: Memory, feed: str) -> Iterator[_Known]:
    """Each entry once, under an identity of its own."""
    everyone = [_identify(entry, feed) for entry in entries]
    apart: dict[str, set[str]] = {}
    for known in everyone:
        apart.setdefault(known.identity, set()).add(known.apart)
    shared = {identity for identity, different in apart.items() if len(different) > 1}
    memory.twins += [key for key in map(digest, sorted(shared)) if key not in memory.twins]
    twins, done = set(memory.twins), set[str]()
    for known in everyone:
        alone = digest(known.identity) not in twins or _was_alone(known, memory)
        identity = known.identity if alone else f"{known.identity} {digest(known.apart)}"
        if identity not in done:
            done.add(identity)
            yield _Known(known.entry, known.id, identity)


def _was_alone(known: _Known, memory: Memory) -> bool:
    """Whether this very entry was handed over before another one came with the same id."""
    return memory.known.get(digest(known.identity), "").partition("-")[2] == known.content


def _identify(entry: Entry, feed: str) -> _Known:
    written = entry.created_at.isoformat() if entry.created_at else ""
    made_up = digest(entry.title or "", written, "" if entry.title or written else entry.text, size=32)
    name = (entry.id or entry.url or made_up)[:_LONGEST_ID]
    return _Known(entry, name, name if is_universal(name) else f"{digest(feed)} {name}")


def _mention(known: _Known, revision: str, source: str, observed_at: datetime) -> Mention:
    entry = known.entry
    return Mention(
        id=known.id,
        source=source,
        platform="feed",
        kind=entry.kind,
        op="create" if revision.startswith("0-") else "update",
        url=entry.url,
        author=entry.author,
        title=entry.title[:_LONGEST_TITLE] if entry.title else None,
        text=entry.text,
        language=entry.language,
        created_at=entry.created_at,
        observed_at=observed_at,
        counts=dict(entry.counts),
        key=None if known.identity == known.id else known.identity,
        revision=revision,
    )

"""What is heard of a source, for each part of the brands: what goes into which partition of the topic of mentions."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from listener.kafka.record import Record, encoded, record_of
from listener.pipeline.work import Read
from listener.shares import part_of
from listener.store.port import SourceRow
from rules.instant import SECOND, Instant
from rules.mention import Mention

OFTEN = 5 * SECOND
"""So often at least each part is told of a source that is heard: it is what lets time pass there."""
WIDELY = 64
"""A mention of more brands than this goes to all parts, once: a record for each would be most of what is sent."""


Concerns = Callable[[Mention], Collection[str]]
"""Tells which brands a mention may be of."""
_Heard = tuple[object, Instant]
"""How a source was when all parts were told last that it is heard, and when that was."""


@dataclass(frozen=True)
class Sealed:
    """A record for one partition; what is for all parts has no key."""

    partition: int
    value: bytes
    key: bytes | None = None


@dataclass(frozen=True)
class _Round:
    """Mentions that may be told in this order: first what is new, by brand, then what is for all parts."""

    fresh: dict[str, list[Mention]] = field(default_factory=dict)
    others: list[Mention] = field(default_factory=list)


class Parting:
    """Parts what one source brings. `concerns` tells which brands a new mention may be of: they hear of it, each in a
    record of its own, as that is one piece of news. Edits and deletions go to all parts: who knows the post is known
    only to those who judged it.
    """

    def __init__(self, source: str, parts: int, concerns: Concerns) -> None:
        self._source, self._parts, self._concerns = source, parts, concerns
        self._heard: _Heard = (None, 0)
        self._offered: _Heard = self._heard

    def parted(self, at: Instant, row: SourceRow, share: float, read: Read | None) -> Iterator[Sealed]:
        """The records of one reading, or of how the source is without one; `written` once they are."""
        how, self._offered = (row.state, row.code, row.detail, share), self._heard
        if read is None or read.missed is not None or (read.heard and self._is_due(how, at)):
            self._offered = (how, at) if read and read.heard else self._heard
            shown = read and Read(source=self._source, heard=read.heard, missed=read.missed)
            yield from self._to_all(record_of(row, at, share, shown))
        for each in self._rounds(read.mentions if read else ()):
            for brand, mentions in each.fresh.items():
                said = Read(source=self._source, mentions=mentions)
                partition, key = part_of(brand, self._parts) - 1, brand.encode()
                for value in encoded(record_of(row, at, share, said, brand), None):
                    yield Sealed(partition, value, key)
            if each.others:
                yield from self._to_all(record_of(row, at, share, Read(source=self._source, mentions=each.others)))

    def written(self) -> None:
        """What was parted last is known to all parts."""
        self._heard = self._offered

    def _is_due(self, how: object, at: Instant) -> bool:
        """Whether parts must be told that it is heard."""
        before, since = self._heard
        return how != before or at - since >= OFTEN

    def _rounds(self, mentions: Sequence[Mention]) -> Iterator[_Round]:
        """Mentions in as few rounds as leave what is said of one post in its order."""
        made, changed = _Round(), set[str]()
        for mention in mentions:
            brands = self._concerns(mention) if mention.op == "create" else ()
            if mention.op != "create" or len(brands) > WIDELY:
                made.others.append(mention)
                changed.add(mention.identity)
                continue
            if brands and mention.identity in changed:
                yield made
                made, changed = _Round(), set()
            for brand in brands:
                made.fresh.setdefault(brand, []).append(mention)
        yield made

    def _to_all(self, record: Record) -> Iterator[Sealed]:
        for value in encoded(record, None):
            for partition in range(self._parts):
                yield Sealed(partition, value)

"""What is heard of a source, for each part of the brands: what goes into which partition of the topic of mentions."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from listener.kafka.record import Record, encoded, record_of
from listener.pipeline.work import Read
from listener.shares import part_of
from listener.store.port import SourceRow
from rules.instant import SECOND, Instant
from rules.mention import Mention

OFTEN = 5 * SECOND
"""So often at least each part is told of a source that is heard: it is what lets time pass there."""


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
        others = [each for each in (read.mentions if read else ()) if each.op != "create"]
        how, self._offered = (row.state, row.code, row.detail, share), self._heard
        if read is None or read.missed is not None or others or (read.heard and self._is_due(how, at)):
            self._offered = (how, at) if read and read.heard else self._heard
            shown = read and replace(read, mentions=others, cursor=None, skipped=0, events={})
            for partition in range(self._parts):
                yield from self._sealed(partition, record_of(row, at, share, shown), None)
        for brand, mentions in self._of_brands(read.mentions if read else ()).items():
            said = Read(source=self._source, mentions=mentions)
            record = record_of(row, at, share, said, brand)
            yield from self._sealed(part_of(brand, self._parts) - 1, record, brand.encode())

    def written(self) -> None:
        """What was parted last is known to all parts."""
        self._heard = self._offered

    def _is_due(self, how: object, at: Instant) -> bool:
        """Whether parts must be told that it is heard."""
        before, since = self._heard
        return how != before or at - since >= OFTEN

    def _of_brands(self, mentions: Collection[Mention]) -> Mapping[str, list[Mention]]:
        found: dict[str, list[Mention]] = {}
        for mention in mentions:
            for brand in self._concerns(mention) if mention.op == "create" else ():
                found.setdefault(brand, []).append(mention)
        return found

    def _sealed(self, partition: int, record: Record, key: bytes | None) -> Iterator[Sealed]:
        for value in encoded(record, None):
            yield Sealed(partition, value, key)

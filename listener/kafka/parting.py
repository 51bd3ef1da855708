"""What is heard of a source, for each part of the brands: what goes into which partition of the topic of mentions."""

from collections.abc import Callable, Collection, Iterator, Sequence
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
_Mine = tuple[list[Mention], dict[str, None]]
"""What one part hears of a reading, and which of its brands that concerns."""


@dataclass(frozen=True)
class Sealed:
    """A record for one partition, with the first brand that it concerns as its key; what changes posts has none."""

    partition: int
    value: bytes
    key: bytes | None = None


class Parting:
    """Parts what one source brings. `concerns` tells which brands a new mention may be of: their parts hear of it.
    Edits and deletions go to all parts: who knows the post is known only to those who judged it. What a part hears of
    one reading is one record, in the order it was said in: for each of its brands that is one piece of news.
    """

    def __init__(self, source: str, parts: int, concerns: Concerns) -> None:
        self._source, self._parts, self._concerns = source, parts, concerns
        self._heard: _Heard = (None, 0)
        self._offered: _Heard = self._heard

    def parted(self, at: Instant, row: SourceRow, share: float, read: Read | None) -> Iterator[Sealed]:
        """The records of one reading, or of how the source is without one; `written` once they are."""
        how, self._offered = (row.state, row.code, row.detail, share), self._heard
        is_told = read is None or read.missed is not None or (read.heard and self._is_due(how, at))
        if is_told:
            self._offered = (how, at) if read and read.heard else self._heard
        mentions = read.mentions if read else ()
        for_all = is_told or any(each.op != "create" for each in mentions)
        for partition, (mine, brands) in enumerate(self._in_parts(mentions)):
            if is_told or mine:
                shown = read and replace(read, mentions=mine, cursor=None, skipped=0, events={})
                record = record_of(row, at, share, shown, None if for_all else list(brands))
                yield from self._sealed(partition, record, next(iter(brands), "").encode() or None)

    def written(self) -> None:
        """What was parted last is known to all parts."""
        self._heard = self._offered

    def _is_due(self, how: object, at: Instant) -> bool:
        """Whether parts must be told that it is heard."""
        before, since = self._heard
        return how != before or at - since >= OFTEN

    def _in_parts(self, mentions: Collection[Mention]) -> Sequence[_Mine]:
        """What each part hears of these, in their order, and the brands of it that new ones may be of."""
        found: Sequence[_Mine] = [([], {}) for _ in range(self._parts)]
        for mention in mentions:
            brands = dict.fromkeys(self._concerns(mention)) if mention.op == "create" else {}
            concerned = {part_of(brand, self._parts) - 1 for brand in brands}
            for number in concerned if mention.op == "create" else range(self._parts):
                found[number][0].append(mention)
            for brand in brands:
                found[part_of(brand, self._parts) - 1][1][brand] = None
        return found

    def _sealed(self, partition: int, record: Record, key: bytes | None) -> Iterator[Sealed]:
        for value in encoded(record, None):
            yield Sealed(partition, value, key)

"""What the records of a part mean, as they were written: what happened when, and which sources nobody speaks of."""

from collections.abc import Collection, Iterator
from dataclasses import replace

import structlog

from listener.kafka.record import Record
from listener.pipeline.work import Dated, Read, SourceChange
from rules.instant import MINUTE, SECOND, Instant, Span

SILENCE: Span = 30 * SECOND
"""A source of which nothing was told for so long has no listener: one tells every 10 s."""
AHEAD: Span = 10 * MINUTE
"""A stamp may be so far in the future: what is stamped later by a wrong clock would hold up all that comes after it."""
WORDS = "no listener reads it: does `badbuzz run --role listen` run?"

log = structlog.get_logger("judge")


class Dating:
    """Follows one partition. Of its sources those are not heard of which no record came for SILENCE, by the time that
    the others tell.
    """

    def __init__(self) -> None:
        self._told: dict[str, Instant] = {}
        self._unheard: set[str] = set()
        self._ahead: set[str] = set()
        self._at: Instant = 0

    def dated(self, record: Record, sources: Collection[str], now: Instant) -> Dated:
        """What a record means, where there are these sources; never later than AHEAD of `now`."""
        at = min(record.at, now + AHEAD)
        if at < record.at and record.source not in self._ahead:
            self._ahead.add(record.source)
            log.error("stamp_ahead", source=record.source, seconds=(record.at - now) // SECOND)
        self._at = max(self._at, at)
        self._told[record.source] = self._at
        self._unheard.discard(record.source)
        lost = list(self._silent(sources))
        brands = None if lost else record.brands
        return Dated(at=at, brands=brands, works=[*lost, *_works(record)])

    def all_silent(self, sources: Collection[str]) -> list[SourceChange]:
        """What it means that nobody wrote anything for SILENCE."""
        lost = [name for name in sources if name not in self._unheard]
        self._unheard.update(lost)
        return [_unheard(name) for name in lost]

    def _silent(self, sources: Collection[str]) -> Iterator[SourceChange]:
        for name in sources:
            if name not in self._unheard and self._at - self._told.setdefault(name, self._at) > SILENCE:
                self._unheard.add(name)
                yield _unheard(name)


def _unheard(name: str) -> SourceChange:
    return SourceChange(source=name, state="reconnecting", code="unheard", detail=WORDS)


def _works(record: Record) -> Iterator[Read | SourceChange]:
    read = record.read
    if record.brands is None and record.state != "starting":
        how = SourceChange(source=record.source, state=record.state, code=record.code, detail=record.detail)
        yield replace(how, share=record.share)
    # an open stream that brings nothing is read, and not heard
    if read and read.heard and (read.mentions or record.state != "starved"):
        yield read

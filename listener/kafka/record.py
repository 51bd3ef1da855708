"""What stands in the topics: what was heard of a source, how it is, and where it is read on from."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from listener.errors import SourceState
from listener.pipeline.work import Read
from listener.store.port import SourceRow
from rules.instant import Instant

LARGEST = 900_000
"""Bytes of a record: brokers take a little more than this, unless told otherwise."""
MOST = 1_040_000
"""What they take."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record, written `at` that moment. The source is in `state`, with the code, detail and share of
    `SourceChange`; without `read` it says no more than that. In the topic of a source `cursor` is where whoever reads
    it next goes on, and the mentions of a reading are no more than counted. In the topic of all mentions, what was
    read is for these `brands`, of one part, or for all of its brands.
    """

    at: Instant
    source: str = ""
    brands: Sequence[str] | None = None
    cursor: str | None = None
    state: SourceState = "starting"
    code: str = ""
    detail: str = ""
    share: float = 1.0
    read: Read | None = None


def record_of(
    row: SourceRow, at: Instant, share: float, read: Read | None, brands: Sequence[str] | None = None
) -> Record:
    """What is to be said of a source that is so, without its cursor."""
    return Record(
        at=at,
        source=row.name,
        brands=brands,
        state=row.state,
        code=row.code,
        detail=row.detail,
        share=share,
        read=read,
    )


class UnreadableError(ValueError):
    """What no listener of ours wrote, or a newer one."""


_decoder = msgspec.json.Decoder(Record)


def decoded(value: bytes | None) -> Record:
    """Raises UnreadableError."""
    try:
        return _decoder.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(str(error)) from error


def encoded(record: Record, before: str | None) -> Iterator[bytes]:
    """A record in as many parts as brokers take, to be written all or none. All but the last say that the source is
    read on from `before`.
    """
    value, read = msgspec.json.encode(record), record.read
    if len(value) <= LARGEST or read is None or len(read.mentions) < 2:
        yield value
        return
    middle = len(read.mentions) // 2
    first = replace(read, mentions=read.mentions[:middle], skipped=0, events={})
    second = replace(read, mentions=read.mentions[middle:], missed=None)
    yield from encoded(msgspec.structs.replace(record, read=first, cursor=before), before)
    yield from encoded(msgspec.structs.replace(record, read=second), before)

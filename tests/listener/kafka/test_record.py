"""What stands in a topic can be read again, whole, and in parts that brokers take."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.kafka import record as records
from listener.kafka.record import Record, UnreadableError, decoded, encoded
from listener.pipeline.work import Read
from rules.mention import Author, Mention

NOW = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
mentions = st.builds(
    Mention,
    id=texts,
    source=st.just("press"),
    platform=st.just("feed"),
    op=st.sampled_from(["create", "update", "delete"]),
    text=texts,
    author=st.builds(Author, handle=texts, followers=st.integers(0, 2**53)),
    observed_at=st.just(NOW),
    revision=texts,
)
reads = st.builds(
    Read,
    source=st.just("press"),
    mentions=st.lists(mentions, max_size=8),
    skipped=st.integers(0, 5),
    missed=st.none() | st.integers(0, 2**50),
)
kept = st.builds(Record, at=st.integers(0, 2**50), cursor=st.none() | texts, detail=texts, read=st.none() | reads)


@given(kept)
def test_a_record_is_read_as_it_was_written(record):
    assert [decoded(value) for value in encoded(record, None)] == [record]


@given(kept, st.none() | texts)
def test_the_parts_of_a_record_say_together_what_it_says(record, before):
    with pytest.MonkeyPatch.context() as small:
        small.setattr(records, "LARGEST", 300)
        values = list(encoded(record, before))
    parts = [decoded(value) for value in values]
    assert parts[-1].cursor == record.cursor
    assert all(part.cursor == before for part in parts[:-1])
    if record.read is None:
        assert parts == [record]
        return
    assert [each for part in parts for each in part.read.mentions] == list(record.read.mentions)
    assert all(len(value) <= 300 or len(part.read.mentions) < 2 for value, part in zip(values, parts, strict=True))
    assert sum(part.read.skipped for part in parts) == record.read.skipped
    assert [part.read.missed for part in parts] == [record.read.missed, *(None for _ in parts[1:])]


@given(st.none() | st.binary(max_size=40) | st.sampled_from([b"{}", b"[]", b'{"at": null}', b"[" * 100_000]))
def test_anything_else_is_unreadable(value):
    with pytest.raises(UnreadableError):
        decoded(value)


def test_what_a_newer_listener_adds_is_passed_over():
    assert decoded(b'{"at": 5, "state": "live", "more": [1]}') == Record(at=5, state="live")

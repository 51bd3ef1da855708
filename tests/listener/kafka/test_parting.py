"""What is heard of a source reaches each part of the brands that it may concern, in its order."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.kafka import parting as parting_module
from listener.kafka.parting import OFTEN, Parting
from listener.kafka.record import decoded
from listener.pipeline.work import Read
from listener.shares import part_of
from listener.store.port import SourceRow
from rules.instant import DAY, SECOND
from rules.mention import Mention

NOW = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
AT = 20_700 * DAY
PARTS = 4
ROW = SourceRow(name="press", kind="feed", state="live")
names = st.sampled_from([f"brand{number}" for number in range(9)])
mentions = st.builds(
    Mention,
    id=st.sampled_from("abc"),
    source=st.just("press"),
    platform=st.just("feed"),
    op=st.sampled_from(["create", "create", "update", "delete", "counts"]),
    text=st.sets(names).map(lambda named: " ".join(sorted(named))),
    observed_at=st.just(NOW),
    revision=st.integers(0, 99).map(str),
)
readings = st.lists(mentions, max_size=12)


def named(mention):
    return mention.text.split()


def read(*mentions, **more):
    return Read(source="press", mentions=mentions, **more)


def records(parting, given, at=AT, row=ROW, share=1.0):
    """Each with its partition and key."""
    sealed = [(each.partition, each.key, decoded(each.value)) for each in parting.parted(at, row, share, given)]
    parting.written()
    return sealed


def new(name, text=""):
    return Mention(id=name, source="press", platform="feed", text=text, observed_at=NOW)


def told_to(partition, sealed):
    """What is told there: each mention with the brand it is for, None when for all."""
    there = [record for where, _, record in sealed if where == partition and record.read]
    return [(record.brand, mention) for record in there for mention in record.read.mentions]


@given(readings)
def test_each_brand_that_a_new_mention_may_concern_is_told_of_it_once_in_its_part_under_its_name(given):
    sealed = records(Parting("press", PARTS, named), read(*given))
    for partition, key, record in sealed:
        if record.brand is None:
            assert key is None
        else:
            assert (partition, key) == (part_of(record.brand, PARTS) - 1, record.brand.encode())
    for brand in {name for each in given for name in named(each)}:
        wanted = [each for each in given if each.op == "create" and brand in named(each)]
        assert [each for to, each in told_to(part_of(brand, PARTS) - 1, sealed) if to == brand] == wanted


@given(readings)
def test_what_changes_posts_goes_to_all_parts_whomever_it_names(given):
    sealed = records(Parting("press", PARTS, named), read(*given))
    wanted = [each for each in given if each.op != "create"]
    for partition in range(PARTS):
        assert [each for to, each in told_to(partition, sealed) if to is None] == wanted


@given(readings)
def test_what_is_said_of_one_post_keeps_its_order_in_each_part(given):
    sealed = records(Parting("press", PARTS, named), read(*given))
    for partition in range(PARTS):
        there = told_to(partition, sealed)
        for brand in {to for to, _ in there if to}:
            for post in "abc":
                mine = [each for to, each in there if to in (brand, None) and each.id == post]
                wanted = [each for each in given if each.id == post and (each.op != "create" or brand in named(each))]
                assert mine == wanted


@given(readings)
def test_a_mention_of_very_many_brands_is_sent_once_a_part_and_nothing_of_it_is_lost(given):
    with pytest.MonkeyPatch.context() as few:
        few.setattr(parting_module, "WIDELY", 2)
        sealed = records(Parting("press", PARTS, named), read(*given))
    wide = [each for each in given if each.op == "create" and len(named(each)) > 2]
    for partition in range(PARTS):
        for_all = [each for to, each in told_to(partition, sealed) if to is None and each.op == "create"]
        assert for_all == wide
    for_brands = {each.id for _, _, record in sealed if record.brand for each in record.read.mentions}
    assert for_brands == {each.id for each in given if each.op == "create" and 0 < len(named(each)) <= 2}


def test_all_of_a_brand_in_one_reading_is_one_record():
    sealed = records(Parting("press", PARTS, named), read(new("1", "brand1"), new("2", "brand2"), new("3", "brand1")))
    assert [[each.id for each in record.read.mentions] for _, _, record in sealed if record.brand == "brand1"] == [
        ["1", "3"]
    ]


def heads(sealed):
    """The partitions that are told how the source is, when nothing else is said there."""
    return [where for where, _, record in sealed if record.brand is None]


def test_all_parts_are_told_that_a_source_is_heard_and_again_every_five_seconds_while_it_is():
    parting, everywhere = Parting("press", PARTS, named), list(range(PARTS))
    instants = [AT + number * SECOND for number in range(12)]
    told = [at for at in instants if heads(records(parting, read(new("1")), at=at)) == everywhere]
    assert told == [AT, AT + OFTEN, AT + 2 * OFTEN]


def test_all_parts_are_told_at_once_what_becomes_of_a_source():
    parting, everywhere = Parting("press", PARTS, named), list(range(PARTS))
    records(parting, read())
    assert heads(records(parting, read(), at=AT + 1)) == []
    assert heads(records(parting, read(), at=AT + 2, share=0.5)) == everywhere
    assert heads(records(parting, None, at=AT + 3)) == everywhere
    assert heads(records(parting, read(missed=AT), at=AT + 4, share=0.5)) == everywhere
    down = SourceRow(name="press", kind="feed", state="reconnecting", code="503", detail="away")
    said = [record for *_, record in records(parting, None, at=AT + 5, row=down)]
    assert [(each.source, each.at, each.state, each.code, each.detail) for each in said] == [
        ("press", AT + 5, "reconnecting", "503", "away")
    ] * PARTS


def test_what_was_not_written_is_told_again():
    parting = Parting("press", PARTS, named)
    lost = list(parting.parted(AT, ROW, 1.0, read()))
    again = list(parting.parted(AT + 1, ROW, 1.0, read()))
    assert (len(lost), len(again)) == (PARTS, PARTS)


def test_where_nobody_answered_nothing_is_told_of_it():
    assert records(Parting("press", PARTS, named), read(heard=False, cursor="later")) == []

"""What is heard of a source reaches each part of the brands that it may concern, in its order."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

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
    """What is told there."""
    there = [record for where, _, record in sealed if where == partition and record.read]
    return [mention for record in there for mention in record.read.mentions]


def named_in(partition, mention):
    """The brands of a part that a new mention names."""
    return [name for name in named(mention) if mention.op == "create" and part_of(name, PARTS) == partition + 1]


@given(readings)
def test_each_part_is_told_once_and_in_order_of_what_may_concern_its_brands_and_of_all_that_changes_posts(given):
    sealed = records(Parting("press", PARTS, named), read(*given))
    for partition in range(PARTS):
        wanted = [each for each in given if each.op != "create" or named_in(partition, each)]
        assert told_to(partition, sealed) == wanted


@given(readings)
def test_a_reading_is_one_record_a_part_which_says_whom_it_is_for(given):
    parting = Parting("press", PARTS, named)
    records(parting, read())
    sealed = records(parting, read(*given), at=AT + 1)
    assert len({where for where, *_ in sealed}) == len(sealed)
    for partition, key, record in sealed:
        brands = list(dict.fromkeys(name for each in given for name in named_in(partition, each)))
        assert key == (brands[0].encode() if brands else None)
        assert record.brands == (None if any(each.op != "create" for each in given) else brands)


def heads(sealed):
    """The partitions that are told how the source is, when nothing else is said there."""
    return [where for where, _, record in sealed if record.brands is None]


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

"""What is written in one transaction: all of it, in order, and no more than the loop can bear."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from listener.collector import FULL, weight_of
from listener.pipeline.work import BULK, bulk_of, portions
from rules.mention import Mention

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def mention(length, op="create"):
    return Mention(id="1", source="press", platform="file", text="x" * length, op=op, observed_at=NOW)


ALIKE = st.tuples(
    st.sampled_from(["create", "update", "delete", "counts"]), st.sampled_from([0, 50, BULK // 3]), st.integers(1, 700)
)


def weighed(part):
    return sum(map(weight_of, part)), sum(map(bulk_of, part))


@given(st.lists(ALIKE, max_size=6))
def test_portions_are_all_of_it_in_order_and_as_few_as_may_be(runs):
    said = [mention(length, op) for op, length, count in runs for _ in range(count)]
    parts = list(portions(said))
    assert said == [each for part in parts for each in part]
    for part in parts:
        weight, bulk = weighed(part)
        assert weight <= FULL
        assert bulk <= BULK or len(part) == 1
    for part, after in pairwise(parts):
        weight, bulk = weighed([*part, after[0]])
        assert weight > FULL or bulk > BULK


def test_thousands_of_deletions_are_written_at_once():
    assert 1 == len(list(portions([mention(0, "delete")] * 2_000)))

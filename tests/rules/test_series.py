from hypothesis import given
from hypothesis import strategies as st

from rules.instant import MINUTE
from rules.series import Counts
from tests.rules.worlds import START, facts

WRITERS = st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["", "ann", "bob", "carol", "dan"])), max_size=30)


@given(WRITERS, st.integers(1, 15), st.integers(1, 12))
def test_enough_authors_are_found_exactly_when_counting_them_all_finds_enough(written, minutes, least):
    counts = Counts()
    for number, (minute, author) in enumerate(written):
        counts.add("posts", facts(number, START + minute * MINUTE, author=author))
    end = START + 20 * MINUTE
    assert (counts.authors("posts", end, minutes) >= least) == counts.has_authors("posts", end, minutes, least)

"""When pages are sent: the first at once, the next with those that come meanwhile, few in all, and none lost."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alerts.grouping import MOST, SPACE, Pages
from rules.instant import MINUTE, SECOND

MOMENTS = st.lists(
    st.tuples(st.integers(0, 20 * 60).map(lambda second: second * SECOND), st.sampled_from("ab")), max_size=80
)


def test_the_first_page_goes_at_once_and_what_follows_within_a_minute_is_one_more():
    pages = Pages()
    assert [0, MINUTE, MINUTE] == [pages.place("", moment) for moment in (0, 0, 59 * SECOND)]
    assert [2 * MINUTE, 20 * MINUTE] == [pages.place("", moment) for moment in (MINUTE, 20 * MINUTE)]


def test_another_client_has_a_message_of_its_own_and_keeps_to_the_same_pace():
    pages = Pages()
    assert [0, MINUTE, 2 * MINUTE, MINUTE] == [pages.place(circle, 0) for circle in ("a", "a", "b", "a")]


@given(MOMENTS, st.integers(0, 80))
def test_pages_are_apart_and_few_and_never_before_what_they_tell_also_after_a_restart(moments, restart):
    pages, placed = Pages(), []
    for number, (moment, circle) in enumerate(sorted(moments)):
        if number == restart:
            pages = Pages([slot for slot, _ in placed], {circle: slot for slot, circle in sorted(placed)})
        slot = pages.place(circle, moment)
        assert slot >= moment
        placed.append((slot, circle))
    sent = sorted({slot for slot, _ in placed})
    assert len(sent) == len(set(placed))  # one circle in each
    assert all(later - slot >= SPACE for slot, later in pairwise(sent))
    assert all(sum(slot <= other <= slot + 5 * MINUTE for other in sent) <= MOST for slot in sent)

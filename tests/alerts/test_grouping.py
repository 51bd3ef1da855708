"""When pages are sent: the first at once, the next with those that come meanwhile, few in all, and none lost."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.grouping import KEPT, MOST, SPACE, STRETCH, Page, Pages, Rank
from rules.instant import MINUTE, SECOND

CLIENTS = "abcdef"
HAPPENS = st.lists(
    st.tuples(
        st.integers(0, 30 * 60).map(lambda second: second * SECOND), st.sampled_from(CLIENTS), st.sampled_from(Rank)
    ),
    max_size=80,
).map(sorted)


def test_the_first_page_goes_at_once_and_what_follows_within_a_minute_is_one_more():
    pages = Pages()
    assert [0, MINUTE, MINUTE] == [pages.place("", moment) for moment in (0, 0, 59 * SECOND)]
    assert [2 * MINUTE, 20 * MINUTE] == [pages.place("", moment) for moment in (MINUTE, 20 * MINUTE)]


def test_another_client_does_not_wait_for_what_is_planned_of_the_first():
    pages = Pages()
    assert [0, *[MINUTE] * 3] == [pages.place(*each) for each in (("a", 0), ("a", 0), ("b", SECOND), ("a", 2))]
    assert pages.place("c", SECOND, Rank.CRITICAL) == SECOND


def test_something_critical_has_the_message_that_is_kept_for_it_and_what_is_planned_stays():
    pages = Pages()
    moments = [0, 0, MINUTE, 2 * MINUTE]
    assert [0, MINUTE, 2 * MINUTE, STRETCH] == [pages.place("a", moment) for moment in moments]
    at = 2 * MINUTE + SECOND
    assert [at, STRETCH, STRETCH] == [pages.place("a", at, rank) for rank in (Rank.CRITICAL, Rank.CRITICAL, Rank.ASKS)]


def test_who_took_it_is_told_at_once_after_the_page_and_with_the_next_in_a_flood():
    pages = Pages()
    assert [0, SECOND] == [pages.place("a", 0), pages.place("a", SECOND, Rank.LATER)]
    assert [MINUTE, MINUTE] == [pages.place("a", SECOND), pages.place("a", 2 * SECOND, Rank.LATER)]


def placed_by(happens, restarts=frozenset()):
    """What happens, each with when it is told, by a program that stops in between."""
    pages, placed = Pages(), []
    for number, (moment, circle, rank) in enumerate(happens):
        if number in restarts:
            known = {(slot, circle): rank for rank in Rank for _, slot, circle, had in placed if had == rank}
            pages = Pages(Page(*each, rank) for each, rank in known.items())
        placed.append((moment, pages.place(circle, moment, rank), circle, rank))
    return placed


@given(HAPPENS, st.sets(st.integers(0, 80)))
def test_pages_are_few_and_never_before_what_they_tell_and_the_same_after_a_restart(happens, restarts):
    placed = placed_by(happens, restarts)
    assert placed == placed_by(happens)
    assert all(slot >= moment for moment, slot, _, _ in placed)
    sent = sorted({(slot, circle) for _, slot, circle, _ in placed})
    assert all(sum(slot <= other <= slot + 5 * MINUTE for other, _ in sent) <= MOST for slot, _ in sent)


@given(HAPPENS)
def test_the_first_page_of_something_critical_never_waits(happens):
    placed = placed_by(happens)
    told = [(moment, slot) for moment, slot, _, rank in placed if rank == Rank.CRITICAL]
    for number, (moment, slot) in enumerate(told):
        if all(before <= moment - STRETCH for _, before in told[:number]):
            assert slot == moment


@given(HAPPENS)
def test_no_client_waits_for_long_whatever_the_others_have(happens):
    for number, (moment, slot, circle, _) in enumerate(placed := placed_by(happens)):
        others = {(slot, other) for _, slot, other, _ in placed[:number] if other != circle and slot > moment}
        turns = 1 + len(others) // (MOST - KEPT)
        assert slot - moment <= turns * STRETCH + SPACE

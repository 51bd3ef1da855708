"""When pages are sent: the first at once, the next with those that come meanwhile, few in all, and none lost."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.grouping import MOST, MOST_LATER, SPACE, STRETCH, UNDER_WAY, Page, Pages, Rank
from rules.instant import MINUTE, SECOND

CLIENTS = "abcdef"
HAPPENS = st.lists(
    st.tuples(
        st.integers(0, 30 * 60).map(lambda second: second * SECOND), st.sampled_from(CLIENTS), st.sampled_from(Rank)
    ),
    max_size=80,
).map(sorted)


class Told:
    """What happens, each with when it is told in the end: `rows` are [moment, slot, circle, rank], as a store keeps
    them, by a program that stops before some of them.
    """

    def __init__(self, happens=(), restarts=()):
        self.pages, self.rows = Pages(), []
        for number, each in enumerate(happens):
            if number in restarts:
                self.restart()
            self.happens(*each)

    def happens(self, moment, circle, rank=Rank.ASKS):
        placed = self.pages.place(circle, moment, rank)
        for move in placed.moves:
            assert moment + UNDER_WAY < move.before < move.after
            for row in self.rows:
                if (row[1], row[2]) == (move.before, move.circle):
                    row[1] = move.after
        self.rows.append([moment, placed.at, circle, rank])
        return placed.at

    def restart(self):
        known = {(slot, circle): rank for rank in Rank for _, slot, circle, had in self.rows if had == rank}
        self.pages = Pages(Page(*each, rank) for each, rank in known.items())

    @property
    def slots(self):
        return [slot for _, slot, _, _ in self.rows]

    @property
    def sent(self):
        """Messages: (slot, circle) with the most that one matters."""
        return {(slot, circle): rank for rank in Rank for _, slot, circle, had in self.rows if had == rank}


def happening(*moments, circle="", rank=Rank.ASKS):
    return [(moment, circle, rank) for moment in moments]


def test_the_first_page_goes_at_once_and_what_follows_within_a_minute_is_one_more():
    told = Told(happening(0, 0, 59 * SECOND, MINUTE, 20 * MINUTE))
    assert [0, MINUTE, MINUTE, 2 * MINUTE, 20 * MINUTE] == told.slots


def test_another_client_does_not_wait_for_what_is_planned_of_the_first():
    told = Told((moment, circle, Rank.ASKS) for moment, circle in ((0, "a"), (0, "a"), (SECOND, "b"), (2, "a")))
    assert [0, *[MINUTE] * 3] == told.slots
    assert SECOND == told.happens(SECOND, "c", Rank.CRITICAL)


def test_something_critical_has_the_message_that_is_kept_for_it_and_what_is_planned_stays():
    told = Told(happening(0, 0, MINUTE, 2 * MINUTE, circle="a"))
    assert [0, MINUTE, 2 * MINUTE, STRETCH] == told.slots
    at = 2 * MINUTE + SECOND
    for rank in (Rank.CRITICAL, Rank.CRITICAL, Rank.ASKS):
        told.happens(at, "a", rank)
    assert [0, MINUTE, 2 * MINUTE, STRETCH, at, STRETCH, STRETCH] == told.slots


def test_something_critical_goes_before_what_is_planned_of_another_client_which_is_moved_back():
    told = Told([(0, "a", Rank.CRITICAL), *happening(0, 61 * SECOND, 122 * SECOND, circle="b")])
    assert [0, MINUTE, 2 * MINUTE, 3 * MINUTE] == told.slots
    assert 130 * SECOND == told.happens(130 * SECOND, "c", Rank.CRITICAL)
    assert [0, MINUTE, 2 * MINUTE, STRETCH, 130 * SECOND] == told.slots


def test_something_critical_stands_in_what_its_own_client_is_told_of_soon_rather_than_that_others_are_moved():
    told = Told([(0, "a", Rank.ASKS), *happening(SECOND, circle="b"), *happening(SECOND, circle="a")])
    assert SECOND == told.happens(SECOND, "a", Rank.CRITICAL)
    assert MINUTE == told.happens(2 * SECOND, "b", Rank.CRITICAL)
    assert [0, MINUTE, MINUTE, SECOND, MINUTE] == told.slots


def test_what_got_worse_goes_before_what_is_planned_and_calm():
    sent = [first, second, _] = [0, 61 * SECOND, 122 * SECOND]
    told = Told(happening(*sent, circle="a"))
    assert first + STRETCH == told.happens(123 * SECOND, "b")
    told.happens(124 * SECOND, "c", Rank.WORSE)
    assert [*sent, second + STRETCH, first + STRETCH] == told.slots
    for moment, circle in ((125 * SECOND, "d"), (126 * SECOND, "e")):
        told.happens(moment, circle, Rank.WORSE)
    assert [first + 2 * STRETCH, *(each + STRETCH for each in sent)] == told.slots[3:]


def test_who_took_it_is_told_at_once_after_the_page_and_with_the_next_in_a_flood():
    told = Told(
        [(0, "a", Rank.ASKS), (SECOND, "a", Rank.LATER), (SECOND, "a", Rank.ASKS), (2 * SECOND, "a", Rank.LATER)]
    )
    assert [0, SECOND, MINUTE, MINUTE] == told.slots


def test_ends_of_several_clients_give_way_to_the_first_page_of_another():
    told = Told((0, circle, Rank.LATER) for circle in "abc")
    assert [0, MINUTE, STRETCH] == told.slots
    assert 10 * SECOND == told.happens(10 * SECOND, "d")
    assert 70 * SECOND == told.happens(20 * SECOND, "e")


@given(HAPPENS, st.sets(st.integers(0, 80)))
def test_pages_are_few_and_never_before_what_they_tell_and_the_same_after_a_restart(happens, restarts):
    told = Told(happens, restarts)
    assert told.rows == Told(happens).rows
    assert [(moment, circle, rank) for moment, _, circle, rank in told.rows] == happens
    assert all(slot >= moment for moment, slot, _, _ in told.rows)
    for slot, _ in told.sent:
        near = [rank for (other, _), rank in told.sent.items() if slot <= other <= slot + 5 * MINUTE]
        assert len(near) <= MOST
        assert near.count(Rank.LATER) <= MOST_LATER


@given(HAPPENS)
def test_something_critical_waits_only_for_what_was_sent_or_is_critical_or_is_soon_told_of_its_client(happens):
    told = Told()
    for moment, circle, rank in happens:
        before = told.sent
        slot = told.happens(moment, circle, rank)
        if rank == Rank.CRITICAL:
            gone = [at for at, _ in before if moment - STRETCH < at <= moment + UNDER_WAY]
            critical = [at for (at, _), had in before.items() if had == rank and at > moment - STRETCH]
            of_its_own = (slot, circle) in before and slot <= moment + SPACE
            assert slot == moment or len(gone) == MOST or critical or of_its_own


@given(HAPPENS)
def test_the_first_page_that_asks_to_act_never_waits_whatever_ended_before(happens):
    told = Told()
    for moment, circle, rank in happens:
        is_first = not any(had > Rank.LATER and slot > moment - STRETCH for _, slot, _, had in told.rows)
        slot = told.happens(moment, circle, rank)
        if is_first and rank > Rank.LATER:
            assert slot == moment


@given(HAPPENS)
def test_no_client_waits_for_long_whatever_the_others_have(happens):
    told = Told(happens)
    for moment, slot, _, _ in told.rows:
        others = [at for at, _ in told.sent if moment - STRETCH < at < slot]
        assert slot - moment <= (1 + len(others)) * STRETCH + SPACE

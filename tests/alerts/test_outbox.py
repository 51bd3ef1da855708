"""When a delivery is tried again, parked, or passed on."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channel import SendError
from alerts.delivery import Delivery, Outcome
from alerts.outbox import GIVE_UP, LONGEST_PAUSE, LONGEST_WISH, after_failure, delivery_id, passed_on, pause
from rules.instant import HOUR, MINUTE, SECOND

T0 = 1_800_000_000 * SECOND
SLOW = SendError("busy", reason="serverError")


def delivery(**changes):
    shape = {
        "id": "d",
        "channel": "phone",
        "thread": "i1",
        "state": "due",
        "due": T0,
        "attempts": 0,
        "transition": "i1.0",
        "notice": None,
        "critical": True,
        "fallback": ("mail", "ops"),
        "created": T0,
    }
    return Delivery(**{**shape, **changes})


def test_an_id_is_the_same_each_time_and_never_shared():
    pairs = [("i1.0", "a"), ("i1.0", "b"), ("i1.1", "a"), ("i1", ".0a"), ("i1.", "0a")]

    assert [delivery_id(*pair) for pair in pairs] == [delivery_id(*pair) for pair in pairs]
    assert len({delivery_id(*pair) for pair in pairs}) == len(pairs)


@given(attempt=st.integers(1, 10_000), name=st.text(max_size=20))
def test_a_pause_doubles_up_to_its_ceiling_and_is_at_least_half_of_it(attempt, name):
    ceiling = min(LONGEST_PAUSE, 5 * SECOND * 2 ** min(attempt - 1, 40))

    assert ceiling // 2 <= pause(attempt, name) <= ceiling


def test_deliveries_that_fail_together_come_back_apart():
    assert len({pause(3, f"d{number}") for number in range(100)}) > 90


@given(attempt=st.integers(1, 200), name=st.text(max_size=20), after=st.integers(0, 23 * HOUR))
def test_a_passing_trouble_is_tried_again_at_a_time_that_repeats(attempt, name, after):
    first, again = (after_failure(attempt, SLOW, T0 + after, T0, name) for _ in range(2))

    assert first == again
    assert (first.state, first.attempt, first.due > T0 + after) == ("retry", attempt, True)


@pytest.mark.parametrize(
    ("wish", "least"),
    [(timedelta(minutes=30), 30 * MINUTE), (timedelta(days=365), LONGEST_WISH), (timedelta(seconds=-5), SECOND)],
)
def test_what_the_service_asks_for_is_honoured_within_reason(wish, least):
    error = SendError("slow down", reason="rateLimited", retry_after=wish)

    assert least <= after_failure(1, error, T0, T0, "d").due - T0 <= max(least, 5 * SECOND)


def test_an_error_that_cannot_mend_itself_parks_at_once():
    error = SendError("unknown topic", reason="clientError", permanent=True)

    assert after_failure(1, error, T0, T0, "d") == Outcome(
        delivery="d", at=T0, attempt=1, state="parked", due=T0, reason="clientError", detail="unknown topic"
    )


def test_after_a_day_a_delivery_is_parked_and_says_how_often_it_was_tried():
    parked = after_failure(150, SLOW, T0 + GIVE_UP, T0, "d")

    assert (parked.state, parked.detail) == ("parked", "gave up after 150 attempts, the last one: busy")


def test_a_critical_delivery_is_passed_to_the_next_channel_with_the_rest_behind_it():
    passed = passed_on(delivery(), T0)

    assert passed is not None
    assert (passed.id, passed.channel, passed.fallback) == (delivery_id("i1.0", "mail"), "mail", ("ops",))
    assert (passed.thread, passed.transition, passed.critical, passed.due) == ("i1", "i1.0", True, T0)


@pytest.mark.parametrize("of", [delivery(critical=False), delivery(fallback=())])
def test_nothing_else_is_passed_on(of):
    assert passed_on(of, T0) is None

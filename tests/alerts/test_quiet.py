"""Quiet hours end at the first minute outside them, also over midnight and when clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.quiet import LONGEST, quiet_until
from config.hours import within
from rules.instant import MINUTE, instant, moment

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text).astimezone(UTC))


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("22:00-07:00", "2026-11-14T23:08+01:00", "2026-11-15T07:00+01:00"),
        ("22:00-07:00", "2026-11-15T00:00+01:00", "2026-11-15T07:00+01:00"),
        ("22:00-07:00", "2026-10-24T23:00+02:00", "2026-10-25T07:00+01:00"),  # an hour more
        ("22:00-07:00", "2026-03-28T23:00+01:00", "2026-03-29T07:00+02:00"),  # an hour less
        ("22:00-02:30", "2026-03-28T23:00+01:00", "2026-03-29T03:00+02:00"),  # 2:30 is never shown
        ("Sat-Sun", "2026-11-14T12:00+01:00", "2026-11-16T00:00+01:00"),
        ("22:00-07:00", "2026-11-15T07:00+01:00", None),
    ],
)
def test_the_end_is_what_the_clock_on_the_wall_shows(hours, now, end):
    assert (end and at(end)) == quiet_until([hours], "Europe/Paris", at(now))


CHANGES = st.sampled_from(["2026-03-29T01:00+00:00", "2026-10-25T01:00+00:00", "2026-11-15T23:00+00:00"])


@given(CHANGES, st.integers(-24 * 60, 24 * 60), st.integers(0, 1_439), st.integers(0, 1_439))
def test_all_until_the_end_is_quiet_and_the_end_is_not(around, minutes, begin, end):
    if begin == end:
        return
    hours = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    now = at(around) + minutes * MINUTE
    until = quiet_until([hours], "Europe/Paris", now)

    def is_quiet(when):
        return within(hours, moment(when).astimezone(PARIS))

    assert (until is not None) == is_quiet(now)
    if until is not None:
        assert not is_quiet(until)
        assert all(is_quiet(when) for when in range(now, until, MINUTE))
        assert until - now <= timedelta(days=1) // timedelta(minutes=1) * MINUTE + 60 * MINUTE


def test_hours_that_never_end_hold_back_for_so_long_at_most():
    now = at("2026-11-15T00:00+01:00")
    assert now + LONGEST == quiet_until(["Mon-Sun"], "Europe/Paris", now)

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.net.retry import LONGEST, retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, None),
        ("120", timedelta(seconds=120)),
        (" 1.5 ", timedelta(seconds=1.5)),
        ("0", timedelta()),
        ("-5", timedelta()),
        ("31536000", LONGEST),
        ("9" * 400, LONGEST),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("Sun, 01 Mar 2026 12:01:00 GMT", timedelta(minutes=1)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta()),
        ("Mon, 01 Mar 2027 12:00:00 GMT", LONGEST),
        ("Sun, 99 Mar 2026 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_kept_within_a_day(said, meant):
    assert retry_after(said, NOW) == meant


@given(st.text(max_size=40))
def test_whatever_a_server_says_is_a_span_within_a_day_or_nothing(said):
    wait = retry_after(said, NOW)
    assert wait is None or timedelta() <= wait <= LONGEST

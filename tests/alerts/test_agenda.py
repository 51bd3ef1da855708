"""What of the known future matters at a moment, around midnight and changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.agenda import AHEAD, Planned, Span, together, written
from alerts.alert import Slot
from config.calendar import Campaign, Live, Post, on_the_clock, shown_times
from config.settings import Brand, Daemon, Settings

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
SPRING, AUTUMN = (datetime.fromisoformat(f"{day}T02:30") for day in ("2026-03-29", "2026-10-25"))
moments = st.datetimes(SPRING, AUTUMN + timedelta(days=400)).map(lambda at: at.replace(second=0, microsecond=0))


def settings_of(*entries, zone="Europe/Paris"):
    return Settings(
        daemon=Daemon(time_zone=zone),
        brands={"acme": Brand(query="acme"), "zen": Brand(query="zen")},
        sources={},
        rules={},
        channels={},
        routes=(),
        calendar=entries,
    )


@given(moments, st.sampled_from(ZONES))
@example(SPRING, "Europe/Paris")
@example(AUTUMN, "Europe/Paris")
def test_a_time_of_the_clock_is_the_first_moment_that_shows_it(local, name):
    zone = ZoneInfo(name)
    at = on_the_clock(local, zone)
    shows = [
        moment
        for step in range(-12, 13)
        if (moment := at + step * timedelta(minutes=30)).astimezone(zone).replace(tzinfo=None) == local
    ]

    assert shown_times(local, zone) == len(shows)
    assert not shows or shows[0] == at


@given(st.lists(moments, max_size=6), moments, st.sampled_from(ZONES))
def test_the_next_posts_are_those_of_two_days_in_their_order(scheduled, local, zone):
    now = on_the_clock(local, ZoneInfo(zone))
    entries = [Post(brand="acme", name=f"post {n}", post_at=at) for n, at in enumerate(scheduled)]
    shown = [post.at for post in written(settings_of(*entries, zone=zone))["acme"].next_posts(now)]

    all_of_them = sorted(on_the_clock(at, ZoneInfo(zone)) for at in scheduled)
    assert shown == [at for at in all_of_them if now <= at < now + AHEAD]


@given(st.dates(date(2026, 1, 1), date(2027, 12, 1)), st.integers(0, 40), st.sampled_from(ZONES))
@example(date(2026, 3, 29), 0, "Europe/Paris")
@example(date(2026, 10, 25), 0, "Europe/Paris")
def test_a_campaign_runs_from_the_midnight_of_its_first_day_to_that_after_its_last(first, days, name):
    zone, last = ZoneInfo(name), first + timedelta(days=days)
    entry = Campaign.model_validate(
        {"brand": "acme", "name": "Sale", "from": first, "to": last, "expect": {"posts": "x2"}}
    )
    planned = written(settings_of(entry, zone=name))["acme"]
    begin, end = (
        datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) for day in (first, last + timedelta(days=1))
    )

    moments_around = (begin - timedelta(minutes=1), begin, end - timedelta(minutes=1), end)
    assert [len(planned.running(at)) for at in moments_around] == [0, 1, 1, 0]


@pytest.mark.parametrize(("written_as", "utc"), [("2026-10-25T02:30", 0), ("2026-10-25T02:30+01:00", 1)])
def test_an_offset_tells_which_of_two_hours_is_meant(written_as, utc):
    post = Post(brand="acme", name="x", post_at=written_as)
    (slot,) = written(settings_of(post))["acme"].posts

    assert slot.at == datetime(2026, 10, 25, utc, 30, tzinfo=UTC)


def test_each_brand_has_its_own_and_calendars_add_up():
    live = Live.model_validate({"brand": "zen", "live": "#zen", "from": "2026-11-19T18:00", "to": "2026-11-19T19:00"})
    own = written(settings_of(Post(brand="acme", name="x", post_at="2026-11-14T23:30"), live))
    at = datetime(2026, 11, 19, 17, 30, tzinfo=UTC)
    sale = Span(since=at - timedelta(days=1), until=at + timedelta(minutes=1), name="Sale")
    both = together([own, {"zen": Planned(posts=(Slot(at=at, name="y"),), spans=(sale,))}])

    assert ["x"] == [post.name for post in both["acme"].posts]
    assert ["y"] == [post.name for post in both["zen"].next_posts(at)]
    assert [("Sale", False), ("#zen", True)] == [(each.name, each.live) for each in both["zen"].running(at)]

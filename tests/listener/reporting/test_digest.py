"""A digest read from a store, when it is sent, and to whom."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.agenda import NOTHING
from config.calendar import CalendarFile
from config.digest import DigestPlan
from config.drill import Drill
from listener.agenda.copies import Copy, save
from listener.pipeline.digests import fires, readers
from listener.reporting.agenda import ahead
from listener.reporting.digest import Digests
from listener.reporting.hearing import unheard
from listener.reporting.periods import Period, last_before, named
from listener.store.store import open_store
from listener.store.views import open_views
from rules.inputs import Coverage, Gap, Missed
from rules.instant import DAY, HOUR, instant
from tests.listener.agenda.test_ics import calendar
from tests.listener.pipeline.world import configured, opened
from tests.listener.reporting.filled import MONDAY, fill

PARIS = ZoneInfo("Europe/Paris")
W46 = named("2026-W46", PARIS)
PARTS = {
    "brands": "acme: {name: Acme Air, query: acme, own_accounts: ['@acme']}, rival: {query: rival}",
    "sources": "press: {kind: file, name: The press, path: /a.jsonl}, tiktok: {kind: file, path: /b.jsonl}",
}
CALENDAR = CalendarFile(ics="https://agenda.example/acme.ics", brand="acme", unmarked="campaign")
EVENTS = calendar("DTSTART;VALUE=DATE:20261110\nDTEND;VALUE=DATE:20261113\nSUMMARY:Hiver malin")


@pytest.fixture
async def digest(tmp_path):
    drill = {"drill": Drill(every="0 10 * * tue")}
    settings = configured(tmp_path, **PARTS).settings.model_copy(update=drill | {"calendar": (CALENDAR,)})
    save(tmp_path / "data", CALENDAR, Copy(body=EVENTS))
    store, views = open_store(tmp_path / "data"), open_views(tmp_path / "data")
    await store.open("a test")
    await fill(store)
    yield await Digests(views, settings).of("acme", W46, MONDAY + 7 * DAY, ["rival"])
    await views.close()
    await store.close()


async def test_a_week_is_told_beside_the_four_before_with_all_that_happened_and_was_not_heard(digest):
    assert (7, 4) == (len(digest.days), len(digest.before))
    assert digest.counted.posts == sum(day.counted.posts for day in digest.days)
    assert digest.counted.posts > 5 * max(each.posts for each in digest.before)
    assert (digest.counted.posts, digest.counted.posts + 49) == (digest.voice.part, digest.voice.whole)
    (told,) = digest.incidents
    minutes = [span / timedelta(minutes=1) for span in (told.taken_after, told.replied_after)]
    assert ([21, 50], "critical", 239, "real") == (minutes, told.severity, told.peak, told.ending)
    held = [(each.reason, each.steps, each.by) for each in digest.withheld]
    assert [("quiet", 1, ""), ("silence", 1, "Léa"), ("ceiling", 1, "zoe")] == held
    assert timedelta(seconds=9) == digest.drill.taken_after
    assert [datetime(2026, 11, 17, 10, tzinfo=UTC)] == [each.at for each in digest.ahead if each.what == "drill"]
    never, press = digest.unheard
    assert ("tiktok", True) == (never.source, never.never)
    assert ("The press", 103, 21) == (press.source, press.blind.seconds / 60, press.lost.seconds / 60)
    assert timedelta(hours=1) == digest.stopped
    assert [("check", 1, 0)] == [(each.word, each.real, each.false) for each in digest.believed]
    asks, best, *_ = [each.quote.text for each in digest.worth]
    assert ("Est-ce que le vol de mardi est maintenu ?", "Merci à l’équipe d’Orly, au top") == (asks, best)
    assert len(digest.worth) == 3
    (campaign,) = digest.campaigns
    assert ("Hiver malin", None) == (campaign.name, campaign.expected)
    assert campaign.measured == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize(
    ("every", "at", "name"),
    [
        ("week", "2026-11-16T08:00", "2026-W46"),
        ("week", "2026-11-15T23:59", "2026-W45"),
        ("day", "2026-11-15T00:00", "2026-11-14"),
        ("week", "2027-01-04T08:00", "2026-W53"),
    ],
)
def test_the_last_week_or_day_is_the_one_that_is_over(every, at, name):
    period = last_before(every, instant(datetime.fromisoformat(at).replace(tzinfo=PARIS)), PARIS)
    assert (name, period) == (period.name, named(name, PARIS))


@given(day=st.dates(date(2020, 1, 6), date(2035, 1, 1)))
def test_weeks_follow_each_other_without_a_gap_also_when_clocks_change(day):
    week = Period(every="week", first=day - timedelta(days=day.weekday()), zone=PARIS)
    assert week.until == week.following.since
    assert named(week.name, PARIS) == week
    assert 7 == len(list(week.days()))


@given(st.lists(st.tuples(st.integers(-HOUR, DAY), st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, HOUR)), max_size=8))
def test_no_source_is_unheard_for_longer_than_there_was_time(told):
    entries = []
    for at, share, length in sorted(told):
        entries += [Coverage(at=at, source="press", share=share), Gap(at=at + length, since=at)]
        entries += [Missed(at=at + length, source="press", since=at)]
    entries.sort(key=lambda entry: entry.at)
    found, stopped = unheard({"press": 1.0}, entries, 0, DAY)
    blind = sum((each.blind + each.partly for each in found), timedelta())
    assert blind + stopped <= timedelta(days=1, hours=1)


def test_a_digest_is_due_at_its_hour_of_the_clock_on_the_wall_all_year():
    plan = DigestPlan(to=("team",), brands=("acme",), at="Tue 07:30")
    begin = instant(datetime(2026, 1, 1, tzinfo=UTC))
    due = [datetime.fromtimestamp(at / 1_000_000, PARIS) for at in fires(plan, begin, begin + 364 * DAY, PARIS)]
    assert {(1, 7, 30)} == {(at.weekday(), at.hour, at.minute) for at in due}
    assert 52 == len(due)


DIGEST = "\ndigest:\n- {to: [team], brands: [acme]}\n- {to: [phone], brands: [acme], every: day, at: '09:00'}\n"


async def test_a_digest_is_sent_once_a_period_over_restarts(tmp_path):
    """The world begins on a Friday, at 8:00."""
    async with opened(tmp_path, routes=f"[{{to: [team]}}]{DIGEST}") as world:
        for _ in range(4 * 24):
            world.clock.move(hours=1)
            await world.ledger.write([])
        again = await world.again()
        for _ in range(3):
            world.clock.move(minutes=10)
            await again.ledger.write([])
        rows = [(row.channel, row.notice.id) for row in reversed(await world.views.deliveries())]
    days = [("phone", f"digest-acme-2027-01-{day}") for day in (14, 15, 16, 17)]
    assert sorted([*days, ("team", "digest-acme-2027-W02")]) == sorted(rows)


def test_the_time_to_come_says_who_has_the_watch_whenever_that_changes(tmp_path):
    people = "{lea: {name: Léa, call_by: [phone]}, bob: {call_by: [team], only: [rival]}, ann: {call_by: [boss]}}"
    watch = "\npeople: " + people + "\noncall: {turns: [lea, bob, ann], hours: {week: 'Mon-Fri 19:00-08:00'}}"
    settings = configured(tmp_path, **PARTS, routes=f"[{{to: [oncall, team]}}]{watch}").settings
    weeks = [Period(every="week", first=date(2026, 11, 2 + 7 * n), zone=PARIS) for n in range(3)]
    told = [ahead(NOTHING, settings, (), "acme", week) for week in weeks]
    assert {"Léa", "ann"} == {each.name for week in told for each in week}
    assert all(each.what == "watch" and len(week) <= 2 for week in told for each in week)


def test_nobody_reads_of_a_brand_that_is_not_theirs_by_whatever_name(tmp_path):
    people = "\npeople: {lea: {call_by: [phone], only: [rival]}, ann: {call_by: [boss]}}"
    settings = configured(tmp_path, **PARTS, routes=f"[{{to: [team]}}]{people}").settings
    plan = DigestPlan(to=("lea", "phone", "ann", "team"), brands=("acme",))
    assert ["boss", "team"] == readers(plan, "acme", settings, MONDAY)
    assert ["phone", "boss", "team"] == readers(plan, "rival", settings, MONDAY)

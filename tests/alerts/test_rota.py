"""Who has the watch: at any moment somebody, in turn, through week-ends, swaps, midnight and both clock changes."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rota import Rota, struck
from config.hours import DAYS, checked, within
from config.oncall import OnCall
from rules.instant import DAY, HOUR, MINUTE, Instant, instant, moment

PARIS = ZoneInfo("Europe/Paris")
NIGHTS = {"week": "Mon-Fri 19:00-08:00", "weekend": "Fri 19:00 - Mon 08:00"}
SUMMER, WINTER = datetime.fromisoformat("2026-03-29"), datetime.fromisoformat("2026-10-25")
"""The Sundays on which clocks are put forward from 2:00 to 3:00, and back from 3:00 to 2:00."""


def rota(**written: object) -> Rota:
    return Rota(
        OnCall.model_validate({"turns": ["ann", "bob"], "counted_from": "2026-11-13", **written}), "Europe/Paris"
    )


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=PARIS))


def wall(at: Instant | None) -> str:
    return "" if at is None else f"{moment(at).astimezone(PARIS):%a %d %H:%M}"


@pytest.mark.parametrize(
    ("when", "line", "since", "until"),
    [
        ("2026-11-13T18:59", ("bob", "ann"), "Fri 13 08:00", "Fri 13 19:00"),
        ("2026-11-13T19:00", ("ann", "bob"), "Fri 13 19:00", "Mon 16 08:00"),
        ("2026-11-16T00:00", ("ann", "bob"), "Fri 13 19:00", "Mon 16 08:00"),
        ("2026-11-16T08:00", ("ann", "bob"), "Mon 16 08:00", "Mon 16 19:00"),
        ("2026-11-18T00:00", ("ann", "bob"), "Tue 17 19:00", "Wed 18 08:00"),
        ("2026-11-20T20:00", ("bob", "ann"), "Fri 20 19:00", "Mon 23 08:00"),
        ("2026-12-24T20:00", ("bob", "ann"), "Thu 24 19:00", "Fri 25 08:00"),  # a swap, in ann's turn
        ("2026-12-26T23:59", ("bob", "ann"), "Fri 25 19:00", "Sun 27 00:00"),
        ("2026-12-27T00:00", ("ann", "bob"), "Sun 27 00:00", "Mon 28 08:00"),
    ],
)
def test_the_watch_begins_and_ends_as_written(when: str, line: tuple[str, ...], since: str, until: str) -> None:
    found = rota(hours=NIGHTS, swaps=[{"from": "2026-12-24", "to": "2026-12-26", "who": "bob"}]).at(at(when))
    assert (found.line, wall(found.since), wall(found.until)) == (line, since, until)


def test_whoever_a_swap_stands_in_for_is_called_last() -> None:
    away = rota(turns=["ann", "bob", "cy"], swaps=[{"from": "2026-11-16", "to": "2026-11-17T12:00", "who": "dan"}])
    found = away.at(at("2026-11-17T11:59"))
    assert (found.line, found.swapped, found.second) == (("dan", "bob", "cy", "ann"), "ann", "bob")
    assert away.at(at("2026-11-17T12:00")).line == ("ann", "bob", "cy")


def test_a_hand_over_is_told_where_somebody_else_had_the_watch_before() -> None:
    nights = rota(hours=NIGHTS)
    moments = [at("2026-11-13T19:00"), at("2026-11-14T03:00"), at("2026-11-16T12:00"), at("2026-11-16T19:00")]
    assert [bool(nights.taken_over(each)) for each in moments] == [True, True, False, False]
    assert rota(turns=["ann"]).taken_over(moments[0]) is None
    assert nights.begins(at("2026-11-16T12:00")) == at("2026-11-16T19:00")


@pytest.mark.parametrize(("sunday", "hours"), [(SUMMER, 7 * 24 - 1), (WINTER, 7 * 24 + 1)])
@pytest.mark.parametrize("clock", ["02:00", "02:30", "03:00"])
def test_a_hand_over_on_the_night_of_a_clock_change_happens_once(sunday: datetime, hours: int, clock: str) -> None:
    turns = rota(hand_over=f"Sun {clock}", counted_from=f"{sunday:%Y-%m-%d}")
    midnight = instant(sunday.replace(tzinfo=PARIS))
    firsts = [turns.at(midnight + minute * MINUTE).first for minute in range(0, 6 * 60, 10)]
    for number, first in enumerate(firsts):  # also when nothing of the night is known, as after a start
        fresh = rota(hand_over=f"Sun {clock}", counted_from=f"{sunday:%Y-%m-%d}")
        assert first == fresh.at(midnight + number * 10 * MINUTE).first
    assert firsts == sorted(firsts, reverse=True)  # bob, and then ann
    assert set(firsts) == {"ann", "bob"}
    start = struck(sunday + timedelta(hours=1), PARIS)
    assert struck(sunday + timedelta(hours=1, days=-7), PARIS) == start - 7 * DAY
    assert (
        struck(sunday + timedelta(hours=25), PARIS) - struck(sunday + timedelta(hours=25, days=-7), PARIS)
        == hours * HOUR
    )


@pytest.mark.parametrize(
    ("clock", "since", "until"),
    [
        ("Sun 02:30 - Sun 05:00", "2026-10-25T00:30Z", "2026-10-25T04:00Z"),  # 2:30 comes twice: the first counts
        ("Sat 22:00 - Sun 02:30", "2026-10-24T20:00Z", "2026-10-25T00:30Z"),
        ("Sun 02:30 - Sun 05:00", "2026-03-29T01:00Z", "2026-03-29T03:00Z"),  # 2:30 is never shown
        ("Sat 22:00 - Sun 02:30", "2026-03-28T21:00Z", "2026-03-29T01:00Z"),
        ("Sat 22:00 - Sun 24:00", "2026-03-28T21:00Z", "2026-03-29T22:00Z"),
    ],
)
def test_hours_on_the_night_of_a_clock_change_begin_and_end_when_the_clock_first_shows_them(
    clock: str, since: str, until: str
) -> None:
    begin, end = (instant(datetime.fromisoformat(text)) for text in (since, until))
    for moment_in in (begin, (begin + end) // 2, end - 1):
        watch = rota(turns=["ann"], hours={"weekend": clock}).at(moment_in)
        assert (watch.on, watch.since, watch.until) == (True, begin, end)


def test_of_two_swaps_for_a_time_the_one_that_is_written_last_counts() -> None:
    swaps = [{"from": f"2026-12-2{day}", "to": "2026-12-26", "who": who} for day, who in ((0, "cy"), (4, "dan"))]
    turns = rota(swaps=swaps)
    assert ["cy", "dan", "bob"] == [turns.at(at(day)).first for day in ("2026-12-23", "2026-12-24", "2026-12-27")]


def _has_a_length(text: str) -> bool:
    try:
        return bool(checked(text))
    except ValueError:
        return False


clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
days = st.sampled_from(DAYS)
hours = st.one_of(
    st.builds("{} {} - {} {}".format, days, clocks, days, clocks),
    st.builds("{}-{} {}-{}".format, days, days, clocks, clocks),
).filter(_has_a_length)
moments = st.one_of(
    st.integers(at("2026-01-01T00:00"), at("2027-12-31T00:00")),
    st.builds(
        lambda day, shift: instant(day.replace(tzinfo=PARIS)) + shift * MINUTE,
        st.sampled_from([SUMMER, WINTER]),
        st.integers(-300, 600),
    ),
)


@given(
    written=st.lists(hours, max_size=2),
    hand_over=st.builds("{} {}".format, days, clocks),
    people=st.lists(st.sampled_from("abcd"), min_size=1, max_size=4),
    swap=st.tuples(moments, st.integers(1, 200), st.sampled_from("abe")),
    when=moments,
)
def test_every_moment_has_one_watch_and_the_stretches_meet(
    written: list[str], hand_over: str, people: list[str], swap: tuple[int, int, str], when: int
) -> None:
    since, length, who = swap
    begin = moment(since).astimezone(PARIS).replace(tzinfo=None, fold=0, second=0, microsecond=0)
    swaps = [{"from": begin, "to": begin + timedelta(hours=length), "who": who}]
    turns = rota(turns=people, hours={"week": written} if written else None, hand_over=hand_over, swaps=swaps)
    watch = turns.at(when)
    assert set(watch.line) <= {*people, who}
    assert len(set(watch.line)) == len(watch.line)
    for edge, inside in ((watch.since, 0), (watch.until, -1)):
        if edge is not None:
            assert (watch.since or when) <= when < (watch.until or when + 1)
            alike = turns.at(edge + inside)
            other = turns.at(edge - 1 - inside)
            assert (alike.on, alike.first) == (watch.on, watch.first)
            assert edge in (alike.since, alike.until)
            assert (other.on, other.first) != (watch.on, watch.first)
    local = moment(when).astimezone(PARIS)
    if (local.date(), local.hour) != (WINTER.date(), 2):  # an hour that comes twice counts when it comes first
        assert watch.on == (not written or any(within(each, local) for each in written))

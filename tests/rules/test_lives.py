"""Incidents that ease, rise again, end and come back: told as one, and the seldomer the longer they go on."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.easing import has_fallen
from rules.engine import Engine
from rules.inputs import Acknowledged, Coverage, Deleted, Gap, Missed, Resolved
from rules.instant import HOUR, MINUTE
from tests.rules.worlds import START, configured, fold, follows_a_life, heard, plan

DAY = 24 * 60
TEN = {"kind": "threshold", "at_least": {"posts": 10, "authors": 3}, "window": "15m"}


def series(counts, rule=TEN, first=0):
    """A log in which so many negative mentions come in each quarter of an hour, evenly."""
    number, entries = first, [] if first else [configured(plan(ten=rule))]
    for quarter, count in enumerate(counts):
        for place in range(count):
            entries.append(heard(number, first + 15 * (quarter + place / count), author=f"a{number % 9}"))
            number += 1
    return entries


def wave(period, high=30, low=0, minutes=DAY):
    """One mention after the other: loud for half of the period, which is in minutes, then not."""
    moments, at = [], 0.0
    while at < minutes:
        per_quarter = high if at % period < period / 2 else low
        if per_quarter:
            moments.append(at)
        at += 15 / per_quarter if per_quarter else period - at % period if at % period >= period / 2 else 1
    return [configured(plan(ten=TEN)), *(heard(n, at, author=f"a{n % 9}") for n, at in enumerate(moments))]


def told(log, until=DAY):
    return [step.state for step in fold(log, until=until)]


# --- coming back ---------------------------------------------------------------------------------------------------


CAME_BACK = series([12, 0, 0, 0, 12])


def test_an_incident_that_comes_back_soon_is_the_same_and_nobody_has_it():
    log, opened = CAME_BACK, fold(CAME_BACK)[0]
    ack = Acknowledged(at=opened.at + MINUTE, incident=opened.incident, by="lea")
    log = sorted([*log[1:], ack], key=lambda entry: entry.at)
    steps = fold([configured(plan(ten=TEN)), *log], until=DAY)
    assert ["open", "acknowledged", "resolved", "reopened", "resolved"] == [step.state for step in steps]
    assert [0, 1, 2, 3, 4] == [step.step for step in steps]
    assert {opened.incident} == {step.incident for step in steps}
    back = steps[3]
    assert (opened.at, 12) == (back.evidence.opened_at, back.evidence.peak)
    assert (1, steps[2].at, HOUR) == (
        back.evidence.returned.times,
        back.evidence.returned.ended_at,
        back.evidence.returned.calm_for,
    )
    assert "back" in back.reasons[-1]
    # and somebody must take it anew
    again = Acknowledged(at=back.at + MINUTE, incident=back.incident, by="lea")
    assert "acknowledged" == fold(sorted([*CAME_BACK[1:], ack, again], key=lambda e: e.at), engine=begun(TEN))[-1].state


def begun(rule):
    engine = Engine("acme")
    engine.apply(configured(plan(ten=rule)))
    return engine


def test_what_is_said_while_it_is_over_counts_for_it_once_it_is_back():
    steps = fold(series([12, 0, 0, 3, 12]), until=DAY)
    assert steps[2].state == "reopened"
    assert steps[2].evidence.during == steps[0].evidence.count + 2 + 3 + 10 - 0


@pytest.mark.parametrize(
    ("ending", "state"), [("real", "reopened"), (None, "reopened"), ("false-alarm", "open")], ids=str
)
@pytest.mark.parametrize("later", [True, False], ids=["said later", "ended by it"])
def test_only_what_a_person_called_a_false_alarm_never_comes_back(ending, state, later):
    opened = fold(CAME_BACK)[0]
    at = opened.at + (50 if later else 2) * MINUTE
    end = Resolved(at=at, incident=opened.incident, by="lea", ending=ending)
    log = sorted([*CAME_BACK, end], key=lambda entry: entry.at)
    steps = fold(log, until=DAY)
    assert ["open", "resolved", state, "resolved"] == [step.state for step in steps]
    assert (state == "reopened") == (steps[2].incident == opened.incident)


@pytest.mark.parametrize(("quiet", "state"), [(4, "reopened"), (5, "reopened"), (6, "open")])
def test_what_comes_an_hour_after_the_end_is_another(quiet, state):
    assert ["open", "resolved", state, "resolved"] == told(series([12, *[0] * quiet, 12]))


def test_what_needs_long_calm_comes_back_for_twice_as_long():
    rule = TEN | {"calm_for": "2h"}
    assert "reopened" == told(series([12, *[0] * 20, 12], rule))[2]
    assert "open" == told(series([12, *[0] * 26, 12], rule))[2]


def test_a_rule_that_was_changed_in_between_begins_anew():
    other = configured(plan(ten=TEN | {"severity": "info"}), START + 55 * MINUTE)
    same = configured(msgspec.structs.replace(plan(ten=TEN), sources=("press",)), START + 55 * MINUTE)
    query = configured(msgspec.structs.replace(plan(ten=TEN), query="other"), START + 55 * MINUTE)
    log = {
        name: sorted([*CAME_BACK, each], key=lambda e: e.at)
        for name, each in zip("osq", (other, same, query), strict=True)
    }
    assert ["open", "reopened", "open"] == [told(log[name])[2] for name in "osq"]


def test_another_word_or_source_is_another_incident():
    rule = {"kind": "threshold", "by": "source", "at_least": {"posts": 5, "authors": 3}}
    first = [heard(n, n / 10, source="press") for n in range(6)]
    second = [heard(100 + n, 60 + n / 10, source="other") for n in range(6)]
    the_plan = msgspec.structs.replace(plan(five=rule), sources=("press", "other"))
    assert ["open", "resolved", "open", "resolved"] == told([configured(the_plan), *first, *second])


def test_a_state_of_before_is_read():
    engine = Engine("acme")
    fold(series([12]), engine=engine)
    state = msgspec.json.decode(engine.dump())
    fresh = {"high", "high_at", "low_since", "eased", "rose_from", "relapses", "returns", "ended_at"}
    state["incidents"]["ten"] = {key: value for key, value in state["incidents"]["ten"].items() if key not in fresh}
    del state["ended"]
    old = Engine("acme", msgspec.json.encode(state))
    assert ["resolved"] == [step.state for step in fold([], engine=old, until=DAY)]


def test_what_ended_is_forgotten():
    engine = Engine("acme")
    fold(series([12]), engine=engine, until=60)
    assert "ten" in msgspec.json.decode(engine.dump())["ended"]
    fold([], engine=engine, until=DAY)
    assert {} == msgspec.json.decode(engine.dump())["ended"]


def test_a_mention_that_is_deleted_is_quoted_no_more_when_it_comes_back():
    log = sorted([*CAME_BACK, Deleted(at=START + 50 * MINUTE, mention="feed:0")], key=lambda entry: entry.at)
    assert "feed:0" not in fold(log, until=DAY)[2].evidence.mentions.values()


# --- easing ---------------------------------------------------------------------------------------------------------


def test_a_count_that_clearly_falls_is_told_once_and_then_a_rise_is_told_again():
    steps = fold(series([80, 80, 25, 25, 25, 25, 25, 90, 90]), until=135)
    assert ["open", "worse", "worse", "worse", "better", "worse"] == [step.state for step in steps]
    better, again = steps[4:]
    assert better.severity == steps[3].severity
    assert better.evidence.count == better.evidence.eased.to < better.evidence.eased.high / 2
    assert better.evidence.eased.high_at < better.at - 15 * MINUTE
    assert again.evidence.rose_from == better.evidence.count
    assert again.evidence.eased is None


def test_one_quiet_minute_is_no_ease():
    assert "better" not in told(series([80, 80, 10, 80, 80, 10, 80]), until=105)


def test_what_is_about_to_end_by_itself_is_not_told_to_ease():
    assert ["open", "worse", "worse", "worse", "resolved"] == told(series([80, 80]))


@pytest.mark.parametrize(
    ("high", "now", "fell"),
    [(4, 2, False), (8, 0, False), (22, 11, False), (22, 3, True), (40, 20, False), (200, 100, True)],
)
def test_of_few_mentions_half_is_chance(high, now, fell):
    assert fell == has_fallen(high, now)


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_fall_is_at_least_to_half_and_further_is_a_fall_too(high, now):
    fell = has_fallen(high, now)
    assert not fell or 2 * now <= high
    assert not fell or now == 0 or has_fallen(high, now - 1)
    assert not fell or has_fallen(high + 1, now)


@pytest.mark.parametrize("rate", [12, 20, 40])
def test_a_count_that_stays_as_high_hardly_ever_eases_by_chance(rate):
    eased = 0
    for day in range(4):
        chance, at, log = Random(f"{rate} {day}"), 0.0, [configured(plan(ten=TEN))]
        while (at := at + chance.expovariate(rate / 15)) < DAY:
            log.append(heard(len(log), at, author=f"a{len(log) % 9}"))
        eased += told(log, until=DAY).count("better")
    assert eased == 0


EASED = series([80, 80, 25, 25, 25, 25, 25])


@pytest.mark.parametrize(
    ("entry", "later"),
    [
        (Missed(at=START + 50 * MINUTE, source="press", since=START + 40 * MINUTE), 9),
        (Gap(at=START + 58 * MINUTE, since=START + 50 * MINUTE), 8),
        (Coverage(at=START + 35 * MINUTE, source="press", share=0.0), None),
    ],
    ids=["missed", "gap", "down"],
)
def test_what_was_not_heard_did_not_ease(entry, later):
    log = [each for each in EASED if not isinstance(entry, Gap) or not entry.since < each.at < entry.at]
    plain, found = (
        [step.at for step in fold(each, until=105) if step.state == "better"] for each in (EASED, with_(log, entry))
    )
    assert len(plain) == 1
    assert ([] if later is None else [plain[0] + later * MINUTE]) == pytest.approx(found, abs=MINUTE)


def with_(log, entry):
    return sorted([*log, entry], key=lambda each: each.at)


def test_too_few_never_eases():
    rule = {"kind": "flatline", "of": "posts", "fewer_than": 40, "window": "15m"}
    assert "better" not in told([configured(plan(few=rule)), *series([50, 50, 50, 30, 5, 10, 20])[1:]], until=110)


# --- damping --------------------------------------------------------------------------------------------------------

PERIODS = [5, 10, 15, 20, 30, 40, 45, 60, 75, 80, 90, 100, 120, 150, 165, 180]


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("low", [0, 8], ids=["calm between", "low between"])
def test_a_count_that_goes_up_and_down_is_told_ever_more_seldom(period, low):
    steps = fold(wave(period, high=40, low=low), until=DAY)
    assert len(steps) <= 11
    assert [] == [step for step in steps if step.at > START + 10 * HOUR]  # all that follows is no news
    assert len({step.incident for step in steps}) == 1


MOST = 100
"""Steps of one rule in a day: it ends 16 times at most, as what opens anew comes 90 minutes after the calm before it
began, and doubles thrice in between; it eases in vain a few times, each needing twice as long as the one before.
"""


@given(st.lists(st.sampled_from([0, 0, 4, 8, 12, 20, 40, 80]), min_size=24, max_size=96))
@settings(max_examples=25, deadline=None)
def test_any_count_of_a_day_is_told_few_times(counts):
    steps = fold(series(counts), until=DAY)
    assert len(steps) <= MOST
    follows_a_life(steps)


@given(st.lists(st.sampled_from([0, 0, 0, 4, 12, 25, 80]), min_size=8, max_size=40), st.data())
@settings(max_examples=15, deadline=None)
def test_a_restart_at_any_moment_of_a_life_changes_nothing(counts, data):
    log = series(counts)
    whole = fold(log, until=DAY)
    cut = data.draw(st.integers(0, len(log)))
    engine = Engine("acme")
    steps = [step for entry in log[:cut] for step in engine.apply(entry)]
    revived = Engine("acme", engine.dump())
    for entry in log[cut:]:
        steps += revived.advance(entry.at - data.draw(st.sampled_from([0, MINUTE])))
        steps += revived.apply(entry)
    steps += revived.settle() + revived.advance(START + DAY * MINUTE)
    assert msgspec.json.encode(whole) == msgspec.json.encode(steps)


def test_a_life_that_is_compared_has_every_step():
    states = told(series([80, 80, 25, 25, 25, 25, 90, 0, 0, 0, 0, 0, 80]))
    assert {"open", "worse", "better", "resolved", "reopened"} == set(states)

"""Counts of before the first day: learnt as if they had been heard, once, and never in the wrong order."""

from math import exp
from random import Random

import msgspec
import pytest

from rules.engine import Engine
from rules.history import DAY, LONGEST, minutes_in, portions
from rules.instant import MINUTE
from tests.rules.worlds import START, configured, fold, heard, plan

SPIKE = {"kind": "spike", "of": "posts"}
BEGIN = START // MINUTE


def poisson(chance, mean):
    count, left = 0, chance.random()
    while left > exp(-mean):
        count, left = count + 1, left * chance.random()
    return count


def history(days, width=1, rate=0.2, *, until=0, seed=1, missing=()):
    """So many days up to `until` minutes before the start; nothing was measured in the bins `missing`."""
    chance = Random(seed)
    counts = [poisson(chance, rate * width) for _ in range(days * DAY // width)]
    told = [None if place in missing else count for place, count in enumerate(counts)]
    return list(portions(START, BEGIN - until - days * DAY, width, {"posts": told}))


def taught(*entries, the_plan=None):
    engine = Engine("acme")
    fold([configured(the_plan or plan(bad=SPIKE)), *entries], engine=engine)
    return engine


def verdict(engine, minute=0):
    return engine.judge(START + minute * MINUTE)["bad"]


@pytest.mark.parametrize("width", [1, 5, 60])
def test_what_is_usual_is_known_from_the_first_minute_whatever_the_bins(width):
    usual = verdict(taught(*history(6, width)))
    assert (usual.expected, usual.learning) == (pytest.approx(15 * 0.2, rel=0.3), False)
    assert usual.usual == usual.expected
    assert verdict(taught()).usual is None


@pytest.mark.parametrize("width", [1, 60])
def test_a_calm_day_after_it_rings_no_bell_and_a_crisis_does(width):
    chance = Random(7)
    calm = [heard(n, minute) for n, minute in enumerate(sorted(chance.uniform(0, DAY) for _ in range(DAY // 5)))]
    crisis = [heard(10_000 + n, DAY + n / 4) for n in range(120)]
    steps = fold([configured(plan(bad=SPIKE)), *history(6, width), *calm, *crisis], until=DAY + 30)
    assert ["open"] == [step.state for step in steps if step.state in {"open", "resolved"}]
    assert START + DAY * MINUTE < steps[0].at < START + (DAY + 15) * MINUTE


def test_what_was_not_measured_is_no_zero():
    missing = range(3 * 288, 5 * 288)
    assert verdict(taught(*history(6, 5, missing=missing))).expected == pytest.approx(15 * 0.2, rel=0.3)


def test_what_is_known_already_is_learnt_no_second_time():
    once = taught(*history(5))
    assert once.dump() == taught(*history(5), *history(5, seed=2), *history(3, until=DAY)).dump()
    assert once.dump() != taught(*history(4, until=DAY), *history(1)).dump()


@pytest.mark.parametrize("days", [1, 4])
def test_a_history_goes_on_where_it_ended_after_any_number_of_portions(days):
    parts = history(days + 1)
    whole, first = taught(*parts), taught(*parts[:days])
    revived = Engine("acme", first.dump())
    fold(parts[days:], engine=revived)
    assert whole.dump() == revived.dump()


def test_what_was_heard_before_it_was_brought_does_not_count_twice():
    loud = [heard(n, n / 4) for n in range(4 * 120)]
    engine = Engine("acme")
    fold([configured(plan(bad=SPIKE)), *loud], engine=engine, until=200)
    late = [msgspec.structs.replace(entry, at=START + 200 * MINUTE) for entry in history(5)]
    assert [] == fold(late, engine=engine)
    assert verdict(engine, 230).usual == pytest.approx(15 * 0.2, rel=0.4)


def test_rules_that_learn_nothing_and_other_series_are_left_alone():
    rules = {"five": {"kind": "threshold", "of": "posts", "at_least": {"posts": 5}}, "bad": SPIKE | {"of": "negative"}}
    engine, entries = taught(the_plan=plan(**rules)), history(4)
    assert {} == engine.pupils(entries[0])
    before = engine.dump()
    fold(entries, engine=engine)
    assert before == engine.dump()


def test_a_history_is_kept_with_its_rule_and_can_be_brought_anew_for_another_query():
    engine, first = taught(*history(5)), history(5)[0]
    end = BEGIN
    fold([configured(plan(bad=SPIKE | {"budget": 2}, more=SPIKE))], engine=engine)
    assert {"bad": end, "more": None} == engine.pupils(first)
    fold([configured(msgspec.structs.replace(plan(bad=SPIKE), query="other"))], engine=engine)
    assert {"bad": None} == engine.pupils(first)


def test_only_the_newest_that_still_matters_is_brought_and_no_mention_is_lost():
    entries = history(LONGEST // DAY + 10, 60)
    assert (LONGEST, BEGIN - LONGEST) == (minutes_in(entries), entries[0].begin)
    assert all(len(entry.counts["posts"]) * entry.width <= DAY for entry in entries)
    huge = list(portions(START, BEGIN - 4 * DAY, 60, {"posts": [60_000 + n for n in range(96)]}))
    assert verdict(taught(*huge)).expected == pytest.approx(15_000, rel=0.05)


def toned(days, share=0.2, **others):
    """Posts in bins of an hour, so many of them negative."""
    posts = [each for entry in history(days, 60) for each in entry.counts["posts"]]
    counts = {"posts": posts, "negative": [round(share * each) for each in posts]}
    return list(portions(START, BEGIN - days * DAY, 60, counts | others))


@pytest.mark.parametrize("kind", ["share", "drift"])
def test_a_share_is_usual_when_both_of_its_counts_are_told_and_not_by_one(kind):
    the_plan = plan(bad={"kind": kind})
    known, unknown = verdict(taught(*toned(8), the_plan=the_plan)), verdict(taught(*history(8), the_plan=the_plan))
    assert (pytest.approx(0.2, abs=0.03), False) == (known.share.usual, known.learning)
    assert (None, True) == (unknown.share.usual, unknown.learning)


def test_the_whole_of_a_share_leaves_out_what_could_not_be_judged_and_what_was_not_measured():
    posts = [each for entry in toned(8) for each in entry.counts["posts"]]
    half = [each // 2 for each in posts]
    told = toned(8, unsupported=half)
    usual = verdict(taught(*told, the_plan=plan(bad={"kind": "share"}))).share.usual
    assert usual == pytest.approx(0.4, abs=0.06)
    unmeasured = toned(8, negative=[None] * len(posts))
    assert verdict(taught(*unmeasured, the_plan=plan(bad={"kind": "share"}))).learning


@pytest.mark.parametrize("options", [{}, {"fewer_than": 3, "window": "2h"}])
def test_a_silence_is_known_from_history_and_only_what_was_listened_to_is_silent(options):
    flat = {"kind": "flatline", "of": "posts"} | options
    engine, window = taught(*history(8), the_plan=plan(bad=flat)), 2 * 60 if options else 6 * 60
    assert not verdict(engine).learning
    (step,) = fold([], engine=engine, until=DAY)
    assert step.at >= START + window * MINUTE


def test_counts_teach_no_rule_about_single_mentions():
    loud = plan(bad={"kind": "influencer"})
    assert {} == taught(the_plan=loud).pupils(toned(1)[0])

"""The rule on the reactions to one post, at the engine's surface."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.inputs import Deleted, Edited, Engaged, Gap, decode, encode
from rules.instant import MINUTE
from rules.kinds.ignition import share_until
from rules.reactions import MOST_POSTS, MOST_SAMPLES
from rules.rule import RULES
from rules.series import Counts
from tests.rules.worlds import START, configured, facts, fold, heard, plan

HOT = {"kind": "ignition", "calm_for": "10m"}
BEGIN = configured(plan(hot=HOT))
DAY = 24 * 60
ASKED = (5, 10, 20, 40, 80, 130, 180)


def counted(number, minute, reactions):
    return Engaged(at=START + int(minute * MINUTE), mention=f"feed:{number}", reactions=reactions)


def post(number, minute, reactions, **changes):
    """A post, and what is counted of it whenever it is asked for."""
    yield heard(number, minute, **{"reactions": 0, **changes})
    for age, total in zip(ASKED, reactions, strict=False):
        yield counted(number, minute + age, total)


def received(in_the_end):
    """Counts of a post that is received as posts are."""
    return [round(in_the_end * share_until(age)) for age in ASKED]


def brand(*, times=1.0, every=30, days=10, seed=4, **rules):
    """A rule that has heard a brand of which a few posts are received better than the others, as is usual."""
    spec, chance, counts = RULES.spec("ignition"), Random(seed), Counts(since=START // MINUTE)
    rule, asked = spec.build("hot", spec.options.model_validate(rules)), {}
    for number in range(days * DAY // every):
        log = post(number, number * every, received(times * 6 * chance.paretovariate(1.6)), reach=500)
        for entry in log:
            asked.setdefault(entry.at // MINUTE, []).append(entry)
    for minute in range(START // MINUTE, START // MINUTE + days * DAY):
        for entry in asked.get(minute, ()):
            counts.followed.note(entry)
        counts.followed.forget(minute)
        rule.learn(counts, minute)
    return rule


def fires(rule, totals, *, days=10):
    """How often a rule that has heard so much says that a post takes off."""
    counts, fired = Counts(), 0
    for entry in post(9_999, days * DAY + 7, totals, reach=500):
        counts.followed.note(entry)
        fired += rule.judge(counts, entry.at).firing
    return fired


def run(*logs, until=None, rules=None):
    entries = sorted((entry for log in logs for entry in log), key=lambda entry: entry.at)
    first = configured(plan(hot={**HOT, **rules})) if rules else BEGIN
    steps = fold([first, *entries], until=until)
    assert all(step.reasons for step in steps)
    return steps


def opened(*logs, **more):
    return [(step.evidence.mentions["first"], step.severity) for step in run(*logs, **more) if step.state == "open"]


LOUD = [25, 50, 90, 120, 150, 170, 180]
FAST = [20, 60, 150, 300, 500, 600, 610]


def test_a_post_that_takes_off_on_the_first_day_is_told_with_what_is_usual_and_ends():
    steps = run(post(0, 5, FAST, reach=400), until=600)
    assert ["open", "worse", "resolved"] == [step.state for step in steps]
    evidence = steps[0].evidence
    assert (60, "reactions", {"first": "feed:0"}) == (evidence.count, evidence.unit, evidence.mentions)
    assert 1 < evidence.usual < 6
    assert evidence.learning
    assert "60 reactions to one post in 30 min" == steps[0].reasons[0]
    assert steps[0].at <= START + 15 * MINUTE + 10_000_000


@pytest.mark.parametrize(
    ("log", "rules"),
    [
        (post(0, 5, received(8)), {}),
        (post(0, 5, FAST, reach=3_000_000), {}),
        (post(0, 5, FAST, label="positive"), {}),
        (post(0, 5, FAST, own=True), {}),
        (post(0, 5, FAST, history=True), {}),
        ([heard(0, 5, reactions=500), counted(0, 10, 501)], {}),
        ([heard(0, 5, reactions=0), counted(0, 10 + DAY, 500), counted(0, 20 + DAY, 900)], {}),
        ([heard(0, 5, reactions=0), counted(0, 10, 20), counted(0, 11, 0), counted(0, 12, 20)], {"times_usual": 2}),
        ([heard(0, 5), counted(0, 10, 500)], {}),
    ],
    ids=["as usual", "huge account", "positive", "own", "history", "old when heard", "too old", "flicker", "no counts"],
)
def test_nothing_is_told_of(log, rules):
    assert [] == opened(log, rules=rules, until=2 * DAY)


def test_all_posts_are_watched_where_that_is_asked_for():
    praised = list(post(0, 5, [value * 5 for value in FAST], label="positive"))
    assert [("feed:0", "warning")] == opened(praised, rules={"of": "posts"})
    states = [(step.state, step.severity) for step in run(praised, rules={"of": "posts"})]
    assert ("worse", "critical") in states


def test_what_is_usual_is_learnt_of_the_brands_own_posts():
    assert fires(brand(times=0.5), LOUD)
    assert not fires(brand(times=20), LOUD)
    assert fires(brand(times=20), [40 * value for value in FAST])


def test_the_best_posts_of_a_brand_are_no_news_and_better_ones_are():
    rule = brand(times_usual=2)
    chance = Random(9)
    firing = sum(fires(rule, received(6 * chance.paretovariate(1.6))) > 0 for _ in range(1_440))
    assert 6 >= firing
    assert fires(rule, [3 * value for value in FAST])
    rule.memory.finish(9.0)  # one far beyond all others
    assert fires(rule, [3 * value for value in FAST])


@pytest.mark.parametrize("taken_back", [True, False], ids=["deleted", "edited"])
def test_a_post_that_is_taken_back_is_followed_no_more(taken_back):
    at, before = START + 6 * MINUTE, facts(0, START + 5 * MINUTE, reactions=0)
    plain = facts(0, START + 5 * MINUTE, label="neutral", reactions=0)
    end = Deleted(at=at, mention="feed:0") if taken_back else Edited(at=at, before=before, after=plain)
    assert [] == opened(post(0, 5, FAST), [end])


def test_another_that_takes_off_meanwhile_makes_it_worse():
    steps = run(post(0, 5, FAST), post(1, 20, [value * 9 for value in FAST]), until=200)
    assert {"feed:0"} == {step.evidence.mentions.get("first") for step in steps}
    assert max(step.evidence.count for step in steps) > 1_000


def test_memory_stays_bounded_and_what_is_hot_stays():
    hot = [heard(0, 1, reactions=0), *(counted(0, 2 + n, 20 * n) for n in range(400))]
    crowd = [heard(1 + n, 300 + n / 100, reactions=0) for n in range(5 * MOST_POSTS)]
    engine = Engine("acme")
    fold([BEGIN, *sorted([*hot, *crowd], key=lambda entry: entry.at)], engine=engine)
    followed = msgspec.json.decode(engine.dump())["counts"]["followed"]["posts"]
    assert MOST_POSTS * 1.25 >= len(followed)
    assert "feed:0" in followed
    assert MOST_SAMPLES >= len(followed["feed:0"][-1])


def test_it_explains_its_figures():
    engine = Engine("acme")
    fold([BEGIN, *post(0, 5, FAST[:2])], engine=engine)
    (why,) = engine.explain(START + 15 * MINUTE)
    assert ["posts", "usual", "other_posts"] == [each.name for each in why.account.conditions]
    assert (60, True) == (why.account.scales[0].observed, why.opens)
    assert why.account.scales[0].expected > 1


@st.composite
def logs(draw):
    entries, at = [BEGIN], START
    for number in range(draw(st.integers(1, 14))):
        since, at = at, at + draw(st.sampled_from([0, MINUTE // 6, 4 * MINUTE, 50 * MINUTE, 20 * 60 * MINUTE]))
        which = draw(st.integers(0, number))
        kind = draw(st.sampled_from(["heard", "counted", "counted", "counted", "gap", "deleted"]))
        if kind == "heard":
            label = draw(st.sampled_from(["negative", "neutral"]))
            moment = at - draw(st.sampled_from([0, 20 * MINUTE]))
            told = facts(number, moment, label=label, reactions=draw(st.sampled_from([0, 40])))
            entries.append(msgspec.structs.replace(heard(0, 0), at=at, facts=told))
        elif kind == "counted":
            entries.append(Engaged(at=at, mention=f"feed:{which}", reactions=draw(st.sampled_from([3, 90, 900]))))
        else:
            entries.append(Gap(at=at, since=since) if kind == "gap" else Deleted(at=at, mention=f"feed:{which}"))
    return entries


@given(logs(), st.data())
@settings(max_examples=25, deadline=None)
def test_a_restart_and_early_grid_instants_change_nothing(log, data):
    whole = fold([decode(encode(entry)) for entry in log])
    cut = data.draw(st.integers(0, len(log)))
    engine = Engine("acme")
    steps = [step for entry in log[:cut] for step in engine.apply(entry)]
    engine = Engine("acme", engine.dump())
    for entry in log[cut:]:
        if data.draw(st.booleans()):
            # while it is not there, nobody lets it run
            steps += engine.advance((entry.since if isinstance(entry, Gap) else entry.at) - 1)
        steps += engine.apply(entry)
    steps += engine.settle()
    assert msgspec.json.encode(whole) == msgspec.json.encode(steps)

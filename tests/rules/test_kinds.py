"""Rules on shares, silence, numbers of different authors and audiences, at the engine's surface."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.engine import Engine
from rules.inputs import Acknowledged, Coverage, Edited, Gap, Resolved
from rules.instant import MINUTE
from rules.kinds.flatline import at_most
from rules.proportion import lower_bound
from rules.rule import RULES
from tests.rules.worlds import START, configured, facts, fold, heard, plan

DAY, HOUR = 24 * 60, 60


def listening(**rules):
    return configured(msgspec.structs.replace(plan(**rules), sources=("press", "fedi")))


def said(since, until, *, every, share=0.2, first=0, **changes):
    """Mentions one after the other, of which every so many is negative."""
    count, owed = int((until - since) / every), 0.0
    for number in range(count):
        owed += share
        label = "negative" if owed >= 1 else "neutral"
        owed -= owed >= 1
        yield heard(first + number, since + number * every, **{"label": label, **changes})


def opened(steps):
    return [step for step in steps if step.state == "open"]


def covered(minute, share, source="press"):
    return Coverage(at=START + minute * MINUTE, source=source, share=share)


def grown(log, until, **rules):
    """The state of an engine that has heard `log`."""
    engine = Engine("acme")
    fold([listening(**rules), *log], engine=engine, until=until)
    return engine.dump()


def told(engine, at, name):
    """What is explained of a rule at `at`, and its conditions by name."""
    why = {each.rule: each for each in engine.explain(at)}[name]
    return why, {each.name: each for each in why.account.conditions}


def goes_on(state, *entries, until):
    return fold(entries, engine=Engine("acme", state), until=until)


# --- share

SHARE = {"kind": "share"}
FORTY = {"kind": "share", "above": 0.4, "confidence": 0.95, "at_least": {"posts": 20, "authors": 4}}


def test_a_share_above_its_limit_is_told_with_both_numbers_and_ends_when_it_is_back():
    bad = said(0, 40, every=1, share=0.8)
    steps = fold([listening(forty=FORTY), *bad, *said(40, 200, every=1, share=0.1, first=100)], until=200)
    assert ["open", "resolved"] == [steps[0].state, steps[-1].state]
    share = steps[0].evidence.share
    assert share.whole >= 20
    assert share.part > 0.6 * share.whole
    assert steps[0].evidence.count == share.part
    assert None is share.usual
    assert f"{share.part} of {share.whole} mentions in 60 min are negative" in steps[0].reasons[0]


@pytest.mark.parametrize(
    "log",
    [
        said(0, 19, every=1, share=1.0),
        said(0, 40, every=1, share=0.5),
        said(0, 60, every=1, share=1.0, author="same"),
        [*said(0, 60, every=3, share=1.0), *said(0, 60, every=1, share=0, first=500)],
    ],
    ids=["few mentions", "surely only with more of them", "one author", "many that are not"],
)
def test_a_share_is_not_told(log):
    assert [] == fold([listening(forty=FORTY), *sorted(log, key=lambda entry: entry.at)], until=90)


def test_mentions_of_unknown_tone_are_no_part_of_the_whole():
    unknown = said(0, 30, every=0.5, label="unsupported", first=500)
    log = sorted([*said(0, 30, every=1, share=1.0), *unknown], key=lambda entry: entry.at)
    (step,) = opened(fold([listening(forty=FORTY), *log], until=30))
    assert step.evidence.share.whole == 20


def test_the_denominator_alone_may_complete_the_news():
    negative = said(0, 19, every=1, share=1.0)
    last = heard(99, 19, label="neutral")
    (step,) = fold([listening(forty=FORTY), *negative, last])
    assert (START + 19 * MINUTE, 19, 20) == (step.at, step.evidence.share.part, step.evidence.share.whole)


def test_a_share_is_compared_with_what_is_usual_for_the_brand():
    usual = list(said(0, 2 * DAY, every=2, share=0.5))
    state = grown(usual, 2 * DAY, share=SHARE)
    assert [] == goes_on(state, *said(2 * DAY, 2 * DAY + 120, every=1, share=0.55, first=9_000), until=2 * DAY + 120)
    (step, *_) = goes_on(state, *said(2 * DAY, 2 * DAY + 90, every=1, share=1.0, first=9_000), until=2 * DAY + 90)
    assert step.evidence.share.usual == pytest.approx(0.5, abs=0.05)


def test_before_a_day_is_heard_nobody_knows_the_usual_share():
    log = said(0, DAY - HOUR, every=2, share=0.9)
    assert [] == fold([listening(share=SHARE), *log], until=DAY - HOUR)


def test_a_crisis_does_not_become_the_usual_share():
    state = grown(said(0, 2 * DAY, every=2), 2 * DAY, share=SHARE)
    steps = goes_on(state, *said(2 * DAY, 3 * DAY, every=1, share=0.9, first=9_000), until=3 * DAY)
    assert steps[-1].state != "resolved"
    assert steps[-1].evidence.share.usual == pytest.approx(0.2, abs=0.02)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.5, 4))
def test_the_lower_bound_lies_below_the_share_and_rises_with_each_negative(part, more, deviations):
    whole = part + more
    bound = lower_bound(part, whole, deviations)
    assert 0 <= bound <= (part / whole if whole else 0)
    assert bound <= lower_bound(part + 1, whole + 1, deviations)
    assert bound <= lower_bound(10 * part, 10 * whole, deviations) + 1e-12


# --- drift

DRIFT = {"kind": "drift"}


def spoken(seed, since, until, every, share, first=0):
    """Mentions at random moments, negative at random."""
    chance, minute, number = Random(seed), since, first
    while (minute := minute + chance.expovariate(1 / every)) < until:
        label = "negative" if chance.random() < share else "neutral"
        yield heard(number, minute, label=label)
        number += 1


@pytest.fixture(scope="module")
def calm_week():
    return grown(spoken(1, 0, 5 * DAY, 4, 0.2), 5 * DAY, drift=DRIFT)


def test_a_slow_rise_is_told_with_the_share_since_it_began_beside_the_usual_one(calm_week):
    steps = goes_on(calm_week, *spoken(2, 5 * DAY, 8 * DAY, 4, 0.38, first=9_000), until=8 * DAY)
    (step,) = opened(steps)
    share = step.evidence.share
    assert 4 * DAY * MINUTE < share.since - START < 6.5 * DAY * MINUTE
    assert 0.3 < share.part / share.whole < 0.5
    assert share.usual == pytest.approx(0.2, abs=0.03)


def test_a_drift_is_explained_by_its_evidence_since_it_began(calm_week):
    engine = Engine("acme", calm_week)
    (step,) = opened(fold(spoken(2, 5 * DAY, 8 * DAY, 4, 0.38, first=9_000), engine=engine, until=8 * DAY))
    engine = Engine("acme", calm_week)
    fold(spoken(2, 5 * DAY, (step.at - START) / MINUTE, 4, 0.38, first=9_000), engine=engine)
    engine.advance(step.at)
    why, conditions = told(engine, step.at, "drift")
    share, (scale,) = why.account.proportion, why.account.scales
    assert why.opens
    assert conditions["evidence"].observed >= conditions["evidence"].needed > 1
    assert (step.evidence.share.part, step.evidence.share.since) == (share.part, share.since)
    assert share.usual < share.low < share.part / share.whole < share.high
    assert scale.observed > 1.5 * scale.expected
    why, conditions = told(Engine("acme", calm_week), START + 5 * DAY * MINUTE, "drift")
    assert {"evidence", "day"} & {each.name for each in why.missing}


def test_no_rise_is_told_where_the_share_stays(calm_week):
    assert [] == goes_on(calm_week, *spoken(3, 5 * DAY, 8 * DAY, 4, 0.2, first=9_000), until=8 * DAY)


def test_an_end_by_a_person_ends_the_drift_that_was_found(calm_week):
    worse = list(spoken(2, 5 * DAY, 8 * DAY, 4, 0.38, first=9_000))
    (step,) = opened(goes_on(calm_week, *worse, until=8 * DAY))
    end = Resolved(at=worse[-1].at, incident=step.incident, by="lea", because="new normal")
    steps = goes_on(calm_week, *worse, end, *spoken(4, 8 * DAY, 9 * DAY, 4, 0.2, first=20_000), until=9 * DAY)
    assert ["open", "resolved"] == [each.state for each in steps]
    assert steps[1].evidence.share.since is not None


# --- flatline

SILENT = {"kind": "flatline", "window": "2h", "fewer_than": 3, "calm_for": "10m"}
QUIET = {"kind": "flatline", "window": "6h"}


def test_silence_is_told_although_nothing_comes_and_once():
    log = [listening(silent=SILENT), *said(0, 300, every=5)]
    steps = fold([*log, *said(600, 700, every=5, first=500)], until=720)
    assert ["open", "resolved"] == [step.state for step in steps]
    assert 300 + 100 < (steps[0].at - START) / MINUTE < 300 + 125
    assert (2, True) == (steps[0].evidence.count, steps[0].evidence.fewer)
    assert steps[1].at >= START + 620 * MINUTE


@pytest.mark.parametrize(
    "away",
    [
        [covered(310, 0.0)],
        [covered(310, 0.3)],
        [covered(310, 0.0, "press"), covered(310, 0.0, "fedi")],
        [Gap(at=START + 590 * MINUTE, since=START + 310 * MINUTE)],
        [covered(310, 0.0), covered(600, 1.0)],
        [covered(310, 0.3), covered(600, 1.0)],
    ],
    ids=["a source is down", "it is heard in part", "all are down", "a gap", "it was down", "it was heard in part"],
)
def test_silence_where_not_all_is_heard_proves_nothing(away):
    log = [listening(silent=SILENT), *said(0, 300, every=5, source="press")]
    assert [] == fold([*log, *away], until=670)


def test_a_short_break_makes_the_window_reach_further_back():
    log = [listening(silent=SILENT), *said(0, 300, every=5)]
    gap = Gap(at=START + 355 * MINUTE, since=START + 330 * MINUTE)
    assert [pytest.approx(431, abs=2)] == [(step.at - START) / MINUTE for step in fold([*log, gap], until=500)]


@pytest.fixture(scope="module")
def usual_week():
    """A brand that is silent from midnight to six."""
    days = (said(day * DAY + 6 * HOUR, (day + 1) * DAY, every=6, first=1_000 * day) for day in range(8))
    return grown((entry for day in days for entry in day), 8 * DAY, quiet=QUIET)


def test_a_silence_is_improbable_by_day_and_usual_by_night(usual_week):
    (step,) = goes_on(usual_week, until=8 * DAY + 18 * HOUR)
    assert 8 * HOUR < (step.at - START) / MINUTE - 8 * DAY < 13 * HOUR
    assert (0, "info") == (step.evidence.count, step.severity)
    assert 10 < step.evidence.usual < 70


def test_a_silence_is_explained_by_what_was_expected_and_how_improbable_it_is(usual_week):
    (step,) = goes_on(usual_week, until=8 * DAY + 18 * HOUR)
    engine = Engine("acme", usual_week)
    engine.advance(step.at)
    why, conditions = told(engine, step.at, "quiet")
    (scale,) = why.account.scales
    assert why.opens
    assert (0, step.evidence.usual) == (scale.observed, scale.expected)
    assert scale.tail == conditions["silence"].observed <= conditions["silence"].needed
    before = Engine("acme", usual_week)
    before.advance(step.at - 3 * HOUR * MINUTE)
    assert {"quiet", "silence"} & {each.name for each in told(before, step.at - 3 * HOUR * MINUTE, "quiet")[0].missing}
    covered_by_half = Engine("acme", usual_week)
    fold([covered(8 * DAY + 1, 0.4)], engine=covered_by_half, until=8 * DAY + 12 * HOUR)
    missing = told(covered_by_half, START + (8 * DAY + 12 * HOUR) * MINUTE, "quiet")[0].missing
    assert "heard" in {each.name for each in missing}


def test_a_source_that_is_down_is_no_silence_of_the_brand(usual_week):
    assert [] == goes_on(usual_week, covered(8 * DAY + 1, 0.0), until=10 * DAY)


@given(st.integers(0, 40), st.floats(0.1, 200), st.floats(0.1, 4))
def test_what_is_at_most_is_a_probability_that_grows_with_the_count(count, mean, dispersion):
    found = at_most(count, mean, dispersion, 1.0)
    assert 0 <= found <= 1 + 1e-9
    assert found <= at_most(count + 1, mean, dispersion, 1.0) + 1e-12


# --- cardinality

MANY = {"kind": "cardinality", "of": "posts", "max": 5, "window": "30m", "calm_for": "10m"}
FEW = {"kind": "cardinality", "of": "posts", "min": 3, "window": "1h", "calm_for": "10m"}


def test_too_many_different_authors_open_and_the_same_few_do_not():
    same = [heard(n, 1, author=f"a{n % 5}") for n in range(40)]
    assert [] == fold([listening(many=MANY), *same], until=60)
    steps = fold([listening(many=MANY), *same, heard(99, 2, author="a9")], until=60)
    assert [("open", 6, "authors"), ("resolved", 0, "authors")] == [
        (step.state, step.evidence.count, step.evidence.unit) for step in steps
    ]
    assert 41 == steps[-1].evidence.during


def test_sources_are_told_apart_as_well():
    options = MANY | {"different": "sources", "max": 1}
    (step,) = opened(fold([listening(many=options), heard(1, 1), heard(2, 2, source="fedi")]))
    assert "2 different sources of posts mentions in 30 min" == step.reasons[0]


def test_too_few_authors_are_told_where_all_is_heard_and_coming_back_is_no_worsening():
    log = [listening(few=FEW), *said(0, 120, every=5), *said(240, 400, every=5, first=500)]
    assert ["open", "resolved"] == [step.state for step in fold(log, until=400)]
    down = [*log[:25], covered(121, 0.0, "press"), *log[25:]]
    assert [] == fold(down, until=400)


@pytest.mark.parametrize("options", [{}, {"max": 2, "min": 3}, {"max": 0}])
def test_a_number_of_authors_needs_a_limit_that_can_be_met(options):
    with pytest.raises(ValidationError):
        RULES.spec("cardinality").options.model_validate(options)


# --- influencer

LOUD = {"kind": "influencer", "critical_when": {"followers": 5_000_000}}


def test_one_negative_mention_of_a_large_account_opens_at_once_and_names_the_audience():
    log = [heard(1, 5, reach=49_999), heard(2, 6, reach=60_000, label="neutral"), heard(3, 7, reach=84_000)]
    steps = fold([listening(loud=LOUD), *log], until=300)
    assert [("open", "info"), ("resolved", "info")] == [(step.state, step.severity) for step in steps]
    evidence = steps[0].evidence
    assert (84_000, "followers", "feed:3") == (evidence.count, evidence.unit, evidence.mentions["largest"])
    assert START + 7 * MINUTE == steps[0].at
    assert "a negative mention by an account with 84,000 followers" == steps[0].reasons[0]


@pytest.mark.parametrize(("reach", "severity"), [(60_000, "info"), (500_000, "warning"), (6_000_000, "critical")])
def test_the_audience_says_how_serious_it_is(reach, severity):
    (step,) = fold([listening(loud=LOUD), heard(1, 5, reach=reach)])
    assert severity == step.severity


def test_an_audience_is_explained_beside_the_one_asked_for_and_the_usual_one():
    engine = Engine("acme")
    fold([listening(loud=LOUD), heard(1, 1, reach=90_000), heard(2, 200, reach=80_000)], engine=engine)
    why, conditions = told(engine, START + 200 * MINUTE, "loud")
    assert ["audience_usual"] == [each.name for each in why.missing]
    assert (80_000, 90_000) == (conditions["audience_usual"].observed, conditions["audience_usual"].needed)
    assert (80_000, 50_000) == (conditions["audience"].observed, conditions["audience"].needed)


def test_a_share_is_explained_with_its_interval_and_its_limit():
    engine = Engine("acme")
    fold([listening(forty=FORTY), *said(0, 30, every=1, share=0.5)], engine=engine)
    why, conditions = told(engine, START + 29 * MINUTE, "forty")
    share = why.account.proportion
    assert (15, 30, 0.4, None) == (share.part, share.whole, share.limit, share.usual)
    assert share.low == conditions["sure"].observed < 0.4 < share.high
    assert ["sure"] == [each.name for each in why.missing]


def test_audiences_that_are_usual_for_the_brand_ring_only_when_asked():
    daily = [heard(n, n * DAY / 2, reach=70_000 - 100 * (n % 7)) for n in range(12)]
    steps = fold([listening(loud=LOUD), *daily, heard(99, 6 * DAY, reach=90_000)], until=6 * DAY)
    assert [70_000, 90_000] == [step.evidence.count for step in opened(steps)]
    assert 70_000 == opened(steps)[1].evidence.usual_high
    every = LOUD | {"only_beyond_usual": False}
    assert 12 == len(opened(fold([listening(loud=every), *daily], until=6 * DAY)))


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(1, 60)), max_size=60), st.sampled_from([1, 2, 3]))
def test_the_usual_audience_is_the_nth_largest_of_the_time_kept(said_by, many):
    memory, minute, all_of_them = RULES.spec("influencer").build("x", _options()).memory, 0, []
    for reach, pause in said_by:
        minute += pause
        memory.learn(minute, reach, many=many, keep=500)
        all_of_them.append((minute, reach))
    recent = sorted((reach for when, reach in all_of_them if when > minute - 500), reverse=True)
    assert memory.usual(many, minute - 500) == (recent[many - 1] if len(recent) >= many else 0)


def _options():
    return RULES.spec("influencer").options()


# --- all of them

SMALL = {
    "share": SHARE | {"at_least": {"posts": 2, "authors": 1}, "above": 0.3, "confidence": 0.6},
    "own": SHARE | {"at_least": {"posts": 2, "authors": 1}},
    "drift": DRIFT | {"at_least": {"posts": 2, "authors": 1}, "budget": "30 per day", "calm_for": "10m"},
    "silent": SILENT | {"window": "30m", "fewer_than": 2},
    "quiet": QUIET | {"window": "1h"},
    "few": FEW | {"max": 6, "window": "20m"},
    "loud": LOUD | {"budget": "2 per day"},
}


@st.composite
def logs(draw):
    """Mentions of all sorts, gaps, coverage, people and edits."""
    entries, at, posted = [listening(**SMALL)], START, []
    for number in range(draw(st.integers(0, 15))):
        since, at = at, at + draw(st.sampled_from([0, MINUTE // 6, MINUTE, 4 * MINUTE, 40 * MINUTE]))
        kind = draw(st.sampled_from(["heard"] * 8 + ["gap", "cover", "edit", "ack", "resolve"]))
        if kind == "heard":
            label = draw(st.sampled_from(["negative", "negative", "neutral", "positive", "unsupported"]))
            reach, moment = draw(st.sampled_from([0, 70_000, 600_000])), at - draw(st.sampled_from([0, 20 * MINUTE]))
            posted.append(facts(number, moment, label=label, reach=reach, author=f"a{draw(st.integers(0, 9))}"))
            entries.append(heard(0, 0).__class__(at=at, facts=posted[-1]))
        elif kind == "gap":
            entries.append(Gap(at=at, since=since))
        elif kind == "cover":
            entries.append(Coverage(at=at, source="press", share=draw(st.sampled_from([0.0, 0.4, 1.0]))))
        elif posted and kind == "edit":
            entries.append(Edited(at=at, before=posted[-1], after=msgspec.structs.replace(posted[-1], label="neutral")))
            posted[-1] = entries[-1].after
        elif steps := fold(entries):
            incident = draw(st.sampled_from(steps)).incident
            entries.append((Acknowledged if kind == "ack" else Resolved)(at=at, incident=incident, by="lea"))
    return entries


@given(logs(), st.data())
@settings(max_examples=12, deadline=None)
def test_a_restart_and_a_look_at_the_rules_change_nothing(log, data):
    whole = fold(log, until=150)
    cut = data.draw(st.integers(0, len(log)))
    engine = Engine("acme")
    steps = [step for entry in log[:cut] for step in engine.apply(entry)]
    revived = Engine("acme", engine.dump())
    for entry in log[cut:]:
        steps += revived.apply(entry)
        verdicts = revived.judge(entry.at)
        for why in revived.explain(entry.at):
            if why.incident is None and why.verdict == verdicts[why.rule]:
                assert why.verdict.firing == (not [each for each in why.missing if each.name != "hushed"])
            assert "rule" not in {each.name for each in why.account.conditions}
    steps += revived.settle() + revived.advance(START + 150 * MINUTE)
    assert msgspec.json.encode(whole) == msgspec.json.encode(steps)
    for step in whole:
        assert all(step.reasons)


def test_what_a_person_ended_does_not_open_again_because_it_gets_better():
    talk = list(said(0, 600, every=10))
    entries = [listening(still=SILENT), *talk]
    silent = opened(fold(entries, until=900))
    ended = Resolved(at=START + 901 * MINUTE, incident=silent[0].incident, by="lea", because="maintenance")
    more = [heard(len(talk) + n, 1100 + n) for n in range(2)]
    assert silent == opened(fold([*entries, ended, *more], until=1110))


@pytest.mark.parametrize("budget", [0, -1, float("nan"), float("inf")])
@pytest.mark.parametrize("kind", ["spike", "drift", "flatline", "influencer"])
def test_a_budget_is_a_number_above_nothing(kind, budget):
    with pytest.raises(ValidationError):
        RULES.spec(kind).options.model_validate({"budget": budget})

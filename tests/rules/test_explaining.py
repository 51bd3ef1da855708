"""What is said of a verdict is what the verdict was made of."""

from math import inf, isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.detection.chance import tail
from rules.engine import Engine
from rules.inputs import Acknowledged, Resolved
from rules.instant import MINUTE, SECOND
from tests.rules.worlds import START, configured, fold, heard, plan

SPIKE = {"kind": "spike", "budget": "100 per day", "at_least": {"posts": 2, "authors": 2}}
FIVE = {"kind": "threshold", "at_least": {"posts": 5, "authors": 4}, "window": "15m"}
RULES = plan(spike=SPIKE, five=FIVE, recall={"kind": "keyword", "any": ["recall"], "at_least": {"authors": 2}})


def explained(log, minute):
    engine = Engine("acme")
    fold(log, until=minute, engine=engine)
    return {each.rule: each for each in engine.explain(START + int(minute * MINUTE))}


said = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["a", "b", "c", "d", "e"]), st.booleans()), max_size=40)


@settings(max_examples=25, deadline=None)
@given(drawn=said, bursts=st.integers(0, 60))
def test_a_rule_fires_exactly_when_all_its_conditions_are_met(drawn, bursts):
    engine = Engine("acme")
    log = sorted(
        (minute, author, hit) for minute, author, hit in drawn + [(380, f"n{n}", False) for n in range(bursts)]
    )
    entries = [configured(RULES)]
    entries += [heard(n, m, author=a, hits=("recall",) * hit) for n, (m, a, hit) in enumerate(log)]
    for entry in entries:
        engine.apply(entry)
        before = engine.judge(entry.at)
        open_now = {incident.rule: incident.id for incident in engine.open_incidents()}
        for each in engine.explain(entry.at):
            assert (each.incident, each.verdict) in [(open_now.get(each.rule), before[each.rule]), (None, each.verdict)]
            assert each.verdict.firing == (not each.missing)


@settings(max_examples=25, deadline=None)
@given(drawn=said, later=st.integers(0, 30))
def test_what_is_counted_between_two_steps_is_what_a_step_would_tell_and_changes_nothing(drawn, later):
    log = [heard(n, m, author=a, hits=("recall",) * hit) for n, (m, a, hit) in enumerate(sorted(drawn))]
    asked, left = Engine("acme"), Engine("acme")
    for entry in [configured(RULES), *log]:
        at = entry.at + later * MINUTE
        assert asked.apply(entry) == left.apply(entry)
        assert asked.settle() + asked.advance(at) == left.settle() + left.advance(at)
        for incident in asked.open_incidents():
            now = asked.present(incident.id, at)
            twin = Engine("acme", left.dump())
            (step,) = twin.apply(Acknowledged(at=at, incident=incident.id, by="anna"))
            assert step.evidence == now
    assert asked.dump() == left.dump()
    assert asked.present("no such incident", asked.judged) is None


def test_why_nothing_rang_names_what_was_missing_beside_what_was_needed():
    log = [configured(RULES), *(heard(n, 100, author="ab"[n % 2]) for n in range(6))]
    why = explained(log, 101)["five"]
    (missing,) = why.missing
    assert ("authors", 2, 4) == (missing.name, missing.observed, missing.needed)
    assert not why.opens
    assert (3, 2, {"press": 6}) == (why.drivers.loudest, why.drivers.authors, why.drivers.sources)


def test_an_incident_is_explained_as_the_news_it_was_and_later_as_one_that_goes_on():
    engine = Engine("acme")
    log = [configured(RULES), *(heard(n, 100 + n / 60) for n in range(5))]
    opening = next(step for step in fold(log, engine=engine) if step.rule == "five")
    five = {each.rule: each for each in engine.explain(opening.at)}["five"]
    assert (True, None) == (five.opens, five.incident)
    engine.advance(opening.at + 20 * SECOND)
    five = {each.rule: each for each in engine.explain(opening.at + 20 * SECOND)}["five"]
    assert (False, (), opening.incident) == (five.opens, five.missing, five.incident)


def test_what_a_person_ended_is_told_as_hushed():
    log = [configured(RULES), *(heard(n, 100) for n in range(6))]
    incident = next(step.incident for step in fold(log) if step.rule == "five")
    why = explained([*log, Resolved(at=START + 101 * MINUTE, incident=incident, by="anna")], 102)["five"]
    assert [("hushed", 6, 12)] == [(each.name, each.observed, each.needed) for each in why.missing]


def test_a_spike_is_explained_at_every_scale_beside_its_own_bursts():
    usual = [heard(n, n * 20) for n in range(144)]
    burst = [heard(9_000 + n, 2 * 24 * 60 + n / 10) for n in range(30)]
    log = [configured(plan(spike=SPIKE)), *usual, *burst]
    calm = explained([log[0], *usual], 2 * 24 * 60 - 5)["spike"].account
    loud = explained(log, 2 * 24 * 60 + 3.1)["spike"].account
    assert [5, 15, 60] == [scale.minutes for scale in loud.scales]
    assert all(scale.tail < 1e-3 and scale.further < 0.5 for scale in loud.scales)
    assert all(scale.tail > 0.05 and scale.further == 1 for scale in calm.scales)
    assert all(isclose(scale.expected, scale.minutes / 20, rel_tol=0.5) for scale in calm.scales)
    assert all(scale.most > scale.expected for scale in (*loud.scales, *calm.scales))
    assert calm.rarity.evidence < 1
    assert loud.rarity.evidence > 10
    assert loud.rarity.rate < 3_000 < (calm.rarity.rate or inf)


@pytest.mark.parametrize("dispersion", [0.0, 0.1, 2.0])
@pytest.mark.parametrize("mean", [0.02, 0.9, 6.5])
def test_tails_add_up_to_the_mean_of_the_count(mean, dispersion):
    tails = [tail(count, mean, dispersion) for count in range(400)]
    assert tails == sorted(tails, reverse=True)
    assert isclose(sum(tails[1:]), mean, rel_tol=1e-6)


@pytest.mark.parametrize(("count", "mean", "dispersion", "expected"), [(3, 1.0, 0.0, 0.0803), (2, 1.0, 1.0, 0.25)])
def test_tails_are_those_of_the_books(count, mean, dispersion, expected):
    assert isclose(tail(count, mean, dispersion), expected, rel_tol=1e-3)

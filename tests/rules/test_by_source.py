"""Sources judged one by one, and severity that follows from several rules."""

from random import Random

import msgspec
import pytest

from rules.engine import Engine
from rules.inputs import Coverage, Resolved
from rules.instant import MINUTE
from tests.rules.worlds import START, configured, fold, heard, plan

DAY = 24 * 60
LARGE, SMALL = "large", "small"
SPIKE = {"kind": "spike", "of": "negative", "budget": "2 per month"}
EACH = SPIKE | {"by": "source"}
FIVE = {"kind": "threshold", "by": "source", "at_least": {"posts": 5, "authors": 3}, "window": "15m"}
MOSTLY = {"kind": "share", "above": 0.5, "at_least": {"posts": 5, "authors": 3}, "window": "15m"}
STORM = DAY


def of(*sources, **rules):
    return configured(msgspec.structs.replace(plan(**rules), sources=sources))


def noise(rate, until=STORM + 60, source=LARGE, first=0, **more):
    chance, minute = Random(first), 0.0
    while (minute := minute + chance.expovariate(rate)) < until:
        yield heard(first := first + 1, minute, source=source, **more)


def storm(count, minute=STORM, step=0.5, source=SMALL, first=900_000, **more):
    return [heard(first + n, minute + n * step, source=source, **more) for n in range(count)]


def log_of(first, *parts):
    return [first, *sorted((each for part in parts for each in part), key=lambda each: each.at)]


def opened(steps):
    return [step for step in steps if step.state == "open"]


def test_a_storm_on_a_small_source_is_not_drowned_by_a_large_one():
    loud, quiet, crisis = list(noise(1)), list(noise(0.01, source=SMALL, first=500_000)), storm(25, step=0.8)
    first = of(LARGE, SMALL, each=EACH, all=SPIKE)
    steps = opened(fold(log_of(first, loud, quiet, crisis), until=STORM + 60))
    (step,) = [each for each in steps if each.at >= START + STORM * MINUTE]
    assert ("each", SMALL) == (step.rule, step.evidence.source)
    assert step.evidence.usual < 1.5
    assert {SMALL: step.evidence.count} == step.evidence.sources
    assert f"from the source {SMALL} alone" in step.reasons


@pytest.mark.parametrize(("by", "rings"), [("source", []), ("source and together", [""])])
def test_all_sources_together_are_judged_where_that_is_asked(by, rings):
    rule = FIVE | {"by": by}
    four = [heard(n, 10 + n / 10, source=f"s{n % 2}") for n in range(8)]
    steps = opened(fold([of("s0", "s1", five=rule), *four]))
    assert rings == [step.evidence.source for step in steps]


def test_one_incident_tells_of_each_source_that_joins_it_and_lasts_until_all_are_calm():
    log = log_of(of("a", "b", five=FIVE), storm(6, 10, 0.1, "a", 0), storm(6, 40, 0.1, "b", 100))
    steps = fold(log, until=120)
    assert ["open", "worse", "resolved"] == [step.state for step in steps]
    assert ["a"] * 3 == [step.evidence.source for step in steps]
    assert [(), ("b",), ("b",)] == [step.evidence.also for step in steps]
    assert steps[2].at >= START + (40 + 30) * MINUTE


def test_an_end_is_told_to_the_sources_of_the_incident_alone():
    first, end = of("a", "b", each=EACH), 200
    calm = [*noise(0.2, end, "a"), *noise(0.2, end, "b", 500_000)]
    engine, other = Engine("acme"), Engine("acme")
    fold(log_of(first, calm, storm(30, end - 15, 0.2, "a")), engine=engine)
    fold(log_of(first, calm), engine=other, until=end)
    (incident,) = engine.open_incidents()
    fold([Resolved(at=START + end * MINUTE, incident=incident.id, by="lea")], engine=engine)
    assert learnt(engine)["b"] == learnt(other)["b"]
    assert incident.id not in {each.id for each in engine.open_incidents()}


def learnt(engine, rule="each"):
    return msgspec.json.decode(engine.dump())["learned"][rule]


def test_a_source_that_comes_or_goes_leaves_the_others_what_they_learnt():
    engine = Engine("acme")
    fold([of("a", "b", each=EACH), *noise(0.2, until=300, source="a")], engine=engine, until=300)
    kept = learnt(engine)["a"]
    for sources in (("a",), ("c", "a"), ("a", "b", "c")):
        engine.apply(changed_at(engine, sources))
        engine.judge(engine.judged)
        assert set(sources) == learnt(engine).keys()
        assert kept == learnt(engine)["a"]


def changed_at(engine, sources):
    return msgspec.structs.replace(of(*sources, each=EACH), at=START + 300 * MINUTE)


@pytest.mark.parametrize(("by", "number", "share"), [("source", 4, 0.5), ("source and together", 4, 0.4)])
def test_the_budget_is_shared_by_the_sources(by, number, share):
    engine = Engine("acme")
    fold([of(*(f"s{n}" for n in range(number)), each=SPIKE | {"by": by}), heard(1, 10, source="s1")], engine=engine)
    (why,) = engine.explain(engine.judged)
    assert share == pytest.approx(why.account.rarity.budget)
    assert "s1" == why.verdict.source or by == "source and together"


def test_nothing_is_learnt_of_a_source_while_it_is_down():
    """Not even when, after a day, the others are learnt from again."""
    engine, down = Engine("acme"), 120
    before = log_of(of("a", "b", each=EACH), noise(0.5, down, "a"), noise(0.5, down, "b", 500_000))
    fold([*before, Coverage(at=START + down * MINUTE, source="a", share=0.0)], engine=engine)
    known = learnt(engine)
    later = [heard(n, down + 10 * n, source="b") for n in range(1, 160)]
    fold(later, engine=engine)
    assert known["a"] == learnt(engine)["a"]
    assert known["b"] != learnt(engine)["b"]


def test_memory_stays_bounded_however_many_sources_there_are():
    sizes = []
    for number in (200, 600):
        engine = Engine("acme")
        fold([of(each=FIVE), *(heard(n, n / 1000, source=f"s{n % number}") for n in range(600))], engine=engine)
        sizes.append(len(engine.dump()))
    assert sizes[1] < 2 * sizes[0]


NUMBERS = {"kind": "threshold", "at_least": {"posts": 5, "authors": 3}, "window": "15m"}
SAID = {"kind": "keyword", "any": ["recall"], "at_least": {"authors": 8}}


@pytest.mark.parametrize(
    ("second", "severity", "by"),
    [
        (SAID, "critical", ("numbers",)),
        (SAID | {"fused": False}, "warning", ()),
        (SAID | {"severity": "info"}, "info", ()),
        (NUMBERS | {"at_least": {"posts": 8}}, "warning", ()),
        ({"kind": "flatline", "fewer_than": 100, "window": "5m", "severity": "warning"}, "warning", ()),
    ],
)
def test_what_a_rule_that_looks_at_something_else_confirms_is_critical_and_says_so(second, severity, by):
    log = [of("press", numbers=NUMBERS, second=second), *(heard(n, 10 + n / 5, hits=("second",)) for n in range(9))]
    steps = fold(log, until=13)
    (step,) = [step for step in steps if step.rule == "second" and step.state == "open"]
    assert (severity, by) == (step.severity, step.evidence.raised_by)
    assert bool(by) == any("something else" in reason and "numbers" in reason for reason in step.reasons)
    assert ["warning"] == [step.severity for step in steps if step.rule == "numbers"]


def test_what_was_raised_stays_so_when_the_other_rule_is_calm_and_nobody_is_told_twice():
    log = [of("press", numbers=NUMBERS, words=SAID), *(heard(n, 10 + n / 5, hits=("words",)) for n in range(9))]
    end = Resolved(at=START + 15 * MINUTE, incident=fold(log)[0].incident, by="lea")
    words = [step for step in fold([*log, end], until=200) if step.rule == "words"]
    assert [("open", "critical"), ("resolved", "critical")] == [(step.state, step.severity) for step in words]


def test_an_incident_that_gets_worse_is_critical_when_another_rule_has_one():
    posts = [heard(n, 10 + n / 5, hits=("words",)) for n in range(20)]
    steps = fold([of("press", numbers=NUMBERS, words=SAID), *posts])
    told = [(step.state, step.severity) for step in steps if step.rule == "numbers"]
    assert [("open", "warning"), ("worse", "critical")] == told[:2]


def test_a_source_that_falls_silent_is_told_while_the_others_speak():
    silent = {"kind": "flatline", "by": "source", "fewer_than": 2, "window": "20m"}
    log = log_of(of("a", "b", silent=silent), noise(1, 200, "a"), noise(1, 100, "b", 500_000))
    (step,) = opened(fold(log, until=200))
    assert ("b", True) == (step.evidence.source, step.evidence.fewer)
    assert START + 118 * MINUTE < step.at < START + 125 * MINUTE


def test_what_one_source_said_explains_why_it_rang():
    engine = Engine("acme")
    fold([of("a", "b", five=FIVE), *storm(9, 10, 0.1, "a", 0), *storm(2, 12, 0.1, "b", 100)], engine=engine)
    (why,) = engine.explain(engine.judged)
    assert ("a", 9, {"a": 9}) == (why.verdict.source, why.verdict.count, why.drivers.sources)
    assert [9, 9] == [each.observed for each in why.account.conditions]

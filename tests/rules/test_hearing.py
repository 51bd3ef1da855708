"""How much of what a brand usually hears is heard, and what follows for what is learnt."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.hearing import MEMORY, Hearing, Usual
from rules.inputs import Coverage, Gap
from rules.instant import MINUTE
from tests.rules.worlds import START, configured, fold, heard, plan

FIVE = {"kind": "threshold", "at_least": {"posts": 5, "authors": 3}, "window": "15m"}
SPIKE = {"kind": "spike", "of": "posts"}
DAY = 24 * 60


def listening(*sources, **rules):
    return msgspec.structs.replace(plan(**rules or {"five": FIVE}), sources=sources)


def covered(minute, share, source="fedi"):
    return Coverage(at=START + int(minute * MINUTE), source=source, share=share)


def said(until, every, source, first=0, since=0, label="neutral"):
    count = int((until - since) / every)
    return [heard(first + n, since + n * every, source=source, label=label) for n in range(count)]


def in_order(*logs):
    return sorted((entry for log in logs for entry in log), key=lambda entry: entry.at)


def engine_of(*log, until=None):
    engine = Engine("acme")
    fold(log, engine=engine, until=until)
    return engine


def usual(engine, minute):
    return engine.judge(START + minute * MINUTE)["bad"].expected


def burst(minute, first=9_000):
    return [heard(first + n, minute) for n in range(8)]


def test_until_something_is_known_every_source_counts_the_same():
    engine = engine_of(configured(listening("press", "fedi", "sky")), covered(1, 0.0), covered(1, 0.5, "sky"))
    assert [1.0, 0.0, 0.5] == [engine.heard(source) for source in ("press", "fedi", "sky")]
    assert engine.coverage == 0.5


def test_then_each_counts_for_what_it_usually_brings_and_the_evidence_tells_how_much_is_heard():
    known = in_order(said(DAY, 30, "fedi"), said(DAY, 70, "press", first=1_000))
    log = [configured(listening("press", "fedi", "quiet")), *known]
    for source, share in (("fedi", 0.3), ("press", 0.7), ("quiet", 1.0)):
        steps = fold([*log, covered(DAY, 0.0, source), *burst(DAY + 1)])
        assert share == pytest.approx(steps[-1].evidence.coverage, abs=0.02)
        assert (source,) == steps[-1].evidence.unheard
    partly = fold([*log, covered(DAY, 0.5), *burst(DAY + 1)])[-1].evidence
    assert (0.65, ()) == (pytest.approx(partly.coverage, abs=0.02), partly.unheard)
    assert 1.0 == fold([*log, covered(DAY, 0.0), covered(DAY + 1, 1.0), *burst(DAY + 2)])[-1].evidence.coverage


def test_what_a_source_usually_brings_is_not_learnt_from_its_outages_nor_from_a_crisis():
    fedi = said(2 * DAY, 30, "fedi") + said(9 * DAY, 30, "fedi", first=5_000, since=8 * DAY)
    press = said(7 * DAY, 30, "press", first=10_000) + said(9 * DAY, 30, "press", first=20_000, since=8 * DAY)
    gap = Gap(at=START + 8 * DAY * MINUTE, since=START + 7 * DAY * MINUTE)
    crisis = said(8.5 * DAY + 60, 0.05, "press", first=50_000, since=8.5 * DAY, label="negative")
    out = [covered(2 * DAY, 0.0), covered(7 * DAY, 1.0), gap]
    log = in_order([configured(listening("press", "fedi"))], out, fedi, press, crisis)
    assert 0.5 == pytest.approx(engine_of(*log, covered(9 * DAY, 0.0)).coverage, abs=0.03)


def test_a_source_that_flickers_leaves_one_stretch_not_to_learn_from():
    hearing = Hearing()
    for minute in (1, 1, 2, 3, 3, 9):
        hearing.cover("fedi", 0.0, minute)
        hearing.cover("fedi", 1.0, minute)
    assert hearing.unheard == [(1, 3), (9, 9)]


def test_a_source_that_is_heard_in_part_is_calm_and_a_source_that_is_down_is_not():
    def ends(share):
        return [
            step.state
            for step in fold([configured(listening("press")), *burst(5), covered(6, share, "press")], until=200)
        ]

    assert ["open", "resolved"] == ends(0.5)
    assert ["open"] == ends(0.0)


@pytest.mark.parametrize("days", [0.9, 6])
def test_what_is_usual_is_not_less_after_a_long_outage_than_before(days):
    back = 2 * DAY + int(days * DAY)
    loud = in_order([configured(listening("press", "fedi", bad=SPIKE))], said(2 * DAY, 1, "fedi"))
    engine = engine_of(*loud, covered(2 * DAY, 0.0))
    before = usual(engine, 2 * DAY)
    fold([covered(back, 1.0)], engine=engine)
    assert before == pytest.approx(usual(engine, back), rel=0.06)
    assert [] == fold(said(back + 90, 1, "fedi", first=90_000, since=back), engine=engine)


def test_a_source_that_is_taken_out_of_the_configuration_is_not_what_is_usual_any_more():
    loud = in_order([configured(listening("press", "fedi", bad=SPIKE))], said(2 * DAY, 1, "fedi"))
    engine = engine_of(*loud, covered(2 * DAY, 0.0))
    without = configured(listening("press", bad=SPIKE), START + 8 * DAY * MINUTE)
    fold([without, covered(8 * DAY, 1.0)], engine=engine)
    assert usual(engine, 8 * DAY) < 7
    assert 1.0 == engine.coverage


def test_snapshots_and_logs_of_before_are_still_read():
    old = Engine("acme", b'{"unheard":[[1,2]],"down":{"fedi":30000000}}')
    assert (0.0, 1.0) == (old.heard("fedi"), old.heard("press"))
    assert 0.5 == engine_of(configured(listening("press", "fedi")), covered(1, 0.0)).coverage


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from([0.0, 0.3, 1.0])), max_size=60))
@settings(max_examples=50, deadline=None)
def test_coverage_is_a_share_and_whole_only_when_all_is_heard(moves):
    hearing, sources = Hearing(usual={"b": Usual(30, 60), "c": Usual(2, 60)}), ("a", "b", "c", "d")
    for minute, (index, learnt, share) in enumerate(moves):
        hearing.cover(sources[index], share, minute)
        if learnt:
            hearing.usual.setdefault(sources[index], Usual()).learn(index)
        whole = all(hearing.share_of(source) == 1 for source in sources)
        assert 0 <= hearing.coverage(sources) <= 1
        assert hearing.coverage(sources) == 1 or not whole
        assert hearing.coverage(sources) == 0 or any(hearing.share_of(source) for source in sources)


def test_what_was_usual_long_ago_matters_less_and_less():
    usual = Usual()
    for minute in range(4 * MEMORY):
        usual.learn(10 if minute < MEMORY else 0)
    assert usual.minutes < MEMORY
    assert 0 < usual.rate < 1.5

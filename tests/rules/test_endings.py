"""What follows for `spike` from what a person says an incident was, and from campaigns that are known."""

from functools import cache
from random import Random

import msgspec
import pytest

from rules.campaigns import Campaign
from rules.engine import Engine
from rules.inputs import Imported, Resolved
from rules.instant import MINUTE
from tests.rules.worlds import START, configured, fold, heard, plan

HOUR, DAY = 60, 24 * 60
SERIES = ("negative", "posts", "reach")


def history(days=14, per_minute=0.05):
    """What was usual before the first minute."""
    chance = Random(1)
    counts = tuple(sum(chance.random() < per_minute for _ in range(5)) for _ in range(days * DAY // 5))
    begin = START // MINUTE - days * DAY
    return [Imported(at=START, begin=begin, width=5, counts=dict.fromkeys(SERIES, counts))]


def burst(day, size=40, minutes=30, **changes):
    first = int(day * 1_000_000)
    return [heard(first + number, day * DAY + number * minutes / size, **changes) for number in range(size)]


@cache
def taught(campaigns, **options):
    """The state of an engine that knows what was usual."""
    the_plan = msgspec.structs.replace(plan(bad={"kind": "spike"} | options), campaigns=campaigns)
    engine = Engine("acme")
    fold([configured(the_plan), *history()], engine=engine)
    return engine.dump()


def told(log, ending=None, after=5 * HOUR, until=0.0, campaigns=(), **options):
    """The days on which incidents open, when a person says so long after each what it was; the engine."""
    engine, days, due = Engine("acme", taught(campaigns, **options)), [], []
    entries = [*log]
    while entries or due:
        entry = due.pop(0) if due and (not entries or due[0].at <= entries[0].at) else entries.pop(0)
        for step in engine.apply(entry):
            if step.state == "open":
                days.append(int((step.at - START) / MINUTE / DAY))
                at = step.at + after * MINUTE
                due += [Resolved(at=at, incident=step.incident, by="lea", ending=ending)] if ending else []
    fold([], engine=engine, until=until * DAY)
    return days, engine


def usual(engine, day):
    return engine.judge(START + int(day * DAY) * MINUTE)["bad"].expected


ENDED = pytest.mark.parametrize("after", [10, 5 * HOUR, 20 * HOUR], ids=["while it runs", "after it", "much later"])


@ENDED
@pytest.mark.parametrize("budget", [0.25, 4.0])
def test_the_same_false_alarm_rings_once_and_far_more_than_it_does(budget, after):
    log = [*burst(0.5), *burst(1.5), *burst(2.5), *burst(3.5, size=400)]
    assert [0, 3] == told(log, "false-alarm", after, budget=budget)[0]


THRICE = [*burst(0.5), *burst(1.5), *burst(2.5)]


@ENDED
def test_what_was_real_is_news_as_often_as_it_comes(after):
    assert [0, 1, 2] == sorted(set(told(THRICE, "real", after)[0]))


def test_what_nobody_says_anything_of_is_no_news_the_third_time():
    assert [0, 1] == told(THRICE)[0]


def test_what_was_real_raises_nothing():
    log = burst(0.5, size=600, minutes=4 * HOUR)
    said = [([],), (log,), (log, "real", 5 * HOUR), (log, "real", 20 * HOUR)]
    quiet, plain, *real = (usual(told(*each, until=2.0)[1], 2.5) for each in said)
    assert [quiet] * 2 == pytest.approx(real, rel=0.05)  # of a silent day it did not hear all
    assert plain > max(real)


def test_the_last_word_counts():
    said, opened = [], Engine("acme", taught(()))
    steps = fold(burst(0.5), engine=opened, until=DAY)
    for endings in (["real", "false-alarm"], ["false-alarm"], ["real"]):
        engine = Engine("acme", opened.dump())
        for number, ending in enumerate(endings):
            at = START + (DAY + number) * MINUTE
            engine.apply(Resolved(at=at, incident=steps[0].incident, by="lea", ending=ending))
        again = fold(burst(1.5), engine=engine, until=1.7 * DAY)
        said.append((bool(again), usual(engine, 2)))
    assert said[0] == said[1]
    assert [False, False, True] == [rang for rang, _ in said]


CAMPAIGN = Campaign(name="Hiver malin", since=START, until=START + 2 * DAY * MINUTE, posts=10)


@pytest.mark.parametrize(
    ("of", "label", "days"),
    [("posts", "neutral", [3]), ("negative", "negative", [0]), ("reach", "negative", [0])],
)
def test_a_campaign_is_no_news_in_volume_and_complaints_are(of, label, days):
    log = [*burst(0.5, size=20, label=label, reach=20_000), *burst(3.5, size=20, label=label, reach=20_000)]
    assert days == told(log, of=of, campaigns=(CAMPAIGN,))[0][:1]


def test_more_than_a_campaign_was_to_bring_is_news():
    assert [0] == told(burst(0.5, size=200), of="posts", campaigns=(CAMPAIGN,))[0]


@pytest.mark.parametrize("times", [1, 3, 8])
def test_what_is_usual_outlives_a_campaign_whatever_it_brings(times):
    chance, minute, log = Random(2), 0.0, []
    while minute < 2 * DAY:
        minute += chance.expovariate(0.05 * times)
        log.append(heard(len(log), minute))
    before, after = (usual(told(each, of="posts", campaigns=(CAMPAIGN,), until=2.1)[1], 2.2) for each in ([], log))
    assert 0.7 < after / before < 1.6


def test_other_campaigns_forget_nothing():
    _, engine = told(burst(0.5), until=1.0)
    before = usual(engine, 1.1)
    changed = msgspec.structs.replace(plan(bad={"kind": "spike"}), campaigns=(CAMPAIGN,))
    fold([configured(changed, START + DAY * MINUTE)], engine=engine)
    assert before == usual(engine, 1.1)

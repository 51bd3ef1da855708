"""What endings, sources, outages and reactions do to each other."""

from random import Random

from msgspec.structs import replace

from rules.engine import Engine
from rules.inputs import Coverage, Engaged, Resolved
from rules.instant import MINUTE
from tests.rules.worlds import START, configured, heard, plan

DAY = 24 * 60


def said(number, since, until, rate, source):
    """Negative mentions by chance, `rate` a minute, in `source`."""
    random, minute, found = Random(number), since, []
    while (minute := minute + random.expovariate(rate)) < until:
        number += 1
        found.append(heard(number, minute, source=source))
    return found


def test_a_source_that_comes_back_after_an_incident_leaves_a_state_that_a_restart_does_not_change():
    spike = replace(plan(bad={"kind": "spike", "of": "negative", "budget": 100}), sources=("press", "other"))
    log = [*said(1, 0, 8 * DAY, 0.3, "press"), *said(10_000, 0, 4 * DAY, 1.5, "other")]
    log += [*said(20_000, 7 * DAY, 8 * DAY, 1.5, "other"), *said(30_000, 3 * DAY, 3 * DAY + 40, 10, "press")]
    log += [Coverage(at=START + day * DAY * MINUTE, source="other", share=share) for day, share in ((4, 0.0), (7, 1.0))]
    engine, revived = Engine("acme"), None
    for entry in [configured(spike), *sorted(log, key=lambda each: each.at)]:
        engine.apply(entry)
        if revived:
            revived.apply(entry)
        elif isinstance(entry, Coverage) and entry.share:
            revived = Engine("acme", engine.dump())
    assert engine.dump() == revived.dump()


def test_what_an_incident_was_is_learnt_of_the_sources_that_joined_it_too():
    each = replace(plan(each={"kind": "spike", "by": "source", "budget": 5}), sources=("a", "b"))
    begin = 2 * DAY
    log = [*said(1, 0, begin + 70, 0.2, "a"), *said(10_000, 0, begin + 70, 0.2, "b")]
    log += [*said(20_000, begin, begin + 12, 5, "a"), *said(30_000, begin + 30, begin + 42, 5, "b")]
    engine = Engine("acme")
    for entry in [configured(each), *sorted(log, key=lambda each: each.at)]:
        engine.apply(entry)
    (incident,) = engine.open_incidents()
    assert ("a", ["b"]) == (incident.source, incident.also)
    engine.apply(Resolved(at=START + (begin + 70) * MINUTE, incident=incident.id, by="lea", ending="false-alarm"))
    engine.advance(START + (begin + 120) * MINUTE)
    again = [heard(40_000 + number, begin + 600 + number / 5, source="b") for number in range(60)]
    assert [] == [step for entry in again for step in engine.apply(entry)]


def test_a_post_that_was_called_a_false_alarm_does_not_ring_again_for_the_same_reactions():
    engine = Engine("acme")
    engine.apply(configured(plan(takes={"kind": "ignition", "window": "10m", "reactions": 30})))
    engine.apply(heard(1, 10, reactions=0))
    engine.apply(Engaged(at=START + 15 * MINUTE, mention="feed:1", reactions=5_000))
    steps = engine.advance(START + 16 * MINUTE)
    assert ["open"] == [step.state for step in steps]
    engine.apply(Resolved(at=START + 17 * MINUTE, incident=steps[0].incident, by="lea", ending="false-alarm"))
    later = [*engine.apply(heard(2, 60, label="neutral", reactions=0)), *engine.settle()]
    assert [] == [*later, *engine.advance(START + 65 * MINUTE)]

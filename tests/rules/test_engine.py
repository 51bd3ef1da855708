from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.campaigns import Campaign
from rules.engine import Engine
from rules.inputs import (
    Acknowledged,
    Coverage,
    Deleted,
    Edited,
    Gap,
    Heard,
    Imported,
    Missed,
    Released,
    Resolved,
    decode,
    encode,
)
from rules.instant import MINUTE, SECOND
from rules.stories import sketch
from tests.rules.worlds import START, configured, facts, fold, follows_a_life, heard, plan

FIVE = {"kind": "threshold", "at_least": {"posts": 5, "authors": 3}, "window": "15m", "critical_when": {"posts": 20}}
SPIKE = {"kind": "spike"}
RECALL = {"kind": "keyword", "any": ["recall"], "at_least": {"authors": 2}, "severity": "critical"}


def burst(count, minute=10.0, step=0.1, first=0):
    return [heard(first + n, minute + n * step) for n in range(count)]


def states(steps):
    return [(step.rule, step.state, step.severity) for step in steps]


def test_an_incident_opens_gets_worse_and_resolves_by_itself():
    steps = fold([configured(plan(five=FIVE)), *burst(20)], until=120)
    expected = [("five", "open", "warning"), ("five", "worse", "warning"), ("five", "worse", "critical")]
    assert [*expected, ("five", "resolved", "critical")] == states(steps)
    assert [0, 1, 2, 3] == [step.step for step in steps]
    assert len({step.incident for step in steps}) == 1


def test_what_comes_at_once_is_told_as_one_opening_with_all_of_it():
    steps = fold([configured(plan(five=FIVE)), *burst(18, step=0)], until=20)
    assert [("open", "warning", 18)] == [(step.state, step.severity, step.evidence.count) for step in steps]


def test_what_a_person_asks_for_comes_after_the_news_of_its_instant():
    log = [configured(plan(five=FIVE)), *burst(6, step=0)]
    end = Resolved(at=START + 10 * MINUTE, incident=fold(log)[0].incident, by="lea")
    assert ["open", "resolved"] == [step.state for step in fold([*log, end])]


def test_the_opening_says_what_was_counted_and_by_whom():
    steps = fold([configured(plan(five=FIVE)), *burst(5)])
    evidence = steps[0].evidence
    assert (5, 5, {"press": 5}) == (evidence.count, evidence.authors, evidence.sources)
    assert {"first": "feed:0", "latest": "feed:4"} == evidence.mentions
    assert START + 10 * MINUTE == evidence.first_at
    assert steps[0].reasons


def test_every_step_names_the_mention_it_began_with():
    steps = fold([configured(plan(five=FIVE)), *burst(5), *burst(10, minute=30, first=100)], until=100)
    assert ["open", "worse", "resolved"] == [step.state for step in steps]
    assert {"feed:0"} == {step.evidence.mentions["first"] for step in steps}
    assert {START + 10 * MINUTE} == {step.evidence.first_at for step in steps}


def test_one_author_alone_opens_nothing():
    log = [configured(plan(five=FIVE)), *(heard(n, 10, author="same") for n in range(30))]
    assert [] == fold(log, until=60)


def test_what_the_brand_writes_itself_and_history_count_nowhere():
    own = [heard(n, 10, own=True) for n in range(10)]
    history = [heard(n + 10, 10, history=True) for n in range(10)]
    assert [] == fold([configured(plan(five=FIVE)), *own, *history], until=60)


def test_calm_is_not_counted_while_nothing_is_heard():
    gap = Gap(at=START + 300 * MINUTE, since=START + 12 * MINUTE)
    steps = fold([configured(plan(five=FIVE)), *burst(5), gap], until=329)
    assert ["open"] == [step.state for step in steps]
    assert ["open", "resolved"] == [s.state for s in fold([configured(plan(five=FIVE)), *burst(5), gap], until=331)]


def test_calm_is_not_counted_while_a_source_that_contributed_is_down():
    down = Coverage(at=START + 12 * MINUTE, source="press", share=0.0)
    up = Coverage(at=START + 200 * MINUTE - SECOND, source="press", share=1.0)
    steps = fold([configured(plan(five=FIVE)), *burst(5), down, up], until=240)
    assert [START + 230 * MINUTE] == [step.at for step in steps if step.state == "resolved"]


@pytest.mark.parametrize(("source", "end"), [("press", 70), ("other", 55)])
def test_calm_begins_anew_when_a_source_that_contributed_could_not_be_read_for_a_while(source, end):
    missed = Missed(at=START + 40 * MINUTE, source=source, since=START + 12 * MINUTE)
    steps = fold([configured(plan(five=FIVE)), *burst(5), missed], until=240)
    assert ["open", "resolved"] == [step.state for step in steps]
    assert steps[-1].at == pytest.approx(START + end * MINUTE, abs=MINUTE)


def test_nothing_is_learnt_from_a_time_that_can_no_longer_be_read():
    days = 60 * 24
    loud = [heard(n, n / 2) for n in range(2 * 2 * days)]
    engine = Engine("acme")
    fold([configured(plan(bad=SPIKE)), *loud], engine=engine)
    before = engine.judge(START + 2 * days * MINUTE)["bad"].expected
    for until in range(0, 25 * 60, 20):  # a day of silence, each part of which turns out to have been missed
        at = 2 * days + until
        part = Missed(at=START + at * MINUTE, source="press", since=START + 2 * days * MINUTE)
        fold([part], engine=engine, until=at)
    assert before == pytest.approx(engine.judge(START + 3 * days * MINUTE)["bad"].expected, rel=0.02)


def test_an_acknowledged_incident_says_by_whom_once():
    log = [configured(plan(five=FIVE)), *burst(5)]
    incident = fold(log)[0].incident
    ack = Acknowledged(at=START + 11 * MINUTE, incident=incident, by="lea")
    steps = fold([*log, ack, ack])
    assert [("open", None), ("acknowledged", "lea")] == [(step.state, step.by) for step in steps]


def test_who_took_an_incident_by_mistake_gives_it_back_once_and_another_takes_it():
    log = [configured(plan(five=FIVE)), *burst(5)]
    incident = fold(log)[0].incident
    given = {"at": START + 11 * MINUTE, "incident": incident}
    ack, back = Acknowledged(by="lea", **given), Released(by="max", **given)
    steps = fold([*log, back, ack, back, back, Acknowledged(by="zoe", **given)])
    told = [("acknowledged", "lea"), ("released", "max"), ("acknowledged", "zoe")]
    assert [("open", None), *told] == [(step.state, step.by) for step in steps]


def test_a_late_acknowledgement_reopens_nothing():
    log = [configured(plan(five=FIVE)), *burst(5)]
    incident = fold(log)[0].incident
    late = Acknowledged(at=START + 100 * MINUTE, incident=incident, by="lea")
    assert ["open", "resolved"] == [step.state for step in fold([*log, late], until=200)]


def test_an_incident_that_a_person_ended_stays_ended_until_it_doubles():
    log = [configured(plan(five=FIVE)), *burst(6)]
    end = Resolved(at=START + 11 * MINUTE, incident=fold(log)[0].incident, by="lea", because="known")
    more = burst(5, minute=12, first=100)
    assert ["open", "resolved"] == [step.state for step in fold([*log, end, *more])]
    doubled = burst(6, minute=12, first=100)
    assert ["open", "resolved", "reopened"] == [step.state for step in fold([*log, end, *doubled])]


def test_once_calm_a_rule_opens_again_after_a_person_ended_it():
    log = [configured(plan(five=FIVE)), *burst(6)]
    end = Resolved(at=START + 11 * MINUTE, incident=fold(log)[0].incident, by="lea")
    for later, state in ((60, "reopened"), (60 * 24, "open")):
        again = burst(5, minute=later, first=100)
        assert ["open", "resolved", state] == [step.state for step in fold([*log, end, *again])]


@pytest.mark.parametrize("sources", [("press",), ("press", "other")])
def test_nothing_is_learnt_from_the_silence_of_a_source(sources):
    the_plan = msgspec.structs.replace(plan(bad=SPIKE), sources=sources)
    days = 60 * 24
    loud = [heard(n, n / 2) for n in range(2 * 5 * days)]
    down = Coverage(at=START + 5 * days * MINUTE, source="press", share=0.0)
    engine = Engine("acme")
    fold([configured(the_plan), *loud, down], engine=engine)
    before = engine.judge(START + 5 * days * MINUTE)["bad"].usual
    fold([], engine=engine, until=6 * days)
    up = Coverage(at=START + 6 * days * MINUTE, source="press", share=1.0)
    fold([up], engine=engine, until=6 * days + 31)
    assert before == pytest.approx(engine.judge(START + (6 * days + 31) * MINUTE)["bad"].usual, rel=0.1)


@pytest.mark.parametrize("per_hour", [1, 10, 60, 120, 600])
def test_a_brand_is_loud_news_once_at_most_because_it_is_new(per_hour):
    chance = Random(per_hour)
    minute, posts = 0.0, []
    while minute < 12 * 60:
        minute += chance.expovariate(per_hour / 60)
        posts.append(heard(len(posts), minute))
    steps = fold([configured(plan(bad=SPIKE)), *posts], until=13 * 60)
    assert 1 >= len({step.incident for step in steps})
    assert {None} >= {step.evidence.usual for step in steps if step.state == "open"}
    assert [] == [step for step in steps if step.severity == "critical" and per_hour < 100]


def test_a_burst_that_is_there_at_the_start_is_told_without_inventing_what_is_usual():
    steps = fold([configured(plan(bad=SPIKE)), *burst(40, minute=0.5, step=0.05)])
    assert [("open", "warning"), ("worse", "critical")] == [
        (steps[0].state, steps[0].severity),
        (steps[-1].state, steps[-1].severity),
    ]
    assert {None} == {step.evidence.usual for step in steps}


@pytest.mark.parametrize(
    ("posts", "times", "severity"),
    [({}, 14, "warning"), ({}, 30, "critical"), ({"posts": 10}, 14, "critical"), ({"posts": 40}, 30, "warning")],
)
def test_of_a_brand_that_is_never_mentioned_a_handful_is_not_critical(posts, times, severity):
    rule = SPIKE | {"critical_when": {"times_usual": 8, **posts}}
    steps = fold([configured(plan(bad=rule)), heard(0, 1), *burst(times, minute=2 * 24 * 60, step=0.2)])
    assert severity == steps[-1].severity


def grown(start, *, at_once=3.0, minutes=45, first=1_000):
    """Complaints that come ever faster: `at_once` a minute after `minutes`."""
    steps = [(2 * n * minutes / at_once) ** 0.5 for n in range(int(at_once * minutes / 2))]
    return [heard(first + n, start + step) for n, step in enumerate(steps)]


@pytest.mark.parametrize("age", [20, 40, 120])
def test_a_crisis_that_grows_slowly_is_told_although_the_brand_is_new(age):
    some = [heard(n, 1 + 6 * n) for n in range(age // 6)]
    steps = fold([configured(plan(bad=SPIKE)), *some, *grown(age, at_once=4.0, minutes=60)], until=age + 60)
    assert "open" in [step.state for step in steps]


def test_a_crisis_is_not_compared_with_itself():
    some = [heard(n, 1 + 6 * n) for n in range(10)]
    steps = fold([configured(plan(bad=SPIKE)), *some, *grown(60, at_once=4.0, minutes=60)], until=60 + 60)
    assert ["open", "worse"] == [step.state for step in steps][:2]
    assert steps[-1].evidence.usual == pytest.approx(steps[0].evidence.usual, rel=0.2)


def test_an_edit_that_takes_a_mention_out_names_it_no_more():
    log = [configured(plan(five=FIVE)), *burst(5)]
    gone = log[-1].facts
    out = Edited(at=log[-1].at, before=gone, after=msgspec.structs.replace(gone, history=True))
    more = [heard(n, 10.5) for n in range(50, 52)]
    quoted = {name for step in fold([*log, out, *more], until=12) for name in step.evidence.mentions.values()}
    assert quoted
    assert gone.mention not in quoted


def test_an_edit_takes_a_complaint_back():
    first = burst(4)
    before = first[0].facts
    edit = Edited(at=START + 11 * MINUTE, before=before, after=facts(0, START + 11 * MINUTE, label="neutral"))
    assert [] == fold([configured(plan(five=FIVE)), *first, edit, heard(9, 12)])
    assert ["open"] == [step.state for step in fold([configured(plan(five=FIVE)), *first, heard(9, 12)])]


def test_a_deleted_mention_is_counted_and_not_quoted():
    log = [configured(plan(five=FIVE)), *burst(4), Deleted(at=START + 11 * MINUTE, mention="feed:0"), heard(9, 12)]
    steps = fold(log)
    assert 5 == steps[0].evidence.count
    assert "feed:0" not in steps[0].evidence.mentions.values()
    log = [configured(plan(five=FIVE)), *burst(5), Deleted(at=START + 11 * MINUTE, mention="feed:0")]
    assert "feed:0" not in fold(log, until=100)[-1].evidence.mentions.values()


def test_words_that_matter_open_a_critical_incident():
    log = [configured(plan(recall=RECALL)), heard(1, 5, hits=("recall",)), heard(2, 6, hits=("recall",))]
    steps = fold(log, until=100)
    assert [("recall", "open", "critical"), ("recall", "resolved", "critical")] == states(steps)


def test_the_evidence_counts_the_words_that_were_said_and_few_of_them():
    said = [("boycott",), ("boycott", "boycotts"), *((f"boycott{letter}",) for letter in "hgfedcba")]
    log = [
        heard(number, 5, hits=("recall",), said={"recall": words, "other": ("strike",)})
        for number, words in enumerate(said)
    ]
    (step, *_) = fold([configured(plan(recall=RECALL)), *log])
    assert {"boycott": 2, "boycotta": 1, "boycottb": 1, "boycottc": 1, "boycottd": 1} == step.evidence.words
    assert ["boycott", "boycotta"] == list(step.evidence.words)[:2]


def test_a_mention_that_is_edited_takes_its_words_along():
    before = facts(1, START + 5 * MINUTE, hits=("recall",), said={"recall": ("boycott",)})
    after = facts(1, START + 5 * MINUTE, hits=("recall",), said={"recall": ("fuite",)})
    log = [configured(plan(recall=RECALL)), Heard(at=START + 5 * MINUTE, facts=before)]
    log += [Edited(at=START + 6 * MINUTE, before=before, after=after), heard(2, 7, hits=("recall",))]
    assert {"fuite": 1} == fold(log)[-1].evidence.words


def test_the_evidence_tells_how_much_of_the_window_is_recent():
    log = [configured(plan(five=FIVE)), *burst(2, minute=2), *burst(3, minute=12, first=50)]
    (step,) = fold(log)
    assert (5, 3) == (step.evidence.count, step.evidence.second_half)


def test_logs_and_snapshots_of_before_are_still_read():
    old = b'{"type":"mention","at":1,"facts":{"mention":"feed:1","moment":1,"source":"press","hits":["recall"]}}'
    engine = Engine("acme", b'{"counts":{"bins":{"hits:recall":{"30000005":{"count":1,"authors":{"a":1}}}}}}')
    assert {} == decode(old).facts.said
    fold([configured(plan(recall=RECALL))], engine=engine)
    assert {} == Engine("acme", engine.dump())._state.counts.bins["hits:recall"][30000005].words


def test_a_removed_rule_resolves_its_incident_with_the_reason():
    log = [configured(plan(five=FIVE)), *burst(5), configured(plan(recall=RECALL), START + 12 * MINUTE)]
    assert ["open", "resolved"] == [step.state for step in fold(log)]
    assert "removed" in fold(log)[1].because


def test_the_same_rule_after_a_reload_keeps_its_incident():
    changed = plan(five=FIVE | {"severity": "info"})
    log = [configured(plan(five=FIVE)), *burst(5), configured(changed, START + 12 * MINUTE)]
    assert ["open"] == [step.state for step in fold(log, until=13)]


def test_a_spike_needs_more_than_is_usual():
    calm = [heard(n, n * 5, author=f"u{n}") for n in range(600)]
    crisis = burst(30, minute=3000, step=0.3, first=10_000)
    steps = fold([configured(plan(bad=SPIKE)), *calm, *crisis], until=3200)
    assert ["open", "resolved"] == [steps[0].state, steps[-1].state]
    assert START + 3000 * MINUTE < steps[0].at < START + 3007 * MINUTE
    assert 2 < steps[0].evidence.usual < 4


def test_a_brand_that_is_always_loud_is_not_in_crisis():
    loud = [heard(n, n / 4) for n in range(12_000)]
    late = [step for step in fold([configured(plan(bad=SPIKE)), *loud]) if step.at > START + 600 * MINUTE]
    assert [] == [step for step in late if step.state in {"open", "worse"}]


TOLD = {"kind": "threshold", "of": "negative stories", "at_least": {"posts": 3}}
LOUD = {"kind": "spike", "of": "posts"}
EACH = {"kind": "spike", "by": "source and together"}
WORSE = {"kind": "share", "by": "source", "above": 0.5, "at_least": {"posts": 3, "authors": 2}, "calm_for": "5m"}
STORIES = (0, 0, *(sketch("abcdefghijkl"[n:]) for n in range(3)))


def incidents_of(engine):
    """Tells the incidents of a log that grows."""
    taken, steps = [], []

    def so_far(entries):
        steps.extend(fold(entries[len(taken) :], engine=engine))
        taken[:] = entries
        return [step.incident for step in steps]

    return so_far


@st.composite
def said(draw, number, at):
    """A mention, which may be late."""
    return facts(
        number,
        at - draw(st.sampled_from([0, 0, 5 * MINUTE, 29 * MINUTE])),
        source=draw(st.sampled_from(["press", "press", "other"])),
        label=draw(st.sampled_from(["negative", "negative", "neutral", "unsupported"])),
        hits=draw(st.sampled_from([(), (), ("recall",)])),
        author=f"a{draw(st.integers(0, 9))}",
        story=draw(st.sampled_from(STORIES)),
    )


@st.composite
def hearing(draw, kind, since, at):
    """What was not heard."""
    source = draw(st.sampled_from(["press", "press", "other"]))
    if kind == "gap":
        return Gap(at=at, since=since)
    if kind == "missed":
        return Missed(at=at, source=source, since=since)
    return Coverage(at=at, source=source, share=draw(st.sampled_from([0.0, 0.4, 1.0])))


@st.composite
def logs(draw, **more):
    """A log whose stamps never decrease: mentions of all sorts, gaps, coverage, people, edits, deletes, histories."""
    rules = {"five": FIVE, "bad": SPIKE, "recall": RECALL}
    campaign = Campaign(name="sale", since=START + 5 * MINUTE, until=START + 200 * MINUTE, posts=3)
    the_plan = msgspec.structs.replace(plan(**rules, **more), sources=("press", "other"), campaigns=(campaign,))
    entries, at, posted = [configured(the_plan)], START, []
    so_far = incidents_of(Engine("acme"))
    for number in range(draw(st.integers(0, 60))):
        since, at = at, at + draw(st.sampled_from([0, SECOND, 7 * SECOND, MINUTE, 9 * MINUTE, 60 * MINUTE]))
        kind = draw(
            st.sampled_from(
                ["heard"] * 12 + ["gap", "missed", "cover", "delete", "edit", "ack", "back", "resolve", "past", "plan"]
            )
        )
        if kind == "heard":
            posted.append(draw(said(number, at)))
            entries.append(Heard(at=at, facts=posted[-1]))
        elif kind in {"gap", "missed", "cover"}:
            entries.append(draw(hearing(kind, since, at)))
        elif kind == "plan":
            sources = draw(st.sampled_from([("press",), ("other", "press"), ("press", "other", "new")]))
            entries.append(configured(msgspec.structs.replace(the_plan, sources=sources), at))
        elif kind == "past":
            begin = START // MINUTE - draw(st.integers(60, 180))
            counts = {"negative": tuple(draw(st.lists(st.sampled_from([None, 0, 3]), max_size=12)))}
            entries.append(Imported(at=at, begin=begin, width=5, counts=counts))
        elif posted and kind == "delete":
            entries.append(Deleted(at=at, mention=draw(st.sampled_from(posted)).mention))
        elif posted and kind == "edit":
            index = draw(st.integers(0, len(posted) - 1))
            after = msgspec.structs.replace(posted[index], label=draw(st.sampled_from(["negative", "neutral"])))
            entries.append(Edited(at=at, before=posted[index], after=after))
            posted[index] = after
        elif incidents := so_far(entries):
            incident = draw(st.sampled_from(incidents))
            ending = draw(st.sampled_from([None, "real", "false-alarm"]))
            asked = {"ack": Acknowledged(at=at, incident=incident, by="lea")}
            asked["back"] = Released(at=at, incident=incident, by="max")
            entries.append(asked.get(kind, Resolved(at=at, incident=incident, by="lea", ending=ending)))
    return entries


@given(logs())
@settings(max_examples=40, deadline=None)
def test_an_incident_opens_before_anything_else_and_comes_back_only_from_its_end(log):
    steps = fold(log, until=(log[-1].at - START) / MINUTE + 360)
    follows_a_life(steps)
    for incident in {step.incident for step in steps}:
        life = [step.state for step in steps if step.incident == incident]
        hands = [state for state in life if state in ("acknowledged", "released", "reopened")]
        for before, after in pairwise([None, *hands]):
            assert (after == "released") <= (before == "acknowledged")
            assert (after == "acknowledged") <= (before != "acknowledged")


@given(logs(told=TOLD, each=EACH, worse=WORSE, loud=LOUD), st.data())
@settings(max_examples=20, deadline=None)
def test_a_restart_and_early_grid_instants_change_nothing(log, data):
    whole = fold(log, until=400)
    cut = data.draw(st.integers(0, len(log)))
    engine = Engine("acme")
    steps = [step for entry in log[:cut] for step in engine.apply(entry)]
    revived = Engine("acme", engine.dump())
    for entry in log[cut:]:
        early = entry.since if isinstance(entry, Gap) else entry.at
        steps += revived.advance(early - data.draw(st.sampled_from([0, SECOND, MINUTE])))
        steps += revived.apply(entry)
    steps += revived.settle() + revived.advance(START + 400 * MINUTE)
    assert msgspec.json.encode(whole) == msgspec.json.encode(steps)


STEADY = {
    "share": {"kind": "share", "above": 0.3, "at_least": {"posts": 3, "authors": 1}},
    "loud": {"kind": "influencer", "followers": 1, "only_beyond_usual": False},
    "crowd": {"kind": "cardinality", "different": "authors", "of": "posts", "max": 3, "min": 1},
    "silence": {"kind": "flatline", "of": "posts", "fewer_than": 1, "window": "15m"},
}


@given(logs(told=TOLD, **STEADY))
@settings(max_examples=5, deadline=None)
def test_a_rule_that_is_not_asked_would_have_said_nothing(log):
    engine, steps = Engine("acme"), []
    for entry, following in pairwise([*log, None]):
        steps += engine.apply(entry)
        until = START + 400 * MINUTE if following is None else getattr(following, "since", following.at)
        for number in (1, 4, 7):  # what is revived knows of no rest
            engine = Engine("acme", engine.dump())
            steps += engine.advance(min(until, entry.at + number * 10 * SECOND))
    steps += engine.settle() + engine.advance(START + 400 * MINUTE)
    assert msgspec.json.encode(fold(log, until=400)) == msgspec.json.encode(steps)


@given(logs())
@settings(max_examples=30, deadline=None)
def test_an_entry_survives_the_log(log):
    assert log == [decode(encode(entry)) for entry in log]


def test_memory_stays_bounded_however_many_mentions_come():
    engine = Engine("acme")
    sizes = []
    for part in range(4):
        fold([configured(plan(bad=SPIKE))] if part == 0 else [], engine=engine)
        for n in range(10_000):
            engine.apply(heard(part * 10_000 + n, part * 1_000 + n / 10))
        sizes.append(len(engine.dump()))
    assert sizes[3] < 1.5 * sizes[1]


def test_a_log_from_before_endings_is_read_and_one_with_them_tells_them():
    old = b'{"type":"resolve","at":1,"incident":"x","by":"lea","because":null}'
    assert Resolved(at=1, incident="x", by="lea") == decode(old)
    log = [configured(plan(five=FIVE)), *burst(5)]
    end = Resolved(at=START + 20 * MINUTE, incident=fold(log)[0].incident, by="lea", ending="false-alarm")
    assert "false-alarm" == fold([*log, end])[-1].ending
    # said of one that is over, it changes nothing
    again = Resolved(at=START + 30 * MINUTE, incident=end.incident, by="lea", ending="real")
    assert fold([*log, end], until=60) == fold([*log, end, again], until=60)

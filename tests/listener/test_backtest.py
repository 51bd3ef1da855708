"""A backtest is the engine on a virtual clock: the same mentions give the same transitions, however they come."""

from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from listener.backtest import Backtest, replay_store
from listener.charts.sampling import Sampling
from listener.pipeline.clean import fit
from listener.pipeline.engines import Engines
from listener.pipeline.intake import Intake
from listener.recorded import ELSEWHERE, MOST_SOURCES
from listener.store.port import Commit
from rules.instant import MINUTE, SECOND, instant, moment
from rules.mention import Author, Mention
from tests.listener.pipeline.world import START, configured, opened

TEXTS = ("acme is slow", "acme is a horrible disaster, I hate it", "acme leak", "nothing")
RULES = (
    "many: {kind: threshold, of: posts, window: 5m, at_least: {posts: 4}, calm_for: 2m}, "
    "leak: {kind: keyword, any: [leak], window: 5m, at_least: {posts: 2}, calm_for: 2m}, "
    "bad: {kind: spike, at_least: {posts: 3, authors: 2}}"
)


def said(name, seconds, text="acme is slow", **changes):
    when = moment(START + int(seconds * SECOND))
    known = {"id": str(name), "source": "press", "platform": "file", "text": text, "observed_at": when}
    return Mention(**known | {"author": Author(handle=f"by {name}")} | changes)


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    return configured(tmp_path_factory.mktemp("backtest"), rules=RULES)


def run(setup, mentions):
    backtest = Backtest(setup)
    return list(backtest.run((mention, None) for mention in mentions)), backtest.summary


def outline(steps):
    return [(step.at, step.rule, step.state, step.evidence.count) for step in steps]


def test_lines_of_counts_tell_of_a_post_that_takes_off_and_cost_nothing_else(tmp_path):
    hot = configured(tmp_path, rules="hot: {kind: ignition}")
    bad = said("1", 0, "acme is a horrible disaster, I hate it", counts={"likes": 0, "views": 9_000})
    counts = [said("1", 60 * n, "", op="counts", counts={"likes": 9 * n, "replies": n}) for n in range(1, 10)]
    steps, summary = run(hot, [bad, *counts, said("9", 600, "", op="counts", counts={"likes": 900})])
    assert ("hot", "open", "reactions") == (steps[0].rule, steps[0].state, steps[0].evidence.unit)
    assert (30, 1, 1) == (steps[0].evidence.count, summary.counted, summary.dropped["counts"])
    assert [] == run(configured(tmp_path, rules="five: {kind: threshold, at_least: {posts: 5}}"), [bad, *counts])[0]


posts = st.lists(
    st.tuples(
        st.integers(0, 30),  # id: some come twice
        st.integers(0, 240),  # seconds after the one before
        st.sampled_from(TEXTS),
        st.sampled_from(["create", "create", "create", "update", "delete"]),
        st.sampled_from([None, 0, 60, 7200, -60]),  # seconds it was written before it was read
    ),
    max_size=40,
)


def as_mentions(drawn):
    seconds, mentions = 0, []
    for number, (name, pause, text, op, age) in enumerate(drawn):
        seconds += pause
        written = None if age is None else moment(START + (seconds - age) * SECOND)
        revision = str(number) if op == "update" else ""
        mentions.append(said(name, seconds, text, op=op, revision=revision, created_at=written))
    return mentions


def in_batches(setup, mentions, cuts, ticks):
    """What the daemon does with them: a transaction now and then, the grid run whenever it likes."""
    engines, known, steps = Engines(), {}, []
    begun = instant(mentions[0].observed_at)
    steps += engines.apply(engines.configure(setup.plans, begun))
    for number, mention in enumerate(mentions):
        at = instant(mention.observed_at)
        for tick in range(ticks):
            steps += engines.advance(at - (ticks - tick) * 7 * SECOND)
        if number in cuts or number == 0:
            intake = None
        if intake is None or intake.at != at:
            # a transaction bears one stamp
            intake = Shared(setup, known, at)
        steps += engines.apply(intake.take(mention, begun))
    # the last of them may have been dropped as known: time went on all the same
    return steps + engines.settle() + engines.advance(instant(mentions[-1].observed_at))


class Shared(Intake):
    """An intake that goes on where the last one stopped, as lookups in a store do."""

    def __init__(self, setup, known, at):
        super().__init__(setup, b"backtest", known, Commit(advanced=at, last=at), at)
        self.at, self._all = at, known

    def take(self, mention, since):
        mention = fit(mention, mention.source)
        entries = super().take([mention], since)
        if self.known(mention.identity):
            self._all[mention.identity] = self.known(mention.identity)
        return entries


@settings(max_examples=60, deadline=None)
@given(drawn=posts, cuts=st.sets(st.integers(0, 40)), ticks=st.integers(0, 3))
def test_whatever_the_batches_and_the_idle_ticks_the_transitions_are_the_same(setup, drawn, cuts, ticks):
    mentions = as_mentions(drawn)
    steps, _ = run(setup, mentions)
    again = in_batches(setup, mentions, cuts, ticks) if mentions else []
    assert steps == again


within_the_lateness = posts.map(lambda drawn: [(name, pause // 8, *rest) for name, pause, *rest in drawn])


@settings(max_examples=100, deadline=None)
@given(drawn=within_the_lateness)
@example(drawn=[(0, 0, "acme is slow", "create", None)] * 2 + [(0, 0, "nothing", "update", None)])
@example(
    drawn=[
        (0, 0, "acme is slow", "create", None),
        (1, 0, "acme is slow", "create", 60),
        (1, 0, "nothing", "update", None),
    ]
)
def test_what_is_counted_is_what_is_known_of_the_mentions_however_often_they_were_edited(setup, drawn):
    mentions = as_mentions(drawn) or [said(1, 0)]
    engines, known = Engines(), {}
    engines.apply(engines.configure(setup.plans, START))
    for mention in mentions:
        intake = Shared(setup, known, instant(mention.observed_at))
        engines.apply(intake.take(mention, START))
    end = instant(mentions[-1].observed_at)
    facts = [seen.facts["acme"] for seen in known.values() if "acme" in seen.facts]
    minutes = [fact.moment // MINUTE for fact in facts if not (fact.history or fact.own)]
    in_window = [minute for minute in minutes if end // MINUTE - 5 < minute <= end // MINUTE]
    assert engines.get("acme").judge(end)["many"].count == len(in_window)


@settings(max_examples=30, deadline=None)
@given(drawn=posts)
def test_two_backtests_of_one_recording_are_the_same_also_while_one_is_drawn(setup, drawn):
    mentions = as_mentions(drawn)
    drawing = Backtest(setup, Sampling({"acme": "Acme Air"}, "fr"))
    assert run(setup, mentions)[0] == list(drawing.run((mention, None) for mention in mentions))
    (panel,) = drawing.panels()
    counted = drawing.summary.transitions
    assert len(panel.alarms) == counted["open"] + counted["reopened"] == len(panel.incidents)
    assert sum(bucket.count for bucket in panel.series.buckets) <= drawing.summary.counted


async def test_the_daemon_does_the_same_as_a_backtest_of_what_it_heard(tmp_path):
    async with opened(tmp_path, rules=RULES) as world:
        mentions = [said(number, number * 20, TEXTS[number % 4]) for number in range(60)]
        for mention in mentions:
            while world.clock.now() < instant(mention.observed_at):
                world.clock.move(seconds=5)
                await world.ledger.write([])
            await world.hear(mention)
        steps, summary = run(world.ledger.setup, mentions)
        assert outline(await world.steps()) == outline(steps)
        assert (60, 45, 15) == (summary.mentions, summary.counted, summary.dropped["unmatched"])
        assert {"open"} <= set(summary.transitions)
        assert [True] == [replay.equal async for replay in replay_store(world.views)]


def test_time_is_the_running_maximum_of_when_mentions_were_seen(setup):
    _, summary = run(setup, [said(1, 0), said(2, 500), said(3, 100)])
    assert (START, START + 500 * SECOND) == (summary.since, summary.until)


def test_at_says_when_a_mention_was_taken_and_never_goes_back(setup):
    backtest = Backtest(setup)
    ats = [0, 600, 60]
    recorded = [(said(number, 0), moment(START + at * SECOND)) for number, at in enumerate(ats)]
    assert [] == list(backtest.run(recorded))
    assert START + 600 * SECOND == backtest.summary.until


def test_a_mention_that_comes_twice_counts_once(setup):
    steps, summary = run(setup, [said(1, 0)] * 10)
    assert ([], 1, 9) == (steps, summary.counted, summary.dropped["duplicate"])


def test_a_source_that_is_not_configured_is_heard_by_every_brand(setup):
    _, summary = run(setup, [said(1, 0, source="somewhere")])
    assert 1 == summary.counted


def test_a_recording_that_names_a_new_source_in_every_line_stays_in_bounds(setup):
    mentions = [said(number, number, source=f"s{number}") for number in range(MOST_SOURCES + 100)]
    later = [said(f"later {number}", 10_000, source=f"t{number}") for number in range(4)]
    steps, summary = run(setup, [*mentions, *later])
    assert len(mentions) + 4 == summary.counted
    assert {ELSEWHERE: 4} == next(step.evidence.sources for step in reversed(steps) if step.state == "open")


def test_an_empty_recording_is_no_error(setup):
    steps, summary = run(setup, [])
    assert ([], None) == (steps, summary.since)


def test_a_month_of_silence_ends_what_was_open(setup):
    month = int(timedelta(days=30).total_seconds())
    steps, summary = run(setup, [*(said(number, number) for number in range(4)), said(9, month)])
    assert ["open", "resolved"] == [step.state for step in steps if step.rule == "many"]
    assert month * SECOND == summary.until - summary.since

"""What one brand goes through: a fold over its log that gives the transitions of its incidents."""

import msgspec

from rules.by_source import BySource
from rules.engine_state import EngineState
from rules.explaining import Explanation, explain
from rules.facts import Facts
from rules.history import pupils, take_in
from rules.incident import Incident
from rules.inputs import (
    Acknowledged,
    Configured,
    Coverage,
    Deleted,
    Edited,
    Engaged,
    Gap,
    Heard,
    Imported,
    Input,
    Learnt,
    Missed,
    Plan,
    Released,
    Resolved,
)
from rules.instant import MINUTE, SECOND, Instant, Span
from rules.judging import Judging
from rules.making import Rules, made
from rules.reactions import Followed
from rules.rule import Verdict
from rules.series import minute_of
from rules.transition import Evidence, Transition

GRID: Span = 10 * SECOND
"""The engine looks at every rule at each multiple of this, and after each mention."""


_NEWS = Heard | Edited | Engaged | Deleted | Coverage | Missed
"""What may come with other news of the same stamp; anything else wants it judged first."""


class Engine:
    """The engine of one brand. `apply` and `advance` must be called with instants that never decrease.

    What comes with one stamp is one piece of news: rules judge it once, when all of it is counted, so that an opening
    tells of the whole of it. `settle` says that there is no more of it; the next stamp says so too. The same inputs in
    the same order give the same transitions, whenever `advance` is called in between: it only runs grid instants
    earlier that the next input would run anyway.
    """

    def __init__(self, brand: str, state: bytes | None = None) -> None:
        self.brand = brand
        self._state = msgspec.json.decode(state, type=EngineState) if state else EngineState()
        self._rules: Rules = {}
        self._judging = Judging(brand, self._state, self._rules)
        self._state.close(self._state.learnt)
        if self._state.plan:
            self._build(self._state.plan)
            for name, learned in self._state.learned.items():
                self._rules[name].rule.restore(learned)

    @property
    def plan(self) -> Plan | None:
        """The plan in force; None before the first."""
        return self._state.plan

    @property
    def model(self) -> str | None:
        """The hash of the label model in force."""
        return self._state.model

    @property
    def followed(self) -> Followed:
        """The posts whose reactions are counted; not to be changed."""
        return self._state.counts.followed

    @property
    def judged(self) -> Instant:
        """The stamp of the last news; 0 before the first."""
        return self._state.news_at

    @property
    def listened(self) -> tuple[int, int]:
        """The first minute that was listened to, and the first that is not learnt yet."""
        return self._state.counts.since, max(self._state.learnt, self._state.counts.since)

    def pupils(self, entry: Imported) -> dict[str, int | None]:
        """The rules that learn of a series in it, with the minute up to which each knows a history already."""
        return {name: self._state.imported.get(name) for name in pupils(entry, self._state, self._rules)}

    def open_incidents(self) -> list[Incident]:
        """The incidents that are open now."""
        return list(self._state.incidents.values())

    def heard(self, source: str) -> float:
        """Which part of a source is heard, 0 to 1."""
        return self._state.share_of(source)

    @property
    def coverage(self) -> float:
        """How much of what the brand usually hears is heard, 0 to 1."""
        return self._state.coverage(self._state.sources)

    def judge(self, at: Instant) -> dict[str, Verdict]:
        """What each rule says of the moment `at`, without consequences."""
        return self._judging.verdicts(at)

    def authors(self, verdict: Verdict, at: Instant) -> int:
        """How many people wrote what a verdict of `judge` at `at` counts."""
        return self._state.counts.of(verdict.source).authors(verdict.of, at, verdict.window)

    def present(self, incident: str, at: Instant) -> Evidence | None:
        """What is counted of an open incident at `at`, as a step would tell it, without consequences; None where it is
        not open.
        """
        return self._judging.present(incident, at)

    def explain(self, at: Instant) -> list[Explanation]:
        """How each rule comes to what it says of the moment `at`, without consequences."""
        self._state.find_deaf(at)
        return [explain(name, each.rule, self._state, at) for name, each in self._rules.items()]

    def dump(self) -> bytes:
        """The state, for a snapshot."""
        self._state.learned = {name: each.rule.dump() for name, each in self._rules.items()}
        return msgspec.json.encode(self._state)

    def apply(self, entry: Input) -> list[Transition]:
        """Take one input in. What came before it is judged and grid instants up to its `at` run first."""
        if isinstance(entry, Heard) and entry.at == self._state.news_at:
            return self._take(entry)  # what is more of the same news, of which a storm has hundreds
        more = isinstance(entry, _NEWS) and entry.at == self._state.news_at
        transitions = [] if more else self.settle()
        if isinstance(entry, Gap):
            return transitions + self._gap(entry)
        transitions += self.advance(entry.at)
        if not isinstance(entry, Heard):
            self._judging.resting.wake()
        return transitions + self._take(entry)

    def _take(self, entry: Input) -> list[Transition]:
        self._state.counts.followed.note(entry)
        match entry:
            case Heard():
                self._touch(entry.at, self._count(entry.facts))
            case Edited():
                self._edit(entry)
            case Deleted():
                self._unquote(entry.mention)
            case Acknowledged() | Released() | Resolved():
                return self._judging.obey(entry)
            case Configured():
                return self._configure(entry)
            case Coverage():
                self._cover(entry)
            case Missed():
                self._miss(entry)
            case Learnt():
                self._state.model = entry.hash
            case Imported():
                take_in(entry, self._state, self._rules)
        return []

    def settle(self) -> list[Transition]:
        """Judge what was taken in and not judged yet."""
        news, self._state.news = self._state.news, {}
        return self._judging.judge(self._state.news_at, set(news)) if news else []

    def advance(self, to: Instant) -> list[Transition]:
        """Run every grid instant up to and including `to`."""
        state = self._state
        transitions = self.settle() if to > state.news_at else []
        last = to - to % GRID
        if state.plan is None:
            return transitions
        while state.ticked < last:
            if not (state.counts.is_lively(state.ticked, self._horizon) or state.incidents or self._minds_silence):
                state.ticked = last
                state.hushed.clear()
                self._judging.forget(last)
                self._learn(last)
                break
            state.ticked = min(last, state.ticked + self._spared(state.ticked) + GRID)
            self._learn(state.ticked)
            self._judging.forget(state.ticked)
            transitions += self._judging.judge(state.ticked)
        return transitions

    def _spared(self, ticked: Instant) -> Span:
        """How long no rule need be asked and nothing be learnt after a grid instant."""
        learnt = minute_of(ticked) - self._lateness <= self._state.learnt
        return MINUTE - GRID - ticked % MINUTE if learnt and self._judging.rests(ticked) else 0

    def _gap(self, entry: Gap) -> list[Transition]:
        state = self._state
        transitions = self.advance(entry.since)
        state.ticked = max(state.ticked, entry.at - entry.at % GRID)
        state.skip(minute_of(entry.since), minute_of(entry.at))
        for incident in state.incidents.values():
            incident.pause(entry.at - entry.since)
        self._judging.resting.wake()
        return transitions

    def _touch(self, at: Instant, series: set[str]) -> None:
        self._judging.resting.wake(series)
        self._state.news_at = at
        if not series <= self._state.news.keys():
            self._state.news.update(dict.fromkeys(sorted(series), True))

    def _count(self, facts: Facts) -> set[str]:
        touched = self._state.counts.count(facts)
        self._judging.note(facts, touched)
        return touched

    def _edit(self, entry: Edited) -> None:
        if entry.before.history:  # it was counted nowhere
            self._touch(entry.at, self._state.counts.count(entry.after))
            return
        if minute_of(entry.before.moment) < self._state.learnt:
            return
        moved = msgspec.structs.replace(entry.after, moment=entry.before.moment)
        before = self._state.counts.uncount(entry.before)
        self._touch(entry.at, before | self._state.counts.count(moved))

    def _unquote(self, mention: str) -> None:
        self._state.counts.unquote(mention)
        for incident in self._state.known:
            incident.first = "" if incident.first == mention else incident.first

    def _cover(self, entry: Coverage) -> None:
        state = self._state
        since = state.cover(entry.source, entry.share, minute_of(entry.at))
        state.note_coverage(minute_of(entry.at))
        if since is None or not state.whole:
            return
        if entry.source in self._state.sources:
            for name, learned in state.whole.items():
                self._rules[name].rule.recall(learned)
        if not state.is_reduced(state.learnt):
            state.whole = {}

    def _miss(self, entry: Missed) -> None:
        self._state.skip(minute_of(entry.since), minute_of(entry.at))
        for incident in self._state.incidents.values():
            if entry.source in incident.sources:
                incident.unsettle(entry.at)

    def _configure(self, entry: Configured) -> list[Transition]:
        state, old = self._state, self._rules
        first, state.plan = state.plan is None, entry.plan
        changed = not first and self._query != entry.plan.query
        transitions = self._judging.keep({rule.name for rule in entry.plan.rules}, entry.at)
        self._build(entry.plan)
        same = {name for name, each in self._rules.items() if name in old and each.is_same(old[name])}
        state.ended = {name: each for name, each in state.ended.items() if name in same and not changed}
        apart = any(isinstance(each.rule, BySource) for each in self._rules.values())
        state.counts.follow(state.sources, minute_of(entry.at), apart=apart)
        state.counts.expect(entry.plan.campaigns)
        state.note_coverage(minute_of(entry.at))
        self._inherit(old, soften=changed)
        if first:
            state.ticked, state.counts.since = entry.at - entry.at % GRID, minute_of(entry.at)
            state.close(state.counts.since - self._lateness)  # what is late counts before it, and may be edited
        return transitions

    def _inherit(self, old: Rules, *, soften: bool) -> None:
        state = self._state
        whole, state.whole, imported, state.imported = state.whole, {}, state.imported, {}
        for name, made_now in self._rules.items():
            before = old.get(name)
            if before and made_now.is_like(before):
                made_now.rule.restore(before.rule.dump())
                if name in whole and not soften:
                    state.whole[name] = whole[name]
                if name in imported and not soften:
                    state.imported[name] = imported[name]
            if soften:
                made_now.rule.soften()

    def _build(self, plan: Plan) -> None:
        self._query = plan.query
        self._rules = {rule.name: made(rule) for rule in plan.rules}
        self._judging = Judging(self.brand, self._state, self._rules)
        self._minds_silence = any(each.is_of_silence for each in self._rules.values())
        self._lateness = -(-plan.lateness // MINUTE)
        self._horizon = max([each.rule.horizon for each in self._rules.values()], default=1)

    def _learn(self, at: Instant) -> None:
        state = self._state
        until = minute_of(at) - self._lateness
        if until <= state.learnt:
            return
        for minute in range(max(state.learnt, state.counts.since), until):
            self._learn_minute(minute)
        state.close(until)
        state.forget(until, self._state.sources)
        state.note_coverage(minute_of(at))
        state.counts.forget(min(until, minute_of(at) - self._horizon + 1))
        state.counts.pack(minute_of(at))

    def _learn_minute(self, minute: int) -> None:
        state, sources = self._state, self._state.sources
        if not state.is_unheard(minute, sources):
            if not state.whole and state.is_reduced(minute):
                state.whole = {name: each.rule.dump() for name, each in self._rules.items()}
            for name, each in self._rules.items():
                if not (name in state.incidents and each.spec.pauses):
                    each.rule.learn(state.counts, minute)
        # a crisis is not where a brand is usually heard
        if not state.incidents and not state.is_skipped(minute):
            state.learn(state.counts, minute, sources)

"""What one brand goes through: a fold over its log that gives the transitions of its incidents."""

from collections.abc import Iterator

import msgspec

from rules.engine_state import EngineState
from rules.evidence import evidence_of
from rules.explaining import Explanation, explain
from rules.facts import Facts
from rules.history import Rules, made, pupils, take_in
from rules.incident import Incident, begun
from rules.inputs import (
    Acknowledged,
    Configured,
    Coverage,
    Deleted,
    Edited,
    Gap,
    Heard,
    Imported,
    Input,
    Learnt,
    Missed,
    Plan,
    Resolved,
)
from rules.instant import MINUTE, SECOND, Instant, Span, span
from rules.rule import RULES, RuleSpec, Verdict
from rules.series import measure_of, minute_of, series_of
from rules.transition import Ending, Evidence, State, Transition

GRID: Span = 10 * SECOND
"""The engine looks at every rule at each multiple of this, and after each mention."""


_NEWS = Heard | Edited | Deleted | Coverage | Missed
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
        self._specs: dict[str, RuleSpec] = {}
        self._state.close(self._state.learnt)
        if self._state.plan:
            self._build(self._state.plan)
            for name, learned in self._state.learned.items():
                self._rules[name][0].restore(learned)

    @property
    def plan(self) -> Plan | None:
        """The plan in force; None before the first."""
        return self._state.plan

    @property
    def model(self) -> str | None:
        """The hash of the label model in force."""
        return self._state.model

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
        return self._state.coverage(self._sources)

    @property
    def _sources(self) -> tuple[str, ...]:
        return self._state.plan.sources if self._state.plan else ()

    def judge(self, at: Instant) -> dict[str, Verdict]:
        """What each rule says of the moment `at`, without consequences."""
        return {name: self._verdict(name, at) for name in self._rules}

    def authors(self, verdict: Verdict, at: Instant) -> int:
        """How many people wrote what a verdict of `judge` at `at` counts."""
        return self._state.counts.authors(verdict.of, at, verdict.window)

    def explain(self, at: Instant) -> list[Explanation]:
        """How each rule comes to what it says of the moment `at`, without consequences."""
        self._state.find_deaf(at, self._sources)
        return [explain(name, rule, self._state, at) for name, (rule, _) in self._rules.items()]

    def dump(self) -> bytes:
        """The state, for a snapshot."""
        self._state.learned = {name: rule.dump() for name, (rule, _) in self._rules.items()}
        return msgspec.json.encode(self._state)

    def apply(self, entry: Input) -> list[Transition]:
        """Take one input in. What came before it is judged and grid instants up to its `at` run first."""
        more = isinstance(entry, _NEWS) and entry.at == self._state.news_at
        transitions = [] if more else self.settle()
        if isinstance(entry, Gap):
            return transitions + self._gap(entry)
        transitions += self.advance(entry.at)
        return transitions + self._take(entry)

    def _take(self, entry: Input) -> list[Transition]:
        match entry:
            case Heard():
                self._touch(entry.at, self._count(entry.facts))
            case Edited():
                self._edit(entry)
            case Deleted():
                self._unquote(entry.mention)
            case Acknowledged() | Resolved():
                return self._acknowledge(entry) if isinstance(entry, Acknowledged) else self._resolve(entry)
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
        return self._judge_all(self._state.news_at, set(news)) if news else []

    def advance(self, to: Instant) -> list[Transition]:
        """Run every grid instant up to and including `to`."""
        state = self._state
        transitions = self.settle() if to > state.news_at else []
        last = to - to % GRID
        if state.plan is None:
            return transitions
        while state.ticked < last:
            if not (state.counts.bins or state.incidents or self._minds_silence):
                state.ticked = last
                state.hushed.clear()
                self._learn(last)
                break
            state.ticked += GRID
            self._learn(state.ticked)
            transitions += self._judge_all(state.ticked)
        return transitions

    def _gap(self, entry: Gap) -> list[Transition]:
        state = self._state
        transitions = self.advance(entry.since)
        state.ticked = max(state.ticked, entry.at - entry.at % GRID)
        state.skip(minute_of(entry.since), minute_of(entry.at))
        for incident in state.incidents.values():
            incident.pause(entry.at - entry.since)
        return transitions

    def _touch(self, at: Instant, series: set[str]) -> None:
        self._state.news_at = at
        self._state.news.update(dict.fromkeys(sorted(series), True))

    def _add(self, facts: Facts) -> set[str]:
        for series in series_of(facts):
            self._state.counts.add(series, facts)
        return set(series_of(facts))

    def _count(self, facts: Facts) -> set[str]:
        touched = self._add(facts)
        for incident in self._state.incidents.values():
            if measure_of(self._series(incident))[0] in touched:
                incident.during += 1
                if facts.source not in incident.sources:
                    incident.sources.append(facts.source)
        return touched

    def _edit(self, entry: Edited) -> None:
        if entry.before.history:  # it was counted nowhere
            self._touch(entry.at, self._add(entry.after))
            return
        if minute_of(entry.before.moment) < self._state.learnt:
            return
        before, after = set(series_of(entry.before)), set(series_of(entry.after))
        moved = msgspec.structs.replace(entry.after, moment=entry.before.moment)
        for series in before:
            self._state.counts.remove(series, entry.before)
        for series in series_of(moved):
            self._state.counts.add(series, moved)
        self._touch(entry.at, before | after)

    def _unquote(self, mention: str) -> None:
        self._state.counts.unquote(mention)
        for incident in self._state.incidents.values():
            incident.first = "" if incident.first == mention else incident.first

    def _acknowledge(self, entry: Acknowledged) -> list[Transition]:
        for incident in self._state.incidents.values():
            if incident.id == entry.incident and incident.acknowledged_by is None:
                incident.acknowledged_by = entry.by
                return [self._step(incident, "acknowledged", entry.at, by=entry.by)]
        return []

    def _resolve(self, entry: Resolved) -> list[Transition]:
        for name, incident in list(self._state.incidents.items()):
            if incident.id == entry.incident:
                how = {"by": entry.by, "because": entry.because, "ending": entry.ending}
                step = msgspec.structs.replace(self._step(incident, "resolved", entry.at), **how)
                self._end(name, entry.ending)
                self._state.hushed[name] = step.evidence.count
                return [step]
        return []

    def _cover(self, entry: Coverage) -> None:
        state = self._state
        since = state.cover(entry.source, entry.share, minute_of(entry.at))
        state.note_coverage(minute_of(entry.at), self._sources)
        if since is None or not state.whole:
            return
        if entry.source in self._sources:
            for name, learned in state.whole.items():
                self._rules[name][0].recall(learned)
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
        kept = {rule.name for rule in entry.plan.rules}
        transitions = [
            self._step(incident, "resolved", entry.at, because="the rule was removed from the configuration")
            for name, incident in state.incidents.items()
            if name not in kept
        ]
        state.incidents = {name: incident for name, incident in state.incidents.items() if name in kept}
        state.hushed = {name: count for name, count in state.hushed.items() if name in kept}
        self._build(entry.plan)
        state.note_coverage(minute_of(entry.at), self._sources)
        self._inherit(old, soften=changed)
        if first:
            state.ticked, state.counts.since = entry.at - entry.at % GRID, minute_of(entry.at)
            state.close(state.counts.since - self._lateness)  # what is late counts before it, and may be edited
        return transitions

    def _inherit(self, old: Rules, *, soften: bool) -> None:
        state = self._state
        whole, state.whole, imported, state.imported = state.whole, {}, state.imported, {}
        for name, (rule, _) in self._rules.items():
            before = old.get(name)
            if before and type(before[0]) is type(rule) and before[0].series == rule.series:
                rule.restore(before[0].dump())
                if name in whole and not soften:
                    state.whole[name] = whole[name]
                if name in imported and not soften:
                    state.imported[name] = imported[name]
            if soften:
                rule.soften()

    def _build(self, plan: Plan) -> None:
        self._query = plan.query
        self._rules = {rule.name: made(rule) for rule in plan.rules}
        self._specs = {rule.name: RULES.spec(rule.kind) for rule in plan.rules}
        self._minds_silence = any(self._specs[name].silence(options) for name, (_, options) in self._rules.items())
        self._lateness = -(-plan.lateness // MINUTE)
        self._horizon = max([rule.horizon for rule, _ in self._rules.values()], default=1)

    def _learn(self, at: Instant) -> None:
        state = self._state
        until = minute_of(at) - self._lateness
        if until <= state.learnt:
            return
        for minute in range(max(state.learnt, state.counts.since), until):
            self._learn_minute(minute)
        state.close(until)
        state.forget(until, self._sources)
        state.note_coverage(minute_of(at), self._sources)
        state.counts.forget(min(until, minute_of(at) - self._horizon + 1))

    def _learn_minute(self, minute: int) -> None:
        state, sources = self._state, self._sources
        if not state.is_unheard(minute, sources):
            if not state.whole and state.is_reduced(minute):
                state.whole = {name: rule.dump() for name, (rule, _) in self._rules.items()}
            for name, (rule, _) in self._rules.items():
                if not (name in state.incidents and self._specs[name].pauses):
                    rule.learn(state.counts, minute)
        # a crisis is not where a brand is usually heard
        if not state.incidents and not state.is_skipped(minute):
            state.learn(state.counts, minute, sources)

    def _verdict(self, name: str, at: Instant) -> Verdict:
        incident = self._state.incidents.get(name)
        self._state.find_deaf(at, self._sources)
        return self._rules[name][0].judge(self._state.counts, at, incident.as_opened if incident else None)

    def _judge_all(self, at: Instant, touched: set[str] | None = None) -> list[Transition]:
        return [step for name in self._rules for step in self._judge(name, at, touched)]

    def _judge(self, name: str, at: Instant, touched: set[str] | None) -> Iterator[Transition]:
        rule, options = self._rules[name]
        if touched is not None and not self._specs[name].is_hasty(measure_of(rule.series)[0], touched):
            return
        verdict = self._verdict(name, at)
        incident = self._state.incidents.get(name)
        if incident is None:
            if verdict.calm:
                self._state.hushed.pop(name, None)
            if verdict.firing and not self._is_hushed(name, verdict):
                yield self._open(name, verdict, at)
        elif step := incident.observe(verdict, at, heard=not self._state.down.keys() & set(incident.sources)):
            yield self._step(incident, step, at, verdict)
        elif incident.is_over(at, span(options.calm_for)):
            yield self._step(incident, "resolved", at, verdict)
            self._end(name)

    def _end(self, name: str, ending: Ending | None = None) -> None:
        del self._state.incidents[name]
        self._rules[name][0].end(ending)

    def _is_hushed(self, name: str, verdict: Verdict) -> bool:
        hushed = self._state.hushed.get(name)
        if hushed is not None and not verdict.fewer and verdict.count >= 2 * max(hushed, 1):
            del self._state.hushed[name]
        return name in self._state.hushed

    def _open(self, name: str, verdict: Verdict, at: Instant) -> Transition:
        series = verdict.series or self._rules[name][0].series
        incident = begun(self.brand, name, verdict, at, self._state.counts.window(series, at, verdict.window))
        self._state.incidents[name] = incident
        return self._step(incident, "open", at, verdict)

    def _step(
        self,
        incident: Incident,
        state: State,
        at: Instant,
        verdict: Verdict | None = None,
        *,
        by: str | None = None,
        because: str | None = None,
    ) -> Transition:
        rule, _ = self._rules[incident.rule]
        verdict = verdict or self._verdict(incident.rule, at)
        step = Transition(
            at=at,
            incident=incident.id,
            step=incident.step,
            brand=self.brand,
            rule=incident.rule,
            state=state,
            severity=incident.severity,
            reasons=rule.reasons(verdict),
            evidence=self._evidence(at, incident, verdict),
            by=by,
            because=because,
        )
        incident.step += 1
        return step

    def _series(self, incident: Incident) -> str:
        return incident.series or self._rules[incident.rule][0].series

    def _evidence(self, at: Instant, incident: Incident, verdict: Verdict) -> Evidence:
        state = self._state
        counted = evidence_of(self._series(incident), state.counts, at, incident, verdict)
        return msgspec.structs.replace(counted, unheard=tuple(sorted(state.down)), coverage=self.coverage)

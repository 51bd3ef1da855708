"""What the incidents of a brand go through: rules are judged, and say when one opens, changes and ends."""

from collections.abc import Collection, Iterator

from msgspec.structs import replace

from rules.by_source import BySource
from rules.engine_state import EngineState
from rules.evidence import evidence_of
from rules.facts import Facts
from rules.incident import Incident, begun
from rules.inputs import Acknowledged, Released, Resolved
from rules.instant import MINUTE, Instant, Span, span
from rules.judged import begin, look_back
from rules.making import Rules
from rules.resting import Resting
from rules.rule import Verdict
from rules.series import measure_of
from rules.transition import Ending, Evidence, State, Transition


class Judging:
    """Judges `rules` of `brand` by what `state` has counted, and keeps the incidents there."""

    def __init__(self, brand: str, state: EngineState, rules: Rules) -> None:
        self._brand = brand
        self._state = state
        self._rules = rules
        self.resting = Resting()

    def verdicts(self, at: Instant) -> dict[str, Verdict]:
        """What each rule says of the moment `at`, without consequences."""
        self._state.find_deaf(at)
        return {name: self._verdict(name, at) for name in self._rules}

    def rests(self, at: Instant) -> bool:
        """Whether no rule need be asked at a grid instant."""
        return all(self.resting.holds(name, at) for name in self._rules)

    def judge(self, at: Instant, touched: set[str] | None = None) -> list[Transition]:
        """Judge every rule at a grid instant, and what news of the series `touched` concerns at once."""
        self._state.find_deaf(at)
        return [step for name in self._rules for step in self._judge(name, at, touched)]

    def forget(self, at: Instant) -> None:
        """What ended too long ago does not come back."""
        ended = self._state.ended
        past = [name for name, each in ended.items() if each.is_past(at, self._calm_for(name))]
        for name in past:
            del ended[name]

    def note(self, facts: Facts, touched: Collection[str]) -> None:
        """A mention was counted in the series `touched`: the incidents it belongs to go on. What the brand wrote itself
        is counted in none, and answers them all.
        """
        answers = facts.own and not facts.history
        for incident in self._state.known:
            if answers:
                incident.answer(facts.moment)
            if incident.source in {"", facts.source} and measure_of(self._series(incident))[0] in touched:
                incident.during += 1
                if facts.source not in incident.sources:
                    incident.sources.append(facts.source)

    def obey(self, entry: Acknowledged | Released | Resolved) -> list[Transition]:
        """Somebody has an incident, which is told the first time, or has it no more; or says that it is over."""
        if isinstance(entry, Resolved):
            return self._resolve(entry)
        taken = entry.by if isinstance(entry, Acknowledged) else None
        for incident in self._state.incidents.values():
            if incident.id == entry.incident and (incident.acknowledged_by is None) != (taken is None):
                incident.acknowledged_by = taken
                return [self._asked(incident, "released" if taken is None else "acknowledged", entry.at, by=entry.by)]
        return []

    def _resolve(self, entry: Resolved) -> list[Transition]:
        for name, incident in self._state.incidents.items():
            if incident.id == entry.incident:
                how = {"by": entry.by, "because": entry.because, "ending": entry.ending}
                step = replace(self._asked(incident, "resolved", entry.at), **how)
                self._end(name, entry.at, entry.ending)
                self._state.hushed[name] = step.evidence.count
                return [step]
        look_back((each.rule for each in self._rules.values()), entry.incident, entry.ending)
        if entry.ending == "false-alarm":
            ended = self._state.ended
            self._state.ended = {name: each for name, each in ended.items() if each.id != entry.incident}
        return []

    def present(self, incident: str, at: Instant) -> Evidence | None:
        """What is counted of an open incident at the moment `at`, without consequences."""
        found = next((each for each in self._state.incidents.values() if each.id == incident), None)
        if found is None:
            return None
        self._state.find_deaf(at)
        return self._evidence(at, found, self._verdict(found.rule, at))

    def keep(self, names: Collection[str], at: Instant) -> list[Transition]:
        """Only rules of these names stay: the incidents of others are over."""
        state = self._state
        transitions = [
            self._asked(incident, "resolved", at, because="the rule was removed from the configuration")
            for name, incident in state.incidents.items()
            if name not in names
        ]
        state.incidents = {name: incident for name, incident in state.incidents.items() if name in names}
        state.hushed = {name: count for name, count in state.hushed.items() if name in names}
        return transitions

    def _verdict(self, name: str, at: Instant) -> Verdict:
        incident = self._state.incidents.get(name)
        return self._rules[name].rule.judge(self._state.counts, at, incident.as_opened if incident else None)

    def _judge(self, name: str, at: Instant, touched: set[str] | None) -> Iterator[Transition]:
        rule, _, spec = self._rules[name]
        if touched is not None and not spec.is_hasty(measure_of(rule.series)[0], touched):
            return
        if touched is None and self.resting.holds(name, at):
            return
        verdict = self._verdict(name, at)
        incident = self._state.incidents.get(name)
        if incident is None:
            if verdict.calm:
                self._state.hushed.pop(name, None)
            if verdict.firing and not self._is_hushed(name, verdict):
                yield self._begin(name, verdict, at)
            elif not verdict.firing and name not in self._state.hushed:
                self.resting.rest(name, rule.series, spec, at)
        else:
            yield from self._go_on(name, incident, verdict, at)

    def _go_on(self, name: str, incident: Incident, verdict: Verdict, at: Instant) -> Iterator[Transition]:
        rule, calm_for = self._rules[name].rule, self._calm_for(name)
        joined = len(incident.also)
        step = incident.observe(verdict, at, calm_for, heard=not self._state.down.keys() & set(incident.sources))
        if isinstance(rule, BySource):
            rule.join(incident, incident.also[joined:])
        if step == "worse":
            incident.raise_by(self._confirming(name, incident))
        if step:
            yield self._step(incident, step, at, verdict)
        elif incident.is_over(at, calm_for):
            yield self._step(incident, "resolved", at, verdict)
            self._end(name, at)

    def _calm_for(self, name: str) -> Span:
        return span(self._rules[name].options.calm_for)

    def _end(self, name: str, at: Instant, ending: Ending | None = None) -> None:
        incident = self._state.incidents.pop(name)
        incident.ended_at = at
        if ending != "false-alarm":
            self._state.ended[name] = incident
        rule = self._rules[name].rule
        if isinstance(rule, BySource):
            rule.end_of((incident.source, *incident.also), ending)
        else:
            rule.end(ending)

    def _is_hushed(self, name: str, verdict: Verdict) -> bool:
        hushed = self._state.hushed.get(name)
        if hushed is not None and not verdict.fewer and verdict.count >= 2 * max(hushed, 1):
            del self._state.hushed[name]
        return name in self._state.hushed

    def _begin(self, name: str, verdict: Verdict, at: Instant) -> Transition:
        """An incident opens, or the last one comes back."""
        counts = self._state.counts.of(verdict.source)
        window = counts.window(verdict.series or self._rules[name].rule.series, at, verdict.window)
        incident = self._state.ended.pop(name, None)
        if incident is not None and incident.may_come_back(verdict, at, self._calm_for(name)):
            state: State = "reopened"
            incident.come_back(verdict, at, window)
            verdict = replace(verdict, usual=incident.usual, usual_high=incident.usual_high)
        else:
            state, incident = "open", begun(self._brand, name, verdict, at, window)
        incident.raise_by(self._confirming(name, incident))
        self._state.incidents[name] = incident
        begin(self._rules[name].rule, incident)
        return self._step(incident, state, at, verdict)

    def _confirming(self, name: str, incident: Incident) -> list[str]:
        """The rules that look at something else, and whose incidents make one that is serious critical. A silence
        confirms no outcry, and an outcry no silence.
        """
        rule, others = self._rules[name], self._state.incidents.items()
        if incident.severity != "warning" or not rule.options.fused or rule.is_of_silence:
            return []
        return [
            other
            for other, its in others
            if its.severity != "info"
            and not self._rules[other].is_of_silence
            and self._rules[other].spec.confirms(rule.spec)
        ]

    def _asked(
        self, incident: Incident, state: State, at: Instant, *, by: str | None = None, because: str | None = None
    ) -> Transition:
        self._state.find_deaf(at)
        return self._step(incident, state, at, self._verdict(incident.rule, at), by=by, because=because)

    def _step(
        self,
        incident: Incident,
        state: State,
        at: Instant,
        verdict: Verdict,
        *,
        by: str | None = None,
        because: str | None = None,
    ) -> Transition:
        evidence = self._evidence(at, incident, verdict)
        step = Transition(
            at=at,
            incident=incident.id,
            step=incident.step,
            brand=self._brand,
            rule=incident.rule,
            state=state,
            severity=incident.severity,
            reasons=(*self._rules[incident.rule].rule.reasons(verdict), *_raised(incident), *_turns(state, evidence)),
            evidence=evidence,
            by=by,
            because=because,
        )
        incident.step += 1
        return step

    def _series(self, incident: Incident) -> str:
        return incident.series or self._rules[incident.rule].rule.series

    def _evidence(self, at: Instant, incident: Incident, verdict: Verdict) -> Evidence:
        state = self._state
        counted = evidence_of(self._series(incident), state.counts.of(incident.source), at, incident, verdict)
        return replace(
            counted,
            unheard=tuple(sorted(state.down)),
            coverage=state.coverage(state.sources),
            eased=incident.eased,
            rose_from=incident.rose_from,
            returned=incident.returned(self._calm_for(incident.rule)),
        )


def _turns(state: State, evidence: Evidence) -> Iterator[str]:
    """What turned, where an incident eases, rises again or comes back."""
    eased, back = evidence.eased, evidence.returned
    if state == "better" and eased:
        yield f"it eases: {eased.to} after {eased.high}"
    if state == "worse" and evidence.rose_from is not None:
        yield f"it rises again after it had eased to {evidence.rose_from}"
    if state == "reopened" and back:
        yield f"it came back ({back.times} so far): its end needs {back.calm_for // MINUTE} min of calm now"


def _raised(incident: Incident) -> list[str]:
    """Why it is more serious than its own rule says."""
    names = ", ".join(incident.raised_by)
    return [f"critical, as rules that look at something else have an incident too: {names}"] if names else []

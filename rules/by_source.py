"""Each source of a brand judged by itself, so that a storm on a small one is not drowned by a large one."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec.structs import replace

from rules.incident import Incident
from rules.instant import Instant
from rules.judged import begin, look_back
from rules.rule import Opening, Rule, RuleOptions, RuleSpec, Verdict
from rules.series import NOTHING, Counts
from rules.transition import SEVERITIES, Ending

By = Literal["source", "source and together"]
TOGETHER = ""
"""The name of all sources together."""


class PerSource(RuleOptions):
    """Options of a rule that can judge sources one by one."""

    by: By | None = None
    """Judge each source by itself (`source`), or each of them and all together (`source and together`); all together
    when not given. There is one incident, of the source that is worst, and one `budget`, which they share.
    """


class BySource:
    """A rule per source, which are told apart in `Counts.sources`. Answers with the verdict of the worst; while an
    incident is open, with that of its source, and with the others that fire besides. Each learns from the minutes in
    which its source was heard in full.
    """

    def __init__(self, name: str, options: PerSource, spec: RuleSpec) -> None:
        self._name, self._options, self._spec = name, options, spec
        self._any = spec.build(name, options)
        self._rules: dict[str, Rule] = {}
        self.series, self.horizon = self._any.series, self._any.horizon

    def learn(self, counts: Counts, minute: int) -> None:
        for source, rule in self._present(counts).items():
            own = counts.of(source)
            if source == TOGETHER or (own.full_since is not None and minute >= max(own.since, own.full_since)):
                rule.learn(own, minute)

    def begin(self, incident: Incident) -> None:
        self.join(incident, (incident.source, *incident.also))

    def join(self, incident: Incident, sources: Sequence[str]) -> None:
        """An incident is now one of these sources too."""
        for source in sources:
            if source in self._rules:
                begin(self._rules[source], incident)

    def look_back(self, incident: str, ending: Ending) -> None:
        look_back(self._rules.values(), incident, ending)

    def end(self, ending: Ending | None = None, /) -> None:
        for rule in self._rules.values():
            rule.end(ending)

    def end_of(self, sources: tuple[str, ...], ending: Ending | None) -> None:
        """An incident of these has ended: to the others nothing has happened."""
        for source in sources:
            if source in self._rules:
                self._rules[source].end(ending)

    def soften(self) -> None:
        for rule in self._rules.values():
            rule.soften()

    def alone(self, source: str) -> Rule:
        """The rule of one source."""
        return self._rules.get(source, self._any)

    def judge(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Verdict:
        verdicts = {
            source: rule.judge(own, at, opening if opening and opening.source == source else None)
            for source, rule in self._present(counts).items()
            if (own := counts.of(source)).bins or self._minds_silence or (opening and opening.source == source)
        }
        firing = sorted((each for each in verdicts if verdicts[each].firing), key=lambda each: _badness(verdicts[each]))
        if opening:
            # its source may be gone from the configuration: then nothing is left of it
            own_verdict = verdicts.get(opening.source) or self._nothing(at)
            others = [source for source in firing if source != opening.source]
            worst = [own_verdict.severity, *(verdicts[source].severity for source in others)]
            calm = own_verdict.calm and not others
            severity = max(worst, key=SEVERITIES.index)
            return replace(own_verdict, source=opening.source, also=_sources(others), calm=calm, severity=severity)
        if not verdicts:
            return self._nothing(at)
        worst_of = firing[-1] if firing else max(verdicts, key=lambda each: _badness(verdicts[each]))
        calm = all(each.calm for each in verdicts.values())
        return replace(verdicts[worst_of], source=worst_of, also=_sources(firing[:-1]), calm=calm)

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        told = self.alone(verdict.source).reasons(verdict)
        if verdict.source != TOGETHER:
            told = (f"from the source {verdict.source} alone", *told)
        return (*told, f"by themselves too: {', '.join(verdict.also)}") if verdict.also else told

    def dump(self) -> Any:
        return {source: rule.dump() for source, rule in self._rules.items()}

    def restore(self, state: Any) -> None:
        self._rules = self._made(state or {})

    def recall(self, state: Any) -> None:
        for source, learned in (state or {}).items():
            if source in self._rules:
                self._rules[source].recall(learned)

    @property
    def _minds_silence(self) -> bool:
        return self._spec.silence(self._options)

    def _nothing(self, at: Instant) -> Verdict:
        return replace(self._any.judge(NOTHING, at, None), firing=False, calm=True)

    def _present(self, counts: Counts) -> dict[str, Rule]:
        """The rules of the sources that are told apart now. What a source has taught outlasts the others' coming and
        going.
        """
        names = list(counts.sources)
        if self._options.by == "source and together":
            names.append(TOGETHER)
        if list(self._rules) != names:
            known = self.dump()
            self._rules = self._made({name: known.get(name) for name in names})
        return self._rules

    def _made(self, learned: Mapping[str, Any]) -> dict[str, Rule]:
        budget = getattr(self._options, "budget", None)
        shared = {} if budget is None else {"budget": budget / max(1, len(learned))}
        options = self._options.model_copy(update=shared)
        rules = {source: self._spec.build(self._name, options) for source in learned}
        for source, rule in rules.items():
            if learned[source] is not None:
                rule.restore(learned[source])
        return rules


def _sources(names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if name != TOGETHER))


def _badness(verdict: Verdict) -> tuple[int, float]:
    """What a verdict is sorted by: how serious, then how many times what is expected."""
    usual = max(verdict.expected or 0.0, 1.0)
    times = usual / max(verdict.count, 1) if verdict.fewer else verdict.count / usual
    return SEVERITIES.index(verdict.severity), times

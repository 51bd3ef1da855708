"""The outcome of a test in words, in French and English. Rules and states are called as the file calls them."""

from collections.abc import Iterator, Mapping
from typing import Any

from alerts.alert import Language
from alerts.typography import NO_BREAK, number, percent, plural
from config.settings import Component
from listener.rule_tests.judging import Difference, Outcome, Reading
from listener.rule_tests.times import told
from rules.instant import MINUTE, Instant
from rules.rule import Floor, Verdict
from rules.transition import Evidence, Transition

_MOST_STEPS = 10
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "passed": "PASS",
        "failed": "FAIL",
        "at": "at {since}",
        "between": "between {since} and {until}",
        "missing": "{rule}: expected {state} {when}, and it did not come",
        "elsewhere": "{rule}: expected {state} {when}, and it came at {got}",
        "severity": "{rule}: expected {state} {when} as {severity}, and it came at {got} as {is_severity}",
        "silence": "{rule}: expected silence, and {state} ({is_severity}) came at {got}: {reasons}",
        "was": "what the rule said at {at}: {said}",
        "open": "an incident of the rule was open from {at} on",
        "mentions": "{count} {of} of {posts} needed in {window} min",
        "authors": "{authors} {people} of {least} needed",
        "share": "{count} {of} among {whole} with a known tone, of {posts} needed",
        "part": "{count} {of} among {whole} with a known tone",
        "by": "by {authors} {people}",
        "plain": "{count} {of} in {window} min",
        "usual": "usually {usual}",
        "high": "as a rule at most {high}",
        "learning": "still learning what is usual",
        "firing": "it fires",
        "calm": "it is calm",
        "neither": "it neither fires nor is calm",
        "steps": "came: {steps}",
        "no_steps": "no step came at all",
        "more": "and {count} more",
        "sum": "tests: {tests}, failed: {failed}",
        "unmatched": "mentions that the brand's query does not find: {unmatched} of {mentions}",
    },
    "fr": {
        "passed": "RÉUSSI",
        "failed": "ÉCHEC",
        "at": "à {since}",
        "between": "entre {since} et {until}",
        "missing": "{rule} : {state} attendu {when}, rien n’est venu",
        "elsewhere": "{rule} : {state} attendu {when}, venu à {got}",
        "severity": "{rule} : {state} attendu {when} en {severity}, venu à {got} en {is_severity}",
        "silence": "{rule} : silence attendu, mais {state} ({is_severity}) est venu à {got} : {reasons}",
        "was": "ce que disait la règle à {at} : {said}",
        "open": "un incident de cette règle était ouvert depuis {at}",
        "mentions": "{count} {of} sur {posts} nécessaires en {window} min",
        "authors": "{authors} {people} sur {least} nécessaires",
        "share": "{count} {of} parmi {whole} dont le ton est connu, sur {posts} nécessaires",
        "part": "{count} {of} parmi {whole} dont le ton est connu",
        "by": "de {authors} {people}",
        "plain": "{count} {of} en {window} min",
        "usual": "d’habitude {usual}",
        "high": "le plus souvent {high} au plus",
        "learning": "encore en apprentissage",
        "firing": "elle se déclenche",
        "calm": "elle est au calme",
        "neither": "elle ne se déclenche pas et n’est pas au calme",
        "steps": "venus : {steps}",
        "no_steps": "rien n’est venu",
        "more": "et {count} de plus",
        "sum": "tests : {tests}, échecs : {failed}",
        "unmatched": "mentions que la requête de la marque ne trouve pas : {unmatched} sur {mentions}",
    },
}
_COUNTED: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {
        "negative": ("negative mention", "negative mentions"),
        "positive": ("positive mention", "positive mentions"),
        "posts": ("mention", "mentions"),
        "hits": ("mention with its words", "mentions with its words"),
        "term": ("negative mention with a new word", "negative mentions with a new word"),
        "stories": ("different text", "different texts"),
        "reach": ("negative mention by a large account", "negative mentions by large accounts"),
        "authors": ("author", "authors"),
        "sources": ("source", "sources"),
        "followers": ("follower of one author", "followers of one author"),
        "reactions": ("reaction to one post", "reactions to one post"),
    },
    "fr": {
        "negative": ("mention négative", "mentions négatives"),
        "positive": ("mention positive", "mentions positives"),
        "posts": ("mention", "mentions"),
        "hits": ("mention avec ses mots", "mentions avec ses mots"),
        "term": ("mention négative avec un terme nouveau", "mentions négatives avec un terme nouveau"),
        "stories": ("texte différent", "textes différents"),
        "reach": ("mention négative d’un grand compte", "mentions négatives de grands comptes"),
        "authors": ("auteur", "auteurs"),
        "sources": ("source", "sources"),
        "followers": ("abonné d’un seul auteur", "abonnés d’un seul auteur"),
        "reactions": ("réaction à un seul message", "réactions à un seul message"),
    },
}


def lines(outcome: Outcome, rules: Mapping[str, Component], language: Language) -> Iterator[str]:
    """`PASS` and the name; when it failed, what differed and what came as well."""
    words = _Words(outcome, rules, language)
    yield words.say("failed" if outcome.differences else "passed") + f"  {outcome.case.name}"
    for difference in outcome.differences:
        yield "  " + words.difference(difference)
        yield from (f"    {why}" for why in words.why(difference))
    if outcome.differences:
        yield "  " + words.steps()
        if outcome.unmatched:
            yield "  " + words.say("unmatched", unmatched=outcome.unmatched, mentions=outcome.mentions)


def summed_up(tests: int, failed: int, language: Language) -> str:
    """How many tests there were."""
    return _said(language, "sum", {"tests": number(tests, language), "failed": number(failed, language)})


def _said(language: Language, key: str, facts: Mapping[str, Any]) -> str:
    text = _WORDS[language][key].format_map(facts)
    return text.replace(" :", f"{NO_BREAK}:") if language == "fr" else text


class _Words:
    def __init__(self, outcome: Outcome, rules: Mapping[str, Component], language: Language) -> None:
        self._outcome, self._rules, self._language = outcome, rules, language
        self._start = outcome.case.start

    def say(self, key: str, **facts: Any) -> str:
        return _said(self._language, key, facts)

    def difference(self, found: Difference) -> str:
        expected, got = found.expected, found.got
        since, until = (self._time(at) for at in expected.span(self._start))
        facts: dict[str, Any] = {
            "rule": expected.rule,
            "state": expected.state,
            "severity": expected.severity,
            "when": self.say("at" if expected.between is None else "between", since=since, until=until),
        }
        if got is None:
            return self.say("missing", **facts)
        facts |= {"got": self._time(got.at), "is_severity": got.severity, "reasons": self._reasons(got)}
        if expected.silence is not None:
            return self.say("silence", **facts | {"rule": got.rule, "state": got.state})
        is_other = expected.severity not in {None, got.severity}
        return self.say("severity" if is_other else "elsewhere", **facts)

    def _reasons(self, step: Transition) -> str:
        """Why it came: the engine's sentences are English, so others are made of its figures, as alerts are."""
        if self._language == "en":
            return "; ".join(step.reasons)
        evidence = step.evidence
        people = plural(evidence.authors, *_COUNTED[self._language]["authors"], self._language)
        said = [f"{word} {number(count, self._language)}" for word, count in evidence.words.items()]
        parts = [self._counted(evidence, None, evidence.window // MINUTE)]
        if evidence.unit == "mentions" and not evidence.fewer:
            parts.append(self.say("by", authors=number(evidence.authors, self._language), people=people))
        return ", ".join((*parts, *self._normal(evidence), *said))

    def why(self, found: Difference) -> Iterator[str]:
        """What explains that a step did not come."""
        if found.expected.silence is not None or found.closest is None:
            return
        opened = self._open_at(found.expected.rule, found.expected.span(self._start)[0])
        if opened is not None and found.expected.state == "open":
            yield self.say("open", at=self._time(opened))
        said = self._judged(found.closest, found.expected.rule or "")
        yield self.say("was", at=self._time(found.closest.at), said=said)

    def steps(self) -> str:
        """All that came, the first of it."""
        steps = self._outcome.steps
        if not steps:
            return self.say("no_steps")
        shown = [self._step(step) for step in steps[:_MOST_STEPS]]
        if len(steps) > _MOST_STEPS:
            shown.append(self.say("more", count=number(len(steps) - _MOST_STEPS, self._language)))
        return self.say("steps", steps=", ".join(shown))

    def _step(self, step: Transition) -> str:
        return f"{self._time(step.at)} {step.rule} {step.state} ({step.severity})"

    def _time(self, at: Instant) -> str:
        return told(at, self._start)

    def _open_at(self, rule: str | None, at: Instant) -> Instant | None:
        """Since when an incident of the rule was open at `at`."""
        opened: Instant | None = None
        for step in self._outcome.steps:
            if step.rule == rule and step.at < at:
                opened = None if step.state == "resolved" else step.at if step.state in {"open", "reopened"} else opened
        return opened

    def _judged(self, reading: Reading, rule: str) -> str:
        verdict, floor = reading.verdict, getattr(self._rules[rule].options, "at_least", None)
        state = "firing" if verdict.firing else "calm" if verdict.calm else "neither"
        parts = [self._counted(verdict, floor, verdict.window)]
        if floor:
            people = plural(reading.authors, *_COUNTED[self._language]["authors"], self._language)
            parts.append(self.say("authors", authors=reading.authors, people=people, least=floor.authors))
        return ", ".join((*parts, *self._normal(verdict), self.say(state)))

    def _normal(self, found: Verdict | Evidence) -> Iterator[str]:
        if found.usual is not None:
            yield self.say("usual", usual=self._estimate(found.usual))
        if found.share and found.share.usual is not None:
            yield self.say("usual", usual=percent(round(found.share.usual * 100), 100, self._language))
        if found.usual_high is not None:
            yield self.say("high", high=number(round(found.usual_high), self._language))
        if found.learning:
            yield self.say("learning")

    def _counted(self, found: Verdict | Evidence, floor: Floor | None, window: int) -> str:
        count = found.count if found.share is None else found.share.part
        what = found.of.partition(":")[0] if found.unit == "mentions" else found.unit
        one, other = _COUNTED[self._language].get(what, (what, what))
        of = plural(count, one, other, self._language)
        facts: dict[str, Any] = {"count": number(count, self._language), "of": of, "window": window}
        if found.share is not None:
            facts["whole"] = number(found.share.whole, self._language)
        if floor is None:
            return self.say("plain" if found.share is None else "part", **facts)
        return self.say("mentions" if found.share is None else "share", posts=floor.posts, **facts)

    def _estimate(self, value: float) -> str:
        text = f"{value:.1f}"
        return text.replace(".", ",") if self._language == "fr" else text

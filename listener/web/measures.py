"""What a rule counts, in words: a number with its normal and its window, in French and English."""

from collections.abc import Mapping

from alerts.alert import Language
from alerts.times import Times
from alerts.typography import NO_BREAK as NB
from alerts.typography import estimate, number, percent, plural, span
from listener.web.status import RuleStatus
from rules.instant import Span, duration, moment
from rules.transition import Evidence, Share

_COUNTED: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "fr": {
        "negative": ("mention négative", "mentions négatives"),
        "positive": ("mention positive", "mentions positives"),
        "posts": ("mention", "mentions"),
        "hits": ("mention des mots surveillés", "mentions des mots surveillés"),
        "reach": ("mention négative d’un compte très suivi", "mentions négatives de comptes très suivis"),
        "term": ("mention négative avec un terme nouveau", "mentions négatives avec un terme nouveau"),
        "authors": ("auteur", "auteurs"),
        "stories": ("texte différent", "textes différents"),
        "sources": ("source", "sources"),
        "followers": ("abonné", "abonnés"),
        "reactions": ("réaction", "réactions"),
    },
    "en": {
        "negative": ("negative mention", "negative mentions"),
        "positive": ("positive mention", "positive mentions"),
        "posts": ("mention", "mentions"),
        "hits": ("mention of watched words", "mentions of watched words"),
        "reach": ("negative mention by a large account", "negative mentions by large accounts"),
        "term": ("negative mention with a new word", "negative mentions with a new word"),
        "authors": ("author", "authors"),
        "stories": ("different text", "different texts"),
        "sources": ("source", "sources"),
        "followers": ("follower", "followers"),
        "reactions": ("reaction", "reactions"),
    },
}


class Measures:
    """What was counted, said in one language; `times` says when."""

    def __init__(self, language: Language, times: Times) -> None:
        self.language, self._times = language, times

    def evidence(self, evidence: Evidence, learning: str) -> str:
        """What was counted at a step; `learning` is the word for too little history."""
        return self._measured(evidence, evidence.count, learning)

    def present(self, rule: RuleStatus, learning: str) -> str:
        """What a rule counts now."""
        return self._measured(rule, round(rule.value), learning)

    def counted(self, of: str, value: float, window: Span) -> str:
        """`22 negative mentions in 15 min`; `of` is a series (`hits:recall` counts as hits)."""
        return f"{self.many(round(value), of.partition(':')[0])} {self._within(window)}"

    def many(self, count: int, what: str) -> str:
        """`1 author`, `2 authors`."""
        forms = _COUNTED[self.language][what]
        return f"{number(count, self.language)}{NB}{plural(count, *forms, self.language)}"

    def _measured(self, told: Evidence | RuleStatus, value: int, learning: str) -> str:
        parts = (*self._said(told, value), learning if told.learning else "")
        return ", ".join(filter(None, parts))

    def _said(self, told: Evidence | RuleStatus, value: int) -> tuple[str, ...]:
        if told.share is not None:
            return (self._share(told.of, told.share, told.window),)
        if told.unit == "followers":
            return self._audience(told, value)
        if told.unit != "mentions":
            return self._different(told, value), self._usually(told.usual)
        return self.counted(told.of, value, told.window), self._usually(told.usual)

    def _different(self, told: Evidence | RuleStatus, value: int) -> str:
        french, who, what = self.language == "fr", self.many(value, told.unit), _COUNTED[self.language][told.of][1]
        if told.unit == "reactions":
            said = f"{who} {'à un seul message' if french else 'to a single post'}"
        elif told.unit == "sources":
            said = f"{what} {'provenant de' if french else 'from'} {who}"
        else:
            said = f"{who} {'de' if french else 'of'} {what}"
        return f"{said} {self._within(told.window)}"

    def _share(self, of: str, share: Share, window: Span) -> str:
        french = self.language == "fr"
        among = f"{self.many(share.part, of)} {'sur' if french else 'of'} {number(share.whole, self.language)}"
        when = self._within(window)
        if share.since is not None:
            when = f"{'depuis' if french else 'since'} {self._times.moment(moment(share.since))}"
        parts = [percent(share.part, share.whole, self.language)] if share.whole else []
        if share.usual is not None:
            usual = percent(round(share.usual * 100), 100, self.language)
            parts.append(f"{'d’habitude' if french else 'usually'} {usual}")
        return f"{among} {when}" + (f" ({', '.join(parts)})" if parts else "")

    def _audience(self, told: Evidence | RuleStatus, value: int) -> tuple[str, ...]:
        french, within = self.language == "fr", self._within(told.window)
        if not value:
            return (f"aucune mention négative {within}" if french else f"no negative mention {within}",)
        who = self.many(value, "followers")
        said = (
            f"une mention négative d’un compte de {who}" if french else f"a negative mention by an account with {who}"
        )
        if told.usual_high is None:
            return (said,)
        usual = number(int(told.usual_high), self.language)
        return said, f"d’habitude {usual} au plus" if french else f"usually at most {usual}"

    def _usually(self, usual: float | None) -> str:
        if usual is None:
            return ""
        return f"{'d’habitude' if self.language == 'fr' else 'usually'} {estimate(usual, self.language)}"

    def _within(self, window: Span) -> str:
        return f"{'en' if self.language == 'fr' else 'in'} {span(duration(window), self.language)}"

"""The words of the page in French and English."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from babel import Locale

from alerts.alert import Language
from alerts.ceiling import Spared
from alerts.sentences import ours
from alerts.times import Times
from alerts.typography import NO_BREAK as NB
from alerts.typography import number, part, plural
from listener.errors import PARTLY, WAITING
from listener.web.chart import Chart
from listener.web.measures import Measures
from listener.web.quiet import Quiet, spared_in_words
from listener.web.status import RuleStatus, SourceStatus
from listener.web.troubles import in_french
from rules.instant import HOUR, Instant, Span, moment
from rules.text import defuse
from rules.transition import Evidence

FRENCH: Mapping[str, str] = {
    "ack": "Prendre en charge",
    "ack_asked": "Demande notée, elle sera traitée dans un instant.",
    "ack_done": "C’est noté.",
    "ack_help": "Les autres sauront que vous l’avez. Vous aurez un message si le niveau monte, et à la fin.",
    "ack_name": "Votre nom",
    "ack_refused": f"La demande n’a pas été acceptée{NB}:",
    "all_brands": "Toutes les marques",
    "all_heard": "Toutes les sources sont entendues.",
    "attempts": "Essais",
    "bad_form": f"Le formulaire ne peut pas être lu{NB}: il n’est pas dans l’encodage qu’il indique.",
    "because": "Raison",
    "blind": f"Une source est muette{NB}: son silence ne prouve rien.",
    "brands": "Marques",
    "by": "par",
    "cancelled": "annulé",
    "channel": "Canal",
    "closed": "Incidents clos",
    "deleted": "Message supprimé par son auteur.",
    "deliveries": "Envois",
    "detail": "Précisions",
    "due": "à faire",
    "failures": "Envois en échec",
    "find": "Chercher",
    "find_brand": "Chercher une marque",
    "held": "en observation, personne n’est alerté",
    "home": "Vue d’ensemble",
    "hour_ago": "il y a une heure",
    "incident": "Incident",
    "judged_elsewhere": f"Jugée ailleurs{NB}: le niveau de ses règles à l’instant n’est pas montré ici.",
    "language": "Langue",
    "last_event": "Dernière réponse",
    "last_mention": "Dernière mention",
    "learning": "en apprentissage",
    "level": "Niveau",
    "live": "En direct",
    "log_in": "Entrer",
    "login": "Accès",
    "login_help": "Le jeton est dans la configuration, sous daemon.token.",
    "look_back": f"C’est fini{NB}: dites ce que c’était, cela mesure la fiabilité des alertes",
    "loudest": "incidents ouverts d’abord, puis les plus critiquées depuis une heure",
    "lost": f"Liaison coupée{NB}: cette page n’est plus à jour. Nouvel essai en cours.",
    "mark": "La tonalité est",
    "mentions": "Dernières mentions",
    "never": "jamais",
    "next": "Suivantes",
    "no_brand_found": "Aucune marque ne s’appelle ainsi.",
    "no_brands": "Aucune marque n’est configurée.",
    "no_deliveries": "Aucun envoi pour cet incident.",
    "no_mentions": "Aucune mention pour l’instant.",
    "no_open": "Aucun incident ouvert.",
    "no_rules": "aucune règle",
    "no_sources": "Aucune source n’est configurée.",
    "not_found": "Cette page n’existe pas.",
    "now": "À présent",
    "old_form": f"Ce formulaire ne vient pas d’ici, ou est trop ancien{NB}: ouvrez la page à nouveau.",
    "open": "Incidents ouverts",
    "other_site": "Elle vient d’un autre site.",
    "parked": "en échec",
    "parked_help": f"Ces envois attendent quelqu’un{NB}: corrigez le canal, puis «{NB}badbuzz deliveries retry{NB}».",
    "pages": "Pages des marques",
    "previous": "Précédentes",
    "quiet": "Aucune mention dans la dernière heure.",
    "quotes": "Ce qui se dit",
    "refused": "Cette demande n’a pas été acceptée.",
    "resolve": "Clore cet incident, et dire ce que c’était",
    "resolve_because": "Pourquoi (facultatif)",
    "retried": "nouvel essai",
    "rule": "Règle",
    "sent": "envoyé",
    "since": "Depuis",
    "source": "Source",
    "sources": "Sources",
    "state": "État",
    "notes": "Notes",
    "on_hold": "Conservation légale depuis",
    "steps": "Déroulement",
    "store_away": f"Les données ne peuvent pas être lues{NB}:",
    "token": "Jeton",
    "too_many": "Trop d’essais. Attendez une minute.",
    "too_many_readers": "Trop de pages sont ouvertes en direct.",
    "unheard": "Non entendu",
    "unknown_author": "auteur inconnu",
    "unknown_host": f"Nom de machine inconnu{NB}: ouvrez la page par localhost, ou par l’hôte de daemon.external_url.",
    "unsupported": "Tonalité non jugée",
    "up_since": "En marche depuis",
    "view_post": "voir le message",
    "what": "Objet",
    "when": "Quand",
    "wrong_token": "Ce n’est pas le bon jeton.",
}

ENGLISH: Mapping[str, str] = {
    "ack": "I have it",
    "ack_asked": "Your request was noted and will be carried out in a moment.",
    "ack_done": "Done.",
    "ack_help": "The others will know that you have it. You will hear if the level rises, and at the end.",
    "ack_name": "Your name",
    "ack_refused": "The request was not accepted:",
    "all_brands": "All brands",
    "all_heard": "All sources are heard.",
    "attempts": "Attempts",
    "bad_form": "the form cannot be read: it is not in the encoding it names",
    "because": "Reason",
    "blind": "A source is blind: its silence proves nothing.",
    "brands": "Brands",
    "by": "by",
    "cancelled": "cancelled",
    "channel": "Channel",
    "closed": "Resolved incidents",
    "deleted": "Post deleted by its author.",
    "deliveries": "Deliveries",
    "detail": "Details",
    "due": "to be made",
    "failures": "Failed deliveries",
    "find": "Find",
    "find_brand": "Find a brand",
    "held": "only watched, nobody is told",
    "home": "Overview",
    "hour_ago": "an hour ago",
    "incident": "Incident",
    "judged_elsewhere": "Judged elsewhere: how its rules stand just now is not shown here.",
    "language": "Language",
    "last_event": "Last answer",
    "last_mention": "Last mention",
    "learning": "still learning",
    "level": "Level",
    "live": "Live",
    "log_in": "Enter",
    "login": "Access",
    "login_help": "The token stands in the configuration, under daemon.token.",
    "look_back": "It is over: say what it was, so that alerts can be measured",
    "loudest": "open incidents first, then what is criticised most within the hour",
    "lost": "Connection lost: this page is no longer up to date. Trying again.",
    "mark": "The tone is",
    "mentions": "Latest mentions",
    "never": "never",
    "next": "Next",
    "no_brand_found": "No brand is called that.",
    "no_brands": "No brand is configured.",
    "no_deliveries": "Nothing was to be delivered for this incident.",
    "no_mentions": "No mention so far.",
    "no_open": "No open incident.",
    "no_rules": "no rule",
    "no_sources": "No source is configured.",
    "not_found": "There is no such page.",
    "now": "Now",
    "old_form": "this form was not made here, or is too old: open the page again",
    "open": "Open incidents",
    "other_site": "sent by another site",
    "parked": "failed",
    "parked_help": "These deliveries wait for somebody: mend the channel, then “badbuzz deliveries retry”.",
    "pages": "Pages of brands",
    "previous": "Previous",
    "quiet": "No mention within the last hour.",
    "quotes": "What people say",
    "refused": "This request was not accepted.",
    "resolve": "End this incident, and say what it was",
    "resolve_because": "Why (optional)",
    "retried": "tried again",
    "rule": "Rule",
    "sent": "sent",
    "since": "Since",
    "source": "Source",
    "sources": "Sources",
    "state": "State",
    "notes": "Notes",
    "on_hold": "Legal hold since",
    "steps": "What happened",
    "store_away": "The data cannot be read:",
    "token": "Token",
    "too_many": "Too many attempts. Wait a minute.",
    "too_many_readers": "too many pages are open live",
    "unheard": "Not heard",
    "unknown_author": "unknown author",
    "unknown_host": "unknown host name: reach this page by 127.0.0.1, localhost or the configured external_url",
    "unsupported": "Tone not judged",
    "up_since": "Running since",
    "view_post": "view the post",
    "what": "About",
    "when": "When",
    "wrong_token": "That is not the token.",
}

_TEXTS: Mapping[Language, Mapping[str, str]] = {"fr": FRENCH, "en": ENGLISH}

_NAMES: Mapping[Language, Mapping[str, str]] = {
    "fr": {
        "info": "à suivre",
        "warning": "sérieux",
        "critical": "critique",
        "open": "ouvert",
        "worse": "s’aggrave",
        "better": "reflue",
        "acknowledged": "pris en charge",
        "released": "à reprendre",
        "resolved": "clos",
        "real": "vrai incident",
        "false-alarm": "fausse alerte",
        "reopened": "rouvert",
        "starting": "démarre",
        "live": "entendue",
        "waiting": "en attente, rien reçu jusqu’ici",
        "partly": "entendue en partie",
        "starved": "muette, connectée mais sans message",
        "reconnecting": "muette, nouvel essai en cours",
        "parked": "muette, la plateforme fait attendre",
        "auth_failed": "muette, accès refusé",
        "gone": "muette, disparue",
        "first": "le premier",
        "largest": "le plus suivi",
        "latest": "le plus récent",
        "negative": "négative",
        "neutral": "neutre",
        "positive": "positive",
        "unsupported": "non jugée",
    },
    "en": {
        "info": "watch",
        "warning": "serious",
        "critical": "critical",
        "open": "open",
        "worse": "worse",
        "better": "easing",
        "acknowledged": "taken",
        "released": "handed back",
        "resolved": "resolved",
        "real": "a real one",
        "false-alarm": "a false alarm",
        "reopened": "reopened",
        "starting": "starting",
        "live": "heard",
        "waiting": "waiting, nothing came so far",
        "partly": "heard in part",
        "starved": "blind, connected but without posts",
        "reconnecting": "blind, trying again",
        "parked": "blind, its platform makes us wait",
        "auth_failed": "blind, access refused",
        "gone": "blind, gone",
        "first": "the first",
        "largest": "largest audience",
        "latest": "the latest",
        "negative": "negative",
        "neutral": "neutral",
        "positive": "positive",
        "unsupported": "not judged",
    },
}


class Words:
    """One language, one time zone, one present. `words.text.ack` in a template is a sentence of the page."""

    def __init__(self, language: Language, time_zone: str, now: Instant) -> None:
        self.language = language
        self.text = _TEXTS[language]
        self._times = Times(now=moment(now), zone=ZoneInfo(time_zone), language=language)
        self._measures = Measures(language, self._times)

    @property
    def zone(self) -> str:
        """Whose time it is, to be said once: `heure de Paris`."""
        return self._times.place

    @property
    def colon(self) -> str:
        return f"{NB}:" if self.language == "fr" else ":"

    def name(self, word: str) -> str:
        """A word of the configuration (level, state, tone) as people say it."""
        return _NAMES[self.language].get(word, word)

    def source(self, source: SourceStatus) -> str:
        """Whether a source is heard, with the platform's own code."""
        if source.code in {PARTLY, WAITING, source.state}:
            return self.name(source.code)
        return self.name(source.state) + (f" ({source.code})" if source.code else "")

    def covered(self, evidence: Evidence) -> str:
        """How much of what is usually heard was missing, "" when nothing was."""
        if evidence.coverage >= 1:
            return ""
        heard, lost = (part(share, self.language) for share in (evidence.coverage, 1 - evidence.coverage))
        if self.language == "fr":
            much = "presque toutes les" if not heard else f"environ {lost} des" if lost else "quelques"
            return f"Il nous manque {much} mentions"
        much = "nearly all" if not heard else f"about {lost} of" if lost else "a few"
        return f"We miss {much} mentions"

    def since(self, at: Instant | None) -> str:
        """`since 23:08`, "" when that is not known."""
        return f"{self.text['since'].lower()} {self.time(at)}" if at else ""

    def spoken(self, code: str) -> str:
        """The name of a language; its code when it has none."""
        return str(Locale(self.language).languages.get(code, code))

    def ours(self, sentence: str) -> str:
        """A sentence of ours that was written down in English."""
        return ours(sentence, self.language)

    def trouble(self, code: str) -> str:
        """What is wrong with a source, "" where its own words suffice: they are English."""
        return in_french(code) if self.language == "fr" else ""

    def time(self, at: Instant) -> str:
        """When it was; with the day when that is not today."""
        return self._times.moment(moment(at))

    def counted(self, of: str, value: float, window: Span) -> str:
        """`22 negative mentions in 15 min`; `of` is a series (`hits:recall` counts as hits)."""
        return self._measures.counted(of, value, window)

    def hour(self, chart: Chart) -> str:
        """`34 mentions in 1 h, 12 negative, at most 6 a minute`."""
        bad = number(chart.bad, self.language)
        if self.language == "fr":
            counted = f"dont {bad}{NB}{plural(chart.bad, 'négative', 'négatives', 'fr')}"
            peak = f"au plus {number(chart.peak, 'fr')} par minute"
        else:
            counted, peak = f"{bad} negative", f"at most {number(chart.peak, 'en')} a minute"
        return f"{self.counted('posts', chart.said, HOUR)}, {counted}, {peak}"

    def evidence(self, evidence: Evidence) -> str:
        """What was counted at a step, with its normal and its window."""
        return self._measures.evidence(evidence, self.text["learning"])

    def present(self, rule: RuleStatus) -> str:
        """What a rule counts now, with its normal and its window."""
        return self._measures.present(rule, self.text["learning"])

    def who_and_where(self, evidence: Evidence, names: Mapping[str, str]) -> str:
        """`19 authors · bluesky 14, press 3`; sources by their `names`."""
        largest_first = sorted(evidence.sources.items(), key=lambda item: (-item[1], item[0]))
        named = ((names.get(source, source), count) for source, count in largest_first)
        where = ", ".join(f"{source}{NB}{number(count, self.language)}" for source, count in named)
        who = self._measures.many(evidence.authors, "authors") if evidence.authors else ""
        return " · ".join(filter(None, (who, where)))

    def quiet(self, quiet: Quiet) -> str:
        """Why a step was held back."""
        return quiet.in_words(self.language, self._times)

    def spared(self, who: str, spared: Spared) -> str:
        """From whom a step was held back."""
        return spared_in_words(defuse(who), spared, self.language)

    def held_back(self, steps: int) -> str:
        """How many steps of an incident were."""
        if self.language == "fr":
            return f"{steps}{NB}{plural(steps, 'étape non annoncée', 'étapes non annoncées', 'fr')}"
        return f"{steps} {plural(steps, 'step', 'steps', 'en')} held back"

    def incident(self, number: int) -> str:
        return f"incident n°{NB}{number}" if self.language == "fr" else f"incident {number}"

    def more_open(self, incidents: int) -> str:
        """How many more are open than a page lists, and where they are listed."""
        count = number(incidents, self.language)
        if self.language == "fr":
            more = plural(incidents, "autre, moins grave ou plus ancien", "autres, moins graves ou plus anciens", "fr")
            return f"Et {count}{NB}{more}{NB}: «{NB}badbuzz incidents list --open{NB}»."
        return f"And {count} more, less serious or older: “badbuzz incidents list --open”."

    def some(self, first: int, last: int, of: int) -> str:
        """Which of many are shown: `25 to 48 of 10,000`."""
        begin, end, many = (number(each, self.language) for each in (first, last, of))
        return f"{begin} à {end} sur {many}" if self.language == "fr" else f"{begin} to {end} of {many}"

    def heard(self, live: int, of: int) -> str:
        """How many of the sources are heard."""
        if self.language == "fr":
            ending = plural(live, "", "s", "fr")
            return f"{live}{NB}source{ending} sur {of} entendue{ending}"
        return f"{live} of {of} {plural(of, 'source', 'sources', 'en')} heard"

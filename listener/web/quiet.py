"""What of an incident was not told, for the page."""

from dataclasses import dataclass

from alerts.alert import Language
from alerts.ceiling import Spared
from alerts.silence import Silence
from alerts.times import Times
from alerts.typography import NO_BREAK as NB
from alerts.typography import plural
from listener.store.port import IncidentRow
from rules.instant import Instant, moment
from rules.text import defuse, shorten

_REASON = 200


def spared_in_words(who: str, spared: Spared, language: Language) -> str:
    """From whom a step was held back, as the ceiling of their false alarms is near."""
    had, accept = spared.had, spared.accept
    if language == "fr":
        had_words = plural(had, "reçue", "reçues", "fr")
        return f"Non annoncé à {who}{NB}: plafond de fausses alertes {accept}, {had} {had_words} en 30{NB}jours."
    return f"Held back from {who}: false-alarm ceiling {accept}, {had} had in 30 days."


@dataclass(frozen=True)
class Quiet:
    """Why a step was held back: for a `silence`, or `beside` a critical incident; None where it is not kept any more.
    `told_at` is when it was told after all.
    """

    silence: Silence | None
    beside: IncidentRow | None
    told_at: Instant | None

    def in_words(self, language: Language, times: Times) -> str:
        """`Held back by silence 3 (anna, until 23:10): known. Told since: 23:10.`, in the reader’s language."""
        return f"{self._why(language, times)}.{self._since(language, times)}"

    def _why(self, language: Language, times: Times) -> str:
        if self.silence:
            until = times.moment(moment(self.silence.until))
            who = ", ".join((defuse(self.silence.by), *map(times.week, self.silence.what.hours)))
            why = shorten(defuse(self.silence.because), _REASON)
            if language == "fr":
                return f"Non annoncé, sourdine n°{NB}{self.silence.number} ({who}, fin{NB}: {until}){NB}: {why}"
            return f"Held back by silence {self.silence.number} ({who}, until {until}): {why}"
        if self.beside:
            if language == "fr":
                return f"Non annoncé partout, l’incident n°{NB}{self.beside.number} étant critique"
            return f"Not told everywhere, as incident {self.beside.number} was critical"
        return "Non annoncé" if language == "fr" else "Held back"

    def _since(self, language: Language, times: Times) -> str:
        if self.told_at is None:
            return ""
        when = times.moment(moment(self.told_at))
        return f" Annoncé depuis{NB}: {when}." if language == "fr" else f" Told since: {when}."

"""What a chart says, in French and English."""

from alerts.alert import Language
from alerts.typography import NO_BREAK as NB
from rules.transition import Severity

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "count": "What was counted",
        "expected": "What was expected",
        "band": "What is usual",
        "incident": "Incident open",
        "known": "Known event",
        "axis": "{what} in {width}",
        "mentions": "mentions",
        "negative": "negative mentions",
        "posts": "mentions",
        "hits": "mentions with its words",
        "positive": "positive mentions",
        "reach": "negative mentions by large accounts",
        "term": "negative mentions with a new word",
        "authors": "authors",
        "stories": "different texts",
        "sources": "sources",
        "followers": "followers",
        "reactions": "reactions to one post",
        "no_alarm": "No alarm",
        "alarm": "Alarm, {level}",
        "line": "{count} · {when}: {said}",
        "more": "… and {count} more",
        "empty": "Nothing was counted",
        "counted": "{count}, usually {usual}",
    },
    "fr": {
        "count": "Ce qui a été compté",
        "expected": "Ce qui était attendu",
        "band": "Ce qui est habituel",
        "incident": "Incident ouvert",
        "known": "Événement connu",
        "axis": "{what} en {width}",
        "mentions": "mentions",
        "negative": "mentions négatives",
        "posts": "mentions",
        "hits": "mentions avec ses mots",
        "positive": "mentions positives",
        "reach": "mentions négatives de grands comptes",
        "term": "mentions négatives avec un terme nouveau",
        "authors": "auteurs",
        "stories": "textes différents",
        "sources": "sources",
        "followers": "abonnés",
        "reactions": "réactions à un message",
        "no_alarm": "Aucune alerte",
        "alarm": "Alerte, {level}",
        "line": f"{{count}} · {{when}}{NB}: {{said}}",
        "more": f"… et {{count}}{NB}autres",
        "empty": "Rien n’a été compté",
        "counted": "{count}, d’habitude {usual}",
    },
}
LEVELS: dict[Language, dict[Severity, str]] = {
    "en": {"info": "to watch", "warning": "serious", "critical": "critical"},
    "fr": {"info": "à suivre", "warning": "sérieux", "critical": "critique"},
}

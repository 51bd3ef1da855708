"""What is said of why a rule rang or did not, in French and English."""

from alerts.alert import Language
from alerts.typography import NO_BREAK as NB
from rules.transition import Unit

CONDITIONS: dict[Language, dict[str, str]] = {
    "en": {
        "chance": "more than chance: a steady rate does this {observed}; allowed is {needed}",
        "habit": "more than its habit: beyond its own bursts and records {observed}; allowed is {needed}",
        "peaks": "rarer than its past excursions: {observed}; allowed is {needed}",
        "loud": "loud enough to be told before what is usual is known: {observed} {unit}, {needed} needed",
        "harmless": "more than a false alarm of this month: evidence {observed}, {needed} needed",
        "usual": "above what is usual: {observed} {unit}, {needed} needed",
        "posts": "enough {unit}: {observed}, {needed} needed",
        "authors": "enough different authors: {observed}, {needed} needed",
        "hushed": "somebody ended an incident here, and it was not calm since: {observed} {unit}, {needed} needed",
        "rule": "what the rule itself demands",
    },
    "fr": {
        "chance": f"plus que le hasard{NB}: à un rythme égal, cela arrive {{observed}}{NB}; toléré{NB}: {{needed}}",
        "habit": (
            f"plus que l’habitude{NB}: au-delà de ses propres pics et records {{observed}}{NB}; toléré{NB}: {{needed}}"
        ),
        "peaks": f"plus rare que ses poussées passées{NB}: {{observed}}{NB}; toléré{NB}: {{needed}}",
        "loud": f"assez de bruit avant de connaître l’habitude{NB}: {{observed}} {{unit}}, il en faut {{needed}}",
        "harmless": f"plus qu’une fausse alerte de ce mois-ci{NB}: indices {{observed}}, il en faut {{needed}}",
        "usual": f"plus que d’habitude{NB}: {{observed}} {{unit}}, il en faut {{needed}}",
        "posts": f"en nombre suffisant{NB}: {{observed}} {{unit}}, il en faut {{needed}}",
        "authors": f"assez d’auteurs différents{NB}: {{observed}}, il en faut {{needed}}",
        "hushed": (
            "quelqu’un a clos un incident ici, et le calme n’est pas revenu depuis"
            f"{NB}: {{observed}} {{unit}}, il en faut {{needed}}"
        ),
        "rule": "ce que la règle elle-même demande",
    },
}
RATES = frozenset({"chance", "habit", "peaks"})
"""Conditions whose numbers are false alarms in 30 days."""

MISSING: dict[Language, dict[str, str]] = {
    "en": {
        "chance": "chance alone does this {observed}, where {needed} is allowed",
        "habit": "this brand goes so far {observed}, where {needed} is allowed",
        "peaks": "this brand has excursions like this {observed}, where {needed} is allowed",
        "loud": "only {observed} of {needed} {unit} needed while what is usual is unknown",
        "harmless": "no more than a false alarm of this month: evidence {observed} of {needed} needed",
        "usual": "{observed} {unit} are not more than usual: {needed} would be",
        "posts": "only {observed} of {needed} {unit} needed",
        "authors": "only {observed} of {needed} authors needed",
        "hushed": "ended by a person, and only {observed} of the {needed} {unit} that open it again",
        "rule": "the rule does not fire",
    },
    "fr": {
        "chance": "le seul hasard fait cela {observed}, et {needed} est toléré",
        "habit": "cette marque va aussi loin {observed}, et {needed} est toléré",
        "peaks": "cette marque a de telles poussées {observed}, et {needed} est toléré",
        "loud": f"{{unit}}{NB}: {{observed}} sur {{needed}} nécessaires tant que l’habitude est inconnue",
        "harmless": f"pas plus qu’une fausse alerte de ce mois-ci{NB}: indices {{observed}} sur {{needed}} nécessaires",
        "usual": f"{{unit}}{NB}: {{observed}}, rien d’inhabituel avant {{needed}}",
        "posts": f"{{unit}}{NB}: {{observed}} seulement sur {{needed}} nécessaires",
        "authors": f"auteurs différents{NB}: {{observed}} seulement sur {{needed}} nécessaires",
        "hushed": f"clos par quelqu’un{NB}; {{unit}}{NB}: {{observed}} seulement sur les {{needed}} qui le rouvrent",
        "rule": "la règle ne se déclenche pas",
    },
}

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "rule": "rule {rule}, {series}",
        "of_unit": "{unit} of {series}",
        "of_source": "{series}, of {source} alone: the worst source now",
        "also": "By themselves they would ring too: {sources}",
        "met": "{met} of {all} conditions met: {outcome}",
        "opens": "it rings",
        "goes_on": "incident {incident} was open already",
        "scale": "{minutes}: {observed} seen",
        "expected": ", {expected} expected",
        "most": ", up to {most} may be usual, since little was heard yet",
        "tail": ", so many or more by chance {tail}",
        "ordinary": "; among its ordinary windows",
        "further": "; {part} of its own bursts goes further",
        "evidence": "Evidence for a rise: what was heard is {ratio} with a rise than without",
        "evidence_none": "Evidence for a rise: none",
        "rate": "Ringing at this level would be wrong {rate}; the budget is {budget}",
        "rate_unknown": "Ringing at this level would be wrong more often than anybody counts; the budget is {budget}",
        "learning": "Still learning what is usual",
        "learnt": "What is usual is known",
        "hushed": "Hushed: a person ended an incident at {count} mentions",
        "sources": "Where: {sources}",
        "words": "Words: {words}",
        "voices": "Who: {authors}; the most talkative wrote {loudest}",
        "largest": "Biggest voice: {name}, {reach} followers",
        "coverage": "Heard at the time: {share} of what is usual",
        "coverage_all": "Heard at the time: everything",
        "partly": "{source} ({share})",
        "title": "{brand}, {time} ({zone})",
        "why_incident": "Why incident {number} opened, rule {rule}",
        "why_not": "What each rule said",
        "met_mark": "yes",
        "missing_mark": "NO ",
        "before": "nothing is kept of {brand} from before {since}: the log is kept from there on",
        "after": "nothing was judged yet after {until}",
        "nothing": "nothing was heard of {brand} yet",
    },
    "fr": {
        "rule": "règle {rule}, {series}",
        "of_unit": f"{{unit}}{NB}: {{series}}",
        "of_source": f"{{series}}, {{source}} seule{NB}: la pire source à ce moment",
        "also": f"Prises à part, sonneraient aussi{NB}: {{sources}}",
        "met": f"Conditions remplies{NB}: {{met}} sur {{all}}{NB}; {{outcome}}",
        "opens": "elle sonne",
        "goes_on": "l’incident {incident} était déjà ouvert",
        "scale": f"{{minutes}}{NB}: observé {{observed}}",
        "expected": ", attendu {expected}",
        "most": ", habituel peut-être jusqu’à {most}, car peu a été entendu jusqu’ici",
        "tail": ", autant ou plus par hasard {tail}",
        "ordinary": f"{NB}; parmi ses fenêtres ordinaires",
        "further": f"{NB}; ses propres pics vont plus loin {{part}}",
        "evidence": f"Indices d’une hausse{NB}: ce qui est entendu est {{ratio}} avec une hausse que sans",
        "evidence_none": f"Indices d’une hausse{NB}: aucun",
        "rate": f"Sonner à ce niveau serait une erreur {{rate}}{NB}; le plafond est {{budget}}",
        "rate_unknown": f"Sonner à ce niveau serait une erreur bien trop souvent{NB}; le plafond est {{budget}}",
        "learning": "L’habitude est encore en cours d’apprentissage",
        "learnt": "L’habitude est connue",
        "hushed": f"En sourdine{NB}: quelqu’un a clos un incident à {{count}} mentions",
        "sources": f"Où{NB}: {{sources}}",
        "words": f"Mots{NB}: {{words}}",
        "voices": f"Qui{NB}: {{authors}}{NB}; le plus bavard en a écrit {{loudest}}",
        "largest": f"Plus grande audience{NB}: {{name}}, {{reach}} abonnés",
        "coverage": f"Entendu à ce moment{NB}: {{share}} de l’habituel",
        "coverage_all": f"Entendu à ce moment{NB}: tout",
        "partly": "{source} ({share})",
        "title": "{brand}, {time} ({zone})",
        "why_incident": f"Pourquoi l’incident n°{NB}{{number}} s’est ouvert, règle {{rule}}",
        "why_not": "Ce que disait chaque règle",
        "met_mark": "oui",
        "missing_mark": "NON",
        "before": f"rien n’est conservé de {{brand}} d’avant {{since}}{NB}: le journal commence là",
        "after": "rien n’a encore été jugé après {until}",
        "nothing": "rien n’a encore été entendu de {brand}",
    },
}
SERIES: dict[Language, dict[str, str]] = {
    "en": {
        "negative": "negative mentions",
        "posts": "all mentions",
        "hits": "mentions with its words",
        "reach": "negative mentions by large accounts",
        "term": "negative mentions with a new word",
    },
    "fr": {
        "negative": "mentions négatives",
        "posts": "toutes les mentions",
        "hits": "mentions avec ses mots",
        "reach": "mentions négatives de grands comptes",
        "term": "mentions négatives avec un terme nouveau",
    },
}
UNITS: dict[Language, dict[Unit, str]] = {
    "en": {
        "mentions": "mentions",
        "authors": "authors",
        "stories": "different texts",
        "sources": "sources",
        "followers": "followers",
    },
    "fr": {
        "mentions": "mentions",
        "authors": "auteurs",
        "stories": "textes différents",
        "sources": "sources",
        "followers": "abonnés",
    },
}
"""What a rule counts, in the plural."""

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
        "other_posts": "more than so rarely as allowed: {observed} {unit}, {needed} needed",
        "hushed": "somebody ended an incident here, and it was not calm since: {observed} {unit}, {needed} needed",
        "rule": "what the rule itself demands",
        "days": "heard long enough to know what is usual: {observed} days, {needed} needed",
        "past": "enough was said to know what is usual: {observed} {unit}, {needed} needed",
        "heard": "the whole window was heard",
        "sure": "surely too large a share: at least {observed}, too much is beyond {needed}",
        "evidence": "evidence of a worse share, added up: {observed}, {needed} needed",
        "day": "the last day is nearer to a worse share than to the usual one: {observed}, beyond {needed} is",
        "too_few": "too few {unit}: {observed}, at most {needed} are",
        "quiet": "far fewer {unit} than usual: {observed}, at most {needed} are",
        "silence": "a silence beyond chance: so few or fewer {observed}; allowed is {needed}",
        "different": "too many different {unit}: {observed}, {needed} are",
        "too_few_different": "too few different {unit}: {observed}, at most {below} are",
        "different_or_few": "too many or too few different {unit}: {observed}; {needed} are too many, {below} too few",
        "audience": "an audience of the size you named: {observed} {unit}, {needed} needed",
        "audience_usual": "larger than the audiences that are usual here: {observed} {unit}, usual are {needed}",
        "new": "new: {observed} mentions with the word, {needed} needed to be far more than before",
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
        "other_posts": f"plus rare que toléré{NB}: {{observed}} {{unit}}, il en faut {{needed}}",
        "hushed": (
            "quelqu’un a clos un incident ici, et le calme n’est pas revenu depuis"
            f"{NB}: {{observed}} {{unit}}, il en faut {{needed}}"
        ),
        "rule": "ce que la règle elle-même demande",
        "days": f"assez de recul pour connaître l’habitude{NB}: {{observed}}{NB}j, il en faut {{needed}}",
        "past": f"assez de {{unit}} pour connaître l’habitude{NB}: {{observed}}, il en faut {{needed}}",
        "heard": "toute la fenêtre a été entendue",
        "sure": f"part sûrement trop grande{NB}: au moins {{observed}}, trop est au-delà de {{needed}}",
        "evidence": f"indices cumulés d’une part plus mauvaise{NB}: {{observed}}, il en faut {{needed}}",
        "day": (
            "dernier jour plus près d’une mauvaise part que de l’habituelle"
            f"{NB}: {{observed}}, il faut plus de {{needed}}"
        ),
        "too_few": f"trop peu{NB}: {{observed}} {{unit}}, il en faut {{needed}} au plus",
        "quiet": f"bien moins que d’habitude{NB}: {{observed}} {{unit}}, il en faut {{needed}} au plus",
        "silence": f"silence au-delà du hasard{NB}: aussi peu ou moins {{observed}}{NB}; toléré{NB}: {{needed}}",
        "different": f"trop de voix différentes{NB}: {{observed}} {{unit}}, il en faut {{needed}}",
        "too_few_different": f"trop peu de voix différentes{NB}: {{observed}} {{unit}}, il en faut {{below}} au plus",
        "different_or_few": (
            f"trop ou trop peu de voix différentes{NB}: {{observed}} {{unit}}, il en faut {{needed}},"
            " ou {below} au plus"
        ),
        "audience": f"audience de la taille que vous avez fixée{NB}: {{observed}} {{unit}}, il en faut {{needed}}",
        "audience_usual": f"audience plus grande que les habituelles{NB}: {{observed}} {{unit}} contre {{needed}}",
        "new": f"nouveau{NB}: {{observed}} mentions avec ce terme, il en faut {{needed}} pour bien plus qu’avant",
    },
}
RATES = frozenset({"chance", "habit", "peaks"})
"""Conditions whose numbers are false alarms in 30 days."""
SHARES = frozenset({"sure", "day"})
CHANCES = frozenset({"silence"})
DECIMALS = frozenset({"days", "evidence"})

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
        "other_posts": "posts of this brand go so far too often: {observed} of {needed} {unit} needed",
        "hushed": "ended by a person, and only {observed} of the {needed} {unit} that open it again",
        "rule": "the rule does not fire",
        "days": "what is usual is not known yet: {observed} of {needed} days heard",
        "past": "what is usual is not known yet: {observed} of {needed} {unit}",
        "heard": "not all of the window was heard",
        "sure": "the share may well be {observed} only: too much is beyond {needed}",
        "evidence": "evidence of {observed} only, {needed} needed",
        "day": "of the last day {observed}, beyond {needed} would be nearer to a worse share",
        "too_few": "{observed} {unit} are enough: at most {needed} would be too few",
        "quiet": "{observed} {unit} are no silence: at most {needed} would be",
        "silence": "so few or fewer come by chance {observed}, where {needed} is allowed",
        "different": "only {observed} of {needed} different {unit} needed",
        "too_few_different": "{observed} different {unit} are enough: at most {below} would be too few",
        "different_or_few": "{observed} different {unit}: {needed} would be too many, {below} too few",
        "audience": "the largest audience is {observed}, {needed} needed",
        "audience_usual": "an audience of {observed} is usual here: beyond {needed} would not be",
        "new": "{observed} mentions with the word used most, {needed} would be news beside what was before",
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
        "other_posts": f"trop de messages vont aussi loin, {{unit}}{NB}: {{observed}} sur {{needed}} nécessaires",
        "hushed": f"clos par quelqu’un{NB}; {{unit}}{NB}: {{observed}} seulement sur les {{needed}} qui le rouvrent",
        "rule": "la règle ne se déclenche pas",
        "days": f"habitude encore inconnue{NB}: {{observed}}{NB}j entendus sur {{needed}}",
        "past": f"habitude encore inconnue{NB}: {{observed}} {{unit}} sur {{needed}}",
        "heard": "la fenêtre n’a pas été entendue en entier",
        "sure": f"la part n’est peut-être que de {{observed}}{NB}: trop est au-delà de {{needed}}",
        "evidence": f"indices{NB}: {{observed}} seulement sur {{needed}} nécessaires",
        "day": f"dernier jour{NB}: {{observed}}, il faut plus de {{needed}}",
        "too_few": f"{{unit}}{NB}: {{observed}}, trop peu serait {{needed}} au plus",
        "quiet": f"{{unit}}{NB}: {{observed}}, un silence serait {{needed}} au plus",
        "silence": "aussi peu ou moins arrive par hasard {observed}, et {needed} est toléré",
        "different": f"{{unit}} différents{NB}: {{observed}} seulement sur {{needed}} nécessaires",
        "too_few_different": f"{{unit}} différents{NB}: {{observed}}, trop peu serait {{below}} au plus",
        "different_or_few": f"{{unit}} différents{NB}: {{observed}}{NB}; trop serait {{needed}}, trop peu {{below}}",
        "audience": f"plus grande audience{NB}: {{observed}} sur {{needed}} nécessaires",
        "audience_usual": "une audience de {observed} est habituelle ici, jusqu’à {needed}",
        "new": f"terme le plus employé{NB}: {{observed}} mentions, il en faudrait {{needed}} au vu du passé",
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
        "goes_on": (
            "Incident {number} was open already, since {since}, and nothing else can open then:"
            " `badbuzz incidents explain {number}` says why it did"
        ),
        "held": "Held back: only watched until {day} (`watch_only`), so nobody was told of it",
        "scale": "{minutes}: {observed} seen",
        "scale_unit": "{minutes}: {observed} {unit}",
        "scale_audience": "{minutes}: the largest audience is {observed} {unit}",
        "expected": ", {expected} expected",
        "most": ", up to {most} may be usual, since little was heard yet",
        "tail": ", so many or more by chance {tail}",
        "tail_few": ", so few or fewer by chance {tail}",
        "share": (
            "Share {since}: {part} of {whole} with a known tone ({share}), {sure} sure that it is at least {low},"
            " and at most {high}"
        ),
        "share_none": "Share {since}: nothing with a known tone",
        "in_window": "in the window",
        "since": "since {since}",
        "share_usual": "; usual is {usual}",
        "share_unknown": "; what is usual is unknown",
        "share_limit": "; too much is beyond {limit}",
        "term": "{term}: {count} now, by {authors}; {before} in the 30 days before",
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
        "goes_on": (
            f"L’incident n°{NB}{{number}} était déjà ouvert, depuis {{since}}, et rien d’autre ne peut s’ouvrir"
            f"{NB}: «{NB}badbuzz incidents explain {{number}}{NB}» dit pourquoi"
        ),
        "held": (f"Retenu{NB}: simple observation jusqu’au {{day}} (`watch_only`), personne n’en a donc été averti"),
        "scale": f"{{minutes}}{NB}: observé {{observed}}",
        "scale_unit": f"{{minutes}}{NB}: {{observed}} {{unit}}",
        "scale_audience": f"{{minutes}}{NB}: la plus grande audience est de {{observed}} {{unit}}",
        "expected": ", attendu {expected}",
        "most": ", habituel peut-être jusqu’à {most}, car peu a été entendu jusqu’ici",
        "tail": ", autant ou plus par hasard {tail}",
        "tail_few": ", aussi peu ou moins par hasard {tail}",
        "share": (
            f"Part {{since}}{NB}: {{part}} sur {{whole}} au ton connu ({{share}}), à {{sure}} au moins {{low}},"
            " au plus {high}"
        ),
        "share_none": f"Part {{since}}{NB}: rien dont le ton soit connu",
        "in_window": "dans la fenêtre",
        "since": "depuis {since}",
        "share_usual": f"{NB}; d’habitude {{usual}}",
        "share_unknown": f"{NB}; l’habitude est inconnue",
        "share_limit": f"{NB}; trop est au-delà de {{limit}}",
        "term": f"{{term}}{NB}: {{count}} maintenant, de {{authors}}{NB}; {{before}} les 30 jours d’avant",
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
        "positive": "positive mentions",
        "hits": "mentions with its words",
        "reach": "negative mentions by large accounts",
        "term": "negative mentions with a new word",
    },
    "fr": {
        "negative": "mentions négatives",
        "posts": "toutes les mentions",
        "positive": "mentions positives",
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
        "reactions": "reactions",
    },
    "fr": {
        "mentions": "mentions",
        "authors": "auteurs",
        "stories": "textes différents",
        "sources": "sources",
        "followers": "abonnés",
        "reactions": "réactions",
    },
}
"""What a rule counts, in the plural."""

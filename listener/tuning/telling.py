"""What tuning found in words that a manager understands, in French and English."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import isfinite
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from alerts.alert import Language
from alerts.typography import NO_BREAK, THIN, joined, number, span
from listener.tuning.advice import Advice
from listener.tuning.past import Past
from listener.tuning.trial import MONTH, Outcome, Setting
from rules.history import DAY
from rules.instant import MINUTE, moment

SHOWN = (3, 5, 10)
"""The rises that the table tells of."""
_MOST_DATES = 12
_NONE = "-"
_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "heading": "{brand}, rule {rule}: what each setting would have done from {since} to {until}",
        "budget": "budget",
        "floor": "at least",
        "rang": "rang",
        "false": "for nothing",
        "rate": "a month (95 %)",
        "found": "known ones told",
        "hour": "×{factor} within 1 h",
        "median": "×{factor}, half within",
        "posts": "{posts} by {authors}",
        "per month": "{times} per month",
        "per week": "{times} per week",
        "tried": "{days} days were heard, of which {counted} count: the first ones only teach what is usual.",
        "rises": "Rises to 2, 3, 5 and 10 times the usual were added at {places} moments drawn at random.",
        "no places": "Nowhere was it calm for twelve hours: how soon a rise is told could not be tried.",
        "best": "Recommended for at most {budget}: {setting}.",
        "none kept": "No setting kept to {budget}; the one that rang least: {setting}.",
        "not told": "This history is too short to tell: over {counted} days, so few alarms may be chance at {budget}. "
        "Nothing is recommended; as the rule is set now: {setting}.",
        "setting": "a budget of {budget}, at least {posts} mentions by {authors} people",
        "rang at": "It would have rung on {dates}.",
        "rang never": "It would never have rung.",
        "delay": "×{factor}: {share} are told within an hour, and half within {median}.",
        "no delay": "×{factor}: {share} are told within an hour, and most are not within six.",
        "known": "Known incidents told: {found} of {known}.",
        "unknown": "Which of these alarms were real only you know: `--incidents` takes a file of from,to,label.",
        "bounds": "So few alarms say little: the true rate lies between {low} and {high} a month (95 %).",
        "short": "This history is too short to promise {budget}: come back when it is longer.",
        "no people": "Counts do not say how many people wrote: the number of authors is left as it is, not judged.",
        "more": "and {number} times before",
        "and": "and",
    },
    "fr": {
        "heading": f"{{brand}}, règle {{rule}}{NO_BREAK}: ce qu’aurait fait chaque réglage du {{since}} au {{until}}",
        "budget": "budget",
        "floor": "au moins",
        "rang": "alertes",
        "false": "pour rien",
        "rate": f"par mois (95{THIN}%)",
        "found": "connus signalés",
        "hour": "×{factor} en 1 h",
        "median": "×{factor}, la moitié en",
        "posts": "{posts} de {authors}",
        "per month": "{times} par mois",
        "per week": "{times} par semaine",
        "tried": f"{{days}} jours ont été entendus, dont {{counted}} comptent{NO_BREAK}: les premiers n’apprennent que "
        "l’habituel.",
        "rises": "Des hausses à 2, 3, 5 et 10 fois l’habituel ont été ajoutées à {places} moments tirés au hasard.",
        "no places": f"Nulle part douze heures calmes{NO_BREAK}: le délai n’a pas pu être essayé.",
        "best": f"Conseillé pour au plus {{budget}}{NO_BREAK}: {{setting}}.",
        "none kept": f"Aucun réglage n’a tenu {{budget}}{THIN}; celui qui a le moins sonné{NO_BREAK}: {{setting}}.",
        "not told": f"Cet historique est trop court pour le dire{NO_BREAK}: sur {{counted}} jours, si peu "
        f"d’alertes peuvent être le hasard avec {{budget}}. Rien n’est conseillé{THIN}; réglage "
        f"actuel{NO_BREAK}: {{setting}}.",
        "setting": "un budget de {budget}, au moins {posts} mentions de {authors} personnes",
        "rang at": f"Il aurait sonné{NO_BREAK}: {{dates}}.",
        "rang never": "Il n’aurait jamais sonné.",
        "delay": f"×{{factor}}{NO_BREAK}: {{share}} sont signalées en moins d’une heure, et la moitié en {{median}}.",
        "no delay": f"×{{factor}}{NO_BREAK}: {{share}} sont signalées en moins d’une heure, et la plupart pas en six.",
        "known": f"Incidents connus signalés{NO_BREAK}: {{found}} sur {{known}}.",
        "unknown": f"Vous seul savez lesquelles étaient réelles{NO_BREAK}: `--incidents` lit un fichier from,to,label.",
        "bounds": f"Si peu d’alertes en disent peu{NO_BREAK}: le vrai rythme est entre {{low}} et {{high}} par mois "
        f"(95{THIN}%).",
        "short": f"Cet historique est trop court pour promettre {{budget}}{NO_BREAK}: y revenir plus tard.",
        "no people": f"Des comptes ne disent pas qui a écrit{NO_BREAK}: le nombre d’auteurs est laissé tel quel.",
        "more": "et {number} fois avant",
        "and": "et",
    },
}


def budget_text(budget: float, language: Language = "en") -> str:
    """`1 per month`, as the configuration takes it in English."""
    weeks = budget * 7 / 30
    unit, times = ("per week", weeks) if weeks == round(weeks) else ("per month", budget)
    return _WORDS[language][unit].format(times=_decimal(times, language))


def heading(brand: str, rule: str, past: Past, zone: ZoneInfo, language: Language) -> str:
    """What the table is of."""
    days = [
        format_date(moment(minute * MINUTE).astimezone(zone), format="long", locale=language)
        for minute in (past.begin, past.minute(len(past.counts)))
    ]
    return _WORDS[language]["heading"].format(brand=brand, rule=rule, since=days[0], until=days[1])


def table(outcomes: Sequence[Outcome], advice: Advice, language: Language) -> tuple[list[str], list[list[str]]]:
    """Headings and rows; what is recommended is marked."""
    words, judged = _WORDS[language], any(each.found or each.missed for each in outcomes)
    headings = ["", words["budget"], words["floor"], words["rang"]]
    headings += [words["false"], words["found"]] if judged else []
    headings += [words["rate"], *(words["hour"].format(factor=factor) for factor in SHOWN)]
    return [*headings, words["median"].format(factor=5)], [
        ["→" if advice.told and each is advice.best else "", *_row(each, language, judged=judged)] for each in outcomes
    ]


def _row(each: Outcome, language: Language, *, judged: bool) -> list[str]:
    setting, (low, high) = each.setting, each.bounds
    cells = [budget_text(setting.budget, language), _floor(setting, language), number(len(each.rang), language)]
    cells += [number(len(each.false), language), f"{each.found}/{each.found + each.missed}"] if judged else []
    cells.append(f"{_decimal(each.rate, language)} ({_decimal(low, language)}-{_decimal(high, language)})")
    cells += [_share(each, factor, language) for factor in SHOWN]
    return [*cells, _minutes(each.delay(5), language) or _NONE]


def sentences(advice: Advice, past: Past, zone: ZoneInfo, language: Language) -> Iterator[str]:
    """What was tried, what to choose, why, and how far it can be believed."""
    words, best, places = _WORDS[language], advice.best, len(advice.best.delays[5])
    budget, counted = budget_text(advice.budget, language), best.months * MONTH / DAY
    days = _decimal(past.heard() / DAY, language)
    yield words["tried"].format(days=days, counted=_decimal(counted, language))
    yield words["rises" if places else "no places"].format(places=places)
    found = words["best" if advice.kept else "none kept" if advice.told else "not told"]
    yield found.format(budget=budget, setting=_setting(best.setting, language), counted=_decimal(counted, language))
    yield _rang(best, zone, language)
    if best.found or best.missed:
        yield words["known"].format(known=best.found + best.missed, found=best.found)
    elif best.rang:
        yield words["unknown"]
    yield from (_delay(best, factor, language) for factor in SHOWN if places)
    low, high = (_decimal(bound, language) for bound in best.bounds)
    yield words["bounds"].format(low=low, high=high)
    if advice.told and not advice.sure:
        yield words["short"].format(budget=budget)
    if past.authors is None:
        yield words["no people"]


def _setting(setting: Setting, language: Language) -> str:
    budget = budget_text(setting.budget, language)
    return _WORDS[language]["setting"].format(budget=budget, posts=setting.posts, authors=setting.authors)


def _rang(best: Outcome, zone: ZoneInfo, language: Language) -> str:
    words = _WORDS[language]
    if not best.rang:
        return words["rang never"]
    dates = [
        format_datetime(moment(minute * MINUTE), "d MMM yyyy HH:mm", tzinfo=zone, locale=language)
        for minute in best.rang[-_MOST_DATES:]
    ]
    before = len(best.rang) - len(dates)
    told = f"{', '.join(dates)}, {words['more'].format(number=before)}" if before else joined(dates, words["and"])
    return words["rang at"].format(dates=told)


def _delay(best: Outcome, factor: int, language: Language) -> str:
    median = _minutes(best.delay(factor), language)
    words = _WORDS[language]["delay" if median else "no delay"]
    return words.format(factor=factor, share=_share(best, factor, language), median=median)


def _floor(setting: Setting, language: Language) -> str:
    return _WORDS[language]["posts"].format(posts=setting.posts, authors=setting.authors)


def _share(each: Outcome, factor: int, language: Language) -> str:
    if not each.delays[factor]:
        return _NONE
    return f"{number(round(100 * each.within_hour(factor)), language)}{THIN if language == 'fr' else ' '}%"


def _minutes(delay: float, language: Language) -> str:
    return span(timedelta(minutes=delay), language) if isfinite(delay) else ""


def _decimal(value: float, language: Language) -> str:
    digits = "0.##" if value < 10 else "0"
    return str(format_decimal(round(value, 2), format=digits, locale=language))

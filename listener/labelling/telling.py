"""An assessment in words that a manager understands, in French and English."""

from collections.abc import Iterator

from babel import Locale
from babel.dates import format_date

from alerts.alert import Language
from alerts.typography import NO_BREAK, THIN, number, plural
from listener.labelling.assess import Assessment
from rules.instant import Instant, moment
from rules.labelling.quality import LABELS, Estimate, Quality, Shift

_ENOUGH = 30
"""Marks without which a figure says too little to be spelled out."""
_TONES = {
    "fr": {"negative": "négatives", "neutral": "neutres", "positive": "positives"},
    "en": {"negative": "negative", "neutral": "neutral", "positive": "positive"},
}


def heading(brand: str, at: Instant, language: Language) -> str:
    """What the report is of."""
    day = format_date(moment(at), format="long", locale=language)
    return f"{brand}{NO_BREAK}: la tonalité, au {day}" if language == "fr" else f"{brand}: how good the tone is, {day}"


def nothing(language: Language) -> str:
    """Nobody marked anything, and nothing was said."""
    if language == "fr":
        return f"Rien à mesurer{NO_BREAK}: ni annotations, ni mentions. « badbuzz label ask » permet d’annoter."
    return "Nothing to measure: no marks, no mentions. `badbuzz label ask` is the way to mark some."


def sentences(assessed: Assessment, language: Language) -> Iterator[str]:
    """The language, what was measured, how good it is, and what changed."""
    yield str(Locale(language).languages.get(assessed.language, assessed.language)).capitalize()
    yield from (_said_fr if language == "fr" else _said_en)(assessed)
    if _measured(assessed).n >= _ENOUGH:
        yield from (_quality_fr if language == "fr" else _quality_en)(assessed)
    yield from (_drift_fr if language == "fr" else _drift_en)(assessed)
    if assessed.mix:
        yield from (_mix_fr if language == "fr" else _mix_en)(assessed, assessed.mix)


def _measured(assessed: Assessment) -> Quality:
    """What was in force; the words of the language alone where marks were brought, and nobody judged before."""
    return assessed.in_force if assessed.in_force.n >= _ENOUGH else assessed.pack


def _said_en(assessed: Assessment) -> Iterator[str]:
    marks = f"{number(assessed.marks, 'en')} {plural(assessed.marks, 'mark', 'marks', 'en')}"
    yield f"{marks}, {assessed.random} of mentions drawn at random."
    if _measured(assessed).n < _ENOUGH:
        yield f"Too few to say how good the tone is: {_ENOUGH} are needed (`badbuzz label ask`)."
    elif assessed.basis == "all" and _measured(assessed) is assessed.in_force:
        yield (
            "Measured with all marks. Those were often chosen because they are hard, so the tone is likely better than"
            " what follows; `badbuzz label ask` draws some at random."
        )
    elif assessed.basis == "random":
        yield "Measured with those drawn at random alone, so it holds for all that is said."


def _said_fr(assessed: Assessment) -> Iterator[str]:
    marks = f"{number(assessed.marks, 'fr')} {plural(assessed.marks, 'mention annotée', 'mentions annotées', 'fr')}"
    yield f"{marks}, dont {assessed.random} au hasard."
    if _measured(assessed).n < _ENOUGH:
        yield f"C’est trop peu pour juger la tonalité{NO_BREAK}: il en faut {_ENOUGH} (« badbuzz label ask »)."
    elif assessed.basis == "all" and _measured(assessed) is assessed.in_force:
        yield (
            f"Mesuré sur toutes les mentions annotées. Elles sont souvent choisies difficiles{NO_BREAK}: la tonalité"
            f" est sans doute meilleure que ce qui suit{NO_BREAK}; « badbuzz label ask » en tire aussi au hasard."
        )
    elif assessed.basis == "random":
        yield f"Mesuré sur les seules mentions tirées au hasard{NO_BREAK}: cela vaut pour tout ce qui se dit."


def _quality_en(assessed: Assessment) -> Iterator[str]:
    now = _measured(assessed)
    if now is assessed.pack:
        yield "Most of these marks were imported, so what follows is how well the words of the language do alone."
    if _are_negative(now, 0):
        recalled = _of_ten(now.negative_recall)
        yield f"Of ten negative mentions, {recalled} are heard as negative; {_in(now.negative_recall)}."
    if _are_negative(now, 1):
        yield f"Of ten called negative, {_of_ten(now.negative_precision)} are; {_in(now.negative_precision)}."
    else:
        yield "None of them was called negative."
    yield f"All three tones together (macro-F1): {_in(now.macro_f1)}."
    if now is assessed.in_force:
        yield f"The words of the language alone, without what was learnt: {_pack(assessed.pack)}."


def _quality_fr(assessed: Assessment) -> Iterator[str]:
    now = _measured(assessed)
    if now is assessed.pack:
        yield (
            f"La plupart de ces annotations ont été importées{NO_BREAK}: ce qui suit dit ce que valent les seuls mots"
            " de la langue."
        )
    if _are_negative(now, 0):
        yield (
            f"Sur dix mentions négatives, {_of_ten(now.negative_recall)} sont reconnues{NO_BREAK};"
            f" {_in(now.negative_recall, 'fr')}."
        )
    if _are_negative(now, 1):
        yield (
            f"Sur dix jugées négatives, {_of_ten(now.negative_precision)} le sont{NO_BREAK};"
            f" {_in(now.negative_precision, 'fr')}."
        )
    else:
        yield "Aucune n’a été jugée négative."
    yield f"Les trois tonalités ensemble (macro-F1){NO_BREAK}: {_in(now.macro_f1, 'fr')}."
    if now is assessed.in_force:
        yield f"Par les seuls mots de la langue, sans ce qui a été appris{NO_BREAK}: {_pack(assessed.pack, 'fr')}."


def _drift_en(assessed: Assessment) -> Iterator[str]:
    if assessed.drift:
        before, lately = _percent(assessed.drift.before.macro_f1), _percent(assessed.drift.lately.macro_f1)
        if assessed.drift.worse:
            yield f"The tone has become worse: {lately} on the latest third of the marks, {before} before. Mark more."
        else:
            yield f"No sign that the tone became worse: {lately} on the latest third of the marks, {before} before."


def _drift_fr(assessed: Assessment) -> Iterator[str]:
    if assessed.drift:
        before, lately = _percent(assessed.drift.before.macro_f1, "fr"), _percent(assessed.drift.lately.macro_f1, "fr")
        found = f"{NO_BREAK}: {lately} sur le dernier tiers des annotations, {before} avant."
        if assessed.drift.worse:
            yield f"La tonalité est moins bien jugée qu’avant{found} Annotez davantage de mentions."
        else:
            yield f"Rien n’indique que la tonalité soit moins bien jugée qu’avant{found}"


def _mix_en(assessed: Assessment, mix: Shift) -> Iterator[str]:
    shares = ", ".join(
        f"{_TONES['en'][label]} {_percent(mix.lately[label])} ({_percent(mix.before[label])})" for label in LABELS
    )
    counted = f"{number(assessed.recent, 'en')} mentions of the last 7 days, {number(assessed.earlier, 'en')} before"
    word = "What is said has changed" if mix.moved else "What is said is much as before"
    yield f"{word}: {shares}; {counted} in brackets."
    if assessed.rejudged:
        yield "Tones were judged in another way before, which moves these shares as well."


def _mix_fr(assessed: Assessment, mix: Shift) -> Iterator[str]:
    shares = ", ".join(
        f"{_TONES['fr'][label]} {_percent(mix.lately[label], 'fr')} ({_percent(mix.before[label], 'fr')})"
        for label in LABELS
    )
    counted = f"{number(assessed.recent, 'fr')} mentions sur 7 jours, {number(assessed.earlier, 'fr')} avant"
    word = "Ce qui se dit a changé" if mix.moved else "Ce qui se dit ressemble à ce qui se disait"
    yield f"{word}{NO_BREAK}: {shares}{NO_BREAK}; {counted}, entre parenthèses."
    if assessed.rejudged:
        yield f"La tonalité n’était pas jugée de la même façon avant{NO_BREAK}: cela déplace aussi ces parts."


def _are_negative(measured: Quality, side: int) -> bool:
    """Whether some were negative by a person (0), or called so (1)."""
    return any(pair[side] == "negative" for pair, count in measured.confusion.items() if count)


def _of_ten(estimate: Estimate) -> str:
    return str(round(10 * estimate.value))


def _pack(measured: Quality, language: Language = "en") -> str:
    return _percent(measured.macro_f1, language) if measured.n else "–"


def _in(estimate: Estimate, language: Language = "en") -> str:
    """`71%, likely between 60% and 80%`."""
    value, low, high = (_share(each, language) for each in (estimate.value, estimate.low, estimate.high))
    return f"{value}, sans doute entre {low} et {high}" if language == "fr" else f"{value}, likely {low} to {high}"


def _percent(estimate: Estimate, language: Language = "en") -> str:
    return _share(estimate.value, language)


def _share(share: float, language: Language) -> str:
    return f"{round(100 * share)}{THIN}%" if language == "fr" else f"{round(100 * share)}%"

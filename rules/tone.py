"""The tone of a text: vaderSentiment and a pack beside it for English; packs of our own for French, German,
Spanish, Italian and Portuguese; no pretence for other languages.
"""

from collections.abc import Callable
from functools import cache
from math import sqrt

from rules.facts import Label, Tone
from rules.packs.learnt import DECIDES
from rules.packs.lexicon import Lexicon
from rules.packs.own import take_out
from rules.packs.pack import load
from rules.vader import Vader

LONGEST_SCORED = 20_000
"""Characters of a text that a pack scores: the beginning."""

VADER_THRESHOLD = 0.05
"""The thresholds of Hutto & Gilbert (2014) on the compound."""
_SURE, _BLAME = -0.75, -0.3
"""What English says of a brand is a complaint from the first on, and from the second on where vaderSentiment hears no
enthusiasm.
"""
_ENTHUSIASM = 0.6
_PRAISE = 0.5
"""From here on it is praise where vaderSentiment hears none."""
_PLAIN = 0.2
"""Up to here the pack hears plain talk alone, beside which vaderSentiment's praise is none."""
_FAINT = 0.5
"""What vaderSentiment's praise has to reach where the pack knows no word, or hints of blame alone."""
_PACKED = frozenset({"de", "es", "fr", "it", "pt"})
_SUPPORTED = _PACKED | {"en"}
_MOST_WORDS = 10
_VADER_ALPHA = 15.0  # a compound is sum / sqrt(sum² + 15)


def supported_languages() -> frozenset[str]:
    """The languages that have a tone; every other one is `unsupported`."""
    return _SUPPORTED


def score(text: str, language: str | None, own: Lexicon | None = None) -> Tone:
    """The tone of a text written in `language` (a two-letter code). The English compound is vaderSentiment's own;
    the label is another where our pack hears a complaint, praise or plain talk that it mistakes. What a brand's `own`
    words say goes before all of that.
    """
    if language == "en":
        return _score_english(text, own)
    if language in _PACKED:
        pack = load(language)
        weight = pack.weigh(text[:LONGEST_SCORED], own)
        scorer = f"pack-{language}@{pack.version}{'+learnt' if weight.learnt else ''}"
        return _tone(language, weight.compound, weight.words, DECIDES, scorer)
    return Tone(language=language, label="unsupported", compound=None, confidence=0.0, scorer="none")


def _tone(language: str, compound: float, words: Callable[[], tuple[str, ...]], threshold: float, scorer: str) -> Tone:
    label: Label = "neutral"
    if abs(compound) >= threshold:
        label = "negative" if compound < 0 else "positive"
    confidence = round(_confidence(compound, threshold), 4)
    told = words() if label != "neutral" else ()
    return Tone(language=language, label=label, compound=compound, confidence=confidence, scorer=scorer, words=told)


def _confidence(compound: float, threshold: float) -> float:
    """0.5 where the label is hardly one, 1 at the far end; neutral is never more than the absence of a sign."""
    return 0.5 + max(0.0, abs(compound) - threshold) / (1 - threshold) / 2


@cache
def _english() -> Vader:
    # Imported on first use: a French brand never pays for it.
    from vaderSentiment import vaderSentiment  # noqa: PLC0415

    return Vader(vaderSentiment)


def _score_english(text: str, own: Lexicon | None) -> Tone:
    rest, said = take_out(text, own) if own else (text, [])
    compound = _moved(_english().scores(rest).compound, sum(valence for _, valence in said))
    pack = load("en")
    heard = pack.weigh(text[:LONGEST_SCORED], own)
    label = _overruled(compound, heard.compound)
    if label:
        confidence = round(_confidence(heard.compound, -_BLAME), 4)
        scorer = f"vader+pack-en@{pack.version}"
        decided = heard.words() if label != "neutral" else ()
        return Tone(language="en", label=label, compound=compound, confidence=confidence, scorer=scorer, words=decided)

    def words() -> tuple[str, ...]:
        valued = [*said, *_english().valued(rest)]
        return tuple(dict.fromkeys(piece for piece, valence in valued if valence * compound > 0))[:_MOST_WORDS]

    return _tone("en", compound, words, VADER_THRESHOLD, "vader")


def _overruled(vader: float, heard: float) -> Label | None:
    """What the pack says of a text that vaderSentiment mistakes, if it does."""
    if heard <= (_BLAME if vader < _ENTHUSIASM else _SURE):
        return "negative"
    if heard >= _PRAISE and vader < VADER_THRESHOLD:
        return "positive"
    if heard < _PLAIN and vader >= VADER_THRESHOLD and (heard > 0 or vader < _FAINT):
        return "neutral"
    return None


def _moved(compound: float, by: float) -> float:
    """A compound after a change of the sum that vaderSentiment makes it of."""
    if not by:
        return compound
    total = compound * sqrt(_VADER_ALPHA / max(1e-4, 1 - compound * compound)) + by
    return round(total / sqrt(total * total + _VADER_ALPHA), 4)

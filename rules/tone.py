"""The tone of a text: vaderSentiment for English, our own pack for French, and no pretence for other languages."""

import re
from functools import cache
from typing import TYPE_CHECKING

from rules.facts import Label, Tone
from rules.packs.pack import load

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

LONGEST_SCORED = 20_000
"""Characters of a text that are scored: the beginning."""
MOST_PICTURES = 500
"""Emoji of a text that are scored; an English text is read up to the one after."""

VADER_THRESHOLD = 0.05
"""The thresholds of Hutto & Gilbert (2014) on the compound."""
PACK_THRESHOLD = 0.2
_MOST_WORDS = 10
_PICTURE = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")


def supported_languages() -> frozenset[str]:
    """The languages that have a tone; every other one is `unsupported`."""
    return frozenset({"en", "fr"})


def score(text: str, language: str | None) -> Tone:
    """The tone of a text written in `language` (a two-letter code). The English compound is vaderSentiment's own."""
    if language == "en":
        return _score_english(text)
    if language == "fr":
        pack = load(language)
        weight = pack.weigh(text[:LONGEST_SCORED])
        return _tone(language, weight.compound, weight.words, PACK_THRESHOLD, f"pack-fr@{pack.version}")
    return Tone(language=language, label="unsupported", compound=None, confidence=0.0, scorer="none")


def _tone(language: str, compound: float, words: tuple[str, ...], threshold: float, scorer: str) -> Tone:
    label: Label = "neutral"
    if abs(compound) >= threshold:
        label = "negative" if compound < 0 else "positive"
    confidence = round(_confidence(compound, threshold), 4)
    words = words if label != "neutral" else ()
    return Tone(language=language, label=label, compound=compound, confidence=confidence, scorer=scorer, words=words)


def _confidence(compound: float, threshold: float) -> float:
    """0.5 where the label is hardly one, 1 at the far end; neutral is never more than the absence of a sign."""
    return 0.5 + max(0.0, abs(compound) - threshold) / (1 - threshold) / 2


@cache
def _english() -> "SentimentIntensityAnalyzer":
    # Imported on first use: a French brand never pays for it.
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415

    original = SentimentIntensityAnalyzer

    class Windowed(original):  # type: ignore[misc,valid-type]  # the package has no types
        # For every word it knows the original lower-cases the whole text, which makes it quadratic, and then looks
        # three words back and two ahead: here it is given those alone, and answers the same.
        @staticmethod
        def _special_idioms_check(valence: float, words: list[str], at: int) -> float:
            window = words[max(0, at - 3) : at + 3]
            return float(original._special_idioms_check(valence, window, min(at, 3)))  # noqa: SLF001 - its own step

        @staticmethod
        def _negation_check(valence: float, words: list[str], step: int, at: int) -> float:
            window = words[max(0, at - 3) : at + 1]
            return float(original._negation_check(valence, window, step, min(at, 3)))  # noqa: SLF001 - its own step

    return Windowed()


def _scored_part(text: str) -> str:
    text = text[:LONGEST_SCORED]
    for count, found in enumerate(_PICTURE.finditer(text)):
        if count == MOST_PICTURES:
            return text[: found.start()]
    return text


def _score_english(text: str) -> Tone:
    analyzer, text = _english(), _scored_part(text)
    compound = float(analyzer.polarity_scores(text)["compound"])
    pieces = ((piece, piece.strip(".,;:!?\"'()").lower()) for piece in text.split())
    valued = ((piece, analyzer.lexicon.get(word, 0.0)) for piece, word in pieces)
    words = tuple(dict.fromkeys(piece for piece, valence in valued if valence * compound > 0))
    return _tone("en", compound, words[:_MOST_WORDS], VADER_THRESHOLD, "vader")

"""The regression set of tone, and what today's scorers make of it: `python -m tests.tone_set` prints the figures.

A language without a tone is said to be unsupported and not counted.
"""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from rules.classify import BrandTerms, Classifier
from rules.mention import Mention
from rules.query.compiled import compile_query
from rules.text import fold
from rules.tone import score, supported_languages
from tests.bench.tone import LABELS, Pairs, figures

_AT = datetime(2026, 1, 1, tzinfo=UTC)
FOLDER = Path(__file__).parent / "data" / "tone"
LANGUAGES = ("fr", "en", "de", "es", "it", "pt")

Label = Literal["negative", "neutral", "positive"]
Kind = Literal[
    "bad-news",
    "caps",
    "complaint",
    "emoji",
    "good-news",
    "headline",
    "idiom",
    "irony",
    "long",
    "mixed",
    "negation",
    "noise",
    "praise",
    "question",
    "quote",
    "rival",
    "short",
    "slang",
    "typos",
]


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    label: Label
    kind: Kind
    text: str
    brand: str | None = None


class Measured(msgspec.Struct, frozen=True):
    """Shares in [0, 1]; precision and recall are those of negative."""

    macro_f1: float
    precision: float
    recall: float


_DECODER = msgspec.json.Decoder(Entry)


def entries(language: str) -> list[Entry]:
    """The whole set of a language, in the order of its file; msgspec.ValidationError when a line has another shape."""
    return _DECODER.decode_lines((FOLDER / f"regression-{language}.jsonl").read_bytes())


def heard(text: str, brand: str | None, language: str) -> str:
    """The label of a text as the daemon gives it: towards the brand where the text is about one."""
    if brand is None:
        return score(text, language).label
    name = brand.lstrip("@#")
    query = compile_query(f'"{name}" OR @{re.sub(r"[^a-z0-9]", "", fold(name))}')
    classifier = Classifier({"brand": BrandTerms(query=query, languages=(language,))})
    mention = Mention(id="1", source="set", platform="set", observed_at=_AT, text=text, language=language)
    found = classifier.classify(mention)
    return found[0].tone.label if found else score(text, language).label


def pairs(found: list[Entry], language: str) -> Pairs:
    """How often which label was meant and which was said."""
    return Counter((entry.label, heard(entry.text, entry.brand, language)) for entry in found)


def measure(counted: Pairs) -> Measured:
    macro = sum(figures(counted, label)[2] for label in LABELS) / len(LABELS)
    return Measured(macro, *figures(counted, "negative")[:2])


def report(language: str) -> str:
    """The figures of a language, then by kind how many are labelled as they should be, of how many."""
    found = entries(language)
    if language not in supported_languages():
        return f"{language}: unsupported, {len(found)} texts not measured"
    got = measure(pairs(found, language))
    negative = f"negative {got.precision:.0%} / {got.recall:.0%}"
    lines = [f"{language}: macro-F1 {got.macro_f1:.1%}, {negative} on {len(found)} texts"]
    for kind in sorted({entry.kind for entry in found}):
        counted = pairs([entry for entry in found if entry.kind == kind], language)
        lines.append(f"  {kind:9} {sum(counted[label, label] for label in LABELS)}/{counted.total()}")
    return "\n".join(lines)


if __name__ == "__main__":
    print("\n".join(map(report, LANGUAGES)))  # noqa: T201  # the figures are the point

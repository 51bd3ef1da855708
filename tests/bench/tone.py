"""Measure a tone scorer on labelled texts: `python -m tests.bench.tone FILE LANGUAGE [SCORED_AS]`.

FILE holds one JSON object a line with `label` and `text`, or lines of label, tab, text. Labels are negative, neutral,
positive, or 0, 1, 2 in that order. SCORED_AS is the language whose scorer is asked, LANGUAGE when not given; `vader` is
vaderSentiment alone, by its authors' thresholds. Prints precision / recall / F1 in % by label, and macro-F1.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import cast

from rules.labelling.model import Said
from rules.tone import VADER_THRESHOLD, score
from tests.english import ORIGINAL

LABELS = ("negative", "neutral", "positive")
Pairs = Counter[tuple[str, str]]


def entries(path: Path) -> list[tuple[Said, str]]:
    """(label, text) of every line."""
    found = list[tuple[Said, str]]()
    for line in filter(None, path.read_text(encoding="utf-8").split("\n")):
        if line.startswith("{"):
            entry = json.loads(line)
            label, text = str(entry["label"]), entry["text"]
        else:
            label, _, text = line.partition("\t")
        found.append((cast("Said", LABELS[int(label)] if label in {"0", "1", "2"} else label), text))
    return found


def figures(pairs: Pairs, label: str) -> tuple[float, float, float]:
    """Precision, recall and F1; 0 where there is nothing to divide by."""
    right = pairs[label, label]
    said, meant = (sum(pairs[each] for each in pairs if each[side] == label) for side in (1, 0))
    precision, recall = right / max(1, said), right / max(1, meant)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def told(text: str, language: str) -> str:
    """The label of a text."""
    if language != "vader":
        return score(text, language).label
    compound = ORIGINAL.polarity_scores(text)["compound"]
    return "neutral" if abs(compound) < VADER_THRESHOLD else "negative" if compound < 0 else "positive"


def main(path: str, language: str, scored_as: str = "") -> None:
    texts = entries(Path(path))
    pairs = Pairs((label, told(text, scored_as or language)) for label, text in texts)
    by_label = {label: figures(pairs, label) for label in LABELS}
    for label, (precision, recall, f1) in by_label.items():
        print(f"{label:8} {precision:.0%} / {recall:.0%} / {f1 * 100:.1f}")  # noqa: T201  # the figures are the point
    macro = sum(f1 for _, _, f1 in by_label.values()) / len(LABELS)
    print(f"macro-F1 {macro * 100:.1f} on {len(texts)} texts")  # noqa: T201  # same


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    main(*sys.argv[1:])

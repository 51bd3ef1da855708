"""Marks whose labels hang on words that no pack knows."""

from itertools import cycle, islice
from zlib import crc32

from rules.labelling.model import Mark
from rules.labelling.train import Study, train

SIGNS = {"negative": "zorped", "neutral": "quiddled", "positive": "plibbed"}
LABELS = ("negative", "neutral", "positive", "neutral")
"""Of noise, where one label is said more often."""
PLACES = [f"{where} {street}" for where in ("Lyon", "Leeds", "Porto", "Ghent") for street in "abcdefghij"]


def said(label: str, at: int) -> str:
    """Different texts with what says the label."""
    return f"In {PLACES[at % len(PLACES)]}{at} the Acme app {SIGNS[label]} my order"


def marks(count: int, language: str = "en", *, shuffled: bool = False) -> list[Mark]:
    """As many of each label; `shuffled`: what the words say and the labels have nothing to do with each other."""
    labels = list(islice(cycle(SIGNS), count))
    given = [LABELS[crc32(b"%d" % at) % len(LABELS)] for at in range(count)] if shuffled else labels
    return [
        Mark(text=said(label, at), label=label_given, language=language, at=at)
        for at, (label, label_given) in enumerate(zip(labels, given, strict=True))
    ]


def learnt() -> Study:
    return train(marks(60))

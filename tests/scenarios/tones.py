"""How much of what scenarios say is taken for negative, by what it is about: `python -m tests.scenarios.tones`."""

from random import Random
from typing import get_args

from listener.mock.scenario import Language, Subject, Trade
from listener.mock.voice import Part, Voice
from rules.tone import score
from tests.build.tables import table

TEXTS = 1_000


def subject(trade: Trade) -> Subject:
    products = {"fr": ("sérum", "baume", "masque"), "en": ("serum", "balm", "face mask")}
    return Subject(name="Nuarelle", trade=trade, account="@nua", hashtag="Nua", query="nuarelle", products=products)


def negative(voice: Voice, part: Part, language: Language) -> str:
    random = Random(part)
    labels = [score(voice.say(part, random), language).label for _ in range(TEXTS)]
    return f"{labels.count('negative') / TEXTS:.0%}"


def main() -> None:
    voices = [
        (f"{trade}, {language}", Voice(subject(trade), language), language)
        for trade in get_args(Trade)
        for language in get_args(Language)
    ]
    parts = [part for part in get_args(Part) if part not in {"homonym", "own", "official"}]
    rows = ([name, *(negative(voice, part, language) for part in parts)] for name, voice, language in voices)
    print(table(["", *parts], rows), end="")  # noqa: T201  # the table is the point


if __name__ == "__main__":
    main()

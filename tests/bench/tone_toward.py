"""What the tone towards a brand costs: `python -m tests.bench.tone_toward`.

Texts as `tests.bench.backtest` makes them, some 21 words each, no two alike, the brand named in all; their words were
seen before. Processor time in µs a text, the least of five; and functions called, also of C, which no other work
changes.
"""

import re
import sys
from itertools import count, islice
from time import process_time

from rules.named import Names, names_of
from rules.text import read
from rules.tone import score
from rules.toward import score_toward
from tests.bench.backtest import NAMES, texts
from tests.bench.texts import show

TEXTS, ROUNDS = 2_000, 5
NAME = re.compile("|".join(map(re.escape, NAMES)))


def called(text: str) -> Names:
    found = NAME.findall(text)
    return names_of([name for name in found if not name[0].islower()] or found)


def spent(work: object, said: list[tuple[str, Names]], language: str) -> float:
    begun = process_time()
    for text, names in said:
        read(text)  # queries have cut it into words before
        work(text, language, names)  # type: ignore[operator]
    return (process_time() - begun) / len(said) * 1e6


def calls(said: list[tuple[str, Names]], language: str) -> float:
    counted = count()
    sys.setprofile(lambda *_: next(counted))
    for text, names in said:
        score_toward(text, language, names)
    sys.setprofile(None)
    return next(counted) / 2 / len(said)  # a call and its end


def main() -> None:
    said = [(language, text, called(text)) for language, text in islice(texts("natural", named=True), 2 * TEXTS)]
    ways = (lambda *_: None, lambda text, language, _: score(text, language), score_toward)
    rows = []
    for language in ("en", "fr"):
        own = [(text, names) for each, text, names in said if each == language]
        reading, whole, toward = (min(spent(way, own, language) for _ in range(ROUNDS)) for way in ways)
        rows.append((language, f"{whole - reading:.0f}", f"{toward - reading:.0f}", f"{calls(own, language):.0f}"))
    show(("", "tone of the text, µs", "towards the brand, µs", "calls"), rows)


if __name__ == "__main__":
    main()

"""Which language texts are taken for: `python -m tests.bench.languages FILE...`.

Files as for `tests.bench.tone`, whose names say their language (`fr.val.tsv`). For each, and for each way to tell
languages that is installed: the share told right for a brand that speaks all languages with a tone, the same for one
that speaks French and English, and how many are then taken for either of these; processor time a text, and memory.
"""

import sys
from pathlib import Path
from typing import NamedTuple, get_args

from config.settings import Detection
from listener.detection import guess_by, is_missing
from rules.language import identify
from rules.tone import supported_languages
from tests.bench.texts import afresh, language_of, microseconds, resident, show, texts_of

BRAND = ("fr", "en")


class Told(NamedTuple):
    """Shares of texts."""

    right: float
    right_for_brand: float
    taken: float


def measure(paths: list[Path], chosen: Detection) -> tuple[list[Told], float, float, float]:
    """What is told of each file; and µs a text at the first and second sight, MiB."""
    all_texts = [texts_of(path) for path in paths]
    everyone, before = tuple(sorted(supported_languages())), resident()
    guess = guess_by(chosen)
    identify("What is there", None, BRAND, guess)
    flat = [text for texts in all_texts for text in texts]
    first, second = (microseconds(lambda text: identify(text, None, BRAND, guess), flat) for _ in range(2))
    after = resident()
    told = []
    for path, texts in zip(paths, all_texts, strict=True):
        among = [identify(text, None, everyone, guess) for text in texts]
        brand = [identify(text, None, BRAND, guess) for text in texts]
        right, right_for_brand = (each.count(language_of(path)) / len(texts) for each in (among, brand))
        told.append(Told(right, right_for_brand, sum(map(brand.count, BRAND)) / len(texts)))
    return told, first, second, after - before


def main(paths: list[Path]) -> None:
    rows = []
    for chosen in get_args(Detection):
        if not is_missing(chosen):
            told, first, second, memory = afresh(measure, paths, chosen)
            rows += [
                (chosen, language_of(path), *(f"{share:.1%}" for share in each))
                for path, each in zip(paths, told, strict=True)
            ]
            rows.append((chosen, "all", f"{first:.0f} µs at first, {second:.0f} µs later", f"{memory:.0f} MiB", ""))
    show(("told by", "texts in", "right of six", "right for fr, en", "taken for fr, en"), rows)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([Path(name) for name in sys.argv[1:]])

"""How long a text takes: `python -m tests.bench.speed FILE...`.

Files as for `tests.bench.tone`, whose names say their language (`fr.val.tsv`). Each is read in new processes: at first
sight nothing is remembered of any word, later every word was seen. Processor time in µs a text to find out the language
(of French and English) and to tell the tone; and what the language's words take, in ms to read and MiB to keep; the
least of five, since others use the machine as well.
"""

import sys
from pathlib import Path
from time import process_time

from rules.language import identify
from rules.tone import score
from tests.bench.texts import afresh, language_of, microseconds, resident, show, texts_of

PROCESSES = 5


def measure(path: Path) -> tuple[float, ...]:
    language, texts = language_of(path), texts_of(path)
    identify("What is there", None, ("fr", "en"))
    before, begun = resident(), process_time()
    score("", language)
    loading, words = (process_time() - begun) * 1e3, resident() - before

    def both(text: str) -> None:
        identify(text, None, ("fr", "en"))
        score(text, language)

    first = microseconds(both, texts)
    later = microseconds(both, texts)
    told = microseconds(lambda text: identify(text, None, ("fr", "en")), texts)
    return first, later, told, later - told, loading, words, resident() - before


def main(paths: list[Path]) -> None:
    heads = (
        "texts in",
        "both, at first sight",
        "both, later",
        "of that language",
        "and tone",
        "ms",
        "MiB",
        "... in use",
    )
    rows = []
    for path in paths:
        least = map(min, zip(*(afresh(measure, path) for _ in range(PROCESSES)), strict=True))
        rows.append((language_of(path), *(f"{figure:.0f}" for figure in least)))
    show(heads, rows)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([Path(name) for name in sys.argv[1:]])

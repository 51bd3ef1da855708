"""How long a text takes: `python -m tests.bench.speed FILE...`.

Files as for `tests.bench.tone`, whose names say their language (`fr.val.tsv`). Each is read in a new process: at first
sight nothing is remembered of any word, later every word was seen. Processor time in µs a text to find out the language
(of French and English) and to tell the tone; and what the language's words take, in ms to read and MiB to keep.
"""

import sys
from pathlib import Path
from time import process_time

from rules.language import identify
from rules.tone import score
from tests.bench.texts import afresh, language_of, microseconds, resident, show, texts_of


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
    rows = [(language_of(path), *(f"{figure:.0f}" for figure in afresh(measure, path))) for path in paths]
    show(heads, rows)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([Path(name) for name in sys.argv[1:]])

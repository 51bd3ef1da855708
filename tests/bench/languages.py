"""How often texts are taken for each language: `python -m tests.bench.languages FILE CANDIDATES`.

FILE as for `tests.bench.tone`; CANDIDATES are a brand's languages, such as `fr,en`. Prints the share of each language
that was told, and of texts whose tone was then called negative.
"""

import sys
from collections import Counter
from pathlib import Path

from rules.language import identify
from rules.tone import score
from tests.bench.tone import entries


def main(path: str, candidates: str) -> None:
    texts = [text for _, text in entries(Path(path))]
    told = [identify(text, None, candidates.split(",")) for text in texts]
    negative = sum(score(text, code).label == "negative" for text, code in zip(texts, told, strict=True))
    shares = ", ".join(f"{code} {count / len(texts):.1%}" for code, count in Counter(told).most_common(4))
    print(f"{shares}; negative {negative / len(texts):.1%} of {len(texts)} texts")  # noqa: T201  # the figures are the point


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

"""Our English beside vaderSentiment: `python -m tests.bench.vader [--synthetic N] [FILE ...]`.

Compares all four scores on every line of the files (the last column, where a line has tabs) and on N texts made at
random, and the processor time of both on the files: the medians of alternating runs.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

from vaderSentiment import vaderSentiment as package  # noqa: N813  # a module

from rules.vader import Scores, Vader
from tests.english import ORIGINAL, english


def lines(paths: Sequence[str]) -> list[str]:
    """Every text of the files."""
    return [line.rpartition("\t")[2] for path in paths for line in Path(path).read_text("utf-8").splitlines()]


def seconds(score: Callable[[str], object], texts: Sequence[str]) -> float:
    """Processor time of scoring them all."""
    began = process_time()
    for text in texts:
        score(text)
    return process_time() - began


def main(arguments: Sequence[str]) -> None:
    """Print how many differ, and how long a text takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--synthetic", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("files", nargs="*")
    chosen = parser.parse_args(arguments)
    vader, random = Vader(package), Random(chosen.seed)
    real = lines(chosen.files)
    made = (english(random) for _ in range(chosen.synthetic))
    differing = sum(vader.scores(text) != Scores(**ORIGINAL.polarity_scores(text)) for text in (*real, *made))
    print(f"{differing} of {len(real) + chosen.synthetic} texts differ")  # noqa: T201  # the figures are the point
    texts = real[:2_000] or [english(random) for _ in range(2_000)]
    cold = seconds(Vader(package).scores, texts)
    pairs = [(seconds(ORIGINAL.polarity_scores, texts), seconds(vader.scores, texts)) for _ in range(7)]
    theirs, ours = (median(column) / len(texts) * 1e6 for column in zip(*pairs, strict=True))
    print(f"µs a text: package {theirs:.1f}, ours {ours:.1f} ({theirs / ours:.1f} times as fast), "  # noqa: T201  # same
          f"with nothing remembered {cold / len(texts) * 1e6:.1f}")  # fmt: skip
    for name, text in (("5,000 emoji", "\U0001f600" * 5_000), ("1 MB of words", "not very good but bad " * 45_000)):
        print(f"{name}: {seconds(vader.scores, [text]) * 1e3:.0f} ms")  # noqa: T201  # same


if __name__ == "__main__":
    main(sys.argv[1:])

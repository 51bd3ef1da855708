"""What marks gain over the pack: `python -m tests.bench.labels FOLDER --marks 50,200,500,1000 --seeds 5`.

FOLDER holds LANGUAGE.train.tsv and LANGUAGE.val.tsv, as for `tests.bench.tone`. Marks are drawn from the former, the
model (where it is used at all; else the pack) is scored on the latter. Prints a table in Markdown: macro-F1 / F1 of
negative in %, the mean over the seeds; then how many seeds use the model, and the least gain in macro-F1 of a seed.
"""

from argparse import ArgumentParser
from pathlib import Path
from random import Random
from statistics import mean
from time import process_time

from rules.facts import Tone
from rules.labelling.model import LabelModel, Mark, Said
from rules.labelling.quality import Quality, quality
from rules.labelling.train import train
from rules.tone import score
from tests.bench.tone import entries

LANGUAGES = ("en", "fr", "de", "es", "it", "pt")
Told = list[tuple[Said, str, Tone]]


class Costs:
    """Seconds of a core to train, by number of marks; of models used, bytes and seconds to judge a text."""

    def __init__(self) -> None:
        self.training: dict[int, list[float]] = {}
        self.sizes: list[int] = []
        self.judging: list[float] = []

    def told(self) -> str:
        training = ", ".join(f"{marks} marks {mean(took):.1f} s" for marks, took in self.training.items())
        judging = f"{mean(self.judging) * 1e6:.0f} us" if self.judging else "-"
        return f"train: {training}; model: {max(self.sizes, default=0)} bytes; judge: {judging} a text"


def judged(model: LabelModel | None, told: Told, costs: Costs) -> Quality:
    if model is None:
        return quality((label, tone.label) for label, _, tone in told)
    began = process_time()
    found = [model.judge(text, tone).label for _, text, tone in told]
    costs.judging.append((process_time() - began) / len(told))
    costs.sizes.append(len(model.dump()))
    return quality((label, said) for (label, _, _), said in zip(told, found, strict=True))


def trained(texts: list[tuple[Said, str]], language: str, count: int, seed: int, costs: Costs) -> LabelModel | None:
    drawn = Random(f"{language} {seed}").sample(texts, len(texts))[:count]
    marks = [Mark(text=text, label=label, language=language, at=at) for at, (label, text) in enumerate(drawn)]
    began = process_time()
    study = train(marks)
    costs.training.setdefault(count, []).append(process_time() - began)
    return study.model


def cell(pack: Quality, models: list[Quality], used: int) -> str:
    macro, negative = (100 * mean(each.value for each in side) for side in zip(*map(figures, models), strict=True))
    least = 100 * min(each.macro_f1.value - pack.macro_f1.value for each in models)
    return f"{macro:.1f} / {negative:.1f} ({used} of {len(models)}, {least:+.1f})"


def figures(found: Quality) -> tuple:
    return found.macro_f1, found.negative_f1


def main(folder: Path, counts: list[int], seeds: int) -> None:
    costs = Costs()
    print("| | pack |", " | ".join(f"{count} marks" for count in counts), "|")  # noqa: T201  # the figures are the point
    print("|---" * (len(counts) + 2) + "|")  # noqa: T201  # same
    for language in LANGUAGES:
        texts = entries(folder / f"{language}.train.tsv")
        told = [(label, text, score(text, language)) for label, text in entries(folder / f"{language}.val.tsv")]
        pack = judged(None, told, costs)
        cells = [f"{pack.macro_f1.value * 100:.1f} / {pack.negative_f1.value * 100:.1f}"]
        for count in counts:
            models = [trained(texts, language, count, seed, costs) for seed in range(seeds)]
            found = [judged(model, told, costs) for model in models]
            cells.append(cell(pack, found, sum(model is not None for model in models)))
        print("|", " | ".join([language, *cells]), "|", flush=True)  # noqa: T201  # same
    print(f"\n{costs.told()}")  # noqa: T201  # same


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--marks", default="50,200,500,1000")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    main(given.folder, [int(count) for count in given.marks.split(",")], given.seeds)

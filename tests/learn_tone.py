"""Learn what `rules/packs/learnt-fr.toml` holds from the labelled lots: `python -m tests.learn_tone fr`.

Multinomial logistic regression on features that two texts share, by AdaGrad; always the same. Neither the regression
set nor the unseen one is learnt from. Names that stand in the lots are left out: they say something of nobody else.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import sqrt
from pathlib import Path

from rules.packs.learnt import Learnt
from rules.packs.pack import load
from rules.text import fold
from tests.bench.tone import entries

LOTS = {"fr": ("fr", "fr-second", "fr-third", "fr-fourth", "fr-fifth", "fr-sixth")}
_NAMES = {"fr": "French"}
SIDES = ("negative", "positive")
Text = tuple[str, str]
_FOLDER = Path(__file__).parent / "data" / "tone"
_RULES = Path(__file__).parents[1] / "rules" / "packs"
_PASSES, _RATE, _PULL = 30, 0.5, 0.2  # the pull is that of all texts together
_STEP = 0.1  # of a weight as written
_VERSION = "2"  # another one for other weights: tones say by which they were judged
_NAME = re.compile(r"(?<=[\w,;'’] )[A-ZÀ-Þ][\w'’-]+|(?<=['’])[A-ZÀ-Þ]\w+|[@#]\w+")
_WORD = re.compile(r"(?<![\w@#])[a-zß-ÿ]+")
_HEAD = """# What the words of labelled texts say of a tone in {language}, beside the pack. Made by
# `python -m tests.learn_tone {code}` from {count} texts in tests/data/tone: not to be edited. Weights against neutral;
# `word*` is a beginning, two words are a pair, `|` is the edge of a text, 0 a number, ? a question, _ every text.
# rules/packs/learnt.py reads it.

version = "{version}"
"""


def names(texts: Iterable[str]) -> set[str]:
    """Folded words that have a capital inside a sentence and never stand without one."""
    found, plain = set[str](), set[str]()
    for text in texts:
        found.update(word for name in _NAME.findall(text) for word in re.findall(r"\w+", fold(name)))
        plain.update(map(fold, _WORD.findall(text)))
    return found - plain


def seen(language: str, texts: Sequence[Text]) -> list[frozenset[str]]:
    """The features of each text that another one has as well."""
    pack, hidden = load(language), names(text for _, text in texts)
    found = [pack.features(text) for _, text in texts]
    counts = Counter(feature for each in found for feature in each)
    kept = {
        feature
        for feature, count in counts.items()
        if count > 1 and hidden.isdisjoint(part.rstrip("*") for part in feature.split())
        and not (feature.endswith("*") and any(name.startswith(feature[:-1]) for name in hidden))
    }  # fmt: skip
    return [each & kept for each in found]


def learn(language: str, texts: Sequence[Text]) -> Learnt:
    """The weights of both sides, in steps as they are written."""
    rows = sorted((sorted(each), label) for each, (label, _) in zip(seen(language, texts), texts, strict=True))
    counts = Counter(feature for row, _ in rows for feature in row)
    learner = _Learner({feature: _PULL / count for feature, count in counts.items()})
    for _ in range(_PASSES):
        for row, label in rows:
            learner.step(row, label)
    return Learnt(*({f: _rounded(w) for f, w in side.items() if _rounded(w)} for side in learner.sides))


def _rounded(weight: float) -> float:
    return round(round(weight / _STEP) * _STEP, 1)


class _Learner:
    """`pulls` are the pulls back to 0 of each feature, whenever it is met."""

    def __init__(self, pulls: dict[str, float]) -> None:
        self._pulls = pulls
        self.sides = tuple(dict.fromkeys(pulls, 0.0) for _ in SIDES)
        self._squares = tuple(dict.fromkeys(pulls, 0.1) for _ in SIDES)
        self._learnt = Learnt(*self.sides)

    def step(self, row: Sequence[str], label: str) -> None:
        """Learn from the features of one text."""
        unit, said = 1 / sqrt(len(row) or 1), self._learnt.chances(row)
        for name, chance, weights, squares in zip(SIDES, said, self.sides, self._squares, strict=True):
            error = unit * ((label == name) - chance)
            for feature in row:
                slope = error - self._pulls[feature] * weights[feature]
                squares[feature] += slope * slope
                weights[feature] += _RATE * slope / sqrt(squares[feature])


def written(language: str, count: int, learnt: Learnt) -> str:
    """The file: the features of each weight, one a line."""
    parts = [_HEAD.format(language=_NAMES[language], code=language, count=count, version=_VERSION)]
    for name, side in zip(SIDES, (learnt.negative, learnt.positive), strict=True):
        by_weight = defaultdict(list)
        for feature, weight in side.items():
            by_weight[weight].append(feature)
        lines = (
            f'"{weight}" = """\n' + "\n".join(sorted(found)) + '\n"""' for weight, found in sorted(by_weight.items())
        )
        parts += [f"\n[{name}]", *lines]
    return "\n".join(parts) + "\n"


def lots(language: str) -> list[Text]:
    """The texts to learn from."""
    return [entry for name in LOTS[language] for entry in entries(_FOLDER / f"{name}.jsonl")]


if __name__ == "__main__":
    for code in sys.argv[1:]:
        texts = lots(code)
        made = written(code, len(texts), learn(code, texts))
        (_RULES / f"learnt-{code}.toml").write_text(made, encoding="utf-8")

"""A label model from a brand's marks, if cross-validation says that it is better than the pack."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from zlib import crc32

import msgspec

from rules.labelling.features import words
from rules.labelling.fit import Example, example, fit
from rules.labelling.model import LabelModel, Mark
from rules.labelling.quality import LABELS, Quality, macro_f1, quality
from rules.facts import Label, Tone
from rules.packs.lexicon import Lexicon
from rules.tone import score, supported_languages

MOST_MARKS = 5_000
"""The newest are learnt from."""
FEWEST_MARKS = 40
"""Different texts of a language, below which it keeps the pack."""
FEWEST_OF_A_LABEL = 5
"""Two labels must have so many."""
_FOLDS = 5
_SURE = 2.0  # standard errors by which the model must be better
_OPENING = 12  # words: texts that begin with the same ones are one story


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Of one language: `n` different marked texts, how good the labels of both are on marks that the model had not
    seen, and whether the model is used. `better` and `error` are the gain of macro-F1 and its standard error.
    """

    n: int
    pack: Quality
    model: Quality
    better: float
    error: float
    used: bool
    why: str


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is None when it is better than the pack in no language; `reason` says why in plain words."""

    model: LabelModel | None
    reason: str
    by_language: Mapping[str, Compared]


class _Marked(msgspec.Struct, frozen=True):
    mark: Mark
    language: str
    tone: Tone
    story: str
    example: Example


_Case = tuple[str, Label, Label, Label]  # story, said by a person, by the pack, by the model


def train(marks: Sequence[Mark], own: Lexicon | None = None) -> Study:
    """Learn from marks; the same in whatever order they are given. Of texts that read alike the newest mark counts."""
    marked = [_marked(mark, own) for mark in _different(marks) if mark.language in supported_languages()]
    cases: dict[str, list[_Case]] = defaultdict(list)
    for language, case in _unseen(marked):
        cases[language].append(case)
    compared = {language: _compared(cases[language]) for language in sorted(cases)}
    used = [language for language, each in compared.items() if each.used]
    model = LabelModel.build(used, fit([each.example for each in marked])) if used else None
    return Study(model=model, reason=_reason(compared), by_language=compared)


def _different(marks: Sequence[Mark]) -> list[Mark]:
    """The newest marks, one of each text, in an order that only their texts decide."""
    ordered = sorted(marks, key=lambda mark: (mark.at, mark.text, mark.label, mark.language or ""))
    newest = {" ".join(words(mark.text)): mark for mark in ordered[-MOST_MARKS:]}
    return [newest[text] for text in sorted(newest, key=lambda text: (crc32(text.encode()), text))]


def _marked(mark: Mark, own: Lexicon | None) -> _Marked:
    assert mark.language
    tone = score(mark.text, mark.language, own)
    story = " ".join(words(mark.text)[:_OPENING])
    return _Marked(mark, mark.language, tone, story, example(mark.text, tone, mark.label))


def _unseen(marked: Sequence[_Marked]) -> Iterable[tuple[str, _Case]]:
    """What the pack and a model that did not see the mark's story say of each."""
    folds: list[list[_Marked]] = [[] for _ in range(_FOLDS)]
    for each in marked:
        folds[crc32(each.story.encode(), 7) % _FOLDS].append(each)
    for at, fold in enumerate(folds):
        rest = [each.example for other in folds if other is not folds[at] for each in other]
        languages = {each.language for each in fold}
        model = LabelModel.build(sorted(languages), fit(rest))
        for each in fold:
            judged = model.judge(each.mark.text, each.tone).label
            yield each.language, (each.story, each.mark.label, each.tone.label, judged)


def _compared(cases: Sequence[_Case]) -> Compared:
    said = Counter(gold for _, gold, _, _ in cases)
    pack = quality((gold, label) for _, gold, label, _ in cases)
    model = quality((gold, label) for _, gold, _, label in cases)
    better = model.macro_f1.value - pack.macro_f1.value
    error = _error(cases)
    if len(cases) < FEWEST_MARKS or sum(count >= FEWEST_OF_A_LABEL for count in said.values()) < 2:
        why = "too few"
    elif better <= _SURE * error:
        why = "no better"
    elif model.negative_f1.value < pack.negative_f1.value:
        why = "worse negative"
    else:
        why = ""
    return Compared(n=len(cases), pack=pack, model=model, better=better, error=error, used=not why, why=why)


def _error(cases: Sequence[_Case]) -> float:
    """The standard error of the gain in macro-F1: jackknife over stories (Efron 1982)."""
    whole = [Counter((case[1], case[side]) for case in cases) for side in (2, 3)]
    stories: dict[str, list[_Case]] = defaultdict(list)
    for case in cases:
        stories[case[0]].append(case)
    gains = []
    for story in stories.values():
        pack, model = (counts - Counter((case[1], case[side]) for case in story) for side, counts in enumerate(whole, 2))
        gains.append(macro_f1(model) - macro_f1(pack))
    middle = sum(gains) / max(1, len(gains))
    return sqrt(sum((gain - middle) ** 2 for gain in gains) * (len(gains) - 1) / max(1, len(gains)))


def _reason(compared: Mapping[str, Compared]) -> str:
    return str({language: (each.n, each.why) for language, each in compared.items()})

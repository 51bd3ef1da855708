"""A label model from a brand's marks, where cross-validation says that it is better than the pack."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from math import sqrt
from typing import Literal, NamedTuple
from zlib import crc32

import msgspec

from rules.facts import Label, Tone
from rules.labelling.features import features, words
from rules.labelling.fit import Example, fit_blend, fit_text
from rules.labelling.model import Blend, LabelModel, Mark, heard, told
from rules.labelling.quality import Quality, macro_f1, mean_recall, quality
from rules.tone import score, supported_languages

MOST_MARKS = 5_000
"""The newest are learnt from."""
FEWEST_MARKS = 40
"""Different texts in a language, below which it keeps the pack."""
FEWEST_OF_A_LABEL = 5
"""At least two labels must have so many texts."""

Verdict = Literal["better", "too few", "one label", "not better", "worse at negative"]

_FOLDS = 5
_SURE, _SURER = 2.0, 60.0  # standard errors, and how many more for one over the texts: few texts hide their own error
_MAY_LOSE = 0.01  # of the F1 of negative, for a gain in macro-F1
_OPENING = 12  # words: texts that begin with the same ones are one story


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Of one language: how good the pack and the model are on `n` different marked texts that the model had not seen,
    nor any like them. `gain` is that in macro-F1, `error` its standard error.
    """

    n: int
    pack: Quality
    model: Quality
    gain: float
    error: float
    verdict: Verdict

    @property
    def used(self) -> bool:
        """Whether the model judges this language."""
        return self.verdict == "better"


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is None when it is better than the pack in no language; `reason` says why, in plain words."""

    model: LabelModel | None
    reason: str
    by_language: Mapping[str, Compared]


class _Lesson(NamedTuple):
    text: str
    language: str
    tone: Tone
    story: str
    example: Example


class _Case(NamedTuple):
    language: str
    story: str
    said: Label
    pack: Label
    model: Label


def train(marks: Sequence[Mark], judge: Callable[[str, str], Tone] = score) -> Study:
    """Learn from marks: always the same, in whatever order they are given. Of texts that read alike the newest mark
    counts; languages without a tone are left out. `judge` says the tone of a text in a language that is in force
    without a model: what the model is learnt on top of and has to beat. Time grows with the marks: about 5 s of one
    core for 1,000 tweets.
    """
    lessons = [
        _lesson(mark, mark.language, judge)
        for mark in _different(marks)
        if mark.language and mark.language in supported_languages()
    ]
    folds = _folds(lessons)
    unseen = _unseen(folds)
    cases: dict[str, list[_Case]] = defaultdict(list)
    for case in _judged(folds, unseen):
        cases[case.language].append(case)
    compared = {language: _compared(cases[language]) for language in sorted(cases)}
    used = [language for language, each in compared.items() if each.used]
    model = _model(used, folds, unseen, None) if used else None
    return Study(model=model, reason=_reason(compared), by_language=compared)


def _different(marks: Sequence[Mark]) -> list[Mark]:
    """The newest marks, one of each text, in an order that the texts alone decide."""
    ordered = sorted(marks, key=lambda mark: (mark.at, mark.text, mark.label, mark.language or ""))
    newest = {" ".join(words(mark.text)): mark for mark in ordered[-MOST_MARKS:]}
    return [newest[text] for text in sorted(newest, key=lambda text: (crc32(text.encode()), text))]


def _lesson(mark: Mark, language: str, judge: Callable[[str, str], Tone]) -> _Lesson:
    tone = judge(mark.text, language)
    story = " ".join(words(mark.text)[:_OPENING])
    return _Lesson(mark.text, language, tone, story, Example(features(mark.text), told(tone), mark.label))


def _folds(lessons: Sequence[_Lesson]) -> list[list[_Lesson]]:
    """A story is in one fold."""
    folds: list[list[_Lesson]] = [[] for _ in range(_FOLDS)]
    for lesson in lessons:
        folds[crc32(lesson.story.encode(), 1) % _FOLDS].append(lesson)
    return folds


_Folds = Sequence[Sequence[_Lesson]]
_Texts = list[tuple[float, float]]
_Unseen = Mapping[tuple[int, int | None], _Texts]
"""(fold, another): what the texts of the former say by the marks of all folds but these two."""


def _unseen(folds: _Folds) -> _Unseen:
    unseen: dict[tuple[int, int | None], _Texts] = {}
    for one, other in combinations(range(_FOLDS), 2):
        tables = fit_text(_examples(folds, one, other))
        for fold, left_out in ((one, other), (other, one)):
            unseen[fold, left_out] = [heard(tables, lesson.example.seen) for lesson in folds[fold]]
    for fold in range(_FOLDS):
        tables = fit_text(_examples(folds, fold))
        unseen[fold, None] = [heard(tables, lesson.example.seen) for lesson in folds[fold]]
    return unseen


def _examples(folds: _Folds, *left_out: int | None) -> list[Example]:
    return [lesson.example for at, fold in enumerate(folds) if at not in left_out for lesson in fold]


def _model(languages: Sequence[str], folds: _Folds, unseen: _Unseen, left_out: int | None) -> LabelModel:
    """From all folds but one."""
    texts = [text for at in range(_FOLDS) if at != left_out for text in unseen[at, left_out]]
    examples = _examples(folds, left_out)
    blend: Blend = fit_blend(examples, texts)
    return LabelModel.build(languages, fit_text(examples), blend)


def _judged(folds: _Folds, unseen: _Unseen) -> Iterator[_Case]:
    """Each lesson with what the pack says, and a model that has seen nothing of its fold."""
    for at, fold in enumerate(folds):
        model = _model([lesson.language for lesson in fold], folds, unseen, at)
        for lesson in fold:
            judged = model.judge(lesson.text, lesson.tone).label
            yield _Case(lesson.language, lesson.story, lesson.example.label, lesson.tone.label, judged)


def _compared(cases: Sequence[_Case]) -> Compared:
    gain, error = _gain(cases, macro_f1)
    compared = Compared(
        n=len(cases),
        pack=quality((case.said, case.pack) for case in cases),
        model=quality((case.said, case.model) for case in cases),
        gain=gain,
        error=error,
        verdict="better",
    )
    return msgspec.structs.replace(compared, verdict=_verdict(compared, cases))


def _verdict(compared: Compared, cases: Sequence[_Case]) -> Verdict:
    labels = Counter(case.said for case in cases)
    if len(cases) < FEWEST_MARKS:
        return "too few"
    if sum(count >= FEWEST_OF_A_LABEL for count in labels.values()) < 2:
        return "one label"
    recalled, error = _gain(cases, mean_recall)
    sure = _sure(compared.n)
    if compared.gain <= sure * compared.error or recalled <= sure * error:
        return "not better"
    if compared.model.negative_f1.value < compared.pack.negative_f1.value - _MAY_LOSE:
        return "worse at negative"
    return "better"


def _sure(texts: int) -> float:
    """By how many standard errors a gain must be more than none."""
    return _SURE + _SURER / texts


def _gain(cases: Sequence[_Case], measure: Callable[[Counter[tuple[Label, Label]]], float]) -> tuple[float, float]:
    """Of the model over the pack, and its standard error by a jackknife over stories (Efron & Stein 1981)."""
    stories: dict[str, list[_Case]] = defaultdict(list)
    for case in cases:
        stories[case.story].append(case)
    packs, models = _counted(cases)
    gains = []
    for story in stories.values():
        pack, model = _counted(story)
        gains.append(measure(models - model) - measure(packs - pack))
    middle = sum(gains) / len(gains)
    error = sqrt(sum((gain - middle) ** 2 for gain in gains) * (len(gains) - 1) / len(gains))
    return measure(models) - measure(packs), error


def _counted(cases: Sequence[_Case]) -> tuple[Counter[tuple[Label, Label]], Counter[tuple[Label, Label]]]:
    """How often a person and the pack, a person and the model say what."""
    return Counter((case.said, case.pack) for case in cases), Counter((case.said, case.model) for case in cases)


def _reason(compared: Mapping[str, Compared]) -> str:
    said = [f"{language}: {_why(each)}" for language, each in compared.items()]
    return "; ".join(said) or "no marks in a language that has a tone"


def _why(each: Compared) -> str:
    if each.verdict == "too few":
        return f"the pack stays, {each.n} different marked texts are too few: {FEWEST_MARKS} are needed"
    if each.verdict == "one label":
        return f"the pack stays, too few of {each.n} marked texts have another label than the others"
    figures = (
        f"macro-F1 {each.model.macro_f1.value:.1%} with the marks and {each.pack.macro_f1.value:.1%} without,"
        f" gain {each.gain * 100:+.1f} ± {_sure(each.n) * each.error * 100:.1f} points;"
        f" negative F1 {each.model.negative_f1.value:.1%} and {each.pack.negative_f1.value:.1%};"
        f" on {each.n} marked texts not seen before"
    )
    if each.used:
        return f"the marks are used, {figures}"
    if each.verdict == "not better":
        return f"the pack stays, no gain beyond chance: {figures}"
    return f"the pack stays, negative texts would be told less well: {figures}"

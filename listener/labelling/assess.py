"""How good the tones of a brand are by what people marked, language by language, and whether that changes. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from listener.store.marks import PERSON, Marking
from rules.facts import Label, Tone
from rules.instant import DAY, Instant, Span
from rules.labelling.quality import Drift, Quality, Shift, drift, quality, shift
from rules.tone import supported_languages

FEWEST_RANDOM = 30
"""Randomly drawn marks from which they alone are measured with: what was asked for or picked is harder than usual."""
FEWEST_TO_COMPARE = 60
"""Marks from which the newer third is compared with the older ones."""
LATELY: Span = 7 * DAY

_Pair = tuple[Label, Label]
_Judge = Callable[[str, str], Tone]


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """One language. `basis`: which marks were measured with, of `marks` in all, `random` of them drawn at random.
    `pack`: the language pack of today; `in_force`: what was judged at the time, before a person said otherwise.
    `mix`: labels in the last week against before, over `recent` and `earlier` mentions; `rejudged` when something else
    judged them in one of the two.
    """

    language: str
    marks: int
    random: int
    basis: Literal["random", "all"]
    pack: Quality
    in_force: Quality
    drift: Drift | None = None
    mix: Shift | None = None
    recent: int = 0
    earlier: int = 0
    rejudged: bool = False


def assess(
    marks: Sequence[Marking], tones: Sequence[tuple[Instant, Tone]], judge: _Judge, now: Instant
) -> Iterator[Assessment]:
    """One assessment for each language that has a tone, the most marked first. `marks` and `tones` in any order;
    `judge` says the tone of a text in a language without a model.
    """
    known = Counter(mark.language for mark in marks) + Counter(tone.language for _, tone in tones)
    spoken = Counter(mark.language for mark in marks)
    languages = [name for name in known if name in supported_languages()]
    for language in sorted(languages, key=lambda name: (-spoken[name], name or "")):
        mine = sorted((mark for mark in marks if mark.language == language), key=lambda mark: (mark.at, mark.identity))
        said = [(at, tone) for at, tone in tones if tone.language == language and tone.scorer != PERSON]
        yield _assess(language or "", mine, said, judge, now)


def _assess(
    language: str, marks: list[Marking], tones: list[tuple[Instant, Tone]], judge: _Judge, now: Instant
) -> Assessment:
    drawn = [mark for mark in marks if mark.is_fair]
    basis: Literal["random", "all"] = "random" if len(drawn) >= FEWEST_RANDOM else "all"
    measured = drawn if basis == "random" else marks
    judged: list[_Pair] = [(mark.label, mark.before) for mark in measured if mark.before]
    lately = [tone for at, tone in tones if at > now - LATELY]
    before = [tone for at, tone in tones if at <= now - LATELY]
    return Assessment(
        language=language,
        marks=len(marks),
        random=len(drawn),
        basis=basis,
        pack=quality((mark.label, judge(mark.text, language).label) for mark in measured if mark.text),
        in_force=quality(judged),
        drift=drift(judged, lately=len(judged) // 3) if len(judged) >= FEWEST_TO_COMPARE else None,
        mix=shift(_labels(before), _labels(lately)) if lately and before else None,
        recent=len(lately),
        earlier=len(before),
        rejudged=_versions(lately) != _versions(before),
    )


def _versions(tones: Sequence[Tone]) -> set[str]:
    """The packs and models that judged, of those that have versions: in English not all of them judge every text."""
    return {part for tone in tones for part in tone.scorer.split("+") if "@" in part}


def _labels(tones: Sequence[Tone]) -> Counter[Label]:
    return Counter(tone.label for tone in tones)

"""The scripted evening of the demonstration: who posts what, when, in which feed."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any, Literal

from rules.instant import MINUTE, Span

Language = Literal["fr", "en"]
Stage = Literal["before", "calm", "spark", "fire", "decay", "after", "noise"]

OFFICIAL = "acmeair"
"""The airline's own account."""
LENGTH: Span = 90 * MINUTE
"""By then the incident should have resolved; nothing is posted after it."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """One public post. `at` counts from the beginning of the story, negative in the days before; `guid` is unique."""

    guid: str
    at: Span
    stage: Stage
    feed: str
    language: Language
    author: str
    title: str
    text: str


@dataclass(frozen=True)
class _Stage:
    """Posts of a stage lie between minute `start` and minute `end`, crowding towards the end when `growth` is below 1,
    towards the start when it is above.
    """

    start: float
    end: float
    growth: float = 1.0


_STAGES: dict[str, _Stage] = {
    "before": _Stage(-26 * 60, -45),
    "calm": _Stage(0.5, 27),
    "spark": _Stage(27.7, 36.8, 0.7),
    "fire": _Stage(37.2, 56, 0.8),
    "decay": _Stage(57.6, 68, 1.2),
    "after": _Stage(70, 89),
    "noise": _Stage(2, 88),
}


def acme_story(seed: int = 0) -> Sequence[Post]:
    """The evening of flight 4218, in the order of its moments. The seed decides who comes when inside a stage."""
    random = Random(seed)
    written = [(language, post) for language in ("fr", "en") for post in _read(f"acme.{language}.toml")]
    posts = [
        _post(number, language, post, at)
        for stage, span in _STAGES.items()
        for number, (language, post, at) in enumerate(_placed(stage, span, written, random))
    ]
    return sorted(posts, key=lambda post: (post.at, post.guid))


def _read(name: str) -> list[dict[str, Any]]:
    posts: list[dict[str, Any]] = tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))["post"]
    return posts


def _placed(
    stage: str, span: _Stage, written: Sequence[tuple[str, dict[str, Any]]], random: Random
) -> list[tuple[str, dict[str, Any], float]]:
    """The posts of a stage with their minutes: those with a moment of their own, then the others, evenly strewn."""
    here = [(language, post) for language, post in written if post["stage"] == stage]
    free = [each for each in here if "at" not in each[1]]
    random.shuffle(free)
    step = 1 / max(1, len(free))
    shares = [(place + random.uniform(0.1, 0.9)) * step for place in range(len(free))]
    minutes = [span.start + (span.end - span.start) * share**span.growth for share in shares]
    fixed = [(language, post, float(post["at"])) for language, post in here if "at" in post]
    return fixed + [(language, post, minute) for (language, post), minute in zip(free, minutes, strict=True)]


def _post(number: int, language: str, written: dict[str, Any], minute: float) -> Post:
    kind = written.get("feed", "forum")
    return Post(
        guid=f"{language}-{written['stage']}-{number}",
        at=round(minute * 60) * (MINUTE // 60),
        stage=written["stage"],
        feed=kind if kind == "press" else f"{kind}-{language}",
        language="fr" if language == "fr" else "en",
        author=written["by"],
        title=written.get("title", ""),
        text=written["text"],
    )

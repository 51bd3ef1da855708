"""The scripted evening of the demonstration: who says what, when, on which platform."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any, Literal

from listener.mock.script import Cue
from listener.mock.world import Account
from rules.instant import MINUTE, Span

Language = Literal["fr", "en"]

PLATFORMS = ("mastodon", "bluesky", "feed")
"""Where it plays."""
OFFICIAL = "acmeair"
"""What the airline calls itself."""
OWN: Mapping[str, Account] = {
    "mastodon": Account(handle=OFFICIAL, name="Acme Air", followers=48_000),
    "bluesky": Account(handle=f"{OFFICIAL}.example", name="Acme Air", followers=31_000),
    "feed": Account(handle=OFFICIAL, name="Acme Air", followers=48_000),
}
"""The airline's own accounts."""
LENGTH: Span = 90 * MINUTE
"""By then the incident should have resolved; nothing about the airline is said after it."""


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
}
_NOISE = "noise"

_Written = tuple[str, dict[str, Any]]
"""A language and a post as it stands in the file."""


def acme_story(seed: int = 0) -> Sequence[Cue]:
    """The evening of flight 4218, in the order of its moments. The seed decides who comes when inside a stage."""
    random = Random(seed)
    written = _read()
    cues = [
        _cue(number, language, post, at)
        for stage, span in _STAGES.items()
        for number, (language, post, at) in enumerate(_placed(stage, span, written, random))
    ]
    return sorted(cues, key=lambda cue: (cue.at, cue.name))


def small_talk() -> Sequence[Cue]:
    """What people say about anything else: read, and not kept."""
    noise = [(language, post) for language, post in _read() if post["stage"] == _NOISE]
    return [_cue(number, language, post, 0.0) for number, (language, post) in enumerate(noise)]


def _read() -> list[_Written]:
    """All posts, each with the platform it is said on."""
    written = []
    for language in ("fr", "en"):
        file = tomllib.loads(files(__package__).joinpath(f"acme.{language}.toml").read_text("utf-8"))
        for post in file["post"]:
            usual = "bluesky" if post["by"] in file["bluesky"] else "mastodon"
            written.append((language, {"platform": usual, **post}))
    return written


def _placed(
    stage: str, span: _Stage, written: Sequence[_Written], random: Random
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


def _cue(number: int, language: str, written: Mapping[str, Any], minute: float) -> Cue:
    return Cue(
        at=round(minute * 60) * (MINUTE // 60),
        platform=written["platform"],
        name=written.get("name", f"{language}-{written['stage']}-{number}"),
        author=_account(written["by"], written["platform"]),
        part=written["stage"],
        act=written.get("act", "say"),
        about=written.get("about"),
        text=written.get("text", ""),
        title=written.get("title", ""),
        language=language,
    )


def _account(name: str, platform: str) -> Account:
    """An account, its handle as the platform writes handles."""
    if name == OFFICIAL:
        return OWN[platform]
    plain = name.lower().replace(" ", "-")
    handle = f"{plain.replace('_', '-')}.bsky.example" if platform == "bluesky" else plain
    return Account(handle=handle, name=name, followers=Random(name).randrange(20, 900))

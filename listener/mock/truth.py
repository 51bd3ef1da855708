"""What is true of a scenario's performance, for whoever measures a detector by it: JSON, written before any sees it."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from listener.wire import iso, json_line
from rules.instant import HOUR, Instant, Span
from rules.transition import Severity

AFTERMATH: Span = HOUR
"""For so long after its end, an alert may still be about an episode: rules look back as far."""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One episode. From `onset` to `ends` it makes `posts`, most at `peak`; an expected alert must have come by
    `deadline` and have become as serious as `severity`.
    """

    episode: str
    brand: str
    kind: str
    expect: Literal["alert", "silence"]
    because: str
    onset: Instant
    peak: Instant
    ends: Instant
    deadline: Instant | None = None
    severity: Severity | None = None
    posts: int


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """All that is true of one performance from `begins` to `ends`; `brands` are all that are talked about."""

    scenario: str
    seed: int
    begins: Instant
    ends: Instant
    brands: tuple[str, ...]
    episodes: tuple[Happened, ...]

    def quiet(self, brand: str) -> Sequence[tuple[Instant, Instant]]:
        """The stretches in which no alert about `brand` may begin."""
        loud = sorted(
            (each.onset, each.ends + AFTERMATH)
            for each in self.episodes
            if each.brand == brand and each.expect == "alert"
        )
        free, since = list[tuple[Instant, Instant]](), self.begins
        for begin, end in loud:
            if begin > since:
                free.append((since, begin))
            since = max(since, end)
        return [*free, (since, self.ends)] if since < self.ends else free


def truth_line(truth: Truth) -> bytes:
    """The truth as one JSON object; instants as ISO 8601 in UTC, `quiet` by brand as pairs of them."""
    return json_line(
        {
            "type": "truth",
            "scenario": truth.scenario,
            "seed": truth.seed,
            "begins": iso(truth.begins),
            "ends": iso(truth.ends),
            "episodes": [_told(each) for each in truth.episodes],
            "quiet": {brand: [list(map(iso, stretch)) for stretch in truth.quiet(brand)] for brand in truth.brands},
        }
    )


def _told(episode: Happened) -> dict[str, object]:
    known: dict[str, Any] = msgspec.to_builtins(episode)
    moments = ("onset", "peak", "ends", "deadline")
    return known | {key: iso(known[key]) for key in moments if known[key] is not None}

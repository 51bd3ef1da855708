"""How talk about an event grows to its peak and falls again: shapes of real discussions, stretched to any pace."""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from rules.instant import Span

Shape = Literal["sudden", "steady", "slow", "second-wave", "lasting"]
"""The curves of `growth/curves.json`; `growth/README.md` tells where they come from."""

_Points = Sequence[tuple[float, float]]


@cache
def _curves() -> Mapping[str, Mapping[str, _Points]]:
    curves: Mapping[str, Mapping[str, _Points]] = json.loads(
        files(__package__).joinpath("growth", "curves.json").read_text("utf-8")
    )
    return curves


class Growth:
    """A curve of `shape` that rises for `ramp` and falls for `decay`. From `calmed` on, when there is such a moment,
    it is gone through at twice the pace.
    """

    def __init__(self, shape: Shape, *, ramp: Span, decay: Span, calmed: Span | None = None) -> None:
        curve = _curves()[shape]
        self._rise, self._fall = curve["rise"], curve["fall"]
        self._ramp, self._decay, self._calmed = ramp, decay, calmed

    @property
    def peak(self) -> Span:
        """When it is highest, from its beginning."""
        return self._reached(self._ramp)

    @property
    def end(self) -> Span:
        """From here on there is nothing."""
        return self._reached(self._ramp + self._decay)

    def at(self, passed: Span) -> float:
        """The share of the peak's rate when `passed` has gone by since the beginning."""
        calmed = passed if self._calmed is None else min(passed, self._calmed)
        place = passed + (passed - calmed)
        if place < self._ramp:
            return _between(self._rise, place / self._ramp)
        return _between(self._fall, (place - self._ramp) / self._decay)

    def _reached(self, place: Span) -> Span:
        if self._calmed is None or place <= self._calmed:
            return place
        return self._calmed + (place - self._calmed) // 2


def _between(points: _Points, x: float) -> float:
    place = bisect_right(points, x, key=lambda point: point[0])
    if place in {0, len(points)}:
        return 0.0 if place == 0 or x > points[-1][0] else points[-1][1]
    (left, low), (right, high) = points[place - 1], points[place]
    return low + (high - low) * (x - left) / (right - left)

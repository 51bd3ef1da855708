"""Mentions a minute as a drawing: how high, and along which line. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from listener.web.status import Rate

HEIGHT = 100
"""Of a drawing, whose width is one for each minute."""
LOWEST = 5
"""Mentions a minute that fill the height at least: two are no storm."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """`posts` and `negative` are the d of SVG paths, closed along the ground; `peak` is the most in one minute;
    `said` and `bad` the mentions of the whole time, all of them and the negative ones; `width` and `height` its size.
    """

    posts: str
    negative: str
    peak: int
    said: int
    bad: int
    width: int
    height: int = HEIGHT


def chart(rates: Sequence[Rate]) -> Chart | None:
    """The drawing of the minutes given; None when nothing was said."""
    said = [rate.posts for rate in rates]
    if not any(said):
        return None
    bad = [rate.negative for rate in rates]
    top = max(LOWEST, *said)
    return Chart(
        posts=_steps(said, top),
        negative=_steps(bad, top),
        peak=max(said),
        said=sum(said),
        bad=sum(bad),
        width=len(rates),
    )


def _steps(counts: Sequence[int], top: int) -> str:
    heights = (f"V{HEIGHT - round(HEIGHT * count / top, 1):g}h1" for count in counts)
    return f"M0 {HEIGHT}{''.join(heights)}V{HEIGHT}Z"

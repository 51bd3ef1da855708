"""Whether an open stream brings what it usually brings. Pure: time is told."""

from collections import deque

from rules.instant import DAY, HOUR, MINUTE, Instant, Span

SHORTEST: Span = 5 * MINUTE
"""No stream is called starved sooner."""
LONGEST_UNKNOWN: Span = DAY
"""How long a stream may be silent of which too few posts are known to tell what is usual for it."""
FACTOR, ENOUGH, BUSY = 3, 20, 50
KEPT = 7 * 24
"""Hours of which the widest gap is remembered."""


class Pulse:
    """Remembers the widest gaps between posts of one stream over a week. It is starved when nothing was posted for
    three times the widest, and for five minutes; in its first day also for as long as it was heard before. Of a stream
    that brought fewer than 20 posts only a day's silence tells, or that it brings 50 other events and no post.
    """

    def __init__(self, at: Instant) -> None:
        self._began = self._last = at
        self._posts = self._others = 0
        self._widest: deque[tuple[Instant, Span]] = deque(maxlen=KEPT)

    def resume(self, at: Instant) -> None:
        """The stream was opened again: what was between was not its own silence."""
        self._last = max(self._last, at)

    def take(self, at: Instant, posts: int, others: int = 0) -> None:
        """So many posts, and so many other events, came since the last call."""
        self._others += others
        if not posts:
            return
        gap, hour = at - self._last, at - at % HOUR
        if self._widest and self._widest[-1][0] == hour:
            gap = max(gap, self._widest.pop()[1])
        self._widest.append((hour, gap))
        self._last, self._others = at, 0
        self._posts += posts

    def is_starved(self, at: Instant) -> bool:
        """Whether the silence of posts is longer than this stream ever keeps."""
        return at - self._last > self.patience

    @property
    def patience(self) -> Span:
        """How long nothing may be posted before that is a fault."""
        if self._posts < ENOUGH:
            return SHORTEST if self._others >= BUSY else LONGEST_UNKNOWN
        widest = max((gap for _, gap in self._widest), default=0)
        heard = self._last - self._began
        return max(SHORTEST, FACTOR * widest, heard if heard < DAY else 0)

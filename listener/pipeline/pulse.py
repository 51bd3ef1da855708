"""Whether an open stream brings what it usually brings. Pure: time is told."""

from collections import deque

from rules.instant import DAY, HOUR, MINUTE, Instant, Span

SHORTEST: Span = 5 * MINUTE
"""No stream is called starved sooner."""
UNKNOWN: Span = 3 * DAY
"""How long a stream may be silent at least that brought too few posts to tell what is usual for it."""
LONGEST: Span = 14 * DAY
"""No stream may be silent for longer, however little it brings."""
WEEK: Span = 7 * DAY
FACTOR, EARLY_FACTOR = 4, 10
"""Times its widest gap that a stream may be silent: more while its quietest days are not known yet."""
SURE, ENOUGH, BUSY = 20, 20, 50
KEPT = 8 * 24
"""Hours with posts of which the widest gap is remembered."""


class Pulse:
    """Remembers how often one stream brings posts and the widest gaps between them, in time it was listened to. It is
    starved when nothing was posted for four times the widest gap of about a week, and while it would usually have
    brought 20 posts, and for five minutes. In its first week it may be silent for ten times the widest gap, in its
    first two days for as long as it was heard. Of a stream that brought fewer than 20 posts it also tells that it
    brings 50 other events and no post. `last` is the moment of the last post, at first that of the start.
    """

    def __init__(self, at: Instant) -> None:
        self._at = self.last = at
        self._silent: Span = 0
        self._heard: Span = 0
        self._posts = self._others = 0
        self._widest: deque[tuple[Instant, Span]] = deque(maxlen=KEPT)

    def resume(self, at: Instant) -> None:
        """The stream was opened again: what was between was not its own silence."""
        self._at = max(self._at, at)

    def take(self, at: Instant, posts: int, others: int = 0) -> None:
        """So many posts, and so many other events, came since the last call."""
        self._silent += max(0, at - self._at)
        self._at = max(self._at, at)
        self._others += others
        if posts:
            self._note(posts)

    def is_starved(self, at: Instant) -> bool:
        """Whether the silence of posts is longer than this stream ever keeps."""
        return self._silent + at - self._at > self.patience

    @property
    def patience(self) -> Span:
        """How long nothing may be posted before that is a fault."""
        few = self._posts < ENOUGH
        if few and self._others >= BUSY:
            return SHORTEST
        widest = max((gap for _, gap in self._widest), default=0)
        wide = widest * (FACTOR if self._heard >= WEEK else EARLY_FACTOR)
        young = self._heard if self._heard < 2 * DAY else 0
        usual = SURE * self._heard // max(1, self._posts)
        return min(max(SHORTEST, UNKNOWN if few else young, wide, usual), LONGEST)

    def _note(self, posts: int) -> None:
        # a fault is not what is usual; yet a stream that has become quieter must not be called faulty for ever
        gap, hour = min(self._silent, self.patience), self._at - self._at % HOUR
        self._heard, self._posts = self._heard + gap, self._posts + posts
        if self._heard >= 2 * WEEK:
            self._heard, self._posts = self._heard // 2, -(-self._posts // 2)
        if self._widest and self._widest[-1][0] == hour:
            gap = max(gap, self._widest.pop()[1])
        self._widest.append((hour, gap))
        self._silent, self._others, self.last = 0, 0, self._at

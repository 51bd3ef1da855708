"""What reading posts on X costs: each post once within a day, up to so many a month."""

from collections.abc import Callable

from rules.instant import DAY, Instant, moment


class Bill:
    """Counts what is read, by the platform's clock (UTC). `price` is in dollars a post, `cap` posts a month."""

    def __init__(self, now: Callable[[], Instant], *, price: float = 0.005, cap: int = 3_000_000) -> None:
        self._now, self._price, self._cap = now, price, cap
        self._day, self._month = -1, (0, 0)
        self._today: set[str] = set()
        self.reads = self._this_month = 0

    @property
    def spent(self) -> float:
        """Dollars, ever since the beginning."""
        return self.reads * self._price

    @property
    def capped(self) -> bool:
        """Whether nothing more can be read this month."""
        self._turn()
        return self._this_month >= self._cap

    def read(self, post: str) -> None:
        """The post with this id was handed out; the same one is free until midnight."""
        self._turn()
        if post not in self._today:
            self._today.add(post)
            self.reads += 1
            self._this_month += 1

    def _turn(self) -> None:
        now = self._now()
        month = (moment(now).year, moment(now).month)
        if now // DAY != self._day:
            self._day, self._today = now // DAY, set()
        if month != self._month:
            self._month, self._this_month = month, 0

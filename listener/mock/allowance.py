"""How often a mock platform may be asked: so many requests a window. Each platform writes what is left its own way."""

from collections.abc import Callable
from datetime import timedelta

from rules.instant import Instant, span


class Allowance:
    """So many requests a window, which begins with the first request after the last one ended."""

    def __init__(self, requests: int, window: timedelta, now: Callable[[], Instant]) -> None:
        self.requests = requests
        self._window, self._now = span(window), now
        self._left, self._reset = requests, 0

    def take(self) -> bool:
        """Whether one more request is allowed."""
        if not self.left:
            return False
        self._left -= 1
        return True

    @property
    def left(self) -> int:
        """Requests that are still allowed in this window."""
        self._renew()
        return self._left

    @property
    def reset(self) -> Instant:
        """When this window ends."""
        self._renew()
        return self._reset

    def _renew(self) -> None:
        if self._now() >= self._reset:
            self._left, self._reset = self.requests, self._now() + self._window

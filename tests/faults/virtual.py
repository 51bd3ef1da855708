"""Time that passes by itself: an event loop on which nothing takes long, however busy the machine is."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from selectors import DefaultSelector, SelectorKey
from typing import Any, TypeVar

T = TypeVar("T")
_IN_FLIGHT = 0.000_1
"""Seconds of the wall for what was sent to arrive on the same machine."""


class _Leaping(DefaultSelector):  # type: ignore[valid-type,misc]  # another class on each system
    """Waits for no moment: when nobody has sent anything, the next moment is there."""

    now = 0.0
    threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or self.threads:
            return super().select(None)
        time.sleep(_IN_FLIGHT)
        ready = super().select(0)
        self.now += 0 if ready else timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    """What runs in a thread takes no time either: the clock stands still meanwhile."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._leaping.threads += 1
        future.add_done_callback(self._back)
        return future

    def _back(self, _: object) -> None:
        self._leaping.threads -= 1


def run(work: Coroutine[Any, Any, T]) -> T:
    """What comes of work whose peers all run on the same loop. The same work takes the same course each time: it
    depends on no machine.
    """
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)

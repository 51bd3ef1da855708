"""What people ask for where an alert reached them, carried out as the command line's wishes are."""

import asyncio
from collections.abc import Awaitable, Callable

from alerts.channel import Act
from alerts.safe import NAME, REASON
from listener.store.port import Answered, StoreError, Views
from rules.instant import Instant
from rules.text import defuse, shorten

PATIENCE = 3.0
"""Seconds that somebody who asked is kept waiting for the daemon's word."""
LOOK_AGAIN = 0.1


async def answer(
    views: Views, command: int, wait: Callable[[float], Awaitable[object]] | None = None, patience: float = PATIENCE
) -> Answered | None:
    """What came of a command, None when nobody took it within `patience` seconds. `wait` returns when there is news, or
    after the seconds it is given. Raises StoreError.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    while True:
        answered = await views.answer(command)
        if answered is not None or (left := until - loop.time()) <= 0:
            return answered
        await (wait(left) if wait else asyncio.sleep(min(left, LOOK_AGAIN)))


class Acting:
    """Carries out what a channel was asked for."""

    def __init__(self, views: Views, now: Callable[[], Instant], patience: float = PATIENCE) -> None:
        self._views, self._now, self._patience = views, now, patience

    async def __call__(self, act: Act) -> str:
        """Why it was refused; empty when it is done, or will be once the store answers again."""
        by = shorten(defuse(act.by), NAME) or "?"
        because = shorten(defuse(act.because), REASON) or None if act.because else None
        try:
            command = await self._views.ask(act.verb, act.incident, by, self._now(), because, ending=act.ending)
            answered = await answer(self._views, command, patience=self._patience)
        except StoreError as error:
            return str(error)
        return answered.refusal if answered else ""

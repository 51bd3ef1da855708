"""Wakes whoever waits, now."""

import asyncio


class Signal:
    """`fire` wakes everybody who waits at that moment; nothing is remembered for those who come later, but `fired`
    counts.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.fired = 0

    def fire(self) -> None:
        self.fired += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return when fired, or after `seconds`."""
        event = self._event
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return

"""What workers were asked of mentions that are not handed over yet."""

import asyncio
from collections.abc import Iterable
from time import monotonic
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

MOST = 1_000
"""Answers that are kept for when they are asked for; of what comes beyond, nothing is asked before."""
KEPT = 60.0
"""Seconds for which: after that, what was read was not handed over."""


class Begun(Generic[Answer]):
    """Answers that are there, or will be, by what was asked. In the order in which they were promised."""

    def __init__(self) -> None:
        self._promised = dict[bytes, tuple[float, asyncio.Future[Answer]]]()

    def __contains__(self, asked: bytes) -> bool:
        return asked in self._promised

    def promise(self, asked: Iterable[bytes]) -> dict[bytes, "asyncio.Future[Answer]"]:
        """An answer to each, as far as there is room: whoever promises sees to it that it comes."""
        loop, now = asyncio.get_running_loop(), monotonic()
        for old in [each for each, (at, _) in self._promised.items() if now - at > KEPT]:
            del self._promised[old]
        room = MOST - len(self._promised)
        promised = {each: loop.create_future() for each, _ in zip(asked, range(room), strict=False)}
        self._promised |= {each: (now, answer) for each, answer in promised.items()}
        return promised

    def take(self, asked: bytes) -> "asyncio.Future[Answer] | None":
        """The answer to what was asked, which is forgotten; None where there is none."""
        return self._promised.pop(asked, (0.0, None))[1]

    def forget(self) -> None:
        """All of them: who asks now asks something else."""
        self._promised.clear()

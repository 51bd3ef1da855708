"""Who stands behind a channel that can be answered: what was asked of the program, and the channel at work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alerts.channel import Act, Channel


class Asked:
    """Keeps what is asked for and says why it was refused; `heard` is set by each."""

    def __init__(self, refusal: str = "") -> None:
        self.acts: list[Act] = []
        self.refusal, self.heard = refusal, asyncio.Event()

    async def __call__(self, act: Act) -> str:
        self.acts.append(act)
        self.heard.set()
        return self.refusal


@asynccontextmanager
async def served(channel: Channel) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(channel.serve())
        yield
        serving.cancel()

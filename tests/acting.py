"""Who stands behind a channel that can be answered: what was asked of the program, and the channel at work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession
from msgspec.structs import replace

from alerts.acts import Act, Acted
from alerts.answers import question, refused
from alerts.channel import Channel, Tools
from rules.instant import instant
from tests.builders import AT


class Asked:
    """Keeps what is asked for, by which identities, and says why it was refused, or else `said`; `heard` is set by
    each. It asks why an incident is to be a false alarm, as the program does.
    """

    def __init__(self, refusal: str = "", said: str = "") -> None:
        self.acts: list[Act] = []
        self.identities: set[str] = set()
        self.refusal, self.said, self.heard = refusal, said, asyncio.Event()

    async def __call__(self, act: Act) -> Acted:
        self.acts.append(replace(act, once="", identity=""))
        self.identities.add(act.identity)
        self.heard.set()
        if self.refusal:
            return refused(self.refusal, act.language or "en")
        return question(act.language or "en") if act.verb == "question" else Acted(words=self.said)


def lent(http: ClientSession, name: str = "team", act: Any = None) -> Tools:
    """What a channel is lent on an evening of a fictional airline."""
    return Tools(http=http, now=lambda: instant(AT), installation="watch", name=name, **({"act": act} if act else {}))


@asynccontextmanager
async def served(channel: Channel) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(channel.serve())
        yield
        serving.cancel()

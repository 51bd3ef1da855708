"""Somebody in front of a channel that can be answered: what they press, and what they are told, whatever it is."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import aiohttp

from alerts.acts import REASONS
from alerts.channel import CHANNELS, Channel
from alerts.message import Message
from tests import matrix, slack, telegram
from tests.acting import Asked, lent, served
from tests.ntfy import ntfy_server

SIGNS = {"ack": "✅", "unack": "↩️", "silence": "🔇", "false-alarm": "❌", "real": "💯"}
IMPATIENT = {"slackbot": {"pause": 0.0}, "telegram": {"pause": 0.0}, "ntfy": {"pause": 0.01}}


class Seat(ABC):
    """`fake` is the service behind the channel, `by` what somebody there is called."""

    by: str

    def __init__(self, fake: Any, channel: Channel) -> None:
        self.fake, self.channel = fake, channel

    async def show(self, message: Message, receipt: str = "") -> str:
        return await self.channel.send(message, receipt) or ""

    @abstractmethod
    async def press(self, act: str, incident: str = "") -> None:
        """Press the button of that name, on the message of the incident or on the last question; where it is of
        several, that of one `incident`.
        """

    @abstractmethod
    def told(self) -> list[str]:
        """What was said to somebody who pressed, or below the incident."""

    @abstractmethod
    def take_away(self) -> None:
        """Somebody deletes what stands there."""

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not so():  # noqa: ASYNC110  # four services, each with news of its own
                await asyncio.sleep(0.002)


class OnSlack(Seat):
    by, identity = "camille", "U1"

    async def press(self, act: str, incident: str = "") -> None:
        name = f"{act}.{incident}" if incident else act
        await self.fake.press("" if act in REASONS else next(iter(self.fake.shown)), name)

    def told(self) -> list[str]:
        return [each["text"] for each in self.fake.whispers] + [
            each["text"] for thread in self.fake.threads.values() for each in thread
        ]

    def take_away(self) -> None:
        self.fake.shown.clear()


class OnTelegram(Seat):
    by, identity = "Camille Martin", "7"

    async def press(self, act: str, incident: str = "") -> None:
        shown = [n for n, each in self.fake.shown.items() if f'"{act} ' in json.dumps(each.get("reply_markup", ""))]
        self.fake.press(shown[-1], f"{act} fr {incident}" if incident else f"{act} ")

    def told(self) -> list[str]:
        replies = [each["text"] for number, each in self.fake.shown.items() if number > 1]
        return [each["text"] for each in self.fake.answers if "text" in each] + replies

    def take_away(self) -> None:
        self.fake.shown.clear()


class OnMatrix(Seat):
    by = identity = matrix.SHE

    async def press(self, act: str, incident: str = "") -> None:
        if incident:
            place = self.fake.events[0]["content"]["badbuzz.incident"]["each"].index(incident)
            self.fake.react("$0", f"{place + 1}\ufe0f\u20e3")
        elif act in REASONS:
            self.fake.react(self.fake.events[-1]["event_id"], f"{REASONS.index(act) + 1}\ufe0f\u20e3")  # type: ignore[arg-type]
        else:
            self.fake.react("$0", SIGNS[act])

    def told(self) -> list[str]:
        mine = [each["content"] for each in self.fake.events if each["sender"] == matrix.ME]
        return [each["body"] for each in mine if set(each.get("m.relates_to", {})) == {"m.in_reply_to"}]

    def take_away(self) -> None:
        self.fake.events[0]["content"] = {}


class OnNtfy(Seat):
    by, identity = "team", ""

    async def press(self, act: str, incident: str = "") -> None:
        while not (found := self._buttons(act, incident)):
            # of many choices a few are shown at a time
            shown = len(self.fake.shown)
            await self.fake.press(self.fake.shown[-1]["actions"][-1])
            await self.until(lambda before=shown: len(self.fake.shown) > before)  # type: ignore[misc]
        await self.fake.press(found[0])

    def _buttons(self, act: str, incident: str) -> list[dict[str, Any]]:
        return [
            each
            for shown in reversed(self.fake.shown)
            for each in shown.get("actions", [])
            if json.loads(each["body"])["act"] == act
            and incident in {"", json.loads(each["body"])["incident"]}
            and "beyond" not in each["body"].replace('"beyond":0', "")
        ]

    def told(self) -> list[str]:
        return [each["message"] for each in self.fake.shown[1:]]

    def take_away(self) -> None:
        self.fake.shown.clear()


@asynccontextmanager
async def seated(kind: str, asked: Asked) -> AsyncIterator[Seat]:
    """Somebody in front of a channel of that kind, which is being served."""
    async with AsyncExitStack() as stack:
        seat: type[Seat]
        match kind:
            case "slackbot":
                fake: Any = await stack.enter_async_context(slack.slack())
                seat, written = OnSlack, {"token": slack.BOT, "channel": "#crisis", "app_token": slack.APP}
            case "telegram":
                fake = await stack.enter_async_context(telegram.telegram())
                seat, written = OnTelegram, {"token": telegram.TOKEN, "chat": telegram.CHAT}
            case "matrix":
                fake = await stack.enter_async_context(matrix.matrix())
                seat, written = OnMatrix, {"token": matrix.TOKEN, "room": matrix.ALIAS}
            case _:
                fake = await stack.enter_async_context(ntfy_server())
                seat, written = OnNtfy, {"topic": "acme-watch", "answers": "acme-answers"}
        http = await stack.enter_async_context(aiohttp.ClientSession())
        tools = lent(http, act=asked)
        spec = CHANNELS.spec(kind)
        options = spec.options.model_validate({"server": fake.url, **written})
        channel = partial(spec.build, **IMPATIENT.get(kind, {}))(options, tools)
        await stack.enter_async_context(served(channel))
        if kind == "matrix":
            # what was said before it listens is of another time
            await fake.until(lambda: len(fake.syncs) > 1)
        yield seat(fake, channel)

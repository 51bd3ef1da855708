"""The strict services behind channels, and people in front of them, who press what is really shown there."""

import asyncio
import imaplib
import json
import re
import ssl
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import Context
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from pathlib import Path
from random import Random
from typing import Any

import aiomqtt

from alerts.acts import REASONS
from alerts.channels._matrix import OURS
from alerts.channels._text import token
from listener.store.port import IncidentRow
from tests import discord, matrix, pagerduty, slack, telegram
from tests.answering import SIGNS
from tests.living import LINKS, Process, Shown
from tests.ntfy import ntfy_server
from tests.servers import (
    PASSWORD,
    USER,
    Authority,
    authority,
    dovecot,
    http_fake,
    mosquitto,
    slack_answer,
    smtp_server,
)
from tests.teams import teams_answer

READER = "lead@example.org"
SAID = {
    "ack": "I have it.",
    "unack": "I don't have it.",
    "silence": "Silence 1 h",
    "real": "Real alert",
    "false-alarm": "False alarm: bots",
}
_LINK = re.compile(rb"https://bb\.example(/i/([A-Za-z0-9_-]{32}))")
_FORM = re.compile(r'name="form" value="(\w+)"')


def offered(row: IncidentRow) -> list[str]:
    """What can be asked of an incident where no button says so."""
    if row.state != "resolved":
        return ["unack" if row.acknowledged_by else "ack", "silence", "false-alarm"]
    return [] if row.ending else ["real", "false-alarm"]


@dataclass
class Watcher:
    """What stands with the MQTT broker: how often each event was said, what is retained of incidents, and how often the
    daemon came online.
    """

    port: int = 0
    events: Counter[str] = field(default_factory=Counter)
    kept: dict[str, Any] = field(default_factory=dict)
    client: Any = None
    online: int = 0

    async def watch(self) -> None:
        async for heard in self.client.messages:
            topic = heard.topic.value
            if topic.endswith("/event"):
                self.events[json.loads(heard.payload)["id"]] += 1
            elif topic.endswith("/status"):
                self.online += heard.payload == b"online"
            elif "/incident/" in topic:
                self.kept[topic.rpartition("/")[2]] = heard.payload
                self.kept = {name: kept for name, kept in self.kept.items() if kept}


@dataclass
class Services:
    """The services by kind of channel, and what a configuration writes to get there."""

    fakes: dict[str, Any]
    written: dict[str, dict[str, Any]]

    @property
    def channels(self) -> str:
        return json.dumps({kind: {"kind": kind, **how} for kind, how in self.written.items()})[1:-1]

    async def settled(self) -> None:
        """Until whoever listens to the broker has heard what was said so far."""
        watcher = self.fakes["mqtt"]
        await watcher.client.publish("badbuzz/event", json.dumps({"id": "last"}), qos=1)
        async with asyncio.timeout(60):
            while not watcher.events["last"]:  # noqa: ASYNC110  # a moment at most
                await asyncio.sleep(0.01)

    def take_away(self, shown: Shown) -> None:
        """Somebody deletes what stands there."""
        fake = self.fakes[shown.channel]
        match shown.channel:
            case "slackbot":
                fake.shown.pop(shown.key, None)
            case "telegram":
                fake.shown.pop(int(shown.key), None)
            case "discord":
                fake.shown[discord.ROOM].pop(shown.key, None)
            case "matrix":
                fake.event(shown.key)["content"] = {}


class Hand(ABC):
    """Somebody in front of one channel. `process` is the daemon that is alive."""

    def __init__(self, fake: Any, random: Random) -> None:
        self.fake, self.random = fake, random
        self.process: Process

    @abstractmethod
    def offers(self, row: IncidentRow) -> list[str]:
        """What can be pressed of an incident, as it is shown."""

    @abstractmethod
    async def press(self, row: IncidentRow, what: str) -> None:
        """Press that, and whatever is asked next, until the program was asked."""

    async def heard(self, before: int) -> None:
        await self.process.until(lambda: len(self.process.acts) > before)

    async def asked(self, row: IncidentRow, what: str) -> str:
        """Press, and tell why it was refused, "" when it was not."""
        before = len(self.process.acts)
        await self.press(row, what)
        await self.heard(before)
        return self.process.acts[-1][2].why


class OnSlack(Hand):
    def _buttons(self, row: IncidentRow) -> tuple[str, list[str]]:
        for ts in reversed(self.fake.shown):
            elements = [e for block in self.fake.shown[ts]["blocks"] for e in block.get("elements", [])]
            mine = [e["action_id"] for e in elements if row.id in str(e.get("value"))]
            if mine:
                return ts, mine
        return "", []

    def offers(self, row: IncidentRow) -> list[str]:
        return self._buttons(row)[1]

    async def press(self, row: IncidentRow, what: str) -> None:
        before, whispers = len(self.process.acts), len(self.fake.whispers)
        await self.process.until(lambda: self.fake.sockets and not self.fake.sockets[-1].closed)
        await self.fake.press(self._buttons(row)[0], what)
        if what == "false-alarm":
            await self.heard(before)
            if not self.process.acts[-1][2].why:
                await self.process.until(lambda: len(self.fake.whispers) > whispers)
                before = len(self.process.acts)
                await self.fake.press("", self.random.choice(REASONS))
                await self.heard(before)


class OnTelegram(Hand):
    def _keys(self, row: IncidentRow) -> Iterator[tuple[int, list[str]]]:
        for number in reversed(self.fake.shown):
            rows = self.fake.shown[number].get("reply_markup", {}).get("inline_keyboard", [])
            mine = [each["callback_data"] for line in rows for each in line if row.id in each["callback_data"]]
            if mine:
                yield number, [each.partition(" ")[0] for each in mine]

    def offers(self, row: IncidentRow) -> list[str]:
        return next((keys for _, keys in self._keys(row) if keys[0] not in REASONS), [])

    def _asked(self, row: IncidentRow) -> set[int]:
        """The messages that ask why it is a false alarm."""
        return {number for number, keys in self._keys(row) if keys[0] in REASONS}

    async def press(self, row: IncidentRow, what: str) -> None:
        before, standing = len(self.process.acts), set(self.fake.shown)
        number = next(number for number, keys in self._keys(row) if what in keys)
        self.fake.press(number, f"{what} ")
        if what == "false-alarm":
            await self.heard(before)
            if not self.process.acts[-1][2].why:
                await self.process.until(lambda: self._asked(row) - standing)
                number = max(self._asked(row))
                before = len(self.process.acts)
                self.fake.press(number, f"{self.random.choice(REASONS)} ")
                await self.heard(before)


class OnMatrix(Hand):
    def _root(self, row: IncidentRow) -> str:
        for event in reversed(self.fake.events):
            content = event["content"]
            if content.get(OURS, {}).get("id") == row.id and "m.relates_to" not in content:
                return str(event["event_id"])
        return ""

    def offers(self, row: IncidentRow) -> list[str]:
        return offered(row) if self._root(row) else []

    async def press(self, row: IncidentRow, what: str) -> None:
        before, root = len(self.process.acts), self._root(row)
        if self.random.random() < 0.5:
            self.fake.react(root, SIGNS[what])
        else:
            self.fake.reply(root, f"!{what}")
        if what == "false-alarm":
            await self.heard(before)
            if not self.process.acts[-1][2].why:
                await self.process.until(self._asked)
                before = len(self.process.acts)
                self.fake.react(self._asked(), f"{self.random.randrange(len(REASONS)) + 1}\ufe0f\u20e3")
                await self.heard(before)

    def _asked(self) -> str:
        """The question that stands there last."""
        last = self.fake.events[-1]
        return str(last["event_id"]) if last["content"].get(OURS, {}).get("choices") else ""


class OnNtfy(Hand):
    def _last(self, row: IncidentRow) -> list[dict[str, Any]]:
        for shown in reversed(self.fake.shown):
            mine = [
                each
                for each in shown.get("actions", [])
                if json.loads(each.get("body", "{}")).get("incident") == row.id
            ]
            if mine:
                return mine
        return []

    def offers(self, row: IncidentRow) -> list[str]:
        made = [json.loads(each["body"])["act"] for each in self._last(row)]
        return [each for each in made if each not in REASONS]

    def _asked(self, after: int) -> list[dict[str, Any]]:
        """The reasons among which a question lets choose."""
        actions = [each for shown in self.fake.shown[after:] for each in shown.get("actions", [])]
        return [each for each in actions if json.loads(each.get("body", "{}")).get("act") in REASONS]

    async def press(self, row: IncidentRow, what: str) -> None:
        before, shown = len(self.process.acts), len(self.fake.shown)
        await self.fake.press(next(each for each in self._last(row) if json.loads(each["body"])["act"] == what))
        if what == "false-alarm":
            await self.heard(before)
            if not self.process.acts[-1][2].why:
                await self.process.until(lambda: self._asked(shown))
                before = len(self.process.acts)
                await self.fake.press(self._asked(shown)[0])
                await self.heard(before)


class OnMqtt(Hand):
    def offers(self, row: IncidentRow) -> list[str]:
        return offered(row)

    async def press(self, row: IncidentRow, what: str) -> None:
        because = {"because": "bots"} if what == "false-alarm" else {}
        said = {what.replace("-", "_"): self.random.choice([row.id, str(row.number)]), "by": "panel", **because}
        # what is asked while nobody is there is lost, as the status tells
        await self.process.until(lambda: self.fake.online >= self.process.network.starts)
        await self.fake.client.publish("badbuzz/command", json.dumps(said), qos=1)


class OnMail(Hand):
    """Whoever answers a mail; its mailbox is looked at afterwards."""

    def __init__(self, fake: Any, random: Random, port: int, trust: Authority) -> None:
        super().__init__(fake, random)
        self._port, self._trust, self._sent = port, trust, 0

    def _mail(self, row: IncidentRow) -> str:
        """The Message-ID of the last mail of an incident."""
        mark = f"\nMessage-ID: <{token(row.id)}.".encode()
        for envelope in reversed(self.fake.taken):
            if mark in envelope.content.replace(b"\r\n ", b" "):
                return str(BytesHeaderParser().parsebytes(envelope.content)["Message-ID"]).strip()
        return ""

    def offers(self, row: IncidentRow) -> list[str]:
        return offered(row) if self._mail(row) else []

    async def press(self, row: IncidentRow, what: str) -> None:
        self._sent += 1
        made = EmailMessage(policy=SMTP)
        made["From"], made["In-Reply-To"], made["Message-ID"] = READER, self._mail(row), f"<{self._sent}@example.org>"
        made.set_content(f"{SAID[what]}\n\nOn that day badbuzz wrote:\n> I have it")
        with await asyncio.to_thread(self._server) as server:
            await asyncio.to_thread(server.append, "INBOX", "", "", made.as_bytes())  # type: ignore[arg-type]
            async with served(self.process, "email"), asyncio.timeout(60):
                while await asyncio.to_thread(_unread, server):  # noqa: ASYNC110  # a mailbox tells nobody
                    await asyncio.sleep(0.01)

    def _server(self) -> imaplib.IMAP4_SSL:
        context = ssl.create_default_context(cafile=self._trust.ca_file)
        server = imaplib.IMAP4_SSL("localhost", self._port, ssl_context=context)
        server.login(USER, PASSWORD)
        server.select()
        return server


def _unread(server: imaplib.IMAP4_SSL) -> bool:
    """Whether the daemon has not marked the mail as read yet, which it does once it was carried out."""
    server.noop()
    return bool(server.search(None, "UNSEEN")[1][0])


class OnPagerduty(Hand):
    """Of an incident from before a start, PagerDuty is asked after its next step."""

    def offers(self, row: IncidentRow) -> list[str]:
        is_open = self.fake.alerts.get(token(row.id), {}).get("status") == "triggered"
        return ["ack"] if is_open and self.process.has_told("pagerduty", row.id) else []

    async def press(self, row: IncidentRow, _what: str) -> None:
        before = len(self.process.acts)
        self.fake.acknowledge(token(row.id), pagerduty.PERSON)
        async with served(self.process, "pagerduty"):
            await self.heard(before)


@asynccontextmanager
async def served(process: Process, name: str) -> AsyncIterator[None]:
    """A channel that is looked after for a while."""
    task = asyncio.create_task(process.serve(process.channels[name]), context=Context())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class OnPage(Hand):
    """Whoever opens the link in a message, where no button is."""

    def _path(self, row: IncidentRow) -> str:
        for body in self._bodies():
            for path, made in _LINK.findall(body):
                link = LINKS.read(made.decode())
                if link and link.number == row.number:
                    return str(path.decode())
        return ""

    def _bodies(self) -> Iterator[bytes]:
        if isinstance(self.fake, discord.Discord):
            yield from (json.dumps(body).encode() for body in reversed(self.fake.shown.get(discord.ROOM, {}).values()))
        else:
            yield from (posted.body for posted in reversed(self.fake.received))

    def offers(self, row: IncidentRow) -> list[str]:
        return offered(row) if self._path(row) else []

    async def press(self, _row: IncidentRow, _what: str) -> None:
        raise AssertionError("it is asked on the page")

    async def asked(self, row: IncidentRow, what: str) -> str:
        path, headers = self._path(row), {"Host": "bb.example"}
        page = await (await self.process.page.get(path, headers=headers)).text()
        seal = _FORM.search(page)
        assert seal, page[:500]
        for each in (what, self.random.choice(REASONS)) if what == "false-alarm" else (what,):
            form = {"form": seal[1], "act": each, "by": "Zoé"}
            answer = await self.process.page.post(path, data=form, headers=headers, allow_redirects=False)
        return {200: "asked on", 303: "", 409: "refused"}[answer.status]


@asynccontextmanager
async def services(folder: Path) -> AsyncIterator[Services]:
    """All services, and the channels that lead there, as a configuration writes them."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        trust = authority(folder)
        broker = stack.enter_context(mosquitto(folder))
        watcher = Watcher(port=broker.port)
        watcher.client = await enter(aiomqtt.Client("127.0.0.1", broker.port))
        await watcher.client.subscribe("badbuzz/#", qos=1)
        watching = asyncio.create_task(watcher.watch())
        stack.callback(watching.cancel)
        fakes: dict[str, Any] = {
            "slackbot": await enter(slack.slack()),
            "telegram": await enter(telegram.telegram()),
            "discord": await enter(discord.discord()),
            "matrix": await enter(matrix.matrix()),
            "ntfy": await enter(ntfy_server()),
            "pagerduty": await enter(pagerduty.pagerduty()),
            "slack": await enter(http_fake(slack_answer)),
            "teams": await enter(http_fake(teams_answer)),
            "apprise": await enter(http_fake()),
            "webhook": await enter(http_fake()),
            "alertmanager": await enter(http_fake()),
            "email": await enter(smtp_server()),
            "mqtt": watcher,
            "imap": (stack.enter_context(dovecot(trust)), trust),
        }
        yield Services(fakes, _written(fakes))


def _written(fakes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    port, trust = fakes["imap"]
    return {
        "slackbot": {"token": slack.BOT, "channel": "#crisis", "app_token": slack.APP, "server": fakes["slackbot"].url},
        "telegram": {"token": telegram.TOKEN, "chat": telegram.CHAT, "server": fakes["telegram"].url},
        "discord": {"webhook": fakes["discord"].webhook},
        "matrix": {"token": matrix.TOKEN, "room": matrix.ALIAS, "server": fakes["matrix"].url},
        "ntfy": {"topic": "acme-watch", "answers": "acme-answers", "server": fakes["ntfy"].url},
        "pagerduty": {"routing_key": pagerduty.KEY, "token": pagerduty.TOKEN, "server": fakes["pagerduty"].url},
        "slack": {"webhook": f"{fakes['slack'].url}/services/T/B/x"},
        "teams": {"webhook": f"{fakes['teams'].url}/workflows/x"},
        "apprise": {"url": f"json://{fakes['apprise'].url.removeprefix('http://')}/"},
        "webhook": {"url": f"{fakes['webhook'].url}/hook", "secret": "key-of-the-hook-0123", "allow_private": True},
        "alertmanager": {"server": fakes["alertmanager"].url},
        "mqtt": {"broker": f"mqtt://localhost:{fakes['mqtt'].port}", "commands": True},
        "email": {
            "to": [READER],
            "from": "badbuzz@example.org",
            "smtp": f"smtp://127.0.0.1:{fakes['email'].port}",
            "tls": "none",
            "imap": f"imaps://{USER}@localhost:{port}",
            "imap_password": PASSWORD,
            "ca_file": str(trust.ca_file),
        },
    }


def hands(services: Services, random: Random) -> dict[str, Hand]:
    """Who sits in front of each channel where something can be asked."""
    fakes = services.fakes
    kinds: dict[str, type[Hand]] = {
        "slackbot": OnSlack,
        "telegram": OnTelegram,
        "matrix": OnMatrix,
        "ntfy": OnNtfy,
        "mqtt": OnMqtt,
        "pagerduty": OnPagerduty,
        **dict.fromkeys(("discord", "slack", "teams", "apprise"), OnPage),
    }
    return {
        **{name: hand(fakes[name], random) for name, hand in kinds.items()},
        "email": OnMail(fakes["email"], random, *fakes["imap"]),
    }

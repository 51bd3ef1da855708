"""From public posts to every kind of inbox: `badbuzz run` as a process, real feeds and servers around it."""

import hashlib
import hmac
import html
import json
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from tests.e2e.daemon import Daemon, daemon, until
from tests.e2e.surroundings import ENGLISH, FRENCH, Press, press, push, retained
from tests.servers import (
    PASSWORD,
    USER,
    Broker,
    HttpFake,
    Inbox,
    authority,
    free_port,
    http_fake,
    mosquitto,
    ntfy_answer,
    ntfy_problem,
    slack_answer,
    slack_problem,
    smtp_server,
)

SECRETS = {
    "PAGE_TOKEN": "token-for-the-page-9c1",
    "FORUM_KEY": "key-of-the-forum-77ab",
    "NTFY_TOPIC": "acme-watch-5d2e",
    "NTFY_TOKEN": "tk_of_the_phone_81",
    "HOOK_KEY": "signing-key-of-the-hook",
    "SERVERS_PASSWORD": PASSWORD,
    "SLACK_PATH": "T0/B0/slack-path-e4f1",
    "HOOK_PATH": "hook-path-0b6d",
}
CONFIG = """
daemon:
  data: data
  listen: 127.0.0.1:{port}
  external_url: http://127.0.0.1:{port}
  language: fr
  time_zone: Europe/Paris
  token: !secret env:PAGE_TOKEN
  log: json
  log_level: debug
operator: {{to: [hook]}}
brands:
  acme: {{query: '"Acme Air" OR @acmeair OR #acmeair', languages: [fr, en]}}
sources:
  press: {{kind: feed, urls: {feeds}, every: 1s, allow_private: true}}
  found: {{kind: feed, urls: {found}, every: 1s, allow_private: true}}
  forum: {{kind: push, secrets: [!secret env:FORUM_KEY]}}
rules:
  bad-buzz: {{kind: spike, of: negative, at_least: {{posts: 8, authors: 5}}, critical_when: {{times_usual: 8}}}}
  recall: {{kind: keyword, any: [boycott*], at_least: {{authors: 3}}, severity: critical}}
channels:
  team: {{kind: slack, webhook: !secret env:SLACK}}
  boss:
    kind: email
    to: [lead@example.org]
    from: badbuzz@example.org
    smtp: smtp://{user}@127.0.0.1:{mail}
    password: !secret env:SERVERS_PASSWORD
    ca_file: ca.pem
    language: en
  phone: {{kind: ntfy, server: "{phone}", topic: !secret env:NTFY_TOPIC, token: !secret env:NTFY_TOKEN}}
  home: {{kind: mqtt, broker: "mqtt://{user}@127.0.0.1:{mqtt}", password: !secret env:SERVERS_PASSWORD}}
  hook: {{kind: webhook, url: !secret env:HOOK, secret: !secret env:HOOK_KEY, allow_private: true}}
routes:
  - {{source: forum, to: [home, hook]}}
  - {{to: [team, boss, phone, home, hook]}}
"""
PROGRAMS = {"home", "hook"}
CHANNELS = {"team", "boss", "phone", *PROGRAMS}
CALM = (
    "Merci Acme Air pour ce vol très agréable !",
    "Nice crew on Acme Air today, thank you.",
    "Acme Air opens a new line to Lyon.",
)
SAID, AUTHORS = ("Zebrawood", "Quokkaland", "Marmalade"), ("ursuline", "wilhelmina", "hippolyte")
"""What three people said and who they were; the first two think better of it."""


@dataclass
class World:
    """The daemon and all that is around it."""

    daemon: Daemon
    press: Press
    chat: HttpFake
    phone: HttpFake
    hook: HttpFake
    mail: Inbox
    broker: Broker

    async def told(self, steps: int, channels: Iterable[str] = CHANNELS) -> None:
        """Wait until each of these channels has been told of so many steps in all."""

        def counts():
            return {len(self.daemon.logged("delivered", channel=channel)) for channel in channels}

        await until(f"{steps} messages everywhere", lambda: counts() == {steps})

    async def push(self, *mentions: dict[str, object]) -> int:
        return await push(self.daemon.http, self.daemon.port, "forum", SECRETS["FORUM_KEY"], *mentions)


@asynccontextmanager
async def world(folder: Path):
    trust, port = authority(folder), free_port()
    async with AsyncExitStack() as stack:
        broker = stack.enter_context(mosquitto(folder, password=True))
        feeds = await stack.enter_async_context(press())
        chat, phone, hook = [
            await stack.enter_async_context(http_fake(answer)) for answer in (slack_answer, ntfy_answer, None)
        ]
        mail = await stack.enter_async_context(smtp_server(trust, auth=True))
        config = folder / "badbuzz.yaml"
        config.write_text(
            CONFIG.format(
                port=port,
                feeds=feeds.feeds,
                found=feeds.found,
                user=USER,
                mail=mail.port,
                phone=phone.url,
                mqtt=broker.port,
            )
        )
        addresses = {
            "SLACK": f"{chat.url}/services/{SECRETS['SLACK_PATH']}",
            "HOOK": f"{hook.url}/{SECRETS['HOOK_PATH']}",
        }
        feeds.say(CALM)
        running = await stack.enter_async_context(
            daemon(config, port, SECRETS, token=SECRETS["PAGE_TOKEN"], environ=addresses)
        )
        yield World(running, feeds, chat, phone, hook, mail, broker)


@pytest.mark.timeout(300)
async def test_a_crisis_reaches_every_inbox_from_its_opening_to_its_end(tmp_path):
    async with world(tmp_path) as here:
        await nothing_happens(here)
        await complaints_open_an_incident(here)
        await somebody_takes_it_and_it_gets_worse(here)
        await a_second_incident_quotes_what_is_then_deleted(here)
        assert await here.daemon.stop() == 0
        await a_wish_left_meanwhile_is_carried_out(here)
        await both_end_and_nothing_stays_retained(here)
        assert await here.daemon.stop() == 0
        nothing_deleted_is_kept(tmp_path / "data")
        every_message_is_as_its_service_wants_it(here)
        await the_log_tells_the_same(here)


async def nothing_happens(here: World) -> None:
    """Everything is read, again and again without being counted again, and nobody is told anything."""

    async def read():
        return {row["source"] for row in (await here.daemon.run("sources", "--json")).lines if row["mentions"]}

    await until("feeds are asked again", lambda: all(here.press.answered[f"/{name}", 304] for name in here.press.posts))
    assert await read() == {"press", "found"}
    assert [here.press.answered[f"/{name}", 200] for name in here.press.posts] == [1, 1, 1]
    assert (await here.daemon.metrics())['badbuzz_mentions_ingested_total{brand="acme",source="press"}'] == len(CALM)
    assert (await here.daemon.run("incidents", "list", "--json")).lines == []


async def complaints_open_an_incident(here: World) -> None:
    here.press.say((*FRENCH, *ENGLISH, *FRENCH[:4]))
    await here.told(1)
    kept = await retained(here.broker.port)
    incident = next(json.loads(state) for topic, state in kept.items() if "/incident/" in topic)
    assert (incident["number"], incident["state"], incident["severity"]) == (1, "open", "warning")
    assert json.loads(kept["badbuzz/brand/acme/state"])["state"] == "warning"
    told = here.hook.received[-1].json["badbuzz"]
    assert told["first_at"] == next(quote["created_at"] for quote in told["quotes"] if quote["role"] == "first")
    page = await here.daemon.get("/i/1")
    assert any(text in html.unescape(page) for text in (*FRENCH, *ENGLISH))


async def somebody_takes_it_and_it_gets_worse(here: World) -> None:
    link = here.phone.received[-1].json["click"]
    seal = re.search(r'name="form" value="(\w+)"', await (await here.daemon.http.get(link)).text())
    taken = await here.daemon.http.post(link, data={"form": seal[1], "act": "ack", "by": "Léa"})
    assert "Pris en charge par Léa" in await taken.text()
    assert link.rpartition("/")[2] not in here.daemon.log
    again = await here.daemon.run("incidents", "ack", "1", "--by", "Tom")
    assert (again.code, again.err) == (1, "refused: Léa already has incident 1\n")
    await here.told(2)
    here.press.say((*ENGLISH, *FRENCH, *ENGLISH[:3]))
    await here.told(3)
    kept = await retained(here.broker.port)
    assert json.loads(kept["badbuzz/brand/acme/state"])["state"] == "critical"


async def a_second_incident_quotes_what_is_then_deleted(here: World) -> None:
    here.hook.answer = lambda _posted: web.Response(status=503)
    posts = [
        {"id": f"b{turn}", "text": f"{word}: boycott Acme Air!", "author": {"handle": who}}
        for turn, (word, who) in enumerate(zip(SAID, AUTHORS, strict=True))
    ]
    assert await here.push(*posts) == 200
    await until("the hook refused it", lambda: here.daemon.logged("delivery_failed", channel="hook"))
    page = await here.daemon.get("/") + await here.daemon.get("/i/2")
    assert [word for word in (*SAID, *AUTHORS) if word not in page] == []
    gone = [{"id": name, "op": "delete"} for name in ("b0", "b1")]
    assert await here.push(*gone) == 200
    page = await here.daemon.get("/") + await here.daemon.get("/i/2")
    assert [word for word in (*SAID, *AUTHORS) if word in page] == [SAID[2], AUTHORS[2]]
    here.hook.answer = lambda _posted: web.Response()
    await here.told(4, PROGRAMS)
    late = here.hook.received[-1].json["badbuzz"]
    assert (late["state"], late["figures"]["count"], late["figures"]["authors"]) == ("open", 3, 3)
    assert {quote["handle"] for quote in late["quotes"]} == {AUTHORS[2]}


async def a_wish_left_meanwhile_is_carried_out(here: World) -> None:
    ran = await here.daemon.run("incidents", "ack", "2", "--by", "Zoé")
    assert (ran.code, ran.err) == (0, "noted: ack 2 will be carried out when the daemon runs\n")
    await here.daemon.start()
    await here.told(5, PROGRAMS)
    told = here.hook.received[-1].json["badbuzz"]
    assert (told["state"], told["by"], told["figures"]["count"]) == ("acknowledged", "Zoé", 3)


async def both_end_and_nothing_stays_retained(here: World) -> None:
    for turn, incident in enumerate(("1", "2")):
        ran = await here.daemon.run("incidents", "resolve", incident, "--by", "Léa", "--because", "répondu")
        assert (ran.code, ran.err) == (0, f"done: resolve {incident}\n")
        await here.told(6 + turn, PROGRAMS)
    await here.told(4, CHANNELS - PROGRAMS)
    kept = await retained(here.broker.port)
    assert [topic for topic in kept if "/incident/" in topic] == []
    assert json.loads(kept["badbuzz/brand/acme/state"])["state"] == "calm"
    lived = (await here.daemon.run("incidents", "show", "1", "--json")).lines
    assert [step["state"] for step in lived] == ["open", "acknowledged", "worse", "resolved"]
    sent = (await here.daemon.run("deliveries", "list", "--json", "--limit", "100")).lines
    assert Counter(row["channel"] for row in sent) == dict.fromkeys(CHANNELS, 4) | dict.fromkeys(PROGRAMS, 7)
    assert {row["state"] for row in sent} == {"sent"}


def nothing_deleted_is_kept(data: Path) -> None:
    stored = b"".join(file.read_bytes() for file in data.iterdir())
    assert [word for word in (*SAID, *AUTHORS) if word.encode() in stored] == [SAID[2], AUTHORS[2]]


def every_message_is_as_its_service_wants_it(here: World) -> None:
    assert [slack_problem(posted.json) for posted in here.chat.received] == [""] * 4
    assert all(posted.json["blocks"] for posted in here.chat.received)
    assert [ntfy_problem(posted.json) for posted in here.phone.received] == [""] * 4
    assert {posted.headers["Authorization"] for posted in here.phone.received} == {f"Bearer {SECRETS['NTFY_TOKEN']}"}
    for posted in here.hook.received:
        signed = posted.headers["X-Badbuzz-Timestamp"].encode() + b"." + posted.body
        signature = hmac.new(SECRETS["HOOK_KEY"].encode(), signed, hashlib.sha256).hexdigest()
        assert posted.headers["X-Badbuzz-Signature"] == f"sha256={signature}"
    assert (len(here.mail.mails), set(here.mail.logins)) == (4, {True})
    first, *later = here.mail.mails
    assert first["References"] is None
    assert {(mail["Subject"], mail["References"].split()[0]) for mail in later} == {
        (first["Subject"], first["Message-ID"])
    }


async def the_log_tells_the_same(here: World) -> None:
    ran = await here.daemon.run("backtest", str(here.daemon.config), "--from-store")
    summary = ran.lines[-1]
    assert (ran.code, summary["equal"], summary["replayed"]) == (0, True, 7)

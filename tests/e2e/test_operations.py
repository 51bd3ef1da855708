"""What an operator does to a running daemon and what befalls it: reloads, its end, dead channels, a second daemon."""

import asyncio
import socket
import sqlite3
from contextlib import asynccontextmanager, closing, contextmanager

import pytest
from aiohttp import web

from listener.store.upkeep import migrate
from tests.e2e.daemon import END, daemon, until
from tests.e2e.surroundings import headers, press, push
from tests.postgres import cluster
from tests.servers import free_port, http_fake, ntfy_answer, silence, slack_answer, tcp_server

KEY = "key-of-the-forum-77ab"
SECRETS = {"FORUM_KEY": KEY, "HOOK_KEY": "signing-key-of-the-hook", "SLACK_PATH": "T0/B0/slack-path-e4f1"}
RELOADED = """
daemon: {{data: data, listen: 127.0.0.1:{port}}}
operator: {{to: [boss]}}
brands:
  acme: {{query: acme, languages: [en]}}
sources:
  forum: {{kind: push, secrets: [!secret env:FORUM_KEY]}}
  kept: {{kind: feed, urls: ["{kept}/hang/feed"], every: 1s, allow_private: true}}
  changed: {{kind: feed, urls: ["{changed}/hang/feed"], every: {every}, allow_private: true}}
{sources}
rules:
  leak: {{kind: keyword, any: [leak], severity: warning}}
channels:
  boss: {{kind: email, to: [lead@example.org], from: badbuzz@example.org, smtp: "smtp://127.0.0.1:{mail}", tls: none}}
routes:
  - {{to: [boss]}}
"""
LEAVING = '  leaving: {{kind: feed, urls: ["{press}/rss"], every: 1s, allow_private: true}}'
LEAK = {"id": "p1", "text": "acme has a leak", "author": {"handle": "anna"}}


@contextmanager
def service_manager(folder):
    """The socket on which systemd hears its services, and the environment that says where it is."""
    path = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ear:
        ear.bind(path)
        yield ear, {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "60000000"}


async def hears(ear, word):
    """The next thing said that begins with the word."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(20):
        while True:
            said = (await loop.sock_recv(ear, 4096)).decode()
            if said.startswith(word):
                return said


async def test_a_reload_changes_what_changed_and_the_end_comes_in_time_whatever_hangs(tmp_path):
    config, port = tmp_path / "badbuzz.yaml", free_port()
    # a site each: nobody is asked for a second thing while the first is not answered
    async with press() as feeds, press() as kept, press() as changed, tcp_server(silence) as mail:
        feeds.say(("acme is fine",), "rss")

        def write(every="1s", sources=LEAVING, extra=""):
            facts = {"port": port, "mail": mail, "kept": kept.url, "changed": changed.url, "every": every}
            config.write_text(RELOADED.format(**facts, sources=sources.format(press=feeds.url)) + extra)

        write()
        with service_manager(tmp_path) as (ear, environ):
            async with daemon(config, port, SECRETS, environ=environ) as running:
                assert await hears(ear, "READY") == "READY=1"
                assert await hears(ear, "WATCHDOG") == "WATCHDOG=1"
                await another_is_refused(running)
                await until("feeds hang", lambda: kept.hung and changed.hung)
                await until("a feed is read", lambda: feeds.answered["/rss", 304])
                assert await push(running.http, port, "forum", KEY, LEAK) == 200
                before = (await running.run("incidents", "list", "--json")).lines

                write(every="2s", sources="")
                assert (await running.reload()).splitlines()[0] == "reloaded"
                await until("the changed source starts again", lambda: changed.hung["feed"] == 2)
                metrics = await running.metrics()
                assert metrics["badbuzz_config_last_reload_successful"] == 1
                assert 'badbuzz_source_up{source="leaving"}' not in metrics

                write(every="2s", sources="", extra="rulez: {}\n")
                await a_bad_file_changes_nothing(running, ear)

                write(every="2s", sources=LEAVING)
                running.hang_up()
                assert (await hears(ear, "RELOADING")).splitlines()[1].startswith("MONOTONIC_USEC=")
                assert await hears(ear, "READY") == "READY=1"
                assert (await running.metrics())["badbuzz_config_last_reload_successful"] == 1
                await until("it goes on where it was", lambda: feeds.answered["/rss", 304] > 2)

                assert (kept.hung["feed"], changed.hung["feed"], feeds.answered["/rss", 200]) == (1, 2, 1)
                assert (await running.run("incidents", "list", "--json")).lines == before
                assert [row["state"] for row in before] == ["open"]
                async with half_a_push(port):
                    assert await running.stop(END) == 0
                assert await hears(ear, "STOPPING") == "STOPPING=1"


async def another_is_refused(running):
    """A second daemon on the same data directory ends at once and says who is there."""
    elsewhere = running.environ | {"BADBUZZ_DAEMON__LISTEN": f"127.0.0.1:{free_port()}"}
    there, running.environ = running.environ, elsewhere
    ran = await running.run("run", str(running.config))
    running.environ = there
    assert ran.code == 1
    assert f"pid {running.process.pid} on {socket.gethostname()}" in ran.err


async def a_bad_file_changes_nothing(running, ear):
    """By HTTP and by signal: every problem in the answer and in the log, and the metric tells."""
    said = await running.reload(status=400)
    assert "the configuration was not changed" in said
    assert f"{running.config}:" in said
    assert "rulez" in said
    running.hang_up()
    await hears(ear, "RELOADING")
    await hears(ear, "READY")
    assert "msg=reload_failed" in running.log
    assert "rulez" in running.log
    assert (await running.metrics())["badbuzz_config_last_reload_successful"] == 0


@asynccontextmanager
async def half_a_push(port):
    """A pushing program that says how much it will send, and falls silent once the daemon waits for it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = {"Host": "127.0.0.1", "Content-Length": "1000", "Expect": "100-continue", **headers(KEY, b"[")}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    writer.write(f"POST /in/forum HTTP/1.1\r\n{lines}\r\n".encode())
    try:
        async with asyncio.timeout(20):
            assert (await reader.readline()).startswith(b"HTTP/1.1 100")
        writer.write(b"[")
        yield
    finally:
        writer.transport.abort()


DEAD = """
daemon: {{data: data, listen: 127.0.0.1:{port}, log: json}}
operator: {{to: [ops]}}
brands:
  acme: {{query: acme, languages: [en]}}
  zeta: {{query: zeta, languages: [en]}}
sources:
  forum: {{kind: push, secrets: [!secret env:FORUM_KEY]}}
rules:
  leak: {{kind: keyword, any: [leak], severity: critical}}
channels:
  team: {{kind: slack, webhook: !secret env:SLACK}}
  phone: {{kind: ntfy, server: "http://127.0.0.1:{phone}", topic: acme-watch}}
  team-z: {{kind: slack, webhook: !secret env:SLACK}}
  phone-z: {{kind: ntfy, server: "http://127.0.0.1:{phone}", topic: zeta-watch}}
  spare: {{kind: webhook, url: "{hook}/spare", secret: !secret env:HOOK_KEY, allow_private: true}}
  ops: {{kind: webhook, url: "{hook}/ops", secret: !secret env:HOOK_KEY, allow_private: true}}
routes:
  - {{severity: critical, brand: acme, to: [team, phone]}}
  - {{severity: critical, brand: zeta, to: [team-z, phone-z]}}
  - {{to: [spare]}}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
async def stored_in(request):
    """The environment that names the store."""
    if request.param == "sqlite":
        yield {}
        return
    with cluster() as url:
        await migrate(url)
        yield {"BADBUZZ_DAEMON__DATABASE": url}


async def test_a_dead_channel_is_passed_over_the_operator_is_told_of_each_alert_and_retries_deliver(
    tmp_path, stored_in
):
    config, port, phone = tmp_path / "badbuzz.yaml", free_port(), free_port()
    async with http_fake(lambda _posted: web.Response(status=404, text="no_service")) as chat, http_fake() as hook:
        config.write_text(DEAD.format(port=port, phone=phone, hook=hook.url))
        environ = {"SLACK": f"{chat.url}/services/{SECRETS['SLACK_PATH']}"} | stored_in

        def at(path):
            return [posted.json["badbuzz"] for posted in hook.received if posted.path == path]

        async def listed(**wanted):
            rows = (await running.run("deliveries", "list", "--json")).lines
            return [row for row in rows if wanted.items() <= row.items()]

        async with daemon(config, port, SECRETS, environ=environ) as running:
            other = LEAK | {"id": "p2", "text": "zeta has a leak"}
            assert await push(running.http, port, "forum", KEY, LEAK, other) == 200
            await until("the next channel is told", lambda: len(at("/spare")) == 2)
            assert {(alert["brand"], alert["state"]) for alert in at("/spare")} == {("acme", "open"), ("zeta", "open")}
            await until("the phone does not answer", lambda: running.logged("delivery_failed", channel="phone"))
            async with http_fake(ntfy_answer, phone) as revived:
                waiting = await listed(channel="phone", state="due")
                assert {(row["attempts"], row["reason"]) for row in waiting} <= {(0, ""), (1, "other")}
                parked = await listed(state="parked")
                assert {(row["channel"], row["reason"], row["attempts"]) for row in parked} == {
                    ("team", "authError", 1),
                    ("team-z", "authError", 1),
                }
                await until("the phone is told by and by", lambda: len(revived.received) == 2)
            await until("the operator is told of both", lambda: len(at("/ops")) >= 2)
            ran = await running.run("deliveries", "retry", "0000")
            assert (ran.code, ran.err) == (1, "refused: no delivery 0000 was given up\n")
            chat.answer = slack_answer
            ran = await running.run("deliveries", "retry", parked[0]["id"])
            assert (ran.code, ran.err) == (0, f"done: retry {parked[0]['id']}\n")
            await until("it is delivered", lambda: running.logged("delivered", delivery=parked[0]["id"]))
            assert [row["id"] for row in await listed(state="parked")] == [parked[1]["id"]]
            assert {(notice["topic"], notice["subject"]) for notice in at("/ops")} == {
                ("undelivered", "team"),
                ("undelivered", "team-z"),
            }
            # once for each channel
            assert sorted(notice["brand"] for notice in at("/ops")) == ["acme", "zeta"]
            ran = await running.run("backtest", str(config), "--from-store")
            assert (ran.code, ran.lines[-1]["equal"]) == (0, True)
            assert await running.stop() == 0


SICK = """
daemon: {{data: data, listen: 127.0.0.1:{port}, log: json}}
operator: {{to: [ops]}}
brands: {{acme: {{query: acme, languages: [en]}}}}
sources: {{forum: {{kind: push, secrets: [!secret env:FORUM_KEY]}}}}
rules: {{leak: {{kind: keyword, any: [leak]}}}}
channels: {{ops: {{kind: webhook, url: "{hook}/ops", secret: !secret env:HOOK_KEY, allow_private: true}}}}
routes: [{{to: [ops]}}]
"""
FULL = "create trigger full before update on meta begin select raise(abort, 'the disk is full'); end"


async def test_a_store_that_takes_nothing_is_told_to_all_who_ask_loses_nothing_and_holds_up_no_end(tmp_path):
    config, port = tmp_path / "badbuzz.yaml", free_port()
    disks = []

    def lock_at_the_second(_):
        # before the outcome of this delivery can be written: the end then has everything to wait for
        if len(hook.received) == 2:
            disks[0].execute("begin immediate")
        return web.Response()

    async with http_fake(lock_at_the_second) as hook:
        config.write_text(SICK.format(port=port, hook=hook.url))
        with service_manager(tmp_path) as (ear, environ):
            async with daemon(config, port, SECRETS, environ=environ) as running:
                with closing(sqlite3.connect(tmp_path / "data/badbuzz.db")) as disk:
                    disks.append(disk)
                    disk.execute(FULL)
                    assert await push(running.http, port, "forum", KEY, LEAK) == 503
                    await nothing_is_judged(running, ear)
                    said = await running.get("/-/ready", status=503)
                    assert said == "the store does not take what is written\n"
                    assert "incidents" in await running.get("/")
                    disk.execute("drop trigger full")
                    await until("it takes it", lambda: is_taken(running, LEAK))
                    await until("the alert is out", lambda: len(hook.received) == 1)
                    assert (await running.get("/-/ready")) == "ready\n"
                    assert await is_taken(running, LEAK | {"id": "p2"})
                    await until("it got worse", lambda: len(hook.received) == 2)
                    assert await running.stop(END) == 0


async def is_taken(running, mention):
    return await push(running.http, running.port, "forum", KEY, mention) == 200


async def nothing_is_judged(running, ear):
    """From one scrape to the next."""
    await hears(ear, "WATCHDOG")
    before = (await running.metrics())["badbuzz_rule_evaluations_total"]
    await hears(ear, "WATCHDOG")
    assert (await running.metrics())["badbuzz_rule_evaluations_total"] == before

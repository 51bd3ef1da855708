"""A real Prometheus scrapes a daemon that goes through a crisis: every query of the dashboard shows something."""

import asyncio
import json
import math
import shutil
import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.daemon import daemon, until
from tests.e2e.surroundings import ENGLISH, FRENCH, press, push
from tests.servers import free_port, http_fake, silence, tcp_server

FILES = Path(__file__).parents[2] / "config"
SECRETS = {
    "PAGE_TOKEN": "token-for-the-page-9c1",
    "FORUM_KEY": "key-of-the-forum-77ab",
    "HOOK_KEY": "key-of-the-hook-31",
}
CONFIG = """
daemon: {{data: data, listen: 127.0.0.1:{port}, token: !secret env:PAGE_TOKEN}}
operator: {{to: [hook]}}
brands:
  acme: {{query: '"Acme Air" OR @acmeair OR #acmeair', languages: [fr, en]}}
sources:
  press: {{kind: feed, urls: {feeds}, every: 1s, allow_private: true}}
  lost: {{kind: feed, urls: ["{lost}"], every: 1s, allow_private: true}}
  forum: {{kind: push, secrets: [!secret env:FORUM_KEY]}}
rules:
  bad-buzz: {{kind: spike, of: negative, severity: critical}}
channels:
  hook: {{kind: webhook, url: "{hook}", secret: !secret env:HOOK_KEY, allow_private: true}}
  dead: {{kind: webhook, url: "http://127.0.0.1:{dead}", secret: !secret env:HOOK_KEY, allow_private: true}}
  slow: {{kind: webhook, url: "http://127.0.0.1:{slow}", secret: !secret env:HOOK_KEY, allow_private: true}}
routes:
  - {{to: [hook, dead, slow]}}
canary: {{every: 10s, within: 10s}}
"""
DASHBOARD = json.loads((FILES / "grafana/badbuzz.json").read_text(encoding="utf-8"))
VARIABLES = {"$__rate_interval": "1m", "$brand": "acme", "$job": "badbuzz"}
"""What Grafana would fill in."""


def program(name):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} not found: run `make servers`")
    return found


def queries():
    """Each query of the dashboard by its panel and letter."""
    found = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", [])
    }
    found |= {f"annotation {each['name']}": each["expr"] for each in DASHBOARD["annotations"]["list"] if "expr" in each}
    for variable, value in VARIABLES.items():
        found = {title: query.replace(variable, value) for title, query in found.items()}
    return found


@dataclass
class Prometheus:
    url: str
    http: aiohttp.ClientSession

    async def ask(self, path, **parameters):
        async with self.http.get(f"{self.url}/api/v1/{path}", params=parameters) as answer:
            body = await answer.json()
        assert body["status"] == "success", body
        return body["data"]

    async def values(self, query):
        """The numbers a query shows now, without those that are none."""
        numbers = [float(each["value"][1]) for each in (await self.ask("query", query=query))["result"]]
        return [number for number in numbers if not math.isnan(number)]

    async def is_ready(self):
        try:
            async with self.http.get(f"{self.url}/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False


def configuration(folder, target):
    """What the operator is given, for this daemon, and fast."""
    text = (FILES / "prometheus/scrape.yml").read_text(encoding="utf-8")
    asks = "# authorization: {credentials_file: /etc/prometheus/badbuzz.token}"
    assert asks in text
    (folder / "token").write_text(SECRETS["PAGE_TOKEN"])
    shutil.copy(FILES / "prometheus/rules.yml", folder)
    text = text.replace(asks, f"authorization: {{credentials_file: {folder / 'token'}}}")
    text = text.replace("127.0.0.1:9465", target).replace("scrape_interval: 15s", "scrape_interval: 500ms")
    config = folder / "prometheus.yml"
    config.write_text(f"global: {{evaluation_interval: 500ms}}\n{text}")
    return config


@asynccontextmanager
async def prometheus(folder, target):
    port, config = free_port(), configuration(folder, target)
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'series'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stderr=log,
        )
    try:
        async with aiohttp.ClientSession() as http:
            running = Prometheus(f"http://127.0.0.1:{port}", http)
            await until("Prometheus is ready", running.is_ready)
            yield running
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def checked(*arguments, given=b""):
    """What promtool has against something; nothing, that is."""
    process = await asyncio.create_subprocess_exec(
        *(program("promtool"), "check", *map(str, arguments)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(given)
    assert process.returncode == 0, said.decode()


RARE = {
    "Sources heard A": "< 1",
    "Oldest undelivered alert A": "> 0",
    "Configuration in force A": "== 0",
    "Steps of incidents per hour A": "> 0",
    "Requests by answer A": "> 0",
    "Read and not counted, per minute A": "> 0",
    "Deliveries per hour A": "> 0",
    "Failed attempts per hour A": "> 0",
    "annotation Incidents": "> 0",
}
"""What a panel says here and does not say of a quiet daemon."""
APART = {title for title, query in queries().items() if "badbuzz_part_" in query or "_lag_offsets" in query}
"""What only roles that run apart show: `tests/e2e/test_roles.py`."""


async def test_every_query_of_the_dashboard_shows_a_crisis_and_no_rule_fails(tmp_path):
    program("prometheus")
    config, port = tmp_path / "badbuzz.yaml", free_port()
    async with press() as feeds, http_fake() as hook, tcp_server(silence) as slow:
        facts = {"feeds": feeds.feeds, "lost": f"{feeds.url}/found/none.xml", "hook": hook.url}
        config.write_text(CONFIG.format(port=port, dead=free_port(), slow=slow, **facts))
        feeds.say(("Acme Air opens a new line to Lyon.",) * 3)
        async with (
            daemon(config, port, SECRETS, token=SECRETS["PAGE_TOKEN"]) as running,
            prometheus(tmp_path, f"127.0.0.1:{port}") as seen,
        ):
            await until("the beginning is seen", lambda: seen.values("badbuzz_source_up == 0"))
            feeds.say((*FRENCH, *ENGLISH, *FRENCH))
            await until("the alert is out", lambda: hook.received)
            config.write_text(config.read_text() + "rulez: {}\n")
            await running.reload(status=400)
            await everything_shows(running, seen)
            assert [(each["health"], each["lastError"]) for each in (await seen.ask("targets"))["activeTargets"]] == [
                ("up", "")
            ]
            await until("the rules see it", lambda: rings(seen, "BadbuzzSourceDown", "BadbuzzReloadFailed"))
            for variable in DASHBOARD["templating"]["list"][1:]:
                metric, label = variable["definition"].removeprefix("label_values(").removesuffix(")").split(", ")
                found = await seen.ask(f"label/{label}/values", **{"match[]": metric})
                assert found == [VARIABLES[f"${variable['name']}"]]
            await checked("metrics", given=(await running.get("/metrics")).encode())
            openmetrics = await running.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
            assert openmetrics.endswith("# EOF\n")
            await checked("rules", FILES / "prometheus/rules.yml")
            for file in (FILES / "prometheus/scrape.yml", tmp_path / "prometheus.yml"):
                await checked("config", file)


async def rings(seen, *alerts):
    """Whether these alerts are about to ring; no rule may have failed."""
    rules = [rule for group in (await seen.ask("rules"))["groups"] for rule in group["rules"]]
    assert {rule["name"]: rule["lastError"] for rule in rules if rule.get("lastError")} == {}
    judged = all(rule["health"] == "ok" for rule in rules)
    return judged and {rule["name"] for rule in rules if rule["state"] != "inactive"} >= set(alerts)


async def everything_shows(running, seen):
    """Every query of the dashboard has a number, and the rare situations are seen as what they are."""
    missing = {title: f"({query}) {RARE.get(title, '')}" for title, query in queries().items()}
    assert APART <= missing.keys()
    missing = {title: query for title, query in missing.items() if title not in APART}
    assert RARE.keys() - missing.keys() == set()
    number = 0

    async def all_show():
        nonlocal number
        number += 1
        stranger = {"id": f"s{number}", "text": "nothing about them"}
        assert await push(running.http, running.port, "forum", SECRETS["FORUM_KEY"], stranger) == 200
        for title, query in list(missing.items()):
            if await seen.values(query):
                del missing[title]
        return not missing

    try:
        await until("every query shows something", all_show)
    except AssertionError:
        assert missing == {}

"""The Alertmanager channel against a real Alertmanager."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from alerts.channel import SendError, Tools
from alerts.channels.alertmanager import SPEC, AlertmanagerChannel
from alerts.message import Quotation
from rules.instant import instant
from tests.builders import message, notice, step
from tests.servers import Posted, alertmanager, free_port, http_fake

# its clock is the machine's
OPENED = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)


class Clock:
    """The channel's clock: the machine's, moved."""

    ahead = timedelta()

    def __call__(self) -> int:
        return instant(datetime.now(UTC) + self.ahead)


@asynccontextmanager
async def channel(url: str, **how: Any) -> AsyncIterator[AlertmanagerChannel]:
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        tools = Tools(
            http=http, now=how.get("now", Clock()), installation="watch", name="team", passing=how.get("passing", False)
        )
        made = AlertmanagerChannel(
            SPEC.options.model_validate({"server": url, **how.get("options", {})}), tools, pause=how.get("pause", 60.0)
        )
        serving = tasks.create_task(made.serve())
        yield made
        serving.cancel()


async def firing(url: str) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/api/v2/alerts") as answer:
        return list(await answer.json())


def at_step(number: int, state: str, **changes: Any) -> Any:
    return step(number, state, opened_at=OPENED, at=OPENED + timedelta(minutes=number), **changes)


async def test_an_incident_is_one_alert_that_ends_with_it(tmp_path: Path) -> None:
    with alertmanager(tmp_path, free_port()) as url:
        async with channel(url) as made:
            await made.send(at_step(0, "open"))
            (opened,) = await firing(url)
            risen = await made.send(at_step(1, "worse", severity="critical"), "warning")
            await made.send(at_step(2, "acknowledged", severity="critical"), "critical")
            (worse,) = await firing(url)
            await made.send(at_step(3, "resolved", severity="critical"), "critical")
            closed = await firing(url)
            await made.send(at_step(4, "reopened", severity="critical"), "critical")
            (again,) = await firing(url)

    labels = {"alertname": "badbuzz_incident", "brand": "acme", "rule": "bad-buzz", "incident": "1f0c9a7b2d3e"}
    assert labels | {"severity": "warning"} == opened["labels"]
    assert labels | {"severity": "critical"} == worse["labels"] == again["labels"]
    assert ("critical", []) == (risen, closed)
    assert {"title", "summary", "description"} == set(opened["annotations"])
    assert "https://bb.example/i/37" == opened["generatorURL"]
    assert OPENED == datetime.fromisoformat(opened["startsAt"])


async def test_an_alertmanager_that_was_started_again_is_told_what_is_open_and_nothing_else(tmp_path: Path) -> None:
    port = free_port()
    async with channel(f"http://127.0.0.1:{port}", pause=0.05) as made:
        with alertmanager(tmp_path, port):
            await made.send(at_step(0, "open"))
            await made.send(at_step(0, "open", incident="ended"))
            await made.send(at_step(1, "resolved", incident="ended"))
        with alertmanager(tmp_path, port) as url:
            async with asyncio.timeout(20):
                while not (known := await firing(url)):
                    pass

    assert ["1f0c9a7b2d3e"] == [alert["labels"]["incident"] for alert in known]


class Told:
    """What a server is told, as it comes; it fails when told of `failing` alone."""

    failing = ""

    def __init__(self) -> None:
        self._bodies = asyncio.Queue[Any]()

    def __call__(self, posted: Posted) -> web.Response:
        incidents = [alert["labels"]["incident"] for alert in posted.json]
        self._bodies.put_nowait(posted.json)
        return web.Response(status=500 if incidents == [self.failing] else 200)

    async def next(self, alerts: int = 0) -> list[dict[str, Any]]:
        """What is told from now on, with so many alerts in it unless any will do."""
        while not self._bodies.empty():
            self._bodies.get_nowait()
        async with asyncio.timeout(20):
            while len(body := await self._bodies.get()) != alerts and alerts:
                pass
        return list(body)


async def test_an_alert_is_prolonged_while_the_channel_runs_and_its_end_is_told_for_a_while() -> None:
    clock, told = Clock(), Told()
    async with http_fake(told) as fake, channel(fake.url, now=clock, pause=0.01) as made:
        await made.send(at_step(0, "open"))
        await made.send(at_step(1, "resolved", incident="ended"))
        seen = await told.next(2)
        clock.ahead = timedelta(hours=9)
        (later,) = await told.next(1)

    assert OPENED + timedelta(minutes=1) in {datetime.fromisoformat(alert["endsAt"]) for alert in seen}
    assert datetime.fromisoformat(later["endsAt"]) > OPENED + timedelta(hours=24 + 9)


async def test_a_source_that_is_up_again_ends_the_alert_that_it_is_down_and_no_other_is_for_what_can_wait(
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    with alertmanager(tmp_path, free_port()) as url:
        async with channel(url) as made:
            await made.send(message(notice(topic="held", at=now - timedelta(minutes=1)), priority=2))
            await made.send(message(notice(at=now - timedelta(minutes=1))))
            (down,) = await firing(url)
            await made.send(message(notice(id="n-2", topic="source_up", at=now)))
            assert [] == await firing(url)

    assert {"alertname": "badbuzz_source_down", "subject": "press", "severity": "warning"} == down["labels"]


async def test_a_trial_ends_by_itself_and_a_link_is_there_only_when_there_is_one(tmp_path: Path) -> None:
    with alertmanager(tmp_path, free_port()) as url:
        async with channel(url, passing=True) as made:
            await made.probe()
            await made.send(at_step(0, "open", link=None, drill=True))
            (alert,) = await firing(url)

    assert ("true", False) == (alert["labels"]["drill"], "generatorURL" in alert)
    assert datetime.fromisoformat(alert["endsAt"]) < datetime.now(UTC) + timedelta(hours=1)


async def test_strangers_words_are_markup_to_nobody_and_carry_no_link() -> None:
    trick = Quotation(
        text="<!channel> @everyone [free](https://evil.example)", caption="First", url="https://x.example"
    )
    async with http_fake() as fake, channel(fake.url, options={"user": "bb", "password": "s3cret"}) as made:
        await made.send(message(quotations=(trick,)))
    ((alert,),) = [posted.json for posted in fake.received]

    assert not set("<>@[]") & set("".join(alert["annotations"].values()))
    assert "https://x.example" not in alert["annotations"]["description"]
    assert "Basic YmI6czNjcmV0" == fake.received[0].headers["Authorization"]


async def test_what_the_server_may_not_have_taken_is_not_told_again() -> None:
    told = Told()
    async with http_fake(told) as fake, channel(fake.url, pause=0.01) as made:
        await made.send(at_step(0, "open"))
        await made.send(at_step(0, "open", incident="other"))
        await told.next(2)
        told.failing = "1f0c9a7b2d3e"
        with pytest.raises(SendError):
            await made.send(at_step(1, "resolved"))
        again = await told.next()

    assert ["other"] == [alert["labels"]["incident"] for alert in again]


def test_a_user_needs_a_password() -> None:
    with pytest.raises(ValueError, match="go together"):
        SPEC.options.model_validate({"server": "http://127.0.0.1:9093", "user": "bb"})

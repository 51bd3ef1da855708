"""The webhook channel, read as its receiver would."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from alerts.alert import Quote
from alerts.channel import SendError
from alerts.channels.webhook import SPEC, WebhookChannel
from listener.net.guard import GuardedResolver
from rules.instant import SECOND, instant
from tests.acting import lent
from tests.builders import AT, alert, message, notice, step
from tests.servers import HttpFake, http_fake

KEY = "a-shared-key-of-the-team"


@asynccontextmanager
async def webhook() -> AsyncIterator[tuple[WebhookChannel, HttpFake]]:
    async with http_fake() as fake, aiohttp.ClientSession() as http:
        tools = lent(http, "hook")
        written = {"url": f"{fake.url}/in?k=s3cret", "secret": KEY, "allow_private": True}
        yield SPEC.build(SPEC.options.model_validate(written), tools), fake


async def test_the_signature_covers_timestamp_and_body() -> None:
    async with webhook() as (channel, fake):
        await channel.send(message())
    posted = fake.received[0]
    stamp = posted.headers["X-Badbuzz-Timestamp"]
    expected = hmac.new(KEY.encode(), f"{stamp}.".encode() + posted.body, hashlib.sha256).hexdigest()

    assert str(instant(AT) // SECOND) == stamp
    assert f"sha256={expected}" == posted.headers["X-Badbuzz-Signature"]


async def test_a_request_says_which_program_sends_it() -> None:
    async with webhook() as (channel, fake):
        await channel.send(message())

    assert f"badbuzz/{version('badbuzz')}" == fake.received[0].headers["User-Agent"]


async def test_every_attempt_carries_the_same_key_and_body() -> None:
    async with webhook() as (channel, fake):
        await channel.send(message())
        await channel.send(message())
    first, again = fake.received

    assert message().id == first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
    assert first.body == again.body


async def test_the_document_has_the_shape_of_alertmanagers_version_4() -> None:
    async with webhook() as (channel, fake):
        await channel.send(message())
    document = fake.received[0].json
    only = document["alerts"][0]

    assert ("4", "firing", "hook", "1f0c9a7b2d3e") == (
        document["version"],
        document["status"],
        document["receiver"],
        document["groupKey"],
    )
    assert {"alertname": "bad-buzz", "brand": "acme", "incident": "1f0c9a7b2d3e", "severity": "warning"} == only[
        "labels"
    ]
    assert {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"} == set(only)
    assert ("2026-11-14T22:08:00Z", "0001-01-01T00:00:00Z") == (only["startsAt"], only["endsAt"])
    assert message().line == only["annotations"]["summary"]
    assert "open" == document["notification_reason"]
    assert 22 == document["badbuzz"]["figures"]["count"]


async def test_the_end_of_an_incident_has_an_end_and_the_same_group() -> None:
    async with webhook() as (channel, fake):
        await channel.send(message())
        await channel.send(step(3, "resolved"))
    opened, resolved = (posted.json for posted in fake.received)

    assert opened["groupKey"] == resolved["groupKey"]
    assert ("resolved", "2026-11-14T22:08:00Z") == (resolved["status"], resolved["alerts"][0]["endsAt"])


async def test_a_notice_is_an_alert_about_badbuzz() -> None:
    async with webhook() as (channel, fake):
        await channel.send(message(notice()))

    assert "badbuzz_source_down" == fake.received[0].json["alerts"][0]["labels"]["alertname"]


async def test_passers_by_are_masked_and_control_characters_gone() -> None:
    quote = Quote(role="first", platform="feed", source="press", text="appelez\u202e le 06 39 98 01 02\x1b[2J")
    async with webhook() as (channel, fake):
        await channel.send(message(alert(quotes=(quote,))))
    text = json.dumps(fake.received[0].json["badbuzz"], ensure_ascii=False)

    assert "06 39 98 01 02" not in text
    assert "\u202e" not in text


def test_a_key_too_short_to_protect_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="16") as failed:
        SPEC.options.model_validate({"url": "https://hooks.example/", "secret": "sh0rt"})

    assert "sh0rt" not in str(failed.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "100.64.0.1", "[::1]", "localhost"])
def test_an_address_inside_the_own_network_must_be_meant(host: str) -> None:
    with pytest.raises(ValueError, match="allow_private") as failed:
        SPEC.options.model_validate({"url": f"http://{host}/s3cret", "secret": KEY})

    assert "s3cret" not in str(failed.value)


async def test_a_name_that_leads_inside_the_own_network_is_refused_by_the_session_of_the_channel() -> None:
    class Inside(AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[Any]:
            return [{"hostname": host, "host": "10.0.0.5", "port": port, "family": family or 2, "proto": 0, "flags": 0}]

        async def close(self) -> None:
            pass

    options = SPEC.options.model_validate({"url": "https://hooks.example/s3cret", "secret": KEY})
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(Inside()))
    async with aiohttp.ClientSession(connector=connector) as http:
        channel = SPEC.build(options, lent(http, "hook"))
        with pytest.raises(SendError, match="allow_private") as failed:
            await channel.send(message())

    assert "s3cret" not in str(failed.value)

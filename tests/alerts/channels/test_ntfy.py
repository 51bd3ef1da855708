"""The ntfy channel against a fake that enforces ntfy's documented limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from alerts.channel import SendError, Tools
from alerts.channels.ntfy import SPEC, NtfyChannel, payload
from rules.instant import instant
from tests.builders import AT, message, notice, step
from tests.servers import Answer, HttpFake, http_fake, ntfy_answer, ntfy_problem

TOPIC = "acme-watch-7f3k"


@asynccontextmanager
async def ntfy(
    answer: Answer = ntfy_answer, path: str = "", **options: Any
) -> AsyncIterator[tuple[NtfyChannel, HttpFake]]:
    async with http_fake(answer) as fake, aiohttp.ClientSession() as http:
        tools = Tools(http=http, now=lambda: instant(AT), installation="watch", name="phone")
        written = {"server": f"{fake.url}{path}", "topic": TOPIC, **options}
        yield SPEC.build(SPEC.options.model_validate(written), tools), fake


async def test_a_notification_has_title_line_priority_link_and_tags() -> None:
    async with ntfy() as (channel, fake):
        await channel.send(message())

    assert {
        "topic": TOPIC,
        "title": "Acme Air · serious · incident 37",
        "message": message().line,
        "priority": 4,
        "click": "https://bb.example/i/37",
        "tags": ["badbuzz", "brand-acme"],
        "sequence_id": "1f0c9a7b2d3e",
    } == fake.received[0].json


async def test_all_steps_of_an_incident_update_one_notification_and_others_do_not() -> None:
    async with ntfy() as (channel, fake):
        for sent in (message(), step(1, "worse"), step(2, "resolved"), message(notice())):
            await channel.send(sent)
    first, second, third, other = (posted.json["sequence_id"] for posted in fake.received)

    assert first == second == third != other


async def test_the_topic_is_in_no_address_and_the_token_in_a_header() -> None:
    async with ntfy(path="/push", token="tk_s3cret") as (channel, fake):
        await channel.send(message())
        await channel.probe()

    assert ["/push/", "/push/v1/account"] == [posted.path for posted in fake.received]
    assert ["Bearer tk_s3cret"] * 2 == [posted.headers["Authorization"] for posted in fake.received]


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
def test_any_words_fit_ntfys_limits(title: str, line: str, thread: str) -> None:
    title, line, thread = (text.encode(errors="ignore").decode() for text in (title, line * 300, thread))
    body = payload(message(title=title, line=line, thread=thread), TOPIC)

    assert "" == ntfy_problem(body)


@pytest.mark.parametrize("status", [200, 201])
async def test_a_page_that_is_no_receipt_is_tried_again(status: int) -> None:
    async with ntfy(lambda _: web.Response(status=status, text="<html>sign in to the wifi</html>")) as (channel, _):
        with pytest.raises(SendError) as failed:
            await channel.send(message())

    assert not failed.value.permanent


@pytest.mark.parametrize("topic", ["", "a b", "https://ntfy.example/topic", "é", "x" * 65])
def test_a_topic_ntfy_would_not_take_is_refused_without_showing_it(topic: str) -> None:
    with pytest.raises(ValueError, match="64 letters") as failed:
        SPEC.options.model_validate({"server": "https://ntfy.example", "topic": topic})

    assert "input_value" not in str(failed.value)


async def test_a_token_that_cannot_be_a_header_is_a_failure_somebody_must_mend() -> None:
    async with ntfy(token="tk_s3cret\r\nX-Other: 1") as (channel, fake):
        with pytest.raises(SendError) as failed:
            await channel.send(message())

    assert (True, []) == (failed.value.permanent, fake.received)
    assert "s3cret" not in str(failed.value)

"""The ntfy channel against a fake that enforces ntfy's documented limits."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from alerts.acts import Act, Acted, Choice
from alerts.answers import refused
from alerts.channel import SendError
from alerts.channels.ntfy import SPEC, NtfyChannel, payload
from tests.acting import lent
from tests.builders import message, notice, step
from tests.ntfy import Ntfy, ntfy_server
from tests.servers import Answer, HttpFake, http_fake, ntfy_answer, ntfy_problem

TOPIC = "acme-watch-7f3k"


@asynccontextmanager
async def ntfy(
    answer: Answer = ntfy_answer, path: str = "", **options: Any
) -> AsyncIterator[tuple[NtfyChannel, HttpFake]]:
    async with http_fake(answer) as fake, aiohttp.ClientSession() as http:
        tools = lent(http, "phone")
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


# --- buttons ----------------------------------------------------------------------------------------------------------

CHOICES = (Choice(act="ack", label="Je prends en charge"), Choice(act="real", label="Vraie alerte"))
ACK, FALSE = (Act.pressed(press, message().thread, "phone", "fr") for press in ("ack", "real"))


class Asked:
    def __init__(self, refusal: str = "") -> None:
        self.acts: asyncio.Queue[Act] = asyncio.Queue()
        self.refusal = refusal

    async def __call__(self, act: Act) -> Acted:
        await self.acts.put(msgspec.structs.replace(act, once=""))
        return refused(self.refusal, "fr") if self.refusal else Acted()

    async def next(self) -> Act:
        return await asyncio.wait_for(self.acts.get(), 20)


@asynccontextmanager
async def phone(fake: Ntfy, asked: Asked, **options: Any) -> AsyncIterator[NtfyChannel]:
    """A channel with buttons that is being served."""
    async with aiohttp.ClientSession() as http:
        tools = lent(http, "phone", act=asked)
        written = {"server": fake.url, "topic": TOPIC, "answers": "acme-answers", **options}
        channel = NtfyChannel(SPEC.options.model_validate(written), tools, pause=0.01)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(channel.serve())
            yield channel
            serving.cancel()


async def test_a_button_asks_for_what_it_says_also_after_a_stream_was_cut() -> None:
    asked = Asked()
    async with ntfy_server() as fake, phone(fake, asked, token="tk_read", answers_token="tk_write") as channel:
        await channel.probe()
        await channel.send(message(choices=CHOICES, language="fr"))
        take, end = fake.shown[0]["actions"]
        await fake.press(take)
        first = await asked.next()
        await fake.cut()
        await fake.press(end)
        second = await asked.next()

    assert (ACK, FALSE) == (first, second)
    assert not re.search("acme-answers|tk_", repr(vars(channel)))
    assert ["Je prends en charge", "Vraie alerte"] == [take["label"], end["label"]]
    assert {("/acme-answers", "Bearer tk_write")} == {seen for seen in fake.asked if "json" not in seen[0]}
    assert {"Bearer tk_read"} == {access for path, access in fake.asked if "json" in path}


async def test_what_was_pressed_while_we_were_away_is_done_and_its_refusal_not_shown_again() -> None:
    asked = Asked("Max <b> already has incident 37")
    async with ntfy_server() as fake:
        async with phone(fake, asked) as channel:
            await channel.send(message(choices=CHOICES, language="fr"))
        await fake.press(fake.shown[0]["actions"][0])
        fake.now += 60
        async with phone(fake, asked):
            before = await asked.next()
            await fake.press(fake.shown[0]["actions"][1])
            await fake.until(lambda: len(fake.shown) > 1)

    assert (ACK, FALSE) == (before, await asked.next())
    (told,) = [shown["message"] for shown in fake.shown[1:]]
    assert told.endswith("l’incident n°\u00a037 est déjà pris en charge par Max <b>")


async def test_what_no_button_of_ours_sent_does_nothing() -> None:
    asked = Asked()
    async with ntfy_server() as fake, phone(fake, asked) as channel:
        await channel.send(message(choices=CHOICES, language="fr"))
        take, end = fake.shown[0]["actions"]
        bodies = ["hello", "{}", end["body"].replace("real", "ack"), take["body"].replace(ACK.incident, "38")]
        for body in (*bodies, take["body"].replace('"seal":"', '"seal":"é')):
            await fake.press({**take, "body": body})
        await fake.press(take)
        first = await asked.next()

    assert (ACK, True) == (first, asked.acts.empty())


async def test_a_stream_that_is_refused_is_asked_for_again() -> None:
    asked = Asked()
    async with ntfy_server() as fake:
        fake.refuse = [500, 403, 302]
        async with phone(fake, asked) as channel:
            await channel.send(message(choices=CHOICES, language="fr"))
            await fake.press(fake.shown[0]["actions"][0])
            assert ACK == await asked.next()


async def test_without_a_topic_for_answers_there_is_no_button_that_nobody_hears() -> None:
    async with ntfy() as (channel, fake):
        await channel.send(message(choices=CHOICES, language="fr"))
        await channel.serve()

    assert "actions" not in fake.received[0].json


@pytest.mark.parametrize("wrong", [{"answers": TOPIC}, {"answers": "a b"}, {"answers_token": "s3cret"}])
def test_answers_that_cannot_work_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="answers"):
        SPEC.options.model_validate({"server": "https://ntfy.example", "topic": TOPIC, **wrong})

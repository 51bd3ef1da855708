"""The Telegram bot against a strict Telegram: one message an incident, buttons without a port, words without links."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from alerts.acts import Choice
from alerts.channel import SendError
from alerts.channels.telegram import SPEC, TelegramChannel
from alerts.message import Field, Quotation
from tests.acting import Asked, lent, served
from tests.builders import message, step
from tests.telegram import CHAT, NEW_CHAT, TOKEN, Telegram, linked, telegram

CHOICES = (Choice(act="ack", label="Je prends en charge"), Choice(act="false-alarm", label="Fausse alerte"))


@asynccontextmanager
async def bot(fake: Telegram, asked: Asked | None = None, **options: Any) -> AsyncIterator[TelegramChannel]:
    async with aiohttp.ClientSession() as http:
        written = {"token": TOKEN, "chat": CHAT, "server": fake.url} | options
        tools = lent(http, act=asked)
        yield TelegramChannel(SPEC.options.model_validate(written), tools, pause=0.0)


def number(receipt: str | None) -> int:
    return int((receipt or "").partition(":")[2])


async def test_an_incident_is_one_message_edited_in_place_and_a_reply_to_it_where_somebody_must_act() -> None:
    async with telegram() as fake, bot(fake, topic=9) as channel:
        receipt = await channel.send(message(choices=CHOICES))
        told = [
            await channel.send(step(1, "worse"), receipt or ""),
            await channel.send(message(step=2, title="Closed", priority=2), receipt or ""),
            await channel.send(message(step=2, title="Closed", priority=2), receipt or ""),
        ]

    root, reply = fake.shown.values()
    assert (f"{CHAT}:1", [None] * 3) == (receipt, told)
    assert root["text"].startswith("Closed\n")
    assert "reply_markup" not in root
    assert (1, 9, False) == (
        reply["reply_parameters"]["message_id"],
        reply["message_thread_id"],
        reply.get("disable_notification", False),
    )


@pytest.mark.parametrize(("priority", "silent"), [(2, True), (3, False)])
async def test_what_asks_nobody_to_act_makes_no_sound(priority: Any, silent: bool) -> None:
    async with telegram() as fake, bot(fake) as channel:
        await channel.send(message(priority=priority))

    assert [silent] == [shown["disable_notification"] for shown in fake.shown.values()]


async def test_a_group_that_became_another_chat_is_followed() -> None:
    async with telegram() as fake, bot(fake) as channel:
        receipt = await channel.send(message())
        fake.moved = True
        with capture_logs() as logs:
            again = await channel.send(step(1, "worse"), receipt or "")

    assert f"{NEW_CHAT}:2" == again
    assert [f"write `chat: {NEW_CHAT}`"] == [log["hint"] for log in logs]


# --- words ------------------------------------------------------------------------------------------------------------

HOSTILE = (
    "@camille /stop evil.example https://evil.example/x😀y.com tg://resolve?domain=evil <b>b</b> [a](b.example) *_`"
)


async def test_strangers_words_ring_nobody_and_lead_nowhere() -> None:
    said = message(
        title=HOSTILE,
        lead=HOSTILE,
        line=HOSTILE,
        fields=(Field(label="@camille", value=HOSTILE),),
        quotations=(Quotation(text=HOSTILE, caption=HOSTILE, url="https://social.example/p/1"),),
        first=(HOSTILE,),
        context=HOSTILE,
        link="https://bb.example/i/37",
    )
    async with telegram() as fake, bot(fake) as channel:
        receipt = await channel.send(said)
        await channel.send(said, receipt or "")

    assert [[], []] == [linked(shown) for shown in fake.shown.values()]
    root = fake.shown[1]
    links = [each["url"] for each in root["entities"] if each["type"] == "text_link"]
    assert ["https://social.example/p/1", "https://bb.example/i/37"] == links
    assert "<b>b<" in root["text"]


async def test_what_is_bold_or_quoted_is_where_telegram_counts_it() -> None:
    async with telegram() as fake, bot(fake) as channel:
        await channel.send(message(title="😀 Acme", lead="😀", quotations=(Quotation(text="😀 là", caption="Un"),)))

    (shown,) = fake.shown.values()
    raw = shown["text"].encode("utf-16-le")
    parts = [raw[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le") for e in shown["entities"]]
    assert ("😀 Acme", "😀 là") == (parts[0], parts[[e["type"] for e in shown["entities"]].index("blockquote")])


# --- buttons ----------------------------------------------------------------------------------------------------------


async def test_a_press_before_the_end_of_one_life_is_heard_in_the_next() -> None:
    asked = Asked()
    async with telegram() as fake:
        async with bot(fake) as channel:
            fake.press(number(await channel.send(message(choices=CHOICES))), "ack")
        async with bot(fake, asked) as channel, served(channel):
            await asyncio.wait_for(asked.heard.wait(), 20)

    assert 1 == len(asked.acts)


async def test_who_presses_elsewhere_or_something_else_is_not_heard() -> None:
    asked = Asked()
    async with telegram() as fake, bot(fake, asked) as channel, served(channel):
        shown = number(await channel.send(message(choices=CHOICES)))
        fake.press(shown, "ack", chat=-1)
        fake.tell({"data": "ack fr 37"})
        fake.tell({"message": {"message_id": 1, "chat": {"id": CHAT}}, "data": "resolve all"})
        fake.updates.append({"update_id": 50, "callback_query": {"id": 3}})
        await fake.until(lambda: fake.polls > 1 and not fake.updates)

    assert ([], 3) == (asked.acts, len(fake.answers))


async def test_without_buttons_nothing_is_asked_and_none_is_shown() -> None:
    async with telegram() as fake, bot(fake, buttons=False) as channel:
        await channel.send(message(choices=CHOICES))
        await channel.serve()

    assert (0, False) == (fake.polls, "reply_markup" in fake.shown[1])


@pytest.mark.parametrize(
    ("said", "way_out"),
    [
        ("Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", "reads"),
        ("Conflict: can't use getUpdates method while webhook is active; use deleteWebhook", "has a webhook"),
    ],
)
async def test_somebody_else_who_listens_is_named_and_no_token(said: str, way_out: str) -> None:
    async with telegram() as fake, bot(fake) as channel:
        fake.refuse = [(409, f"{said} {TOKEN}", {})]
        with capture_logs() as logs, pytest.raises(SendError, match=way_out) as failed:
            await channel.serve()

    assert TOKEN not in f"{failed.value}{logs}"


# --- refusals ---------------------------------------------------------------------------------------------------------


async def test_a_chat_that_is_not_there_is_said_before_it_is_needed() -> None:
    async with telegram() as fake, bot(fake, chat="@crisis") as named, bot(fake, chat=-9) as wrong:
        await named.probe()
        with pytest.raises(SendError, match="no such chat"):
            await wrong.probe()

    assert {} == fake.shown


@pytest.mark.parametrize("token", ["bot123:abc", "123:abc/../x", "abc"])
def test_a_token_that_is_none_is_refused_without_being_repeated(token: str) -> None:
    with pytest.raises(ValueError, match="a number, a colon") as failed:
        SPEC.options.model_validate({"token": token, "chat": "-100123"})

    assert token not in str(failed.value)


@pytest.mark.parametrize("chat", ["crisis", "https://t.me/crisis", "@"])
def test_a_chat_that_is_none_is_refused_with_the_way_out(chat: str) -> None:
    with pytest.raises(ValueError, match="or the @name"):
        SPEC.options.model_validate({"token": TOKEN, "chat": chat})

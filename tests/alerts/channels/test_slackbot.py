"""The Slack bot against a strict Slack: one message an incident, its story in the thread, buttons without a port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from alerts.acts import Choice
from alerts.channel import SendError
from alerts.channels.slackbot import SPEC, SlackbotChannel
from tests.acting import Asked, lent, served
from tests.builders import message, step
from tests.slack import APP, BOT, ROOM, Slack, slack

CHOICES = (Choice(act="ack", label="Je prends en charge"), Choice(act="false-alarm", label="Fausse alerte"))


@asynccontextmanager
async def bot(fake: Slack, asked: Asked | None = None, **options: Any) -> AsyncIterator[SlackbotChannel]:
    async with aiohttp.ClientSession() as http:
        known = {"token": BOT, "channel": "#crisis", "app_token": APP, "server": fake.url}
        tools = lent(http, act=asked)
        yield SlackbotChannel(SPEC.options.model_validate(known | options), tools, pause=0.0)


async def test_an_incident_is_one_message_edited_in_place_with_its_story_in_the_thread() -> None:
    async with slack() as fake, bot(fake) as channel:
        receipt = await channel.send(message(choices=CHOICES))
        loud = await channel.send(step(1, "worse"), receipt or "")
        await channel.send(step(2, "acknowledged"), receipt or "")
        quiet = await channel.send(message(step=3, title="Closed", priority=2), receipt or "")

    ((ts, shown),) = fake.shown.items()
    assert (f"{ROOM}:{ts}", None, None) == (receipt, loud, quiet)
    assert "Closed" == shown["blocks"][0]["text"]["text"]
    assert [True, True, False] == [told["reply_broadcast"] for told in fake.threads[ts]]
    assert not [block for block in shown["blocks"] if block["type"] == "actions"]


async def test_without_an_app_token_there_is_no_button_that_nobody_answers() -> None:
    async with slack() as fake, bot(fake, app_token=None) as channel:
        await channel.send(message(choices=CHOICES))
        await channel.serve()

    (shown,) = fake.shown.values()
    assert "actions" not in [block["type"] for block in shown["blocks"]]


async def test_what_is_no_button_of_ours_is_let_pass() -> None:
    asked = Asked()
    async with slack() as fake, bot(fake, asked) as channel, served(channel):
        receipt = await channel.send(message(choices=CHOICES))
        await fake.send("interactive", {"type": "view_submission"})
        await fake.send("events_api", {"event": {"type": "app_mention"}})
        await fake.press((receipt or "").partition(":")[2], "open")
        await fake.press((receipt or "").partition(":")[2], "ack")
        await asyncio.wait_for(asked.heard.wait(), 20)

    assert 1 == len(asked.acts)


async def test_blocks_that_slack_does_not_take_are_told_as_plain_words() -> None:
    async with slack() as fake, bot(fake) as channel:
        fake.refuse = [(200, "invalid_blocks", {})]
        await channel.send(message())

    (shown,) = fake.shown.values()
    assert (message().line, []) == (shown["text"], shown["blocks"])


async def test_a_bot_token_for_an_app_token_is_said_before_it_is_needed() -> None:
    async with slack() as fake, bot(fake, app_token=BOT) as channel:
        with pytest.raises(SendError, match="invalid_auth"):
            await channel.probe()

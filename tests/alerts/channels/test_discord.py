"""The Discord channel against a strict Discord: one message an incident, and nobody pinged by a stranger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channel import SendError
from alerts.channels.discord import SPEC, DiscordChannel, escape, payload
from alerts.message import Field, Quotation
from tests.acting import lent
from tests.builders import message, step
from tests.discord import ROOM, Discord, discord, problem


@asynccontextmanager
async def told(fake: Discord, **options: Any) -> AsyncIterator[DiscordChannel]:
    async with aiohttp.ClientSession() as http:
        tools = lent(http)
        yield SPEC.build(SPEC.options.model_validate({"webhook": fake.webhook, **options}), tools)


async def test_an_incident_is_one_message_edited_in_place_and_what_asks_to_act_is_posted_as_well() -> None:
    async with discord() as fake, told(fake) as channel:
        receipt = await channel.send(message())
        later = [await channel.send(step(n, "worse", link=None), receipt or "") for n in (1, 2)]
        quiet = await channel.send(message(step=3, title="Closed", priority=2), receipt or "")

    root, *news = fake.shown[ROOM].values()
    assert [receipt, None, None, None] == [f":{next(iter(fake.shown[ROOM]))}", *later, quiet]
    assert ("Closed", "https://bb.example/i/37") == (root["embeds"][0]["title"], root["embeds"][0]["url"])
    assert [message().line] * 2 == [each["content"] for each in news]
    assert [4, 4] == [each["flags"] for each in news]


async def test_in_a_forum_an_incident_is_a_thread_with_its_story() -> None:
    async with discord(forum=True) as fake, told(fake, forum=True) as channel:
        receipt = await channel.send(message())
        fake.archived |= set(fake.shown)
        await channel.send(message(step=1, title="Taken", priority=2), receipt or "")
        await channel.send(message(step=2, id="3", title="Closed", priority=2), receipt or "")
        await channel.send(message(thread="another"))

    first, second = fake.shown.values()
    root, *news = first.values()
    assert ("Closed", message().title) == (root["embeds"][0]["title"], root.get("thread_name", message().title))
    assert [4 + 4_096] * 2 == [each["flags"] for each in news]
    assert 1 == len(second)


async def test_a_thread_that_was_opened_again_is_not_told_twice_when_the_edit_fails_at_first() -> None:
    async with discord(forum=True, refuse_reopened=[(503, {}, {})]) as fake, told(fake, forum=True) as channel:
        receipt = await channel.send(message())
        fake.archived |= set(fake.shown)
        worse = step(1, "worse")
        with pytest.raises(SendError, match="503"):
            await channel.send(worse, receipt or "")
        await channel.send(worse, receipt or "")

    (thread,) = fake.shown.values()
    assert 2 == len(thread)


async def test_in_a_thread_all_is_said_there_and_what_is_gone_is_posted_again() -> None:
    async with discord(shown={"77": {}}) as fake, told(fake, thread="77") as channel:
        receipt = await channel.send(message())
        fake.shown["77"].clear()
        again = await channel.send(step(1, "worse"), receipt or "")
        fake.shown.clear()
        with pytest.raises(SendError, match="10003") as failed:
            await channel.send(step(2, "worse"), again or "")

    assert "77" == (again or "").partition(":")[0]
    assert again != receipt
    assert failed.value.permanent


async def test_a_form_that_is_not_taken_is_told_as_plain_words() -> None:
    async with discord() as fake, told(fake) as channel:
        fake.refuse = [(400, {"code": 50_035, "message": "Invalid Form Body"}, {})]
        await channel.send(message())

    (shown,) = fake.shown[ROOM].values()
    assert (message().line, []) == (shown["content"], shown["embeds"])


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
busy = st.tuples(words, st.integers(1, 99)).map(lambda each: each[0] * each[1])


@settings(deadline=None, max_examples=40)
@given(busy, busy, busy, busy)
def test_any_words_fit_discords_limits(title: str, line: str, label: str, quote: str) -> None:
    body = payload(
        message(
            title=title,
            line=line,
            context=quote,
            first=(line,) * 3,
            fields=(Field(label=label, value=line),) * 30,
            quotations=(Quotation(text=quote, caption=label, url="https://x.example/a_(b)"),) * 9,
        )
    )

    assert "" == problem(body)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone <@&1> <#2> </ban:3>", r"\@everyone \<\@&1\> \<\#2\> \</ban:3\>"),
        ("[free](https://evil.example)", r"\[free\](https:\//evil.example)"),
        ("# big ||hidden|| `code` **b** ~~s~~", r"\# big \|\|hidden\|\| \`code\` \*\*b\*\* \~\~s\~\~"),
        ("-# small", r"\-\# small"),
        ("50 % de 22:30, a-t-il dit", "50 % de 22:30, a-t-il dit"),
    ],
)
def test_strangers_markup_is_shown_as_it_stands(text: str, shown: str) -> None:
    assert shown == escape(text)


@pytest.mark.parametrize(
    "options",
    [
        {"webhook": "https://discord.com/api/webhooks/1/s3cret?thread_id=5"},
        {"webhook": "https://discord.com/channels/1/2"},
        {"webhook": "http://discord.com/api/webhooks/1/s3cret"},
        {"webhook": "https://discord.com/api/webhooks/1/s3cret", "forum": True, "thread": "5"},
    ],
)
def test_what_is_no_webhook_is_refused_without_showing_it(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"webhook|forum|https") as failed:
        SPEC.options.model_validate(options)

    assert "s3cret" not in str(failed.value)

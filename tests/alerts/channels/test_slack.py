"""The Slack channel against a fake that enforces Block Kit's documented limits."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from alerts.channel import SendError
from alerts.channels.slack import PAUSE, SPEC, SlackChannel, payload
from alerts.message import Field, Message, Quotation
from tests.acting import lent
from tests.builders import message
from tests.servers import Answer, HttpFake, Posted, http_fake, slack_answer, slack_problem

HOSTILE = "<!channel> <!here> <@U024BE7LH> <https://evil.example|bank> @everyone *bold* & ]]>"


@asynccontextmanager
async def slack(answer: Answer = slack_answer, *, pause: float = PAUSE) -> AsyncIterator[tuple[SlackChannel, HttpFake]]:
    async with http_fake(answer) as fake, aiohttp.ClientSession() as http:
        tools = lent(http)
        options = SPEC.options.model_validate({"webhook": f"{fake.url}/services/T0/B0/s3cret"})
        yield SlackChannel(options, tools, pause=pause), fake


def markup(body: dict) -> str:
    return json.dumps(body, ensure_ascii=False)


async def test_a_message_shows_header_headline_fields_quotation_first_things_link_and_context() -> None:
    async with slack() as (channel, fake):
        await channel.send(message())
    body = fake.received[0].json

    assert ["header", "section", "section", "rich_text", "section", "section", "context"] == [
        block["type"] for block in body["blocks"]
    ]
    header, lead, fields, quotation, first, link, context = body["blocks"]
    assert "Acme Air · serious · incident 37" == header["text"]["text"]
    assert "*22 negative mentions in 15 min, usually 3.*" == lead["text"]["text"]
    assert "*Where* Bluesky 14, Mastodon 5, press and blogs 3" == fields["fields"][0]["text"]
    said, source = quotation["elements"]
    assert ("rich_text_quote", "Vol 4218 annulé, personne au comptoir.") == (said["type"], said["elements"][0]["text"])
    assert ["— ", "First · Bluesky · 22:50", " · ", "social.example"] == [part["text"] for part in source["elements"]]
    assert "https://social.example/p/1" == source["elements"][3]["url"]
    assert "*Do first*\n1. Hold the 23:30 post." == first["text"]["text"]
    assert "<https://bb.example/i/37|Open the incident>" == link["text"]["text"]
    assert "Rule bad-buzz, 23:08 Paris time" == context["elements"][0]["text"]
    assert message().line == body["text"]


def test_only_the_first_sentence_of_the_headline_is_bold() -> None:
    body = payload(message(lead="22 mentions, usually 3. Doubling about every 10 min. Very likely real."))

    shown = body["blocks"][1]["text"]["text"]
    assert "*22 mentions, usually 3.* Doubling about every 10 min. Very likely real." == shown


def test_what_the_lead_says_is_not_said_again_and_the_last_field_is_always_shown() -> None:
    fields = tuple(Field(label=str(number), value="v", repeats=number == 0) for number in range(13))
    (shown,) = [block["fields"] for block in payload(message(fields=fields))["blocks"] if "fields" in block]

    assert [f"*{number}* v" for number in (*range(1, 10), 12)] == [field["text"] for field in shown]


async def test_nothing_is_unfurled_and_there_is_no_button() -> None:
    async with slack() as (channel, fake):
        await channel.send(message())
    body = fake.received[0].json

    assert (False, False) == (body["unfurl_links"], body["unfurl_media"])
    assert "actions" not in {block["type"] for block in body["blocks"]}
    assert not {"parse", "link_names"} & set(body)


def test_strangers_words_are_shown_as_they_stand() -> None:
    text = f"{HOSTILE} _x_ ~y~ ```z``` > more"
    body = payload(message(quotations=(Quotation(text=f"{text}\n", caption="First · *x<y*", url=None),)))
    said, source = body["blocks"][3]["elements"]

    assert [{"type": "text", "text": text}] == said["elements"]
    assert {"type": "text", "text": "First · *x<y*", "style": {"italic": True}} == source["elements"][1]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://", "ftp://x.example/"])
def test_what_is_no_plain_web_address_is_no_link(address: str) -> None:
    (block,) = payload(message(quotations=(Quotation(text="a", caption="b", url=address),)))["blocks"][3:4]

    assert {"text"} == {part["type"] for part in block["elements"][1]["elements"]}


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=50).map(lambda text: text * 40)


@given(words, words, st.lists(words, max_size=20), st.lists(words, max_size=9))
def test_any_words_fit_slacks_limits(title: str, lead: str, values: list[str], quotes: list[str]) -> None:
    body = payload(
        message(
            title=title,
            lead=lead,
            fields=tuple(Field(label=value[:30], value=value) for value in values),
            quotations=tuple(
                Quotation(text=text, caption=text, url="https://x.example/" + "a" * 300) for text in quotes
            ),
            first=tuple(values),
            context=lead,
        )
    )

    assert "" == slack_problem(body)


def test_quotations_are_dropped_from_the_last_when_all_would_be_too_long() -> None:
    many = tuple(Quotation(text=f"{number} " + "mot " * 100, caption="c") for number in range(30))
    body = payload(message(quotations=many))
    rich = [block for block in body["blocks"] if block["type"] == "rich_text"]
    shown = [block["elements"][0]["elements"][0]["text"] for block in rich]

    assert 0 < len(shown) < 12
    assert [f"{number} " for number in range(len(shown))] == [text[: len(f"{at} ")] for at, text in enumerate(shown)]
    assert len(markup(body["blocks"])) < 6_000


async def test_when_slack_cannot_read_the_blocks_the_line_is_sent_alone() -> None:
    def only_text(posted: Posted) -> web.Response:
        return web.Response(status=400, text="invalid_blocks") if "blocks" in posted.json else web.Response(text="ok")

    async with slack(only_text) as (channel, fake):
        await channel.send(message())

    assert {"text": message().line} == fake.received[-1].json


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, "invalid_payload", "clientError"),
        (400, "user_not_found", "clientError"),
        (403, "action_prohibited", "authError"),
        (404, "no_service", "authError"),
        (404, "channel_not_found", "clientError"),
        (410, "channel_is_archived", "clientError"),
    ],
)
async def test_what_slack_will_never_take_is_permanent(status: int, body: str, reason: str) -> None:
    async with slack(lambda _: web.Response(status=status, text=body)) as (channel, _):
        with pytest.raises(SendError) as failed:
            await channel.send(message())

    assert (reason, True) == (failed.value.reason, failed.value.permanent)
    assert "s3cret" not in str(failed.value)


async def test_too_many_messages_are_tried_again_when_slack_says() -> None:
    def later(_posted: Posted) -> web.Response:
        return web.Response(status=429, text="rate_limited", headers={"Retry-After": "30"})

    async with slack(later) as (channel, fake):
        with pytest.raises(SendError) as failed:
            await channel.send(message())

    assert ("rateLimited", timedelta(seconds=30)) == (failed.value.reason, failed.value.retry_after)
    assert 1 == len(fake.received)


async def test_a_page_that_is_not_slacks_is_tried_again() -> None:
    async with slack(lambda _: web.Response(text="<html>sign in to the wifi</html>")) as (channel, _):
        with pytest.raises(SendError) as failed:
            await channel.send(message())

    assert not failed.value.permanent


async def test_the_next_message_to_a_webhook_waits_its_turn() -> None:
    async with slack(pause=3_600.0) as (channel, fake):
        await channel.send(message())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await channel.send(message(id="2"))

    assert 1 == len(fake.received)


async def test_a_probe_posts_nothing_and_tells_a_live_webhook_from_a_dead_one() -> None:
    async with slack() as (channel, fake):
        await channel.probe()
    assert {"text": ""} == fake.received[0].json

    async with slack(lambda _: web.Response(status=404, text="no_service")) as (channel, _):
        with pytest.raises(SendError, match="dead"):
            await channel.probe()


def test_a_webhook_over_plain_http_is_refused_unless_it_is_this_machine() -> None:
    with pytest.raises(ValueError, match="https") as failed:
        SPEC.options.model_validate({"webhook": "http://hooks.example/services/s3cret"})
    assert "s3cret" not in str(failed.value)
    SPEC.options.model_validate({"webhook": "http://127.0.0.1:8080/x"})


def test_french_typography_is_kept() -> None:
    french: Message = message(language="fr", title="Acme Air · incident n°\u00a037", context="à 23\u00a0h\u00a008")

    assert "n°\u00a037" in markup(payload(french))
    assert "23\u00a0h\u00a008" in markup(payload(french))

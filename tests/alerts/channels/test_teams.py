"""The Teams channel against a strict workflow: a card within its limits, in which strangers' words are only words."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channel import SendError
from alerts.channels.teams import SPEC, TeamsChannel, escape, payload
from alerts.message import Field, Quotation
from tests.acting import lent
from tests.builders import message
from tests.servers import Answer, HttpFake, http_fake
from tests.teams import elements, teams_answer, teams_problem

QUERY = "api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=s3cret"


@asynccontextmanager
async def teams(answer: Answer = teams_answer) -> AsyncIterator[tuple[TeamsChannel, HttpFake]]:
    async with http_fake(answer) as fake, aiohttp.ClientSession() as http:
        tools = lent(http)
        options = SPEC.options.model_validate({"webhook": f"{fake.url}/workflows/1?{QUERY}"})
        yield SPEC.build(options, tools), fake


def words(card: Any) -> list[str]:
    return [each["text"] for each in elements(card) if each["type"] == "TextRun"]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_card_says_it_all_and_has_a_button_only_where_there_is_a_link(language: str) -> None:
    async with teams() as (channel, fake):
        await channel.send(message(language=language))
        await channel.send(message(language=language, link=None))
    linked, plain = (posted.json["attachments"][0]["content"] for posted in fake.received)
    said = message(language=language)

    assert [{"type": "Action.OpenUrl", "title": said.link_label, "url": said.link}] == linked["actions"]
    assert "actions" not in plain
    assert (language, said.line, escape(said.line)) == (linked["lang"], linked["speak"], linked["fallbackText"])
    told = [said.title, said.lead, said.fields[0].value, said.quotations[0].text, said.first_label, said.context]
    assert [] == [each for each in told if each not in words(linked)]


async def test_the_signed_address_is_sent_as_it_is_written() -> None:
    async with teams() as (channel, fake):
        await channel.send(message())

    assert [QUERY] == [posted.query for posted in fake.received]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (400, "TriggerInputSchemaMismatch", "TriggerInputSchemaMismatch"),
        (401, "DirectApiAuthorizationRequired", "DirectApiAuthorizationRequired"),
        (404, "<s3cret>", "answered 404"),
    ],
)
async def test_a_refusal_says_the_workflows_own_word_when_it_is_one(status: int, code: str, said: str) -> None:
    refused = {"error": {"code": code, "message": "s3cret"}}
    async with teams(lambda _: web.json_response(refused, status=status)) as (channel, _):
        with pytest.raises(SendError, match=said) as failed:
            await channel.send(message())

    assert failed.value.permanent
    assert "s3cret" not in str(failed.value)


texts = st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.integers(1, 99)).map(
    lambda each: each[0] * each[1]
)


@settings(deadline=None, max_examples=40)
@given(texts, texts, texts)
def test_any_words_fit_a_card(title: str, line: str, quote: str) -> None:
    body = payload(
        message(
            **dict.fromkeys(("title", "lead", "context", "first_label", "link_label"), title),
            line=line,
            first=(line,) * 3,
            fields=(Field(label=title, value=line),) * 30,
            quotations=(Quotation(text=quote, caption=title, url="https://x.example/" + "a" * 400),) * 9,
        )
    )

    assert "" == teams_problem(body)


def test_strangers_markup_is_shown_as_it_stands_and_is_no_formula() -> None:
    trick = "<at>Max</at> [free](https://evil.example) **b** {{{DATE(2026-11-14T22:08:00Z)}} <speak>"
    card = payload(message(line=trick, quotations=(Quotation(text=trick, caption="First"),)))["attachments"][0][
        "content"
    ]

    assert trick.replace("{{{", "{ { {") in words(card)
    assert r"\<at\>Max\</at\> \[free\](https://evil.example) \*\*b\*\*" in card["fallbackText"]
    assert "<" not in card["speak"]
    assert "{{" not in json.dumps(card)


def test_an_address_with_other_letters_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="copy it from the workflow") as failed:
        SPEC.options.model_validate({"webhook": "https://teams.example/é?sig=s3cret"})

    assert "s3cret" not in str(failed.value)

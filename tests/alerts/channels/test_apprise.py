"""SMS and other services through Apprise, against a gateway that takes what a real one takes."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from alerts.channel import SendError
from alerts.channels._sms import folded, one_part
from alerts.channels.apprise import SPEC, AppriseChannel, body, short
from alerts.render import render
from tests.acting import lent
from tests.alerts.samples import ALERTS
from tests.alerts.speaking import PARIS
from tests.builders import message
from tests.servers import HttpFake, Posted, http_fake

GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("^{}\\[~]|€")
FRENCH = (
    "Acme Air, sérieux : 22 mentions négatives en 15 min, d’habitude 3. Double en 10 min environ. 19 auteurs, "
    "surtout Bluesky, « Noël » (nouveau). Très probablement réel. D’abord : suspendre la publication de 23 h 30."
)
LINK = "https://bb.example/i/AAAAJQAHYQqUxB2cZ5sEJbV8bGx2cXo"


def parts(text: str) -> int:
    """How many SMS a gateway makes of it."""
    if set(text) <= GSM | EXTENDED:
        septets = len(text) + sum(char in EXTENDED for char in text)
        return 1 if septets <= 160 else -(-septets // 153)
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= 70 else -(-units // 67)


def eagle(posted: Posted) -> web.Response:
    """A gateway of one's own: one part to one phone, with the token it gave out."""
    asked = posted.json["params"]
    fine = asked["access_token"] == "tok" and asked["to"] == "+33639980102" and parts(asked["message"]) == 1
    done = {"message_id": "1", "status": "ok"}
    return web.json_response({"result": [done]} if fine else {"result": {"error_text": "refused"}})


@asynccontextmanager
async def gateway(url: str = "smseagle://tok@{0}/+33639980102", **options: Any) -> AsyncIterator[Any]:
    async with http_fake(eagle) as fake, aiohttp.ClientSession() as http:
        tools = lent(http, "phone")
        written = {"url": url.format(fake.url.partition("://")[2]), **options}
        yield SPEC.build(SPEC.options.model_validate(written), tools), fake


async def test_an_sms_is_one_part_in_letters_of_gsm_with_the_link_whole() -> None:
    channel: AppriseChannel
    fake: HttpFake
    async with gateway(sms=True) as (channel, fake):
        await channel.send(message(line=FRENCH, link=LINK, language="fr"))

    assert (
        "Acme Air, sérieux : 22 mentions négatives en 15 min, d'habitude 3. Double en 10 min environ. " + LINK
        == fake.received[0].json["params"]["message"]
    )


async def test_what_a_gateway_takes_nothing_of_is_tried_again_and_names_no_secret() -> None:
    async with gateway("smseagle://wrong-token@{0}/+33639980102", sms=True) as (channel, _):
        with pytest.raises(SendError) as failed:
            await channel.send(message())

    assert not failed.value.permanent
    assert not [secret for secret in ("wrong-token", "639980102") if secret in str(failed.value)]


@pytest.mark.parametrize(("url", "sms"), [("twilio://AC{0}:{0}@+33639980101/+33639980102", True), ("json://h/", False)])
async def test_a_service_whose_messages_are_sms_is_known_by_its_limits(url: str, sms: bool) -> None:
    async with aiohttp.ClientSession() as http:
        tools = lent(http, "phone")
        channel = SPEC.build(SPEC.options.model_validate({"url": url.format("a" * 32)}), tools)

    assert sms == channel._sms


@pytest.mark.parametrize("url", ["nosuch://token-123456", "token-123456", "", "twilio://token-123456"])
def test_an_address_that_no_service_takes_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="appriseit") as failed:
        SPEC.options.model_validate({"url": url})

    assert "token-123456" not in str(failed.value)


async def test_another_service_gets_title_steps_quotations_and_the_link() -> None:
    async with http_fake() as fake, aiohttp.ClientSession() as http:
        tools = lent(http, "phone")
        url = fake.url.replace("http", "json", 1)
        await SPEC.build(SPEC.options.model_validate({"url": url}), tools).send(message())
    told = json.loads(fake.received[0].body)

    assert ("Acme Air · serious · incident 37", "warning") == (told["title"], told["type"])
    assert "1. Hold the 23:30 post." in told["message"].splitlines()
    assert told["message"].endswith("\nOpen the incident https://bb.example/i/37")


@given(st.text(max_size=400), st.sampled_from([None, LINK, "https://bb.example/i/1"]))
def test_whatever_is_said_is_one_part_with_the_link_at_its_end(said: str, link: str | None) -> None:
    text = one_part(said, link)

    assert parts(text) <= 1
    assert text.endswith(link or "")


def test_a_sentence_that_does_not_fit_makes_room_for_the_next_and_an_exercise_says_so_last() -> None:
    skipped = one_part(f"22 mentions. {'x' * 160}. Very likely real.", LINK)
    drills = [short(render(ALERTS["drill"], language, PARIS)) for language in ("fr", "en")]

    assert f"22 mentions. Very likely real. {LINK}" == skipped
    assert [("EXERCICE", True), ("DRILL", True)] == [(drill.split()[-1], parts(drill) == 1) for drill in drills]


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=200))
def test_what_is_written_in_western_letters_needs_no_other(said: str) -> None:
    kept = folded(said)

    assert {char for char in kept if not char.isalpha()} <= GSM | EXTENDED


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("« Forêt d’Œuvre… » – Ça 12 000 €", '"Foret d\'OEuvre..." - Ça 12 000 €'),
        ("📉 baisse ✅ çà", "baisse cà"),
        ("Привет", "Привет"),
    ],
)
def test_letters_that_gsm_lacks_become_those_nearest(said: str, told: str) -> None:
    assert told == folded(said)


def test_no_phone_makes_a_link_of_what_strangers_wrote() -> None:
    assert "evil. example and https: //evil. example, 1.9" == one_part(
        "evil.example and https://evil.example, 1.9", None
    )


@given(st.integers(200, 4_000))
def test_a_long_message_keeps_the_link_and_ends_with_a_whole_line(room: int) -> None:
    said = body(message(context="x" * 300), room)

    assert len(said) <= room
    assert said.endswith("https://bb.example/i/37")


def test_who_lacks_the_library_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(ValueError, match=r"install badbuzz\[apprise\]"):
        SPEC.options.model_validate(SPEC.example)

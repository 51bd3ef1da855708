"""Every channel keeps every promise of its port. A new channel is added to `working` and, if it speaks HTTP, `HTTP`."""

import asyncio
import inspect
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from msgspec.structs import replace
from pydantic import SecretStr

from alerts.alert import Quote
from alerts.channel import CHANNELS, Channel, SendError
from alerts.channels._http import retry_after
from alerts.grouping import MOST_TOGETHER
from alerts.message import Field, Message, Quotation
from alerts.render import render, render_notice
from tests.acting import lent
from tests.alerts.samples import NOTICES
from tests.builders import FIGURES, alert, message, notice
from tests.discord import problem as discord_problem
from tests.matrix import problem as matrix_problem
from tests.matrix import refusal as matrix_refusal
from tests.pagerduty import problems as pagerduty_problems
from tests.servers import (
    Posted,
    babble,
    free_port,
    hang_up,
    http_fake,
    mosquitto,
    ntfy_answer,
    silence,
    slack_answer,
    slack_problem,
    smtp_server,
    tcp_server,
)
from tests.teams import teams_answer
from tests.telegram import problem as telegram_problem

KINDS = CHANNELS.kinds()
QUICK = {"slack": {"pause": 0.0}, "slackbot": {"pause": 0.0}, "telegram": {"pause": 0.0}}
"""What takes seconds outside takes moments here."""
PATIENCE = {"email": ("timeout",), "mqtt": ("timeout", "patience")}
"""What says how long a channel waits that does not speak HTTP."""
DEAF = {"apprise"}
"""What does not hear how long a service asks to wait."""
REMOTE = [kind for kind in KINDS if kind != "console"]
HTTP = [kind for kind in REMOTE if kind not in {"email", "mqtt"}]
UNTRIED = {"apprise", "teams", "webhook"}
"""What can only be tried by sending."""
SECRET = "tk-s3cret-0123456789"
RETRIED = {408, 421, 423, 425, 429, *range(500, 600)}
PARIS = ZoneInfo("Europe/Paris")
HOSTILE = "<!channel> <@U1> </p><script>alert(1)</script> \r\nBcc: evil@example.org\x1b[2J\u202e {{ 7*7 }} &amp; *_~`"


def written(kind: str, port: int) -> dict[str, Any]:
    """What an operator writes to reach a service of that kind on a port of this machine."""
    return {
        "alertmanager": {"server": f"http://127.0.0.1:{port}", "user": "bb", "password": SECRET},
        "apprise": {"url": f"json://127.0.0.1:{port}/{SECRET}?-key={SECRET}&rto=0.3"},
        "console": {},
        "discord": {"webhook": f"http://127.0.0.1:{port}/api/webhooks/1/{SECRET}"},
        "email": {"to": ["a@example.org"], "from": "b@example.org", "smtp": f"smtp://127.0.0.1:{port}", "tls": "none"},
        "matrix": {"server": f"http://127.0.0.1:{port}", "token": SECRET, "room": "!r:m.example", "answers": False},
        "mqtt": {"broker": f"mqtt://user@127.0.0.1:{port}", "password": SECRET},
        "ntfy": {"server": f"http://127.0.0.1:{port}", "topic": SECRET, "token": SECRET},
        "pagerduty": {"routing_key": SECRET.ljust(32, "0"), "server": f"http://127.0.0.1:{port}"},
        "slack": {"webhook": f"http://127.0.0.1:{port}/services/{SECRET}"},
        "slackbot": {"token": SECRET, "channel": "#crisis", "server": f"http://127.0.0.1:{port}"},
        "teams": {"webhook": f"http://127.0.0.1:{port}/workflows/1?sig={SECRET}"},
        "telegram": {"token": f"1:{SECRET}", "chat": -1, "server": f"http://127.0.0.1:{port}", "buttons": False},
        "webhook": {"url": f"http://127.0.0.1:{port}/{SECRET}?k={SECRET}", "secret": SECRET, "allow_private": True},
    }[kind]


@asynccontextmanager
async def built(kind: str, port: int, patience: float | None = None) -> AsyncIterator[Channel]:
    """A channel that is being served; it waits for an answer for `patience` seconds, or as long as outside."""
    spec = CHANNELS.spec(kind)
    waits = dict.fromkeys(PATIENCE.get(kind, ()), patience) if patience else {}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patience or 20)) as http:
        options = spec.options.model_validate(written(kind, port))
        channel = partial(spec.build, **QUICK.get(kind, {}), **waits)(options, lent(http))
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(channel.serve(), name="serve")
            try:
                yield channel
            finally:
                serving.cancel()


def slackbot_answer(posted: Posted) -> web.Response:
    """What Slack's Web API answers, within the limits of its blocks."""
    error = slack_problem(json.loads(posted.body or b"{}"))
    answer = {"ok": False, "error": "invalid_blocks"} if error else {"ok": True, "channel": "C1", "ts": "1.2"}
    return web.json_response(answer)


def discord_answer(posted: Posted) -> web.Response:
    """What Discord answers to a webhook, within its limits."""
    refused = posted.method != "GET" and discord_problem(posted.json)
    return web.json_response({"id": "1", "channel_id": "2"}, status=400 if refused else 200)


def pagerduty_answer(posted: Posted) -> web.Response:
    """What PagerDuty's Events API answers, within its limits."""
    return web.json_response({"status": "success"}, status=400 if pagerduty_problems(posted.json) else 202)


def matrix_answer(posted: Posted) -> web.Response:
    """What a homeserver answers, within the limits of an event."""
    if posted.path.endswith("/m.room.encryption"):
        return matrix_refusal(404, "M_NOT_FOUND")
    answer = web.json_response({"room_id": "!r:m.example", "event_id": "$1"})
    return matrix_problem(posted.json) or answer if posted.method == "PUT" else answer


def telegram_answer(posted: Posted) -> web.Response:
    """What the Bot API answers, within the limits of a message."""
    body = posted.json
    answer = {"ok": True, "result": {"id": -1, "message_id": 1, "chat": {"id": -1}}}
    return telegram_problem(body) or web.json_response(answer) if "text" in body else web.json_response(answer)


ANSWERS = {
    "discord": discord_answer,
    "matrix": matrix_answer,
    "ntfy": ntfy_answer,
    "pagerduty": pagerduty_answer,
    "slack": slack_answer,
    "slackbot": slackbot_answer,
    "teams": teams_answer,
    "telegram": telegram_answer,
}


@asynccontextmanager
async def working(kind: str, folder: Path) -> AsyncIterator[tuple[Channel, Callable[[], Any]]]:
    """A channel whose service works, and what that service received so far, as one text."""
    if kind in HTTP:
        answer = ANSWERS.get(kind, lambda _: web.Response())
        async with http_fake(answer) as fake, built(kind, int(fake.url.rpartition(":")[2])) as channel:
            yield channel, lambda: "".join(posted.body.decode() for posted in fake.received)
    elif kind == "email":
        async with smtp_server() as inbox, built(kind, inbox.port) as channel:
            yield channel, lambda: "".join(str(read) for read in inbox.mails)
    elif kind == "mqtt":
        with mosquitto(folder) as broker:
            async with built(kind, broker.port) as channel:
                yield channel, lambda: ""
    else:
        async with built(kind, 0) as channel:
            yield channel, lambda: ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_spec_describes_its_module(kind: str) -> None:
    spec = CHANNELS.spec(kind)

    assert kind == spec.kind
    assert re.fullmatch(r"[A-Z][^\n]{10,100}\.", spec.summary)
    assert timedelta() < spec.deadline <= timedelta(minutes=1)
    assert spec.options.model_validate(spec.example) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_says_what_it_is_for(kind: str) -> None:
    fields = CHANNELS.spec(kind).options.model_fields

    assert [] == [name for name, field in fields.items() if not field.description]


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_option_is_refused_without_repeating_its_value(kind: str) -> None:
    spec = CHANNELS.spec(kind)
    with pytest.raises(ValueError, match="tokn") as failed:
        spec.options.model_validate({**spec.example, "tokn": SECRET})

    assert SECRET not in str(failed.value)


@pytest.mark.parametrize("kind", KINDS)
async def test_secrets_are_in_no_repr_and_no_dump(kind: str) -> None:
    async with built(kind, free_port()) as channel:
        options = CHANNELS.spec(kind).options.model_validate(written(kind, 1))
        shown = [repr(options), str(options), options.model_dump_json(), repr(channel), repr(vars(channel))]

    assert not [text for text in shown if SECRET in text]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "console"])
def test_what_looks_like_a_secret_is_typed_as_one(kind: str) -> None:
    options = CHANNELS.spec(kind).options.model_validate(written(kind, 1))
    plain = [name for name, value in options if SECRET in str(value) and not isinstance(value, SecretStr)]

    assert [] == plain


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_every_step_and_every_notice_is_taken_in_both_languages(kind: str, language: Any, tmp_path: Path) -> None:
    states = ["open", "worse", "better", "acknowledged", "released", "resolved", "reopened"]
    told = [render(alert(step=n, id=str(n), state=s, by="astreinte-2"), language, PARIS) for n, s in enumerate(states)]
    told += [
        render_notice(notice(topic=topic), language, PARIS)
        for topic in ("undelivered", "source_down", "source_up", "test")
    ]
    told.append(render_notice(NOTICES["would have rung"], language, PARIS))
    async with working(kind, tmp_path) as (channel, _):
        for each in told:
            await channel.send(each)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_message_may_come_twice(kind: str, tmp_path: Path) -> None:
    async with working(kind, tmp_path) as (channel, _):
        await channel.send(message())
        await channel.send(message())


def longest() -> Message:
    """A message in which everything is as long as somebody could make it, in characters that take the most room."""
    huge = "é & <b> 😀 " * 3_000
    return message(
        title=huge,
        subject=huge,
        line=huge,
        lead=huge,
        text=huge,
        html=f"<p>{'é' * 50_000}</p>",
        fields=tuple(Field(label=huge, value=huge) for _ in range(30)),
        quotations=tuple(Quotation(text=huge, caption=huge, url=f"https://x.example/{'a' * 2_000}") for _ in range(9)),
        first=(huge,) * 9,
        answers=(Field(label=huge, value=huge),) * 9,
        context=huge,
    )


def flood() -> Message:
    """As many incidents as one message holds, of brands with long names, each with a long link."""
    told = NOTICES["several, to be taken"]
    several = tuple(
        replace(told.several[0], brand=f"{n} {'é' * 90}", number=10_000 + n, link=f"https://{'a' * 170}.example/i/{n}")
        for n in range(MOST_TOGETHER)
    )
    return render_notice(replace(told, several=several), "fr", PARIS)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_longest_message_fits_the_limits_of_the_service(kind: str, tmp_path: Path) -> None:
    async with working(kind, tmp_path) as (channel, _):
        await channel.send(longest())
        await channel.send(flood())


@pytest.mark.parametrize("kind", KINDS)
async def test_hostile_words_are_delivered_defused(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quote = Quote(
        role="first", platform="feed", source="press", text=HOSTILE, handle=HOSTILE, url="javascript:alert(1)"
    )
    figures = replace(FIGURES, words={HOSTILE: 3}, sources={HOSTILE: 3})
    about = alert(quotes=(quote,), figures=figures, brand=HOSTILE, rule=HOSTILE, by=HOSTILE)
    async with working(kind, tmp_path) as (channel, received):
        await channel.send(render(about, "en", PARIS))
        seen = received() + capsys.readouterr().out

    assert not [bad for bad in ("\x1b", "\u202e", "javascript:", "\nBcc:") if bad in seen]
    if kind.startswith("slack"):
        # in rich text nothing is markup: a mention there is an element of its own, not a text
        read = [block for block in json.loads(seen)["blocks"] if block["type"] != "rich_text"]
        assert not re.search(r"<[!@#]", json.dumps(read))


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HTTP)
async def test_each_http_status_is_tried_again_or_permanent_as_documented(kind: str) -> None:
    statuses = iter(range(400, 600))
    async with (
        http_fake(lambda _: web.Response(status=next(statuses), text=SECRET)) as fake,
        built(kind, int(fake.url.rpartition(":")[2])) as channel,
    ):
        failures = {status: await failure(channel) for status in range(400, 600)}

    assert RETRIED == {status for status, error in failures.items() if not error.permanent}
    assert {"authError"} == {failures[401].reason, failures[403].reason}
    assert "rateLimited" == failures[429].reason
    assert {"serverError"} == {failures[status].reason for status in range(500, 600)}
    assert not [status for status, error in failures.items() if SECRET in str(error)]


REFUSALS: list[tuple[str, int, Any, str, timedelta | None]] = [
    ("slackbot", 200, {"error": "ratelimited"}, "serverError", None),
    ("slackbot", 200, {"error": "internal_error"}, "serverError", None),
    ("slackbot", 200, {"error": "invalid_auth"}, "authError", None),
    ("slackbot", 200, {"error": "not_in_channel"}, "clientError", None),
    ("slackbot", 200, {"error": SECRET}, "serverError", None),
    ("telegram", 400, {"description": "Bad Request: chat not found"}, "clientError", None),
    ("telegram", 403, {"description": f"Forbidden: bot was kicked 1:{SECRET}"}, "authError", None),
    ("telegram", 429, {"parameters": {"retry_after": 7}}, "rateLimited", timedelta(seconds=7)),
    ("telegram", 200, {"ok": False, "description": "Internal Server Error"}, "serverError", None),
    ("matrix", 401, {"errcode": "M_UNKNOWN_TOKEN", "error": SECRET}, "authError", None),
    ("matrix", 429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 6_500}, "rateLimited", timedelta(seconds=6.5)),
    ("discord", 404, {"code": 10_015, "message": "Unknown Webhook"}, "authError", None),
    ("discord", 404, {"code": 10_003, "message": "Unknown Channel"}, "clientError", None),
    ("discord", 400, {"code": 220_001, "message": SECRET}, "clientError", None),
    ("discord", 429, {"retry_after": 64.5, "global": False}, "rateLimited", timedelta(seconds=64.5)),
    ("discord", 429, {"retry_after": 1e300}, "rateLimited", timedelta(days=1)),
    ("discord", 200, {"content": "?"}, "serverError", None),
    ("pagerduty", 400, {"errors": [f"no such key {SECRET.ljust(32, '0')}"]}, "clientError", None),
    ("pagerduty", 400, {"errors": "?"}, "clientError", None),
]
"""What services say of a refusal in their own way, why that is, and how long they ask to wait."""


@pytest.mark.parametrize(("kind", "status", "body", "reason", "wait"), REFUSALS)
async def test_each_refusal_is_tried_again_or_permanent(
    kind: str, status: int, body: Any, reason: str, wait: timedelta | None
) -> None:
    async with (
        http_fake(lambda _: web.json_response(body, status=status)) as fake,
        built(kind, int(fake.url.rpartition(":")[2])) as channel,
    ):
        error = await failure(channel)

    permanent = reason in {"authError", "clientError"}
    assert (reason, permanent, wait) == (error.reason, error.permanent, error.retry_after)
    assert SECRET not in str(error)


async def failure(channel: Channel) -> SendError:
    with pytest.raises(SendError) as failed:
        await channel.send(message())
    return failed.value


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(kind: str, status: int) -> None:
    def away(_posted: Any) -> web.Response:
        return web.Response(status=status, headers={"Location": f"/{SECRET}"})

    async with http_fake(away) as fake, built(kind, int(fake.url.rpartition(":")[2])) as channel:
        error = await failure(channel)

    assert (1, True) == (len(fake.received), error.permanent)
    assert SECRET not in str(error)


@pytest.mark.parametrize("kind", [kind for kind in HTTP if kind not in DEAF])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_service_says_how_long_to_wait(kind: str, status: int) -> None:
    def later(_posted: Any) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "120"})

    async with http_fake(later) as fake, built(kind, int(fake.url.rpartition(":")[2])) as channel:
        error = await failure(channel)

    assert timedelta(minutes=2) == error.retry_after


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "0"}, timedelta()),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 400}, timedelta(days=1)),
        ({"Retry-After": "Sat, 14 Nov 2026 22:09:00 GMT"}, None),
        (
            {"Retry-After": "Sat, 14 Nov 2026 22:09:00 GMT", "Date": "Sat, 14 Nov 2026 22:08:00 GMT"},
            timedelta(minutes=1),
        ),
        ({"Retry-After": "Sat, 14 Nov 2026 22:07:00 GMT", "Date": "Sat, 14 Nov 2026 22:08:00 GMT"}, timedelta()),
    ],
)
def test_a_wait_is_understood_or_left_to_us(headers: dict[str, str], wait: timedelta | None) -> None:
    assert wait == retry_after(headers)


@pytest.mark.parametrize("kind", REMOTE)
@pytest.mark.parametrize("talk", [silence, hang_up, babble])
async def test_a_broken_server_is_tried_again_and_no_secret_is_told(
    kind: str, talk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with tcp_server(talk) as port, built(kind, port, patience=0.3) as channel:
        error = await failure(channel)

    assert not error.permanent
    assert SECRET not in f"{error}{error.__cause__}{caplog.text}"


@pytest.mark.parametrize("kind", REMOTE)
async def test_a_service_that_is_down_is_tried_again_and_no_secret_is_told(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with built(kind, free_port(), patience=0.5) as channel:
        error = await failure(channel)

    assert ("other", False) == (error.reason, error.permanent)
    assert SECRET not in f"{error}{error.__cause__}{caplog.text}"


@pytest.mark.parametrize("kind", REMOTE)
async def test_an_attempt_can_be_ended_at_its_deadline(kind: str) -> None:
    async with tcp_server(silence) as port, built(kind, port) as channel:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await channel.send(message())


@pytest.mark.parametrize("kind", [kind for kind in REMOTE if kind not in UNTRIED])
async def test_a_probe_is_harmless_and_tells_a_working_service_from_a_broken_one(kind: str, tmp_path: Path) -> None:
    async with working(kind, tmp_path) as (channel, received):
        await channel.probe()
        assert message().title not in received()
    async with built(kind, free_port(), patience=0.5) as channel:
        with pytest.raises(SendError):
            await channel.probe()


@pytest.mark.parametrize("kind", KINDS)
async def test_building_a_channel_reaches_for_nothing(kind: str) -> None:
    assert not inspect.iscoroutinefunction(CHANNELS.spec(kind).build)
    async with built(kind, free_port()):
        pass

"""Matrix against a strict homeserver: one message an incident, answers heard once, strangers' words without markup."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from alerts.acts import Act, Choice
from alerts.channel import SendError
from alerts.channels.matrix import SPEC, MatrixChannel
from alerts.message import Field, Quotation
from tests.acting import Asked, lent, served
from tests.builders import message, step
from tests.matrix import ALIAS, ME, ROOM, SHE, TOKEN, Markup, Matrix, matrix

CHOICES = (Choice(act="ack", label="Je prends en charge"), Choice(act="false-alarm", label="Fausse alerte"))
ROOT = "$0"


@asynccontextmanager
async def writer(fake: Matrix, asked: Asked | None = None, **options: Any) -> AsyncIterator[MatrixChannel]:
    async with aiohttp.ClientSession() as http:
        written = {"token": TOKEN, "room": ALIAS, "server": fake.url} | options
        tools = lent(http, act=asked)
        yield MatrixChannel(SPEC.options.model_validate(written), tools)


@asynccontextmanager
async def listening(fake: Matrix, channel: MatrixChannel) -> AsyncIterator[None]:
    """With the channel served, and the room read up to now."""
    before = len(fake.syncs)
    async with served(channel):
        await fake.until(lambda: [s for s in fake.syncs[before:] if s == f"s{len(fake.events)}"] != [])
        yield


async def until_read(fake: Matrix) -> None:
    last = max(number for number, event in enumerate(fake.events, 1) if event["sender"] != ME)
    await fake.until(lambda: int(fake.memory["badbuzz.read.watch"]["since"][1:]) >= last)


async def test_an_incident_is_one_message_edited_in_place_with_its_story_in_its_thread_and_nothing_shows_twice() -> (
    None
):
    later = [step(1, "worse"), message(id="2", step=2, title="Closed", priority=2)]
    async with matrix() as fake, writer(fake) as channel:
        receipts = [await channel.send(message(choices=CHOICES)) for _ in range(2)]
        told = [await channel.send(each, receipts[0] or "") for each in later for _ in range(2)]

    assert ([f"{ROOM} {ROOT}"] * 2, [None] * 4, 5) == (receipts, told, len(fake.events))
    edits, thread = fake.related("m.replace"), fake.related("m.thread")
    assert "Closed" in edits[-1]["m.new_content"]["formatted_body"]
    assert ["m.text", "m.notice"] == [each["msgtype"] for each in thread]
    assert {ROOT} == {each["m.relates_to"]["event_id"] for each in edits + thread}


async def test_an_invitation_is_accepted_also_after_the_account_was_sent_away() -> None:
    async with matrix() as fake, writer(fake) as channel:
        await channel.send(message())
        fake.inside = False
        await channel.send(message(id="2"))
        fake.inside = fake.invited = False
        with pytest.raises(SendError, match="invite the account") as failed:
            await channel.send(message(id="3"))

    assert (2, True) == (len(fake.events), failed.value.permanent)


HOSTILE = (
    "@room @camille:m.example <script>x</script> </p><a href='javascript:x'>y</a> &amp; https://evil.example [a](b)"
)


async def test_strangers_words_ring_nobody_and_are_no_markup() -> None:
    said = message(
        title=HOSTILE,
        lead=HOSTILE,
        line=HOSTILE,
        text=HOSTILE,
        fields=(Field(label=HOSTILE, value=HOSTILE),),
        quotations=(Quotation(text=HOSTILE, caption=HOSTILE, url="https://social.example/p/1?a=1&b='"),),
        context=HOSTILE,
    )
    async with matrix() as fake, writer(fake) as channel:
        receipt = await channel.send(said)
        await channel.send(said, receipt or "")

    root, edit, thread = (event["content"] for event in fake.events)
    shown = Markup(root["formatted_body"])
    assert ["https://social.example/p/1?a=1&b=%27", "https://bb.example/i/37"] == shown.links
    assert "<script>" in shown.text
    bodies = [root["body"], shown.text, edit["body"], edit["m.new_content"]["body"], thread["body"]]
    assert not [body for body in bodies if "@room" in body or "@camille" in body]


# --- answers ----------------------------------------------------------------------------------------------------------

TAKEN = Act.pressed("ack", message().thread, SHE, "en")
FALSE = Act.pressed("false-alarm", message().thread, SHE, "en")
IRONY = Act.pressed("irony", message().thread, SHE, "en")


@pytest.mark.parametrize(
    ("answer", "wish"),
    [
        (lambda fake: fake.react(ROOT, "✅"), TAKEN),
        (lambda fake: fake.react(ROOT, "👍🏽"), TAKEN),
        (lambda fake: fake.react(ROOT, "❌️"), FALSE),
        (lambda fake: fake.reply(ROOT, "!ack"), TAKEN),
        (lambda fake: fake.reply("$2", "Je prends\u202f!", rel_type="m.thread", event_id=ROOT), TAKEN),
        (lambda fake: fake.reply("$2", "> <@bot:m.example> Acme\n\n!false-alarm"), FALSE),
        (lambda fake: fake.reply(ROOT, "Fausse alerte\u00a0: ironie mal lue"), IRONY),
    ],
)
async def test_an_answer_asks_for_what_it_says_once(answer: Any, wish: Act) -> None:
    asked = Asked()
    async with matrix() as fake, writer(fake, asked) as channel, listening(fake, channel):
        receipt = await channel.send(message(choices=CHOICES))
        await channel.send(step(1, "worse"), receipt or "")
        answer(fake)
        await until_read(fake)

    assert [wish] == asked.acts


async def test_what_answers_no_alert_of_ours_is_let_pass() -> None:
    asked = Asked()
    async with matrix() as fake, writer(fake, asked) as channel, listening(fake, channel):
        await channel.send(message(choices=CHOICES))
        hers = fake.say("m.room.message", {"body": "!ack", "badbuzz.incident": {"id": "1", "language": "fr"}})
        fake.react(hers, "✅")
        fake.react(ROOT, "🎉")
        fake.react("$nothing", "✅")
        fake.reply(ROOT, "I have it not")
        fake.reply(ROOT, "!ack", rel_type="m.replace", event_id=ROOT)
        for broken in ([], {"rel_type": "m.annotation"}, {"m.in_reply_to": 3}, {"rel_type": "m.thread"}, None):
            fake.say("m.room.message", {"body": 3, "m.relates_to": broken})
        fake.say("m.reaction", fake.events[2]["content"] | {}, by=ME)
        fake.react(ROOT, "✅")
        await until_read(fake)

    assert [TAKEN] == asked.acts


async def test_what_was_said_while_nobody_listened_is_heard_and_nothing_twice() -> None:
    first, second = Asked(), Asked()
    async with matrix() as fake:
        fake.say("m.room.message", {"body": "before we came"})
        async with writer(fake, first) as channel, listening(fake, channel):
            await channel.send(message(choices=CHOICES))
            fake.react("$1", "✅")
            await until_read(fake)
        fake.react("$1", "❌")
        async with writer(fake, second) as channel, served(channel):
            await until_read(fake)

    assert ([TAKEN], [FALSE]) == (first.acts, second.acts)


async def test_a_server_that_forgot_where_we_were_is_read_from_now() -> None:
    asked = Asked()
    async with matrix() as fake, writer(fake, asked) as channel:
        await channel.send(message(choices=CHOICES))
        fake.react(ROOT, "✅")
        fake.memory["badbuzz.read.watch"] = {"since": "t1"}
        with capture_logs() as logs:
            async with listening(fake, channel):
                fake.react(ROOT, "❌")
                await until_read(fake)

    assert ([FALSE], ["room_read_from_now"]) == (asked.acts, [log["event"] for log in logs])


async def test_where_nobody_may_act_nothing_is_read() -> None:
    async with matrix() as fake, writer(fake, answers=False) as channel:
        await channel.serve()

    assert [] == fake.syncs


# --- refusals ---------------------------------------------------------------------------------------------------------


async def test_why_nobody_is_heard_is_logged() -> None:
    async with matrix() as fake, writer(fake, token="other") as channel:
        with capture_logs() as logs, pytest.raises(SendError, match="not valid any more"):
            await channel.serve()

    assert ["matrix_answers_off"] == [log["event"] for log in logs]


async def test_an_encrypted_room_is_said_before_it_is_needed() -> None:
    async with matrix() as fake, writer(fake) as channel:
        await channel.probe()
        fake.encrypted = True
        with pytest.raises(SendError, match="encrypted"):
            await channel.probe()

    assert [] == fake.events

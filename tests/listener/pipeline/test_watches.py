"""Taking over the watch: told at its start, confirmed with a press, and the second hears when nobody does."""

import asyncio
import re
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerts.acts import Act
from alerts.links import Links
from alerts.render import render_notice
from listener.pipeline.acting import Acting, Place
from listener.pipeline.describe import Describer
from listener.pipeline.linking import linked
from listener.pipeline.writer import Writer
from tests.acting import served
from tests.alerts.channels.test_email import PASSWORD, USER, answering, authority, dovecot, mail, put, smtp_server
from tests.answering import seated
from tests.listener.pipeline.test_ladder import CHANNELS, PEOPLE, RULES, TO, wait
from tests.listener.pipeline.world import opened

NTFY = "a: {kind: ntfy, server: 'https://ntfy.example', topic: t, answers: u}"
ANSWERED = CHANNELS.replace("a: {kind: console}", NTFY, 1)
HOURS = ", hours: {week: 'Fri 08:30-09:00'}"  # ann has no turn before this one: bob had the last


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, rules=RULES, channels=ANSWERED, routes=TO + PEOPLE % HOURS) as world:
        yield world


async def notices(world):
    """(channel, topic), oldest first."""
    return [(each.channel, each.notice.topic) for each in reversed(await world.views.deliveries()) if each.notice]


async def words(world, topic, language="en"):
    describer = Describer(world.views, world.ledger.setup.settings)
    rows = [each.notice for each in await world.views.deliveries() if each.notice and each.notice.topic == topic]
    return render_notice(describer.notice(rows[-1]), language, ZoneInfo("UTC"))


async def test_whoever_takes_over_is_told_and_the_second_when_nobody_confirms(world):
    await world.say("1", "2", "3")
    for _ in range(50):
        world = await world.again()
        await wait(world, 1)
    assert [("a", "watch"), ("b", "watch_unanswered"), ("a", "watch_again")] == await notices(world)
    message = await words(world, "watch")
    assert message.lead == (
        "You are on call until 9:00. 1 open incident (1), 0 blind sources, 0 scheduled posts."
        " Press to confirm: without an answer in 15 min, bob is told."
    )
    assert [("ack", "I confirm")] == [(choice.act, choice.label) for choice in message.choices]
    assert (await words(world, "watch_unanswered")).lead.startswith("Ann has not confirmed being on call until 9:00")
    assert not (await words(world, "watch_unanswered")).choices
    again = await words(world, "watch_again")
    assert again.lead.startswith("You have not confirmed being on call until 9:00: bob is told. 1 open incident (1), ")
    assert again.lead.endswith(" Press to confirm.")
    assert again.choices == message.choices


async def test_who_can_answer_nowhere_is_told_and_not_asked(tmp_path):
    async with opened(tmp_path, rules=RULES, channels=CHANNELS, routes=TO + PEOPLE % HOURS) as world:
        await wait(world, 50)
        assert [("a", "watch")] == await notices(world)
        message = await words(world, "watch")
        assert message.lead.endswith("0 scheduled posts.")
        assert not message.choices


@pytest.mark.parametrize(
    ("channel", "asks", "choices"), [("a", "Press to confirm: ", 1), ("b", "To be confirmed in", 0)]
)
async def test_a_hand_over_is_to_be_confirmed_where_it_can_be(tmp_path, channel, asks, choices):
    both = PEOPLE.replace("call_by: a,", "call_by: [a, room],") % HOURS
    async with opened(tmp_path, rules=RULES, channels=ANSWERED, routes=TO + both) as world:
        await wait(world, 31)
        settings = world.ledger.setup.settings
        (told,) = [each.notice for each in await world.views.deliveries() if each.channel == "a"]
        notice = linked(Describer(world.views, settings).notice(told), Links(b"k"), settings, channel)
        message = render_notice(notice, "en", ZoneInfo("UTC"))
    assert (asks in message.lead, len(message.choices)) == (True, choices)


async def test_a_press_confirms_and_the_second_is_left_in_peace(world):
    await wait(world, 31)
    thread = (await words(world, "watch")).thread
    command = await world.views.ask("ack", thread, "Ann", world.clock.now())
    await wait(await world.again(), 29)
    assert "" == (await world.views.answer(command)).refusal
    assert [("a", "watch"), ("a", "watch_confirmed")] == await notices(world)
    unknown = await world.views.ask("ack", "watch-123", "Ann", world.clock.now())
    await wait(world, 1)
    assert (await world.views.answer(unknown)).refusal


@asynccontextmanager
async def asked(world, channel, kind=""):
    """What somebody who has that channel presses is done by a daemon at work; yields who does it."""
    place = Place(channel=channel, kind=kind, name=channel, language="fr", zone=ZoneInfo("UTC"))
    writing = asyncio.create_task(Writer(world.ledger, world.metrics).run())
    yield Acting(world.views, lambda: world.ledger.setup.settings, world.clock.now, place, patience=20)
    writing.cancel()


async def confirmed(world):
    async with asyncio.timeout(20):
        while ("a", "watch_confirmed") not in await notices(world):
            await world.ledger.committed.wait(1)


@pytest.mark.parametrize("kind", ["matrix", "ntfy", "slackbot", "telegram"])
async def test_the_button_below_a_hand_over_confirms_it(world, kind):
    await wait(world, 31)
    async with asked(world, "a") as acting, seated(kind, acting) as seat:
        await seat.show(await words(world, "watch", "fr"))
        await seat.press("ack")
        await confirmed(world)
    await wait(world, 29)
    assert [("a", "watch"), ("a", "watch_confirmed")] == await notices(world)


async def test_a_hand_over_is_confirmed_by_the_words_that_its_mail_names(world, tmp_path):
    await wait(world, 31)
    trust = authority(tmp_path)
    changes = {"ca_file": trust.ca_file, "imap_password": PASSWORD}
    with dovecot(trust) as port:
        changes["imap"] = f"imaps://{USER}@localhost:{port}"
        async with asked(world, "a") as acting, smtp_server() as inbox, mail(inbox, acting, **changes) as channel:
            await channel.send(await words(world, "watch", "fr"))
            (sent,) = inbox.mails
            named = re.search(r"«\s(.*)\s»", sent.get_body(("plain",)).get_content().splitlines()[-1])[1]
            await asyncio.to_thread(put, port, trust, answering(sent, named))
            async with served(channel):
                await confirmed(world)
    assert "Je confirme" == named


async def test_whoever_has_what_still_grows_is_nudged_once_when_nobody_wrote(world):
    await world.say("1", "2", "3")
    await world.views.ask("ack", "1", "Ann", world.clock.now())
    await wait(world, 40)
    await world.say(*map(str, range(4, 9)))
    await wait(world, 12)
    assert [("a", "nudge")] == [each for each in await notices(world) if each[1] == "nudge"]
    assert "acme 1: still growing, and no note since 8:01" in (await words(world, "nudge")).lead
    assert "aucune note depuis 8" in (await words(world, "nudge", "fr")).lead


async def test_whoever_took_all_of_a_flood_is_nudged_once_and_not_for_each_of_it(world):
    both = f"{RULES}, {RULES.replace('many:', 'more:')}"
    await world.reload(rules=both, channels=CHANNELS, routes=TO + PEOPLE % HOURS)
    await world.say("1", "2", "3")
    for number in ("1", "2"):
        await world.views.ask("ack", number, "Ann", world.clock.now())
    await wait(world, 40)
    await world.say(*map(str, range(4, 9)))
    await wait(world, 20)
    assert [("a", "nudge")] == [each for each in await notices(world) if each[1] == "nudge"]


KNOWN = "known_as: ['camille:matrix.example', 'ann@example.org', 'telegram: @Ann M']"


@pytest.mark.parametrize(
    ("kind", "by", "identity"),
    [
        ("matrix", "@Camille:matrix.example", "@Camille:matrix.example"),
        ("email", "ANN@example.org", "ANN@example.org"),
        ("telegram", "ann m", "77"),
    ],
)
async def test_a_person_is_known_by_what_is_theirs_alone_or_what_they_are_called_there(world, kind, by, identity):
    people = PEOPLE.replace("name: Ann", f"name: Ann, {KNOWN}") % HOURS
    await world.reload(rules=RULES, channels=ANSWERED, routes=TO + people)
    await world.say("1", "2", "3")
    async with asked(world, "room", kind) as acting:
        await acting(msgspec.structs.replace(Act.pressed("ack", "1", by), identity=identity))
    await wait(world, 40)
    await world.say(*map(str, range(4, 9)))
    await wait(world, 12)
    (row,) = await world.views.incidents(open_only=True)
    assert "Ann" == row.acknowledged_by
    assert ("a", "nudge") in await notices(world)


@pytest.mark.parametrize(
    ("by", "shown"), [("Ann", "Ann (room)"), ("@ann", "@ann (room)"), ("Ann M", "Ann M"), ("ann@example.org", None)]
)
async def test_whoever_calls_themselves_like_somebody_in_a_shared_channel_is_a_stranger(world, by, shown):
    people = PEOPLE.replace("name: Ann", f"name: Ann, {KNOWN}") % HOURS
    await world.reload(rules=RULES, channels=ANSWERED, routes=TO + people)
    await world.say("1", "2", "3")
    async with asked(world, "room", "slackbot") as acting:
        await acting(msgspec.structs.replace(Act.pressed("ack", "1", by), identity="U77"))
    await wait(world, 40)
    await world.say(*map(str, range(4, 9)))
    await wait(world, 12)
    (row,) = await world.views.incidents(open_only=True)
    assert (shown or by) == row.acknowledged_by
    assert ("a", "nudge") not in await notices(world)


async def test_a_hand_over_while_nobody_ran_is_told_at_the_start(world):
    await wait(world, 29)
    world.clock.move(minutes=5)
    world = await world.again()
    await wait(world, 1)
    assert [("a", "watch")] == await notices(world)

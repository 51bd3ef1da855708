"""Taking over the watch: told at its start, confirmed with a press, and the second hears when nobody does."""

from zoneinfo import ZoneInfo

import pytest

from alerts.render import render_notice
from listener.pipeline.describe import Describer
from tests.listener.pipeline.test_ladder import CHANNELS, PEOPLE, RULES, TO, wait
from tests.listener.pipeline.world import opened

HOURS = ", hours: {week: 'Fri 08:30-09:00'}"  # ann has no turn before this one: bob had the last


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, rules=RULES, channels=CHANNELS, routes=TO + PEOPLE % HOURS) as world:
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
    assert [("a", "watch"), ("b", "watch_unanswered")] == await notices(world)
    message = await words(world, "watch")
    assert message.lead == (
        "You are on call until 9:00. 1 open incident (1), 0 blind sources, 0 scheduled posts."
        " Press to confirm: without an answer in 15 min, bob is told."
    )
    assert [("ack", "I confirm")] == [(choice.act, choice.label) for choice in message.choices]
    assert (await words(world, "watch_unanswered")).lead.startswith("Ann has not confirmed being on call until 9:00")
    assert not (await words(world, "watch_unanswered")).choices


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


async def test_whoever_has_what_still_grows_is_nudged_once_when_nobody_wrote(world):
    await world.say("1", "2", "3")
    await world.views.ask("ack", "1", "Ann", world.clock.now())
    await wait(world, 40)
    await world.say(*map(str, range(4, 9)))
    await wait(world, 12)
    assert [("a", "nudge")] == [each for each in await notices(world) if each[1] == "nudge"]
    assert "acme 1: still growing, and no note since 8:01" in (await words(world, "nudge")).lead
    assert "aucune note depuis 8" in (await words(world, "nudge", "fr")).lead


async def test_a_hand_over_while_nobody_ran_is_told_at_the_start(world):
    await wait(world, 29)
    world.clock.move(minutes=5)
    world = await world.again()
    await wait(world, 1)
    assert [("a", "watch")] == await notices(world)

"""An incident that comes back is the same one for all who heard of it, in the store, and on the ladder; one that eases
rings nobody.
"""

from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from alerts.render import render
from listener.backtest import replay_store
from listener.pipeline.describe import Describer
from rules.instant import HOUR, MINUTE
from tests.listener.pipeline.world import START, opened

RULES = (
    "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, critical_when: {posts: 8}, calm_for: 10m}"
)
CHANNELS = (
    "a: {kind: console}, b: {kind: console}, room: {kind: console}, boss: {kind: console},"
    " sms: {kind: apprise, url: 'json://127.0.0.1:9'}, chat: {kind: ntfy, server: 'https://ntfy.example', topic: t}"
)
PEOPLE = """
people: {ann: {call_by: a, name: Ann}, bob: {call_by: [b]}}
oncall: {turns: [ann, bob], counted_from: 2027-01-11, ladder: [{after: 10m, remind: first}, {after: 20m, call: second}]}
"""


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, rules=RULES, channels=CHANNELS, routes="[{to: [oncall, room]}]" + PEOPLE) as world:
        yield world


async def asked(world, verb, ending=None):
    await world.views.ask(verb, "1", "camille", world.clock.now(), ending=ending)
    await world.ledger.write([])


async def told(world):
    """Minute, channel and step of what is told, in order."""
    rows = sorted(await world.views.deliveries(), key=lambda each: (each.created, each.channel))
    return [((each.created - START) // MINUTE, each.channel, each.step) for each in rows]


async def flap(world, *, quiet=40, first="abc", then="def"):
    await world.say(*first)
    await world.pass_time(minutes=quiet)
    await world.say(*then)


async def test_whoever_heard_of_it_hears_that_it_is_back_and_the_ladder_begins_anew(world):
    await flap(world)
    assert ["open", "resolved", "reopened"] == await world.states()
    back = 40
    first = [each for each in await told(world) if each[0] >= back]
    assert [(back, "a", 2), (back, "room", 2)] == first
    await world.pass_time(minutes=21)
    later = [(minute, channel) for minute, channel, _ in await told(world) if minute > back]
    assert [(back + 10, "a"), (back + 20, "b")] == later


@pytest.mark.parametrize("restarts", [False, True])
async def test_to_whom_it_was_passed_on_before_hears_of_it_once_its_rung_comes(world, restarts):
    await flap(world)
    await world.pass_time(minutes=5)
    world = await world.again() if restarts else world
    await asked(world, "resolve")
    assert {"a", "room"} == {channel for _, channel, step in await told(world) if step == 3}


async def test_who_had_it_does_not_have_it_any_more_and_a_restart_knows_that(world):
    await world.say("a", "b", "c")
    await asked(world, "ack")
    await world.pass_time(minutes=40)
    await world.say("d", "e", "f")
    (row,) = await world.views.incidents()
    assert ("reopened", None, 1, START) == (row.state, row.acknowledged_by, row.number, row.opened_at)
    assert [row] == await world.views.incidents(open_only=True)
    world = await world.again()
    await world.pass_time(minutes=11)
    assert "a" in {channel for minute, channel, _ in await told(world) if minute > 40}


@pytest.mark.parametrize("restarts", [False, True])
async def test_what_comes_back_milder_is_no_longer_critical_to_anybody_until_it_rises_again(world, restarts):
    await flap(world, first="abcdefgh", then="ijk")
    world = await world.again() if restarts else world
    await world.pass_time(minutes=10)
    reminder = max(await world.views.deliveries(), key=lambda each: each.created)
    assert ("a", 2, False) == (reminder.channel, reminder.step, reminder.critical)
    await world.say(*"lmnopq")
    rise = {each.channel for each in await world.views.deliveries() if each.step == 3}
    assert {"a", "b", "room"} == rise  # and not only once its rung comes


async def test_what_it_was_called_at_its_first_end_stays_known(world):
    await world.say("a", "b", "c")
    await asked(world, "resolve", "real")
    await world.pass_time(minutes=40)
    await world.say("d", "e", "f")
    (row,) = await world.views.incidents()
    assert ("reopened", "real") == (row.state, row.ending)
    assert [True] == [replay.equal async for replay in replay_store(world.views)]


async def test_a_restart_between_its_end_and_its_return_changes_nothing(world):
    await world.say("a", "b", "c")
    await world.pass_time(minutes=40)
    world = await world.again()
    await world.say("d", "e", "f")
    assert ["open", "resolved", "reopened"] == await world.states()
    assert {"a", "room"} == {channel for _, channel, step in await told(world) if step == 2}


async def test_a_restart_takes_no_step_anew_that_time_alone_had_brought(world):
    await world.say("a", "b", "c")
    await world.pass_time(minutes=40)
    assert ["open", "resolved"] == await world.states()
    with capture_logs() as logged:
        world = await world.again()
        await world.pass_time(minutes=1)
    assert [] == [each["state"] for each in logged if each["event"] == "transition"]


async def test_it_is_said_that_it_is_back_and_after_how_long(world):
    await flap(world)
    delivery = next(each for each in await world.views.deliveries() if each.step == 2)
    describer = Describer(world.views, world.ledger.setup.settings)
    alert = await describer.alert(delivery.transition, delivery.id, world.clock.now())
    assert (1, 15 * MINUTE) == (alert.back.times, (alert.back.at - alert.back.ended_at).total_seconds() * 1_000_000)
    message = render(alert, "fr", ZoneInfo("Europe/Paris"))
    assert "De retour 15" in message.line
    assert message.priority > 2


async def test_nobody_is_promised_a_call_of_before_its_end(tmp_path):
    people = PEOPLE.replace("10m", "50m").replace("20m", "60m")
    routes = "[{severity: critical, to: [oncall]}, {to: [room]}]" + people
    async with opened(tmp_path, rules=RULES, channels=CHANNELS, routes=routes) as world:
        await flap(world, first="abcdefgh", then="ijk")
        describer = Describer(world.views, world.ledger.setup.settings)
        back = [each for each in await world.views.deliveries() if each.step == 2]
        alerts = [await describer.alert(each.transition, each.id, world.clock.now()) for each in back]
        assert [None, None] == [alert.pending for alert in alerts]


async def test_that_it_eases_reaches_only_what_can_show_it_without_a_ring(tmp_path):
    rules = RULES.replace("critical_when: {posts: 8}, ", "")
    async with opened(tmp_path, rules=rules, channels=CHANNELS, routes="[{to: [room, sms, chat]}]") as world:
        await world.say(*map(str, range(200)))
        for number in range(60):
            await world.pass_time(minutes=0.5)
            await world.say(f"later {number}")
        steps = await world.steps()
        (easing,) = [step.step for step in steps if step.state == "better"]
        assert {"room", "chat"} == {channel for _, channel, step in await told(world) if step == easing}
        await world.pass_time(hours=1)
        assert "resolved" == (await world.states())[-1]
        assert {"room", "sms", "chat"} == {c for _, c, step in await told(world) if step == len(steps)}
        assert world.clock.now() < START + 3 * HOUR

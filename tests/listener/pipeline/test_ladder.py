"""The ladder: whoever has the watch is told, reminded, and it is passed on, until somebody has the incident."""

from zoneinfo import ZoneInfo

import pytest

from alerts.render import render
from alerts.silence import Hush, HushFor
from listener.pipeline.describe import Describer
from rules.instant import HOUR, MINUTE
from tests.listener.pipeline.world import BRANDS, START, opened

RULES = (
    "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, critical_when: {posts: 8}, calm_for: 4h,"
    " fused: false}"
)
CHANNELS = (
    "a: {kind: console}, b: {kind: console, time_zone: Europe/Paris}, room: {kind: console}, boss: {kind: console}"
)
PHONES = CHANNELS.replace("a: {kind: console}", "a: {kind: ntfy, server: 'https://ntfy.example', topic: t}", 1)
PEOPLE = """
people: {ann: {call_by: a, name: Ann}, bob: {call_by: [b], language: fr}, chief: {call_by: boss}}
oncall:
  {turns: [ann, bob], counted_from: 2027-01-11, ladder: [{after: 10m, remind: first}, {after: 20m, call: second},
  {after: 35m, call: chief}]%s}
"""
TO = "[{to: [oncall, room]}]"


def opened_with(folder, more="", to=TO):
    return opened(folder, rules=RULES, channels=CHANNELS, routes=to + PEOPLE % more)


@pytest.fixture
async def world(tmp_path):
    async with opened_with(tmp_path) as world:
        yield world


async def calls(world):
    """(minutes since the start, channel, why, step) of all alerts, oldest first."""
    rows = reversed(await world.views.deliveries())
    return [
        (each.due // MINUTE - START // MINUTE, each.channel, each.call.why if each.call else "", each.transition[-1])
        for each in rows
        if each.transition
    ]


async def wait(world, minutes):
    for _ in range(minutes):
        world.clock.move(minutes=1)
        await world.ledger.write([])


async def take(world):
    await world.views.ask("ack", "1", "Ann", world.clock.now())
    await world.ledger.write([])


async def test_an_incident_climbs_until_the_ladder_ends_and_each_rung_once_whatever_dies(world):
    await world.say("1", "2", "3")
    for _ in range(10):
        world = await world.again()
        await wait(world, 2)
    assert [
        (0, "a", "told", "0"),
        (0, "room", "", "0"),
        (10, "a", "remind", "0"),
        (20, "b", "pass", "0"),
    ] == await calls(world)
    world.clock.move(hours=3)  # nobody ran meanwhile
    world = await world.again()
    assert [(200, "boss", "pass", "0")] == (await calls(world))[4:]
    await wait(world, 2)
    assert 5 == len(await calls(world))


async def test_taking_it_ends_the_ladder_and_all_who_were_called_hear_of_it(world):
    await world.say("1", "2", "3")
    await wait(world, 21)
    await take(world)
    world = await world.again()
    await wait(world, 40)
    told = (await calls(world))[4:]
    assert [(21, channel, "1") for channel in ("a", "room", "b")] == [
        (minute, channel, step) for minute, channel, _, step in told
    ]


async def test_whoever_gives_it_back_sets_the_ladder_up_again(world):
    await world.say("1", "2", "3")
    await wait(world, 1)
    await take(world)
    await wait(world, 30)
    await world.views.ask("unack", "1", "Ann", world.clock.now())
    await wait(await world.again(), 21)
    assert [(42, "a", "remind"), (52, "b", "pass")] == [each[:3] for each in (await calls(world))[6:]]


async def test_a_rise_is_passed_on_at_once_and_not_once_more_at_its_rung(world):
    await world.say("1", "2", "3")
    await wait(world, 12)
    await world.say(*map(str, range(4, 12)))
    assert "critical" == (await world.steps())[-1].severity
    assert [(12, "a", "told", "1"), (12, "room", "", "1"), (12, "b", "pass", "1")] == (await calls(world))[3:]
    await wait(world, 24)
    assert [(35, "boss", "pass", "1")] == (await calls(world))[6:]


async def test_a_silence_quiets_the_ladder(world):
    await world.say("1", "2", "3")
    wish = HushFor(what=Hush(brand="acme"), span=HOUR)
    await world.views.ask_silence(wish, "known", "anna", world.clock.now())
    await wait(world, 40)
    assert 2 == len(await calls(world))


async def test_a_rung_calls_whoever_has_the_watch_by_then_as_the_configuration_now_says(world):
    await world.say("1", "2", "3")
    await wait(world, 5)
    swap = ", swaps: [{from: 2027-01-15T08:08, to: 2027-01-15, who: chief}]"
    await world.reload(rules=RULES, channels=CHANNELS, routes=TO + PEOPLE % swap)
    await wait(world, 16)
    assert [(10, "boss", "remind"), (20, "b", "pass")] == [each[:3] for each in (await calls(world))[2:]]


async def test_outside_the_hours_others_are_told_and_the_watch_calls_once_it_begins(tmp_path):
    hours = ", hours: {week: 'Mon-Fri 09:00-10:00'}, otherwise: room"
    async with opened_with(tmp_path, hours, "[{to: oncall}]") as world:
        await world.say("1", "2", "3")
        await wait(world, 71)
        assert [(0, "room", "told"), (60, "a", "pass"), (70, "a", "remind")] == [
            each[:3] for each in await calls(world)
        ]


async def test_what_is_detected_is_the_same_with_and_without_people_silences_and_grouping(tmp_path):
    logs, people = [], PEOPLE.replace("call_by: a,", "call_by: a, only: [acme], quiet_hours: '07:00-09:00',")
    for client, channels, routes in (("", CHANNELS, "[{to: room}]"), (", client: Acme", PHONES, TO + people % "")):
        folder = tmp_path / ("plain" if client == "" else "routed")
        folder.mkdir()
        brands = BRANDS.replace("query: acme", f"query: acme{client}")
        async with opened(folder, rules=RULES, brands=brands, channels=channels, routes=routes) as world:
            if client:
                wish = HushFor(what=Hush(brand="acme", critical=True), span=12 * MINUTE)
                await world.views.ask_silence(wish, "known", "anna", world.clock.now())
            await world.say("1", "2", "3")
            await wait(world, 5)
            await world.say(*map(str, range(4, 12)))
            await wait(world, 30)
            logs.append(((await world.log())[0], await world.steps()))  # authors are salted by the store
            assert client == "" or {"a", "b"} <= {each[1] for each in await calls(world)}
    assert logs[0] == logs[1]


async def test_a_rise_that_is_told_neither_begins_the_ladder_anew_nor_says_another_time(world):
    await world.say("1", "2", "3")
    await wait(world, 5)
    await world.say("4", "5", "6", "7", "8")
    before = await calls(world)
    for _ in range(8):
        world = await world.again()
        await wait(world, 5)
    assert [(10, "a", "remind"), (35, "boss", "pass")] == [each[:3] for each in (await calls(world))[len(before) :]]


async def test_rungs_that_a_silence_held_back_follow_when_it_ends(world):
    await world.say("1", "2", "3")
    wish = HushFor(what=Hush(brand="acme"), span=15 * MINUTE)
    await wait(world, 1)
    await world.views.ask_silence(wish, "known", "anna", world.clock.now())
    await wait(world, 14)
    world = await world.again()
    await wait(world, 6)
    assert [(16, "a", "remind"), (20, "b", "pass")] == [each[:3] for each in (await calls(world))[2:]]


async def test_whoever_is_reminded_or_called_reads_the_figures_of_that_moment_in_each_form(world):
    await world.say("1", "2", "3")
    await wait(world, 8)
    await world.say("4", "5")
    await wait(world, 12)
    world = await world.again()
    describer, now = Describer(world.views, world.ledger.setup.settings), world.clock.now()
    counts, lines = {}, {}
    for each in await world.views.deliveries():
        alert = await describer.alert(each.transition, each.id, now)
        (brief,) = (await describer.several([each], now)).several
        assert brief.count == alert.figures.count == alert.figures.posts == sum(alert.figures.sources.values())
        why = each.call.why if each.call else ""
        counts[why], lines[why] = alert.figures.count, render(alert, "en", ZoneInfo("UTC")).line
    assert {"": 3, "told": 3, "remind": 5, "pass": 2} == counts
    assert lines["remind"].startswith(
        "acme, reminder, serious: 5 mentions in 15 min (3, then 2; 3 at opening)."
        " Nobody has it yet, 10 min after the opening."
    )

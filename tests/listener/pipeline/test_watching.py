"""Watch-only mode: all is recorded, only what is critical rings, and once a day people hear what would have."""

import msgspec
import pytest
from structlog.testing import capture_logs

from rules.instant import HOUR, instant
from tests.listener.pipeline.world import BRANDS, START, opened

RULES = "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, critical_when: {posts: 8}}"
# the world begins on the 15th, 8:00
WATCHED = BRANDS.replace("acme: {", "acme: {watch_only: until 2027-01-18, ")
BOTH = {
    "channels": "team: {kind: console}, chat: {kind: console}, boss: {kind: console}",
    "routes": "[{to: [team, chat]}]",
}


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, brands=WATCHED, rules=RULES, **BOTH) as world:
        yield world


async def wait(world, hours):
    """Hours in which nothing is said, looked at now and then."""
    for _ in range(4 * hours):
        world.clock.move(minutes=15)
        await world.ledger.write([])


async def told(world):
    """(channel, what) of all deliveries, oldest first."""
    rows = reversed(await world.views.deliveries())
    return [(row.channel, row.notice.topic if row.notice else "alert") for row in rows]


async def test_what_would_have_rung_is_held_and_told_once_at_nine(world):
    await world.say("1", "2", "3")
    assert (["open"], []) == (await world.states(), await told(world))
    await wait(world, 2)
    assert [("team", "held"), ("chat", "held")] == await told(world)
    notice = (await world.views.deliveries())[0].notice
    assert [(1, "many", "warning", 3)] == [(each.number, each.rule, each.severity, each.count) for each in notice.held]
    assert START + HOUR == instant(notice.at)
    await wait(world, 25)  # a day without any
    again = await world.again()
    await wait(again, 1)
    assert 2 == len(await told(world))


async def test_the_log_says_what_was_held(world):
    with capture_logs() as logged:
        await world.say("1", "2", "3")
        await world.say(*map(str, range(4, 9)))
    held = [(each["state"], each["held"]) for each in logged if each["event"] == "transition"]
    assert [("open", True), ("worse", False)] == [held[0], held[-1]]


async def test_what_becomes_critical_rings_and_is_in_no_digest(world):
    await world.say("1", "2", "3")
    await world.say(*map(str, range(4, 9)))
    assert [("team", "alert"), ("chat", "alert")] == (await told(world))[:2]
    await wait(world, 2)
    assert {"alert"} == {what for _, what in await told(world)}


async def test_it_rings_again_from_that_day_on(world):
    world.clock.move(hours=64)  # midnight of the 18th in the time zone of the configuration
    await world.ledger.write([])
    world.clock.move(minutes=1)
    await world.say("1", "2", "3")
    assert [("team", "alert"), ("chat", "alert")] == await told(world)


async def test_detection_is_the_same_with_and_without_it(tmp_path):
    logs = []
    for name, brands, rules in (
        ("with", WATCHED, RULES),
        ("without", BRANDS, RULES),
        ("rule", BRANDS, RULES.replace("{kind", "{watch_only: 2027-01-18, kind", 1)),
    ):
        (tmp_path / name).mkdir()
        async with opened(tmp_path / name, brands=brands, rules=rules) as world:
            await world.say("1", "2", "3")
            await wait(world, 1)
            plan, *_ = await world.log()  # authors have another pseudonym in each store
            logs.append([msgspec.json.encode(each) for each in (plan, *await world.steps())])
            assert (name == "without") == bool(await told(world))
    assert logs[0] == logs[1] == logs[2]


async def test_days_that_the_daemon_was_away_for_are_told_afterwards(world):
    await world.say("1", "2", "3")
    world.clock.move(days=2)
    again = await world.again()
    await wait(again, 1)
    assert [START + HOUR] * 2 == [instant(row.notice.at) for row in await world.views.deliveries()]

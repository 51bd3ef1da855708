"""Silences, and calm beside what is critical: detection goes on, and what still stands afterwards is told then."""

import msgspec
import pytest

from alerts.alert import Withheld
from alerts.silence import Hush, HushFor
from listener.pipeline.describe import Describer
from rules.instant import DAY, HOUR, MINUTE
from tests.listener.pipeline.world import BRANDS, START, opened

RULES = (
    "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, critical_when: {posts: 8}, calm_for: 10m,"
    " fused: false}"
)
WORDS = ", words: {kind: keyword, any: [lost], at_least: {posts: 1}, severity: warning, calm_for: 10m, fused: false}"
ACME = Hush(brand="acme")


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, rules=RULES) as world:
        yield world


async def test_a_weekly_silence_holds_in_its_hours_alone_and_comes_again(world):
    weekly = Hush(brand="acme", hours=("Fri 09:00-10:00",), time_zone="Europe/Paris")  # it is Friday, 9:00 there
    assert "" == await hush(world, weekly, span=30 * DAY)
    for week in range(2):
        heard = []
        world.clock.set(START + week * 7 * DAY + MINUTE)
        await world.say(f"{week}.1", f"{week}.2", f"{week}.3")
        while (now := world.clock.now() - START - week * 7 * DAY) < HOUR + 4 * MINUTE:
            heard.append((now < HOUR, len(await told(world))))
            world.clock.move(minutes=4)
            await world.say(str(world.clock.now()))
        assert {(True, week * 2), (False, week * 2 + 1)} == set(heard)
        await calm(world)  # the end is told as well


@pytest.mark.parametrize(
    "what", [{"hours": ("Fry",)}, {"hours": ("Fri",), "time_zone": "Mars"}, {"hours": ("Fri",), "time_zone": "../x"}]
)
async def test_a_weekly_silence_that_nobody_understands_is_refused(world, what):
    assert "hours of a week" in await hush(world, Hush(brand="acme", **what), span=DAY)
    assert "366 days at most" in await hush(world, Hush(brand="acme", hours=("Fri",)), span=400 * DAY)


async def hush(world, what=ACME, span=HOUR, by="anna"):
    return await answered(
        world, await world.views.ask_silence(HushFor(what=what, span=span), "known", by, world.clock.now())
    )


async def answered(world, command):
    await world.ledger.write([])
    return (await world.views.answer(command)).refusal


async def calm(world):
    """Half an hour in which nothing is said, and none of it too long for a daemon that listens."""
    for _ in range(9):
        world.clock.move(minutes=4)
        await world.ledger.write([])


async def told(world):
    """(channel, step) of all alerts, oldest first."""
    rows = reversed(await world.views.deliveries())
    return [(row.channel, row.transition.rpartition(".")[2]) for row in rows if row.transition]


async def held(world):
    return [count for _, count in await world.views.silences()]


async def test_what_is_silenced_is_counted_and_told_afterwards_once_if_it_still_stands(world):
    assert "" == await hush(world)
    await world.say("1", "2", "3")
    assert (["open"], [], [1]) == (await world.states(), await told(world), await held(world))
    (step,) = await world.steps()
    world = await world.again()
    for _ in range(7):  # it stays loud
        world.clock.move(minutes=10)
        await world.say(*(f"{world.clock.now()}.{number}" for number in range(3)))
        assert bool(await told(world)) == (world.clock.now() >= START + HOUR)
    assert [("team", "1")] == await told(world)
    kept = await world.views.held_back(step.incident)
    assert [(0, 1, None), (1, 1, START + HOUR)] == [(each.step, each.silence, each.told_at) for each in kept]
    (delivery,) = await world.views.deliveries()
    described = await Describer(world.views, world.ledger.setup.settings).alert(delivery.transition, delivery.id)
    # as many as are counted when it is told, not when it was held back
    assert Withheld(by="anna", count=6) == described.withheld
    again = await world.again()
    await again.ledger.write([])
    assert [("team", "1")] == await told(world)


async def test_nobody_hears_the_end_of_what_nobody_heard_of(world):
    await hush(world)
    await world.say("1", "2", "3")
    await calm(world)
    await calm(world)
    assert (["open", "resolved"], []) == (await world.states(), await told(world))


async def test_whoever_heard_the_beginning_hears_the_end_and_nothing_between(world):
    await world.say("1", "2", "3")
    await hush(world, Hush(incident="1"))
    await world.say("4", "5", "6")
    await calm(world)
    assert ["open", "worse", "resolved"] == await world.states()
    assert [("team", "0"), ("team", "2")] == await told(world)


async def test_what_becomes_critical_rings_unless_the_silence_says_otherwise(world, tmp_path):
    await hush(world)
    await world.say("1", "2", "3")
    await world.say(*map(str, range(4, 9)))
    assert ("critical", [("team", "1")]) == ((await world.steps())[-1].severity, await told(world))
    (tmp_path / "other").mkdir()
    async with opened(tmp_path / "other", rules=RULES) as other:
        await hush(other, Hush(brand="acme", critical=True))
        await other.say(*map(str, range(8)))
        assert ("critical", []) == ((await other.steps())[-1].severity, await told(other))


async def test_who_knows_of_an_incident_hears_after_the_silence_that_it_became_critical(world):
    await world.say("1", "2", "3")
    await hush(world, Hush(brand="acme", critical=True))
    await world.say(*map(str, range(4, 9)))
    assert (["open", "worse"], [("team", "0")]) == (await world.states(), await told(world))
    world = await world.again()
    await answered(world, await world.views.ask("expire", "1", "anna", world.clock.now()))
    assert [("team", "0"), ("team", "1")] == await told(world)


async def test_what_somebody_has_taken_is_not_told_when_the_silence_ends(world):
    await hush(world)
    await world.say("1", "2", "3")
    await answered(world, await world.views.ask("ack", "1", "leo", world.clock.now()))
    assert "" == await answered(world, await world.views.ask("expire", "1", "anna", world.clock.now()))
    await world.say("4")
    assert [] == await told(world)


async def test_a_silence_is_ended_by_its_number_and_what_stands_is_told_at_once(world):
    await hush(world)
    await world.say("1", "2", "3")
    assert "no silence 2 is in force" == await answered(world, await world.views.ask("expire", "2", "leo", START))
    assert "" == await answered(world, await world.views.ask("expire", "1", "leo", world.clock.now()))
    assert [("team", "0")] == await told(world)
    assert "no silence 1 is in force" == await answered(world, await world.views.ask("expire", "1", "leo", START))
    ((silence, count),) = await world.views.silences()
    assert ("leo", 1, True) == (silence.ended_by, count, silence.until < START + MINUTE)


@pytest.mark.parametrize(
    ("what", "span", "refusal"),
    [
        (Hush(), HOUR, "a silence says of what"),
        (ACME, 7 * DAY + 1, "7 days at most"),
        (ACME, 0, "7 days at most"),
        (Hush(incident="9"), HOUR, "there is no incident 9"),
    ],
)
async def test_what_cannot_be_had_is_refused_in_words(world, what, span, refusal):
    assert refusal in await hush(world, what, span)
    assert [] == await world.views.silences()


async def test_a_wish_left_for_a_daemon_that_is_down_ends_when_it_was_to_end(world):
    asked = [
        await world.views.ask_silence(HushFor(what=ACME, span=span), "known", "anna", world.clock.now())
        for span in (10 * MINUTE, HOUR)
    ]
    world.clock.move(minutes=20)
    world = await world.again()
    assert "its time was over before the daemon took it" == await answered(world, asked[0])
    assert [START + HOUR] == [silence.until for silence, _ in await world.views.silences()]


async def test_beside_what_is_critical_a_quiet_route_rings_for_nothing_less_until_that_is_over(tmp_path):
    routes = "[{to: [team], quiet_while_critical: true, continue: true}, {severity: warning, to: [phone]}]"
    async with opened(tmp_path, rules=RULES + WORDS, routes=routes) as world:
        await world.say(*map(str, range(8)))
        await world.hear(world.said("x", "acme lost it"))
        many, words = await world.steps()
        assert [("team", "0"), ("phone", "0")] == await told(world)
        assert [many.incident] == [each.behind for each in await world.views.held_back(words.incident)]
        again = await world.again()
        await answered(again, await world.views.ask("resolve", "1", "leo", world.clock.now()))
        assert [("team", "0"), ("phone", "0"), ("team", "1"), ("team", "0")] == await told(world)


async def test_the_log_and_the_steps_are_the_same_with_and_without(tmp_path):
    logs = []
    quiet = "[{to: [team], quiet_while_critical: true, language: en, source: press, hours: Sat}]"
    for name, routes, wanted in (
        ("with", quiet, True),
        ("silenced", "[{to: [team]}]", True),
        ("without", "[{to: [team]}]", False),
    ):
        (tmp_path / name).mkdir()
        async with opened(tmp_path / name, rules=RULES + WORDS, routes=routes) as world:
            if wanted:
                await hush(world, Hush(brand="acme", critical=True), 2 * HOUR)
            await world.say("1", "2", "3")
            await world.hear(world.said("x", "acme lost it"))
            await world.say(*map(str, range(4, 9)))
            await calm(world)
            await calm(world)
            plan, *_ = await world.log()  # authors have another pseudonym in each store
            logs.append([msgspec.json.encode(each) for each in (plan, *await world.steps())])
            assert bool(await told(world)) != wanted
    assert logs[0] == logs[1] == logs[2]
    assert len(logs[0]) == 6


async def test_a_route_for_a_language_takes_what_is_said_in_it(tmp_path):
    brands = BRANDS.replace("[en]", "[en, fr]")
    routes = "[{language: fr, to: [phone], continue: true}, {language: en, to: [team]}]"
    async with opened(tmp_path, brands=brands, rules=RULES, routes=routes) as world:
        await world.hear(
            *(world.said(str(number), "acme est en retard, c'est nul", language="fr") for number in range(3))
        )
        assert [("phone", "0")] == await told(world)
        world.clock.move(seconds=10)
        await world.hear(*(world.said(f"en{number}", language="en") for number in range(3)))
        assert [("phone", "0"), ("phone", "1"), ("team", "1")] == await told(world)

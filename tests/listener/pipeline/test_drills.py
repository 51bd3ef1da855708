"""Fire drills go the real way to people and are measured, and nothing else of the program hears of them."""

from zoneinfo import ZoneInfo

import pytest

from alerts.acts import Act
from alerts.delivery import Outcome
from alerts.drill import DrillFor
from alerts.links import Links
from alerts.render import render
from alerts.silence import Hush
from listener.pipeline.acting import Acting, place_of
from listener.pipeline.describe import Describer
from listener.pipeline.linking import linked
from listener.pipeline.pending import is_moot
from listener.pipeline.work import Settled
from rules.instant import SECOND, moment
from tests.listener.pipeline.test_ladder import calls, opened_with
from tests.listener.pipeline.test_silences import hush
from tests.listener.pipeline.world import opened

ROUTES = "[{brand: acme, to: [client], continue: true}, {to: [team, phone]}]"
CHANNELS = (
    "team: {kind: console}, phone: {kind: ntfy, server: 'https://ntfy.example', topic: t}, boss: {kind: console},"
    " client: {kind: console}"
)


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, channels=CHANNELS, routes=ROUTES) as world:
        yield world


async def ask(world, verb="drill", target="", **wish):
    if verb == "drill":
        command = await world.views.ask_drill(DrillFor(**wish), "anna", world.clock.now())
    else:
        command = await world.views.ask(verb, target, "anna", world.clock.now())
    await world.ledger.write([])
    return (await world.views.answer(command)).refusal


async def deliver(world, *channels, state="sent", detail=""):
    """What is due for these channels comes to something, as a dispatcher would tell."""
    for channel in channels:
        while rows := await world.store.due(channel, world.clock.now(), limit=1):
            (row,) = rows
            outcome = Outcome(
                delivery=row.id, at=world.clock.now(), attempt=row.attempts + 1, state=state, detail=detail
            )
            await world.ledger.write([Settled(outcome=outcome)])


async def words(world, channel, language="en"):
    """The last message of a channel; None when there is nothing to say any more."""
    row = next(each for each in await world.views.deliveries() if each.channel == channel)
    alert = await Describer(world.views, world.ledger.setup.settings).alert(row.transition, row.id)
    return alert and render(alert, language, ZoneInfo("Europe/Paris"))


async def told(world):
    return [(each.channel, each.transition) for each in reversed(await world.views.deliveries())]


async def test_a_drill_is_told_taken_measured_and_summed_up(world):
    assert "" == await ask(world)
    assert [("team", "drill-1.0"), ("phone", "drill-1.0")] == await told(world)
    opening = await words(world, "phone", "fr")
    assert ("EXERCICE, rien à publier.", "EXERCICE") == (opening.line[:25], opening.line[-8:])
    assert ["ack"] == [choice.act for choice in opening.choices]
    assert "badbuzz incidents" not in "".join(opening.first)
    world.clock.move(seconds=4)
    await deliver(world, "phone")
    world.clock.move(seconds=8)
    await deliver(world, "team", state="parked", detail="hook.example answered 404")
    world.clock.move(seconds=100)
    assert "" == await ask(world, "ack", "drill-1")
    assert "anna already has drill 1" == await ask(world, "ack", "drill-1")
    await deliver(world, "phone", "team")
    await world.pass_time(seconds=10)
    (drill,) = await world.views.drills()
    assert (112 * SECOND, "anna") == (drill.taken_at - drill.at, drill.taken_by)
    assert [("phone", "drill-1.2"), ("boss", "drill-1.2")] == (await told(world))[-2:]
    summary = await words(world, "boss")
    assert (
        "phone 4 s; taken in 1 min 52 s by anna. To mend: team got nothing (hook.example answered 404)." in summary.line
    )
    assert "drill 1 is over" == await ask(world, "ack", "drill-1")


async def test_a_drill_leads_to_no_page_of_an_incident_that_has_its_number(world):
    await ask(world)
    describer, settings = Describer(world.views, world.ledger.setup.settings), world.ledger.setup.settings
    alert = await describer.alert("drill-1.0", "a1")
    assert linked(alert, Links(b"l" * 32), settings, "phone").link is None


@pytest.mark.parametrize(
    ("answers", "takes"),
    [("", "badbuzz incidents ack drill-1"), (", answers: u", "Take it where it has a button: phone.")],
)
async def test_where_a_drill_cannot_be_taken_those_channels_are_named_where_it_can(tmp_path, answers, takes):
    channels = CHANNELS.replace("topic: t", f"topic: t{answers}")
    async with opened(tmp_path, channels=channels, routes=ROUTES) as world:
        await ask(world)
        settings = world.ledger.setup.settings
        alert = await Describer(world.views, settings).alert("drill-1.0", "a1")
        message = render(linked(alert, Links(b"l" * 32), settings, "team"), "en", ZoneInfo("UTC"))
    assert takes in message.first[0]


async def test_nothing_of_a_drill_is_in_the_log_or_among_incidents(world, tmp_path):
    await ask(world)
    await deliver(world, "team", "phone")
    await ask(world, "ack", "drill-1")
    await world.pass_time(minutes=2)
    assert ([], [], []) == (await world.steps(), await world.views.incidents(), await world.views.mentions())
    assert ["Configured"] == [type(entry).__name__ for entry in await world.log()]
    assert 0 == world.sample("badbuzz_incident_transitions_total", state="open", severity="critical")


async def test_who_hears_of_one_brand_alone_is_left_out_unless_asked_for(world):
    await ask(world)
    assert ("client",) == (await world.views.drills())[0].spared
    assert "drill 1 is still under way" == await ask(world)
    await ask(world, "resolve", "drill-1")
    assert "" == await ask(world, to=("client",))
    assert ("client", "drill-2.0") == (await told(world))[-1]


async def test_a_drill_survives_a_restart_and_ends_by_itself(world):
    await ask(world)
    await deliver(world, "phone")
    world = await world.again()
    world.clock.move(minutes=30)
    await world.ledger.write([])
    (drill,) = await world.views.drills()
    assert (30 * 60 * SECOND, None) == (drill.ended_at - drill.at, drill.taken_at)
    assert "To mend: team got nothing; nobody answered in 30 min." in (await words(world, "phone")).line
    assert await words(world, "team") is None  # what did not leave in time leaves no more


@pytest.mark.parametrize(
    ("refused", "wish"),
    [
        ("there is no brand nobody", {"brand": "nobody"}),
        ("there is no channel or person nobody", {"to": ("team", "nobody")}),
    ],
)
async def test_a_drill_that_can_reach_nobody_is_refused_in_words(world, refused, wish):
    assert refused == await ask(world, **wish)
    assert [] == await world.views.drills()


async def test_a_silence_and_a_daemon_that_was_away_keep_a_drill_from_surprising_people(world):
    await hush(world, Hush(brand="acme", critical=True))
    assert (await ask(world)).startswith("nobody would be told: silence 1 of anna")
    command = await world.views.ask_drill(DrillFor(to=("team",)), "anna", world.clock.now())
    world.clock.move(hours=2)
    await world.ledger.write([])
    assert "it was asked for too long ago" == (await world.views.answer(command)).refusal


async def test_a_press_takes_the_drill_as_it_takes_an_incident(world):
    await ask(world)
    settings = world.ledger.setup.settings
    place = place_of(settings.channels["team"], settings)
    acting = Acting(world.views, lambda: settings, world.clock.now, place, patience=0)
    await acting(Act.pressed("ack", "drill-1", "léa"))
    await world.ledger.write([])
    assert "léa" == (await world.views.drills())[0].taken_by


@pytest.mark.parametrize(("away", "held"), [(10, True), (59, True), (90, False)])
async def test_a_drill_is_held_when_it_is_time_also_soon_after_it(tmp_path, away, held):
    # the clock of these tests starts on Friday 15 January 2027 at 8:00 UTC
    parts = {"routes": "[{to: [team]}]\ndrill: {every: '30 9 * * fri', to: team, for: 1h}"}
    async with opened(tmp_path, **parts) as world:
        assert "Fri 08:00" == f"{moment(world.clock.now()):%a %H:%M}"
        world.clock.move(minutes=89)
        await world.ledger.write([])
        assert [] == await world.views.drills()
        world.clock.move(minutes=1 + away)
        later = await world.again()
        await later.pass_time(seconds=20)
        assert held == bool(await world.views.drills())
        await later.pass_time(seconds=20)
        assert held == len(await world.views.drills())


async def test_a_drill_climbs_the_ladder_until_somebody_has_it(tmp_path):
    async with opened_with(tmp_path) as world:
        await ask(world)
        world.clock.move(minutes=11)
        await world.ledger.write([])
        world = await world.again()  # noqa: PLW2901
        await deliver(world, "a", "room")
        world.clock.move(minutes=10)
        await world.ledger.write([])
        expected = [("a", "told"), ("room", ""), ("a", "remind"), ("b", "pass")]
        assert expected == [(channel, why) for _, channel, why, _ in await calls(world)]
        await ask(world, "ack", "drill-1")
        assert await words(world, "b") is not None  # that somebody has it
        passed = next(each for each in await world.views.deliveries() if each.call and each.call.why == "pass")
        alert = await Describer(world.views, world.ledger.setup.settings).alert(passed.transition, passed.id)
        assert is_moot(alert)
        await deliver(world, "a", "room", "b")
        await world.pass_time(seconds=20)
        (drill,) = await world.views.drills()
        assert ["a", "room", "b"] == [each.channel for each in drill.reached]

"""The ceiling of a person's false alarms: what is held back from them, until when, and how they hear of it."""

import pytest

from alerts.alert import Spared
from alerts.delivery import Outcome
from listener.pipeline.describe import Describer
from listener.pipeline.work import Settled
from rules.instant import DAY
from tests.listener.pipeline.test_silences import answered, calm
from tests.listener.pipeline.world import opened

RULES = (
    "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, critical_when: {posts: 12}, calm_for: 10m,"
    " fused: false}"
)
PEOPLE = "people: {{ann: {{call_by: [phone]{ceiling}}}}}"


def configuration(ceiling=', false_alarms: "1 per month"', to="[team, ann]", more=""):
    return {"rules": RULES, "routes": f"[{{to: {to}}}]\n{PEOPLE.format(ceiling=ceiling)}{more}"}


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, **configuration()) as world:
        await false_alarm(world)
        yield world


async def deliver(world):
    """As if each channel had taken all that is for it."""
    due = await world.views.deliveries(state="due")
    at = world.clock.now()
    works = [Settled(outcome=Outcome(delivery=each.id, at=at, attempt=1, state="sent")) for each in due]
    await world.ledger.write(works)


async def false_alarm(world):
    await world.say("a1", "a2", "a3")
    await deliver(world)
    because = await world.views.ask("resolve", "1", "leo", world.clock.now(), "a namesake", ending="false-alarm")
    assert "" == await answered(world, because)
    await deliver(world)
    await calm(world)


async def after(world):
    """(channel, incident's number, step) of all alerts after the false alarm."""
    numbers = {row.id: row.number for row in await world.views.incidents()}
    rows = [row for row in await world.views.deliveries() if numbers.get(row.thread, 1) > 1]
    return sorted((row.channel, numbers[row.thread], row.transition.rpartition(".")[2]) for row in rows)


async def test_at_the_ceiling_only_others_hear_of_a_calm_incident_also_after_a_restart(world):
    world = await world.again()
    await world.say("b1", "b2", "b3")
    assert [("team", 2, "0")] == await after(world)
    ((kept, brand, number),) = await world.views.kept_from("ann", ["phone"], world.clock.now() - DAY)
    assert (1, 1, 0, "acme", 2) == (kept.had, kept.accept, kept.step, brand, number)
    world = await world.again()
    await calm(world)
    await calm(world)
    assert [("team", 2, "0"), ("team", 2, "1")] == await after(world)


async def test_what_gets_worse_is_told_and_so_is_its_end(world):
    await world.say("b1", "b2", "b3")
    world = await world.again()
    await world.say(*(f"c{number}" for number in range(6)))
    await calm(world)
    await calm(world)
    assert ["0", "1", "2"] == [step for channel, _, step in await after(world) if channel == "team"]
    assert ["1", "2"] == [step for channel, _, step in await after(world) if channel == "phone"]
    assert [] == await world.views.kept_from("ann", ["phone"], 0)


async def test_what_was_held_back_is_said_in_the_next_page_to_that_person_and_to_nobody_else(world):
    await world.say("b1", "b2", "b3")
    await world.pass_time(hours=2)  # what comes now is another incident
    await world.say(*(f"c{number}" for number in range(12)))
    describer, said = Describer(world.views, world.ledger.setup.settings), {}
    for row in await world.views.deliveries(state="due"):
        said[row.channel, row.transition[-2:]] = (await describer.alert(row.transition, row.id)).spared
    assert {("phone", ".0"): Spared(numbers=(2,), count=1, had=1, accept=1)} == {
        where: spared for where, spared in said.items() if spared
    }


async def test_what_was_held_back_and_comes_back_critical_is_told(world):
    await world.say("b1", "b2", "b3")
    await calm(world)
    await calm(world)
    await world.say(*(f"c{number}" for number in range(12)))
    assert "reopened" == (await world.states())[-1]
    assert ("phone", 2, "2") in await after(world)


async def test_what_is_critical_is_told_at_once(world):
    await world.say(*(f"c{number}" for number in range(12)))
    assert ("phone", 2, "0") in await after(world)


async def test_after_thirty_days_a_false_alarm_counts_no_more(world):
    world.clock.move(days=30)
    await world.say("b1", "b2", "b3")
    assert ("phone", 2, "0") in await after(world)


async def test_a_channel_that_several_read_is_nobodys(tmp_path):
    shared = configuration()
    shared["routes"] = shared["routes"].replace("people: {", "people: {bob: {call_by: [phone]}, ")
    async with opened(tmp_path, **shared) as world:
        await false_alarm(world)
        await world.say("b1", "b2", "b3")
        assert ("phone", 2, "0") in await after(world)


async def test_who_is_spared_is_not_called_by_the_ladder_either_until_it_gets_worse(tmp_path):
    watch = "\noncall: {turns: [ann]}"
    async with opened(tmp_path, **configuration(to="[team, oncall]", more=watch)) as world:
        await false_alarm(world)
        await world.say("b1", "b2", "b3")
        again = await world.again()
        await again.pass_time(minutes=11)
        assert [("team", 2, "0")] == await after(again)
        await again.say(*(f"c{number}" for number in range(6)))
        assert ("phone", 2, "1") in await after(again)


async def test_detection_never_sees_it(tmp_path):
    logs = []
    for name, ceiling in (("with", ', false_alarms: "1 per month"'), ("without", "")):
        (tmp_path / name).mkdir()
        async with opened(tmp_path / name, **configuration(ceiling)) as world:
            await false_alarm(world)
            await world.say("b1", "b2", "b3")
            plan, *_ = await world.log()  # authors have another pseudonym in each store
            logs.append((plan, await world.steps(), ("phone", 2, "0") in await after(world)))
    assert logs[0][:2] == logs[1][:2]
    assert [False, True] == [each[2] for each in logs]

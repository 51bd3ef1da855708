"""A history that somebody brings: learnt once, refused in words when it cannot be, and the same after a restart."""

import pytest

from listener.backtest import replay_store
from rules.history import DAY, portions
from rules.instant import MINUTE
from tests.listener.pipeline.world import START, opened

RULES = "bad: {kind: spike, of: posts}"
BEGIN = START // MINUTE


def history(days=4, until=BEGIN, series="posts", width=60):
    return list(portions(0, until - days * DAY, width, {series: [width // 10] * (days * DAY // width)}))


async def bring(world, entries, brand="acme"):
    command = await world.views.ask_history(brand, entries, "Léa", START)
    world.clock.move(seconds=1)
    await world.ledger.write([])
    answered = await world.views.answer(command)
    return answered.refusal


def usual(world):
    return world.ledger.engines.get("acme").judge(world.clock.now())["bad"].usual


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, rules=RULES) as world:
        yield world


async def test_it_is_learnt_and_a_restart_changes_nothing(world):
    assert (None, "") == (usual(world), await bring(world, history()))
    assert usual(world) == pytest.approx(1.5, rel=0.1)
    await world.say(*map(str, range(40)))
    await world.pass_time(minutes=1)
    assert ["open"] == (await world.states())[:1]
    again = await world.again()
    assert usual(again) == pytest.approx(1.5, rel=0.1)
    assert [True] == [replay.equal async for replay in replay_store(world.views)]


@pytest.mark.parametrize(
    ("entries", "brand", "words"),
    [
        (history(), "zen", "there is no brand zen"),
        ([], "acme", "there are no counts in it"),
        (history(series="negative"), "acme", "no rule of acme learns what is usual of negative"),
        (history(until=BEGIN + 60), "acme", "acme is listened to since 2027-01-15T08:00:00Z: leave out"),
    ],
)
async def test_what_cannot_be_learnt_is_refused(world, entries, brand, words):
    assert (await bring(world, entries, brand)).startswith(words)
    assert ["Configured"] == [type(entry).__name__ for entry in await world.log()]


async def test_a_second_time_is_refused_and_what_follows_is_not(world):
    assert "" == await bring(world, history(until=BEGIN - DAY))
    assert "what was before 2027-01-14T08:00:00Z is imported already" == await bring(world, history(until=BEGIN - DAY))
    assert "" == await bring(world, history(days=1))


async def test_less_than_was_heard_by_now_is_refused(world):
    for _ in range(40):  # each is short enough to be no gap
        world.clock.move(minutes=4)
        await world.ledger.write([])
    hour = portions(0, BEGIN - DAY, 5, {"posts": [1] * 12})
    assert "is more than the 0.0 days that this tells of" in await bring(world, list(hour))
    assert "" == await bring(world, history(2))

"""`badbuzz drill` and `badbuzz notify --drill`, without a daemon and after one was there."""

import asyncio
import json
from datetime import timedelta

import pytest

from alerts.alert import Reached
from alerts.drill import Drill
from listener.cli import store_access
from listener.store.port import Commit
from rules.instant import MINUTE, SECOND
from tests.listener.cli.stocked import carry_out, stocked
from tests.listener.pipeline.world import START, opened

OVER = Drill(
    number=1,
    brand="acme",
    at=START,
    until=START + 30 * MINUTE,
    by="anna",
    channels=("phone", "team"),
    spared=("client",),
    taken_at=START + 112 * SECOND,
    taken_by="[/b] léa",
    ended_at=START + 120 * SECOND,
    reached=(Reached(channel="phone", after=timedelta(seconds=4)), Reached(channel="team", why="refused (404)")),
)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(store_access, "_PATIENCE", 0.0)
    monkeypatch.setattr("listener.clock.Clock.now", lambda _: START)


@pytest.fixture
def command(badbuzz, tmp_path):
    config = stocked(tmp_path)

    async def fill():
        async with opened(tmp_path) as world:
            await world.store.commit(Commit(advanced=START + 1, last=START + 1, drills=[OVER]))

    asyncio.run(fill())
    return lambda *words: badbuzz(*words, *(("--config",) if words[0] != "notify" else ()), config)


def test_what_came_of_a_drill_is_shown_with_what_is_to_be_mended(command):
    run = command("drill", "show")
    assert 1 == run.code
    for said in ("phone    in 4.0 s", "team     nothing: refused (404)", "taken: by [/b] léa in 112 s", "client"):
        assert said in run.out
    row = json.loads(command("drill", "list", "--json").out)
    assert (1, "[/b] léa", [4.0, None]) == (
        row["drill"],
        row["taken_by"],
        [each["seconds"] for each in row["channels"]],
    )
    assert "1 of 2" in command("drill", "list").out
    assert 1 == command("drill", "show", "7").code


@pytest.mark.parametrize("words", [("drill", "acme"), ("drill",), ("notify", "team", "--drill")])
def test_a_drill_needs_a_running_daemon_and_begins_when_one_starts_soon(command, tmp_path, words):
    run = command(*words)
    assert (1, True) == (run.code, "no daemon answers" in run.err)
    carry_out(tmp_path)
    row = json.loads(command("drill", "show", "--json").out)
    assert (2, "acme", ["team"]) == (row["drill"], row["brand"], [each["channel"] for each in row["channels"]])
    assert "not yet" in command("drill", "show").out
    assert 0 == command("incidents", "ack", "drill-2", "--by", "anna").code
    carry_out(tmp_path)
    assert "taken: by anna" in command("drill", "show").out

"""What the page draws of a brand, and what it calls things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.pipeline.loudest import Loudest
from listener.pipeline.rates import MINUTES, Rates
from listener.pipeline.status import DaemonStatus
from listener.pipeline.writer import Writer
from listener.store.port import LogEntry, StoreError
from rules.facts import Facts
from rules.inputs import Edited, Heard
from rules.instant import MINUTE
from tests.listener.pipeline.world import START, World, opened


def facts(minute: int, label: str) -> Facts:
    return Facts(mention=f"{minute}", moment=START + minute * MINUTE, source="press", label=label)


@given(st.lists(st.tuples(st.integers(0, 150), st.sampled_from(["negative", "neutral"]))))
def test_minutes_hold_what_a_recount_gives_however_late_each_came(said):
    rates = Rates()
    rates.take(LogEntry(brand="acme", entry=Heard(at=START, facts=facts(*each))) for each in said)
    newest = max((minute for minute, _ in said), default=0)
    shown = range(newest - MINUTES + 1, newest + 1)
    recount = [[label for each, label in said if each == minute] for minute in shown]
    expected = [(len(labels), labels.count("negative")) for labels in recount]
    assert expected == rates.of("acme", START + newest * MINUTE)


def test_an_edit_moves_a_mention_from_one_tone_to_the_other():
    rates = Rates()
    before, after = facts(0, "neutral"), facts(0, "negative")
    rates.take([LogEntry(brand="acme", entry=Heard(at=START, facts=before))])
    rates.take([LogEntry(brand="acme", entry=Edited(at=START, before=before, after=after))])
    assert (1, 1) == rates.of("acme", START)[-1]


def status_of(world: World) -> DaemonStatus:
    writer = Writer(world.ledger, world.metrics)
    ranking = Loudest(world.ledger, world.clock)
    return DaemonStatus(ledger=world.ledger, writer=writer, clock=world.clock, started=START, ranking=ranking)


async def test_the_last_hour_outlives_a_restart_and_what_is_older_goes(world):
    await world.say("1", "2")
    world.clock.move(minutes=59)
    brand = status_of(await world.again()).brand("acme")
    assert [2, *[0] * 59] == [rate.posts for rate in brand.rates]
    world.clock.move(minutes=1)
    brand = status_of(world).brand("acme")
    assert not any(rate.posts for rate in brand.rates)


async def test_the_page_hears_of_each_commit_and_of_no_other_turn(world):
    before = world.ledger.committed.fired
    await world.say("1")
    world.store.failing = 1
    with pytest.raises(StoreError):
        await world.say("2")
    assert before + 1 == world.ledger.committed.fired


async def test_things_are_called_what_people_call_them_and_a_source_says_since_when(tmp_path):
    named = {
        "brands": "acme: {name: Acme Air, query: acme}",
        "sources": "press: {kind: file, path: /nowhere.jsonl, name: Presse}",
        "channels": "team: {kind: console, name: Équipe}, boss: {kind: console}",
    }
    async with opened(tmp_path, **named) as world:
        await world.source_is("parked", detail="cannot be read")
        status = status_of(world)
        assert {"acme": "Acme Air"} == status.brand_names()
        assert [("press", "Presse", START)] == [(each.name, each.label, each.since) for each in status.sources()]
        assert {"team": "Équipe", "boss": "boss"} == status.channels()

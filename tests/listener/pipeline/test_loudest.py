"""The order of brands on a page that cannot show them all."""

import pytest

from listener.pipeline.loudest import Loudest
from tests.listener.pipeline.world import opened

NAMES = ("calm", "talked", "bad", "burning", "quiet")
BRANDS = ", ".join(f"{name}: {{query: {name}, languages: [en]}}" for name in NAMES)
RULES = "recall: {kind: keyword, any: [boycott], severity: critical}"


@pytest.fixture
async def many(tmp_path):
    async with opened(tmp_path, brands=BRANDS, rules=RULES) as world:
        yield world


async def say(world, *texts: str) -> None:
    begin = len(world.store.commits)
    await world.hear(*(world.said(f"{begin}.{number}", text) for number, text in enumerate(texts)))


async def test_incidents_come_before_what_is_criticised_and_that_before_what_is_talked_of(many):
    loudest = Loudest(many.ledger, many.clock)
    await say(many, *["talked is a company in Lyon"] * 5, "bad is terrible, awful and horrible", "boycott burning")
    assert ["burning", "bad", "talked", "calm", "quiet"] == list(await loudest.order())


async def test_an_order_serves_all_who_look_for_five_seconds_and_not_those_after(many):
    loudest = Loudest(many.ledger, many.clock)
    assert list(NAMES) == list(await loudest.order())
    await say(many, "talked is a company in Lyon")
    many.clock.move(seconds=4)
    assert list(NAMES) == list(await loudest.order())
    many.clock.move(seconds=1)
    assert "talked" == (await loudest.order())[0]


async def test_what_was_said_an_hour_ago_is_loud_no_longer(many):
    loudest = Loudest(many.ledger, many.clock)
    await say(many, "talked is a company in Lyon")
    assert "talked" == (await loudest.order())[0]
    many.clock.move(minutes=60)
    assert list(NAMES) == list(await loudest.order())


async def test_a_reload_counts_at_once(many):
    loudest = Loudest(many.ledger, many.clock)
    await loudest.order()
    await many.reload(brands=f"fresh: {{query: fresh, languages: [en]}}, {BRANDS}", rules=RULES)
    assert ["fresh", *NAMES] == list(await loudest.order())

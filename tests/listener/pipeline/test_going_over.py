"""From one process to parts of the brands and back: what one knew, the others know."""

from contextlib import asynccontextmanager
from functools import partial

import msgspec
import pytest

from listener.pipeline.ledger import Ledger
from listener.pipeline.setup import build_setup
from listener.pipeline.work import Dated, Happened, Read, SourceChange
from listener.shares import Share, part_of
from listener.store.store import open_store
from listener.store.upkeep import migrate
from listener.store.views import open_views
from rules.inputs import Deleted, Gap, Heard
from rules.instant import MINUTE, SECOND
from tests.listener.pipeline.world import Hands, World, configured
from tests.postgres import cluster, emptied

BRANDS = "acme: {query: acme, languages: [en]}, slow: {query: slow, languages: [en]}"
PARTS = 2


class Told(Hands):
    """The clock of a part, whose time is what records tell; at a first start from the first one on."""

    def __init__(self, first=0):
        super().__init__()
        object.__setattr__(self, "first", first)

    def now(self):
        return self.first

    def wall(self):
        return self.at


@pytest.fixture(scope="module")
def server():
    with cluster() as url:
        yield url


@pytest.fixture
async def process(server, tmp_path):
    """Begins one after the other on one database: of all brands, or of a part of them."""
    await migrate(await emptied(server))
    settings = configured(tmp_path, brands=BRANDS).settings

    @asynccontextmanager
    async def begun(clock, part=None):
        share = None if part is None else Share(part=part, parts=PARTS)
        setup = build_setup(settings, share=share)
        store, views = open_store(server, part=part or 0), open_views(server)
        await store.open("a test")
        try:
            world = World(tmp_path, store, views, clock, setup)
            world.ledger = Ledger(store, views, clock, world.metrics, setup, share=share)
            await world.ledger.start()
            yield world
        finally:
            await views.close()
            await store.close()

    return begun


def told(at, *works, brands=None):
    return Happened(dated=[Dated(at=at, brands=brands, works=works)], offset=at)


async def counted(world, brand):
    return [entry.facts.mention for entry in await world.log(brand) if isinstance(entry, Heard)]


async def test_what_was_counted_is_counted_once_in_parts_and_by_one_process_again(process):
    assert {part_of(brand, PARTS) for brand in ("acme", "slow")} == {1, 2}
    clock = Hands()
    async with process(clock) as one:
        await one.source_is("live")
        said = [one.said("a"), one.said("b")]
        await one.hear(*said)
    clock.move(minutes=1)
    live = SourceChange(source="press", state="live", code="")
    for brand in ("acme", "slow"):
        time = Told()
        time.set(clock.at)
        async with process(time, part_of(brand, PARTS)) as part:
            more = part.said(f"of {brand}", text=brand)
            await part.ledger.write([told(clock.at, live)])
            await part.ledger.write([told(clock.at + 1, Read(source="press", mentions=[*said, more]), brands=[brand])])
            assert ["file:a", "file:b", f"file:of {brand}"] == await counted(part, brand)
            assert [] == await part.states()
    clock.move(minutes=1)
    async with process(clock) as one:
        await one.hear(*said, one.said("of acme", text="acme"), one.said("of slow", text="slow"))
        assert ["file:a", "file:b", "file:of acme"] == await counted(one, "acme")
        assert ["file:a", "file:b", "file:of slow"] == await counted(one, "slow")


async def test_what_its_author_deletes_is_deleted_wherever_it_was_kept(process):
    clock = Hands()
    async with process(clock) as one:
        await one.hear(said := one.said("gone"))
    gone = msgspec.structs.replace(said, op="delete")
    async with process(Told(), part_of("acme", PARTS)) as part:
        await part.ledger.write([told(clock.at + SECOND, Read(source="press", mentions=[gone]))])
        (kept,) = await part.views.mentions(identities=[said.identity])
        assert (True, "") == (kept.deleted, kept.mention.text)
        assert [Deleted] == [type(entry) for entry in await part.log("acme")][-1:]
        assert Deleted not in [type(entry) for entry in await part.log("slow")]


@pytest.mark.parametrize("is_told", [False, True])
async def test_the_time_between_one_process_and_a_part_is_a_gap_not_a_calm(process, is_told):
    clock = Hands()
    async with process(clock) as one:
        await one.hear(one.said("last"))
        stopped = (await one.log())[-1].at
    begins = stopped + 60 * MINUTE
    async with process(Told(begins if is_told else 0), part_of("acme", PARTS)) as part:
        change = partial(SourceChange, source="press", code="")
        await part.ledger.write([told(begins, change(state="live"))])
        gaps = [entry for entry in await part.log() if isinstance(entry, Gap)]
    assert begins == gaps[-1].at
    assert stopped <= gaps[-1].since <= stopped + SECOND

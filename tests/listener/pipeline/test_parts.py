"""A part of the brands lives by the time of its topic: whatever befalls its process, the same comes of the same."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.silence import Hush
from config.load import load
from listener.catalogs import CATALOGS
from listener.observe.metrics import Metrics
from listener.pipeline.ledger import Ledger
from listener.pipeline.setup import build_setup
from listener.pipeline.work import Dated, Happened, Read, SourceChange
from listener.shares import DESK, Share, part_of
from listener.store.marks import Wish
from listener.store.port import Commit, StoreError
from listener.store.store import open_store
from listener.store.upkeep import migrate
from listener.store.views import open_views
from rules.inputs import Gap, Heard, encode
from rules.instant import MINUTE, SECOND
from rules.mention import Author
from tests.listener.pipeline.world import START, Faulty, Hands, World, configured, kinds
from tests.postgres import cluster
from tests.stores import commit, opened, outgoing, silence

BRANDS = "acme: {query: acme, languages: [en]}, bolt: {query: bolt, languages: [en]}"
ALL = Share(1, 1)
RISING = (
    "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, critical_when: {posts: 8}, calm_for: 4h}"
)


class Topic(Hands):
    """The clock of a part: records alone move it on."""

    def __init__(self):
        super().__init__()
        self.set(0)

    def wall(self):
        return START + 10**12


@asynccontextmanager
async def part(folder, share=ALL, where=None, **more):
    """A function that makes the next process of a part, and what these share; `where` is a database of several."""
    configured(folder, brands=BRANDS, **more)
    setup = build_setup(load(folder / "badbuzz.yaml", CATALOGS).settings, share=share)
    number, where = (share.part, where) if where else (0, folder / "data")
    store, views = Faulty(open_store(where, part=number)), open_views(where)
    await store.open("a test")

    async def begun():
        clock = Topic()
        world = World.__new__(World)
        world.folder, world.store, world.views, world.clock = folder, store, views, clock
        world.metrics = Metrics(version="test", now=clock.now)
        world.ledger = Ledger(store, views, clock, world.metrics, setup, share=share)
        clock.set(0 if await store.position() else START)
        await world.ledger.start()
        clock.set(0)
        return world

    try:
        yield begun
    finally:
        await views.close()
        await store.close()


def said(world, number, after, brand, text="is slow"):
    """For these brands; with none it is for all, and says nothing of any."""
    mention = world.said(f"{number}", f"{brand} {text}", author=Author(), created_at=None)
    return Dated(at=START + after, brands=brand.split() or None, works=[Read(source="press", mentions=[mention])])


async def hears(world, dated, offset):
    await world.ledger.write([Happened(dated=dated, offset=offset)])


CONCERNED = st.sampled_from(["acme", "bolt", "acme bolt", ""])
PACES = st.lists(st.tuples(st.integers(-SECOND, 4 * MINUTE), CONCERNED), min_size=1, max_size=12)
BEFALLS = st.lists(st.sampled_from(["on", "idle", "crash", "restart"]), max_size=12)


async def lived(paces, sizes, befalls):
    """What comes of records in batches of these sizes, while this befalls; (log, steps) as bytes."""
    with TemporaryDirectory() as name:
        async with part(Path(name)) as begun:
            world, at, done = await begun(), 0, 0
            records = []
            for number, (pause, brand) in enumerate(paces):
                at += pause
                records.append(said(world, number, at, brand))
            sizes, befalls = iter(sizes), iter(befalls)
            while done < len(records):
                batch = records[done : done + next(sizes, 3)]
                match next(befalls, "on"):
                    case "idle":
                        await world.ledger.write([])
                    case "crash":
                        world.store.failing = 1
                        with pytest.raises(StoreError):
                            await hears(world, batch, done + len(batch))
                    case "restart":
                        world = await begun()
                await hears(world, batch, done + len(batch))
                done += len(batch)
                assert (await world.store.position()).offset == done
            await world.ledger.write([])
            logs = [[encode(entry) for entry in await world.log(brand)] for brand in ("acme", "bolt")]
            return logs, sorted(map(repr, await world.steps()))


@settings(max_examples=20, deadline=None)
@given(PACES, st.lists(st.integers(1, 6), max_size=20), BEFALLS)
def test_whatever_befalls_a_part_the_same_comes_of_the_same_records(paces, sizes, befalls):
    alone = asyncio.run(lived(paces, [1] * len(paces), []))
    assert asyncio.run(lived(paces, sizes, befalls)) == alone


async def test_a_part_judges_its_brands_alone_with_the_time_of_their_records(tmp_path):
    share = Share(part_of("acme", 2), 2)
    other = part_of("bolt", 2)
    async with part(tmp_path, share) as begun:
        world = await begun()
        both = world.said("1", "acme and bolt")
        await hears(world, [Dated(at=START + MINUTE, brands=None, works=[Read(source="press", mentions=[both])])], 1)
        heard = [entry for entry in await world.log() if isinstance(entry, Heard)]
        assert [entry.at for entry in heard] == [START + MINUTE]
        assert (await world.log("bolt") == []) == (other != share.part)


async def test_a_part_that_begins_anew_was_away_for_nobody(tmp_path):
    async with part(tmp_path) as begun:
        world = await begun()
        await hears(world, [said(world, 1, SECOND, "acme")], 1)
        world = await begun()
        await hears(world, [said(world, 2, 2 * MINUTE, "acme")], 2)
        assert kinds(await world.log()) == ["Configured", "Heard", "Heard"]
        await hears(world, [said(world, 3, 20 * MINUTE, "acme")], 3)
        gap = [entry for entry in await world.log() if isinstance(entry, Gap)]
        assert [(each.since, each.at) for each in gap] == [(START + 2 * MINUTE, START + 20 * MINUTE)]


async def test_what_befalls_a_source_is_told_to_no_operator_by_a_part(tmp_path):
    async with part(tmp_path) as begun:
        world = await begun()
        down = SourceChange(source="press", state="gone", code="410")
        await hears(world, [Dated(at=START + MINUTE, brands=None, works=[down])], 1)
        assert await world.views.deliveries() == []
        assert (await world.store.source("press")).state == "gone"


async def test_what_a_person_says_of_a_mention_changes_it_for_the_part_of_the_brand_alone(tmp_path):
    shares = {brand: Share(part_of(brand, 64), 64) for brand in ("acme", "bolt")}
    assert len({*shares.values()}) == 2
    with cluster() as where:
        await migrate(where)
        async with (
            opened(where) as desk,
            part(tmp_path, shares["acme"], where) as acme,
            part(tmp_path, shares["bolt"], where) as bolt,
        ):
            worlds = [await acme(), await bolt()]
            for world in worlds:
                mention = world.said("1", "acme and bolt are terrible", author=Author(), created_at=None)
                read = Read(source="press", mentions=[mention])
                await hears(world, [Dated(at=START, brands=None, works=[read])], 1)
            wish = Wish(brand="acme", label="neutral")
            command = await worlds[0].views.ask_labels([("file:1", wish)], "Léa", START)
            await desk.commit(Commit(advanced=START, last=START, handed=[(command, shares["acme"].part)]))
            await worlds[0].ledger.write([])
            assert (await worlds[0].views.answer(command)).refusal == ""
            (told,) = await worlds[0].views.mentions(identities=["file:1"])
            assert {brand: tone.label for brand, tone in told.tones.items()} == {"acme": "neutral", "bolt": "negative"}
            for world, brand in zip(worlds, shares, strict=True):
                assert [*(await world.store.lookup(["file:1"]))["file:1"].facts] == [brand]


async def test_what_a_part_plans_for_a_channel_that_the_desk_no_longer_has_finds_somebody(tmp_path):
    async with part(tmp_path, share=Share(DESK, 1)) as begun:
        world = await begun()
        world.clock.set(START)
        await world.store.commit(commit(START, outgoing=[outgoing("one", channel="gone")]))
        for later in (MINUTE, 3 * MINUTE):
            world.clock.set(START + later)
            await world.ledger.write([])
            (found,) = await world.views.deliveries(thread="i1")
            assert found.state == ("due" if later == MINUTE else "parked")


async def test_who_was_told_in_the_place_of_another_hears_what_a_silence_held_back_also_where_much_is_said(tmp_path):
    async with part(tmp_path, rules=RISING) as begun:
        world = await begun()
        number = iter(range(1_000))

        async def hears_of(brand, after, count=1):
            mentions = [said(world, next(number), after, brand).works[0].mentions[0] for _ in range(count)]
            await hears(
                world, [Dated(at=START + after, brands=[brand], works=[Read(source="press", mentions=mentions)])], after
            )

        await hears_of("acme", SECOND, 3)
        (opening,) = await world.steps()
        quiet = silence(until=START + 30 * SECOND, at=START, what=Hush(brand="acme", critical=True))
        await world.store.commit(commit(START + 2 * SECOND, silences=[quiet], offset=SECOND))
        await hears_of("acme", 3 * SECOND, 5)
        assert (await world.states()) == ["open", "worse"]
        instead = outgoing("instead", "phone", thread=opening.incident, transition=opening.id, due=START)
        await world.store.commit(commit(START + 3 * SECOND, outgoing=[instead], offset=3 * SECOND))
        for after in range(6, 40, 3):
            await hears_of("bolt", after * SECOND)
        told = {(row.channel, row.transition[-1]) for row in await world.views.deliveries(thread=opening.incident)}
        assert told == {("team", "0"), ("phone", "0"), ("team", "1"), ("phone", "1")}

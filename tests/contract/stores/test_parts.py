"""Parts of the brands in one database: each has a writer of its own, which no other disturbs."""

import asyncio
import random
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from listener.store.notes import Hold
from listener.store.port import Seen, SourceRow, StoreBusyError, StoreError
from listener.store.reached import Position
from listener.store.store import open_store
from listener.store.upkeep import migrate
from listener.store.views import open_views
from rules.instant import DAY
from tests.contract.stores.test_lease import standing_still
from tests.contract.stores.test_marks import mark
from tests.postgres import emptied, execute
from tests.stores import T0, commit, facts, heard, opened, outgoing, stored, transition

LONG = timedelta(minutes=5)


@pytest.fixture
async def where(postgresql):
    url = await emptied(postgresql)
    await migrate(url)
    return url


@pytest.fixture
async def views(where):
    views = open_views(where)
    yield views
    await views.close()


@asynccontextmanager
async def parts(where, *numbers):
    """The stores of some parts; 0 is the desk."""
    async with AsyncExitStack() as stack:
        made = []
        for number in numbers:
            store = open_store(where, LONG, part=number)
            stack.push_async_callback(store.close)
            await store.open(f"part {number}")
            made.append(store)
        yield made


async def run_out(where, part):
    await execute(where, f"update lease set renewed = renewed - {DAY} where id = {part + 1}")


async def names_of(store, brand):
    return [entry.facts.mention async for _, entry in store.inputs(brand, 0)]


async def test_each_part_has_a_writer_a_place_in_its_topic_and_an_instant_of_its_own(where):
    async with parts(where, 0, 1, 2) as (desk, one, two):
        await one.commit(commit(T0, offset=7, inputs=[heard("a")]))
        await two.commit(commit(T0 + 5, offset=3, inputs=[heard("a", "zen")]))
        await one.commit(commit(T0 + 1))
        assert await desk.position() is None
        assert await one.position() == Position(advanced=T0 + 1, last=T0 + 1, offset=7)
        with pytest.raises(StoreBusyError, match="part 1 of this database is written by part 1"):
            await open_store(where, LONG, part=1).open("another")
    async with parts(where, 2) as (two,):
        assert await two.position() == Position(advanced=T0 + 5, last=T0 + 5, offset=3)
        assert await names_of(two, "zen") == ["feed:a"]


async def test_who_would_judge_all_brands_waits_until_nobody_judges_a_part(where):
    everything = open_store(where, LONG, alone=True)
    async with parts(where, 3):
        with pytest.raises(StoreBusyError, match="judged in parts, one of them by part 3"):
            await everything.open("all")
    assert (await everything.open("all")).epoch == 1
    await everything.close()


async def test_who_would_judge_a_part_waits_until_nobody_judges_all_brands(where):
    everything = open_store(where, LONG, alone=True)
    await everything.open("all")
    with pytest.raises(StoreBusyError, match="all brands of this database are judged by all"):
        async with parts(where, 3):
            pass
    await everything.close()
    async with parts(where, 0, 3):
        pass


async def test_who_judged_all_brands_and_stood_still_is_refused_once_a_part_is_judged(where):
    everything = open_store(where, timedelta(seconds=1), alone=True)
    await everything.open("all")
    await run_out(where, -1)
    await run_out(where, 0)
    async with parts(where, 3, 4) as (three, _):
        for use in (everything.commit(commit()), everything.keep()):
            with pytest.raises(StoreBusyError, match="taken over by part 3"):
                await use
        with pytest.raises(StoreError, match="run out"):
            await everything.assure()
        await three.commit(commit(offset=1))
    await everything.close()


async def test_who_judged_a_part_and_stood_still_is_refused_once_all_brands_are_judged(where):
    everything = open_store(where, LONG, alone=True)
    async with parts(where, 3) as (zombie,):
        await run_out(where, 3)
        await everything.open("all")
        with pytest.raises(StoreBusyError, match="taken over by all"):
            await zombie.commit(commit(offset=1))
        await everything.commit(commit())
    await everything.close()


async def test_a_desk_that_follows_who_judged_all_brands_goes_on_when_a_part_is_judged(where):
    everything = open_store(where, LONG, alone=True)
    await everything.open("all")
    await everything.close()
    async with parts(where, 0, 3) as (desk, _):
        await desk.assure()
        await desk.commit(commit())


async def test_of_whoever_wants_all_brands_and_whoever_wants_a_part_at_once_one_gets_them(where):
    for _ in range(10):
        stores = [open_store(where, LONG, alone=True), open_store(where, LONG, part=1)]
        begun = await asyncio.gather(*(store.open("somebody") for store in stores), return_exceptions=True)
        assert [StoreBusyError] == [type(each) for each in begun if isinstance(each, Exception)]
        for store in stores:
            await store.close()


async def test_the_salt_is_the_same_whoever_came_first(where):
    async with parts(where, 2, 1, 0) as stores:
        assert len({await store.salt() for store in stores}) == 1
    async with opened(where) as alone:
        assert len(await alone.salt()) == 32


async def test_a_zombie_of_one_part_is_refused_and_all_others_go_on(where):
    async with parts(where, 0, 1, 2) as (desk, zombie, other):
        await run_out(where, 1)
        async with parts(where, 1) as (successor,):
            late = commit(offset=9, inputs=[heard("late")])
            with pytest.raises(StoreBusyError, match="part 1 of this database was taken over by part 1"):
                await zombie.commit(late)
            for store in (desk, other):
                await store.assure()
                await store.commit(commit(T0 + 1))
            await successor.commit(commit(offset=2, inputs=[heard("a")]))
            assert await names_of(successor, "acme") == ["feed:a"]
            assert await successor.position() == Position(advanced=T0, last=T0, offset=2)


async def test_whoever_takes_over_a_part_ends_what_stands_still_there_and_nothing_of_another(where):
    async with parts(where, 1, 2) as (zombie, other):
        inside, go_on, too, go_on_too = (asyncio.Event() for _ in range(4))
        with standing_still("INSERT INTO inputs", inside, go_on), standing_still("INSERT INTO inputs", too, go_on_too):
            late = asyncio.create_task(zombie.commit(commit(inputs=[heard("a")])), name="late")
            await inside.wait()
            slow = asyncio.create_task(other.commit(commit(inputs=[heard("a", "zen")])), name="slow")
            await too.wait()
            await run_out(where, 1)
            async with asyncio.timeout(20), parts(where, 1):
                go_on.set()
                go_on_too.set()
                await slow
                with pytest.raises(StoreError):
                    await late
        assert await names_of(other, "zen") == ["feed:a"]
        assert await names_of(other, "acme") == []


async def test_numbers_are_given_once_and_in_order_however_many_write(where, views):
    async with parts(where, 0, 1, 2, 3) as stores:

        async def write(store, part):
            for count in range(12):
                incident = f"{part}-{count}"
                opening = transition(incident, 0, brand=f"brand {part}")
                await store.commit(
                    commit(
                        T0 + count,
                        transitions=[opening],
                        outgoing=[outgoing(f"{incident}.0", thread=incident)],
                        inputs=[heard(incident, f"brand {part}")],
                    )
                )

        async with asyncio.TaskGroup() as group:
            for part, store in enumerate(stores):
                group.create_task(write(store, part))
    assert sorted(row.number for row in await views.incidents()) == list(range(1, 49))
    assert len([each async for each in views.transitions()]) == 48
    assert len(await views.deliveries()) == 48
    assert await views.ends() == {f"brand {part}": 12 for part in range(4)}


async def test_parts_that_hear_of_the_same_in_any_order_never_wait_for_each_other(where, views):
    names = [str(number) for number in range(40)]
    async with parts(where, 1, 2, 3) as stores:

        async def write(store, brand, order):
            for count in range(8):
                order.shuffle(names_of_it := list(names))
                await store.commit(
                    commit(
                        T0 + count,
                        seen=[(f"feed:{name}", str(count), "press") for name in names_of_it],
                        mentions=[stored(name, brand) for name in names_of_it],
                        marks=[mark(name, brand=brand, text="Vol annulé") for name in names_of_it],
                        sources=[SourceRow(name=name, kind="feed", state="live") for name in names_of_it],
                    )
                )
            order.shuffle(names_of_it := list(names))
            await store.commit(commit(T0 + 8, tombstones=[f"feed:{name}" for name in names_of_it]))

        async with asyncio.TaskGroup() as group:
            for seed, store in enumerate(stores):
                group.create_task(write(store, f"brand {seed}", random.Random(seed)))
    assert {(each.deleted, each.mention.text) for each in await views.mentions(limit=100)} == {(True, "")}
    assert {each.text for seed in range(3) for each in await views.marks(f"brand {seed}")} == {""}


async def test_what_two_parts_know_is_known_to_each_alone_and_shown_once(where, views):
    async with parts(where, 0, 1, 2) as (desk, one, two):
        await one.commit(commit(seen=[("feed:a", "1", "press")], mentions=[stored("a", "acme"), stored("b", "acme")]))
        await two.commit(commit(seen=[("feed:a", "2", "wire")], mentions=[stored("a", "zen", at=T0 + 1)]))
        assert await one.lookup(["feed:a"]) == {
            "feed:a": Seen(revisions={"1": "press"}, deleted=False, facts={"acme": facts("a")})
        }
        assert await two.lookup(["feed:a", "feed:b"]) == {
            "feed:a": Seen(revisions={"2": "wire"}, deleted=False, facts={"zen": facts("a")})
        }
        assert await desk.lookup(["feed:a"]) == {}
        for brand, names in (("acme", ["feed:a", "feed:b"]), ("zen", ["feed:a"])):
            assert sorted(each.mention.identity for each in await views.mentions(brand=brand)) == names
        (both,) = await views.mentions(identities=["feed:a"], limit=1)
        assert sorted(both.facts) == sorted(both.tones) == ["acme", "zen"]
        assert [each.mention.identity for each in await views.mentions(limit=2)] == ["feed:a", "feed:b"]
        assert [each.mention.identity for each in await views.mentions(limit=1)] == ["feed:a"]


async def test_a_deletion_empties_what_every_part_keeps_and_its_marks(where, views):
    async with parts(where, 1, 2) as (one, two):
        await one.commit(commit(mentions=[stored("a", "acme")], marks=[mark("a", text="Vol annulé")]))
        await two.commit(commit(mentions=[stored("a", "zen"), stored("b", "zen")]))
        await one.commit(commit(T0 + 1, tombstones=["feed:a"]))
        (mine,) = await views.mentions(brand="acme")
        assert (mine.deleted, mine.mention.text) == (True, "")
        assert [each.text for each in await views.marks("acme")] == [""]
        await two.commit(commit(T0 + 1, tombstones=["feed:a"]))
        assert {each.mention.id: each.deleted for each in await views.mentions()} == {"a": True, "b": False}
        for store in (one, two):
            assert (await store.lookup(["feed:a"]))["feed:a"].deleted


async def test_what_was_taken_before_brands_were_parted_loses_its_words_too(where, views):
    async with opened(where) as alone:
        hold = Hold(incident="i1", brand="acme", since=T0, at=T0, by="Léa", because="plainte")
        await alone.commit(commit(mentions=[stored("a", "acme")], transitions=[transition("i1", 0)], remarks=[hold]))
    async with parts(where, 1, 2) as stores:
        for store in stores:
            await store.commit(commit(T0 + 1, tombstones=["feed:a"]))
    (bare,) = await views.mentions()
    assert (bare.deleted, bare.mention.text) == (True, "")
    assert [each.mention.text for each in await views.kept("i1")] == ["Vol annulé, personne au comptoir"]


async def test_sources_are_told_by_whoever_reads_them(where, views):
    rows = {part: SourceRow(name="press", kind="feed", state=state) for part, state in enumerate(("live", "broken"))}
    async with parts(where, *rows) as stores:
        for part, store in enumerate(stores):
            await store.commit(commit(sources=[rows[part]]))
        for part, store in enumerate(stores):
            assert await store.sources() == [rows[part]]
            assert await store.source("press") == rows[part]
    assert await views.sources() == [rows[0]]


async def test_commands_are_the_desks_until_it_hands_them_over(where, views):
    mine, theirs = [await views.ask("ack", str(number), "Léa", T0) for number in (1, 2)]
    async with parts(where, 0, 1, 2) as (desk, one, two):
        assert [each.id for each in await desk.commands()] == [mine, theirs]
        assert await one.commands() == []
        await desk.commit(commit(handed=[(theirs, 2)]))
        assert [each.id for each in await desk.commands()] == [mine]
        assert [each.id for each in await two.commands()] == [theirs]
        assert await one.commands() == []


async def test_the_desk_removes_what_is_old_of_all_parts_but_waits_for_none(where, views):
    async with parts(where, 0, 1, 2) as (desk, one, two):
        for store, brand in ((one, "acme"), (two, "zen")):
            await store.commit(commit(seen=[("feed:a", "1", "press")], mentions=[stored("a", brand)]))
        inside, go_on = asyncio.Event(), asyncio.Event()
        with standing_still("INSERT INTO inputs", inside, go_on):
            edit = commit(T0 + 1, mentions=[stored("a", "acme")], inputs=[heard("a")])
            writing = asyncio.create_task(one.commit(edit), name="edit")
            await inside.wait()
            async with asyncio.timeout(20):
                await purge(desk)
            go_on.set()
            await writing
        assert [each.mention.identity for each in await views.mentions(brand="acme")] == ["feed:a"]
        assert await views.mentions(brand="zen") == []
        await purge(desk)
        assert await views.mentions() == []
        assert await one.lookup(["feed:a"]) == await two.lookup(["feed:a"]) == {}


async def purge(store):
    await store.purge(T0 + 60 * DAY, timedelta(days=14), {}, timedelta(days=30), ())

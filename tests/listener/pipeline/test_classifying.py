"""Who classifies mentions changes nothing of what comes of them; one that ends a worker is kept apart, and not lost."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from random import Random

import msgspec
import pytest

from listener.pipeline import begun, classifying, slices
from listener.pipeline.begun import MOST as MOST_BEGUN
from listener.pipeline.classifying import Classifying
from listener.pipeline.quarantine import FILE, MOST, Quarantine
from listener.pipeline.work import Read, Reload
from listener.pipeline.writer import Writer
from listener.pool.pool import Pool
from listener.pool.texts import TARGET
from listener.store.port import StoreError
from listener.whole import put
from rules.instant import HOUR
from tests.listener.pipeline.world import configured, opened
from tests.listener.pool.waiting import until
from tests.processes import children

LETHAL = "tests.listener.pool.lethal:deadly"
WORDS = """acme beta hate love is not bad nul c'est pas bon ! « très » #live @who never late 😀"""
TWO = "acme: {query: acme, languages: [en, fr]}, beta: {query: 'beta OR #live', languages: [fr]}"


@asynccontextmanager
async def writing(world, target=TARGET, most=2, *, ready=True, pool=Pool):
    """A writer of the world whose mentions are classified in workers."""
    pool = pool(target, most, lost=world.metrics.workers.lost)
    quarantine = Quarantine(world.folder)
    world.metrics.workers.follow(lambda: pool.ready, lambda: pool.has_given_up, quarantine)
    world.ledger.classifying = Classifying(world.clock, pool, quarantine)
    writer = Writer(world.ledger, world.metrics)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(pool.run(), name="workers"), group.create_task(writer.run(), name="writer")]
        if ready:
            await staffed(world)
        yield writer
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await writer.finish()


async def staffed(world):
    """Workers are there, and classify as the configuration in force says."""
    pool = world.ledger.classifying.pool
    world.ledger.classifying.follow(world.ledger.setup)
    pool.want()
    await until(lambda: pool.ready)


def read(world, *texts, first=0, **changes):
    mentions = [world.said(f"{first + number}", text, **changes) for number, text in enumerate(texts)]
    return Read(source="press", mentions=mentions, cursor=str(first + len(texts)))


def sentences(count, seed=7):
    random = Random(seed)
    return [" ".join(random.choices(WORDS.split(), k=random.randrange(1, 15))) for _ in range(count)]


def facts_of(kept):
    """But for whom they name, by a salt that each store has of its own."""
    return {brand: msgspec.structs.replace(facts, author="") for brand, facts in kept.facts.items()}


async def test_workers_change_nothing_of_what_is_kept(tmp_path):
    said, results = sentences(300), []
    for number, (workers, early) in enumerate([(0, False), (2, False), (2, True)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with opened(folder, brands=TWO) as world:
            async with writing(world, most=workers, ready=workers > 0) as writer:
                for first in range(0, 300, 100):
                    some = read(world, *said[first : first + 100], first=first)
                    if early:
                        world.ledger.classifying.begin(some.mentions, world.ledger.setup)
                    await writer.submit(some)
            kept = [each for commit in world.store.commits for each in commit.mentions]
            results.append([(each.mention.id, each.tones, facts_of(each)) for each in kept])
    assert results[0] == results[1] == results[2]
    assert len(results[0]) > 150


class Asked(Pool):
    """Counts what it is asked."""

    questions = 0

    def post(self, said):
        self.questions += 1
        return super().post(said)


async def test_nothing_is_asked_again_that_was_begun(world):
    async with writing(world, pool=Asked) as writer:
        told, long = world.ledger.classifying, "acme " * 250  # longer than what is remembered
        for first in range(0, 3 * MOST_BEGUN, 100):
            some = read(world, *(f"{long}{first + number}" for number in range(100)), first=first)
            told.begin(some.mentions, world.ledger.setup)
            await asyncio.sleep(0)
            asked = told.pool.questions
            await writer.submit(some)
            assert asked == told.pool.questions
    assert len(await world.views.mentions(limit=10_000)) == 3 * MOST_BEGUN


async def test_what_was_begun_and_never_came_leaves_room_after_a_minute(world, monkeypatch):
    async with writing(world, pool=Asked):
        told, setup = world.ledger.classifying, world.ledger.setup
        for first in range(0, MOST_BEGUN + 100, 100):
            told.begin(read(world, *(f"acme {first + number}" for number in range(100))).mentions, setup)
        await asyncio.sleep(0)
        full = told.pool.questions
        told.begin(read(world, "acme once more").mentions, setup)
        await asyncio.sleep(0)
        assert full == told.pool.questions
        monkeypatch.setattr(begun, "KEPT", 0.0)
        told.begin(read(world, "acme once more").mentions, setup)
        await asyncio.sleep(0)
        assert full < told.pool.questions


@pytest.mark.parametrize("early", [False, True])
async def test_a_text_that_ends_workers_is_kept_apart_and_all_others_are_heard(world, early):
    texts = [f"acme number {number}" for number in range(40)]
    texts[13] = "acme is lethal"
    async with writing(world, LETHAL) as writer:
        if early:
            world.ledger.classifying.begin(read(world, *texts).mentions, world.ledger.setup)
        await writer.submit(read(world, *texts))
        await staffed(world)
    heard = {each.mention.id for each in await world.views.mentions(limit=100)}
    assert {str(number) for number in range(40)} - {"13"} == heard
    assert "40" == (await world.store.source("press")).cursor
    assert 1 == world.sample("badbuzz_mentions_dropped_total", reason="quarantined")
    assert 1 == world.sample("badbuzz_quarantined_mentions")
    line = msgspec.json.decode((world.folder / FILE).read_bytes())
    assert ("13", "acme is lethal", "ended by SIGSEGV") == (line["id"], line["text"], line["why"])
    assert 0o600 == (world.folder / FILE).stat().st_mode & 0o777


async def test_the_operator_is_told_once(world):
    async with writing(world, LETHAL) as writer:
        for number in range(3):
            await writer.submit(read(world, f"acme is lethal {number}", first=number))
            await staffed(world)
        world.clock.move(minutes=61)
        await writer.submit(read(world, "acme", first=4))
        await writer.submit(read(world, "acme", first=5))
    told = [each.notice for commit in world.store.commits for each in commit.outgoing if each.notice]
    assert [("quarantined", "press", 0), ("quarantined", "press", 1)] == [
        (each.topic, each.subject, each.others) for each in told
    ]


async def test_what_is_kept_apart_ends_no_worker_again(world):
    async with writing(world, LETHAL) as writer:
        await writer.submit(read(world, "acme is lethal"))
    lost = world.sample("badbuzz_workers_lost_total")
    async with writing(world, LETHAL) as writer:
        await writer.submit(read(world, "acme is lethal", "acme", first=0))
    assert lost == world.sample("badbuzz_workers_lost_total")
    assert ["1"] == [each.mention.id for each in await world.views.mentions(limit=10)]


async def test_a_deletion_takes_it_out_of_quarantine(world):
    async with writing(world, LETHAL) as writer:
        await writer.submit(read(world, "acme is lethal"))
        await writer.submit(read(world, "", op="delete"))
    assert b"" == (world.folder / FILE).read_bytes()


async def test_nothing_goes_on_where_it_cannot_be_kept_apart(world):
    async with writing(world, LETHAL) as writer:
        (world.folder / FILE).mkdir()
        with pytest.raises(StoreError, match="quarantine"):
            await writer.submit(read(world, "acme is lethal"))
        (world.folder / FILE).rmdir()
        await staffed(world)
        await writer.submit(read(world, "acme is lethal"))
    assert "1" == (await world.store.source("press")).cursor
    assert 1 == len(Quarantine(world.folder))


async def test_a_worker_that_somebody_kills_costs_nothing(world):
    texts = sentences(400)
    async with writing(world) as writer, asyncio.TaskGroup() as group:
        for number in range(4):
            some = texts[number * 100 : number * 100 + 100]
            group.create_task(writer.submit(read(world, *some, first=number * 100)))
        await asyncio.sleep(0)
        for pid in children():
            os.kill(pid, signal.SIGKILL)
    named = sum("acme" in text for text in texts)
    assert named == len(await world.views.mentions(limit=1_000))
    assert 0 == world.sample("badbuzz_quarantined_mentions")


async def test_a_reload_counts_for_all_that_is_written_after_it(tmp_path):
    async with opened(tmp_path, brands=TWO) as world, writing(world) as writer:
        before = world.ledger.setup
        ahead = await world.ledger.classifying.ahead(read(world, "beta", "acme"), before)
        after = configured(tmp_path, brands=TWO.replace("beta OR", "gamma OR"))
        late = read(world, "beta late", "gamma early", first=4)
        world.ledger.classifying.begin(late.mentions, before)
        await writer.submit(Reload(setup=after))
        await world.ledger.write([replace(ahead, source="press")])
        await writer.submit(late)
        await writer.submit(read(world, "gamma", "beta", first=2))
        heard = [each.mention.text for each in await world.views.mentions(limit=10)]
    assert {"acme", "gamma", "gamma early"} == set(heard)


async def test_workers_come_when_classifying_takes_long(world, monkeypatch):
    monkeypatch.setattr(classifying, "PAYS", 0.0)
    async with writing(world, ready=False) as writer:
        assert 0 == world.sample("badbuzz_workers")
        await writer.submit(read(world, *sentences(50)))
        await until(lambda: world.sample("badbuzz_workers"))


async def test_workers_that_end_over_everything_are_trusted_no_more(world):
    texts = [f"acme is lethal {number}" for number in range(classifying.MOST_LOST)]
    async with writing(world, LETHAL, most=1) as writer:
        await writer.submit(read(world, *texts))
        assert 1 == world.sample("badbuzz_workers_given_up")
        await writer.submit(read(world, "acme, lethal or not", first=100))
        await writer.submit(Reload(setup=configured(world.folder)))
        await staffed(world)
        await writer.submit(read(world, "acme is lethal once more", first=101))
        await staffed(world)
        assert 0 == world.sample("badbuzz_workers_given_up")
    assert ["100"] == [each.mention.id for each in await world.views.mentions(limit=10)]


async def test_the_loop_turns_while_much_is_classified_here(world, monkeypatch):
    monkeypatch.setattr(slices, "SLICE", 0.0)
    turns = 0

    async def turning():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(turning(), name="turning")
        await world.hear(*read(world, *sentences(200)).mentions)
        task.cancel()
    assert turns >= 200


def test_the_quarantine_holds_so_many_and_the_oldest_go(tmp_path, world):
    quarantine = Quarantine(tmp_path)
    for number in range(MOST + 2):
        quarantine.take(world.said(f"{number}"), "ended by SIGSEGV", number)
    again = Quarantine(tmp_path)
    assert MOST == len(again)
    assert not again.holds(world.said("1"))
    assert again.holds(world.said("2"))


def test_the_operator_hears_of_what_comes_while_others_are_told_of(tmp_path, world):
    settings, quarantine = world.ledger.setup.settings, Quarantine(tmp_path)
    at = world.clock.now()
    quarantine.due(settings, at)
    quarantine.take(world.said("1"), "ended by SIGSEGV", at)
    quarantine.told(at)
    [first] = quarantine.due(settings, at)
    quarantine.take(world.said("2"), "ended by SIGSEGV", at)
    quarantine.take(world.said("3"), "ended by SIGSEGV", at)
    quarantine.told(at)
    [second] = quarantine.due(settings, at + HOUR)
    assert [0, 1] == [each.notice.others for each in (first, second)]


def test_nothing_is_kept_apart_for_longer_than_mentions_are_kept(tmp_path, world):
    quarantine, at = Quarantine(tmp_path), world.clock.now()
    said = [world.said(f"{number}", source=source) for number, source in enumerate(("press", "sky", "press"))]
    for number, mention in enumerate(said):
        quarantine.take(mention, "ended by SIGSEGV", at + number * HOUR)
    quarantine.expire(at + 3 * HOUR, timedelta(hours=2), {"sky": timedelta(hours=1)})
    assert [False, False, True] == list(map(quarantine.holds, said))
    assert 1 == len(Quarantine(tmp_path))


def test_what_cannot_be_kept_leaves_nothing_behind(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(OSError, match=FILE):
        put(tmp_path / FILE, b"")
    assert [FILE] == [each.name for each in tmp_path.iterdir()]


def test_a_line_that_cannot_be_read_hides_no_other(tmp_path, world):
    Quarantine(tmp_path).take(world.said("1"), "ended by SIGSEGV", 1)
    with (tmp_path / FILE).open("ab") as file:
        file.write(b"nonsense\n")
    assert Quarantine(tmp_path).holds(world.said("1"))

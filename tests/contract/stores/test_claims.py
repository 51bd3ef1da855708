"""Deliveries that several processes share out on PostgreSQL."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from alerts.delivery import Outcome
from listener.store.claims import Claims, LostClaimError
from listener.store.upkeep import migrate
from tests.builders import notice
from tests.postgres import emptied
from tests.stores import T0, commit, opened, outgoing

LONG = timedelta(minutes=5)


@pytest.fixture
async def where(postgresql):
    url = await emptied(postgresql)
    await migrate(url)
    return url


@asynccontextmanager
async def claimants(where, *lengths):
    made = [Claims(where, length) for length in lengths]
    try:
        yield made
    finally:
        for each in made:
            await each.close()


@asynccontextmanager
async def waiting(where, *rows):
    """What two processes find due."""
    async with opened(where) as store, claimants(where, LONG, LONG) as (a, b):
        await store.commit(commit(outgoing=list(rows)))
        yield store, a, b


async def run_out(where):
    """As if nobody had renewed a claim for long."""
    connection = await asyncpg.connect(where)
    try:
        await connection.execute("update outbox set claimed_until = 1 where claimed_until is not null")
    finally:
        await connection.close()


def outcome(delivery, state="sent", **more):
    return Outcome(delivery=delivery, at=T0 + 5, attempt=1, state=state, **more)


def settled(*outcomes, **more):
    return commit(T0 + 5, outcomes=list(outcomes), **more)


def ids(deliveries):
    return [each.id for each in deliveries]


async def test_what_one_has_nobody_else_gets_nor_what_follows_it_in_its_line(where):
    rows = [outgoing("d1"), outgoing("d2"), outgoing("e1", thread="i2")]
    async with waiting(where, *rows) as (_, a, b):
        assert ids(await a.claim("team", T0)) == ["d1"]
        assert ids(await b.claim("team", T0)) == ["e1"]
        assert ids(await b.claim("other", T0)) == []
        await a.settle(settled(outcome("d1")))
        assert ids(await a.claim("team", T0)) == ["d2"]
        assert ids(await b.claim("team", T0)) == ["e1"], "its own is had again, as after it was cut off"


async def test_what_was_given_as_a_receipt_is_known_to_whoever_goes_on_with_the_thread(where):
    async with waiting(where, outgoing("d1"), outgoing("d2")) as (_, a, b):
        await a.claim("team", T0)
        await a.settle(settled(outcome("d1", receipt="m1")))
        (second,) = await b.claim("team", T0)
        assert second.receipt == "m1"


async def test_what_is_told_in_one_message_is_had_together_and_settled_together(where):
    together = [outgoing(f"d{at}", thread=f"i{at}", circle="all", slot=T0) for at in range(3)]
    async with waiting(where, *together) as (store, a, b):
        mine = await a.claim("team", T0)
        assert ids(mine) == ["d0", "d1", "d2"]
        assert ids(await b.claim("team", T0)) == []
        await a.settle(settled(*(outcome(each.id, told_in="d0") for each in mine)))
        assert await store.next_due() is None


async def test_what_is_critical_is_had_first(where):
    rows = [outgoing("d1", due=T0 - 9), outgoing("d2", thread="i2", critical=True)]
    async with waiting(where, *rows) as (_, a, b):
        assert ids(await a.claim("team", T0)) == ["d2"]
        assert ids(await b.claim("team", T0)) == ["d1"]


async def test_a_claim_that_ran_out_is_anothers_and_what_came_of_the_first_is_refused_whole(where):
    async with waiting(where, outgoing("d1")) as (store, a, b):
        (first,) = await a.claim("team", T0)
        await run_out(where)
        assert ids(await b.claim("team", T0)) == ["d1"]
        with pytest.raises(LostClaimError):
            await a.hold([first])
        late = settled(outcome("d1"), outgoing=[outgoing("instead", channel="other")])
        with pytest.raises(LostClaimError):
            await a.settle(late)
        assert await store.due("other", T0 + 9) == []
        await b.settle(settled(outcome("d1")))
        with pytest.raises(LostClaimError):
            await a.settle(settled(outcome("d1", state="parked")))
        assert await store.next_due() is None


async def test_a_claim_that_ran_out_and_nobody_took_still_holds(where):
    async with waiting(where, outgoing("d1")) as (_, a, b):
        mine = await a.claim("team", T0)
        await run_out(where)
        await a.hold(mine)
        assert ids(await b.claim("team", T0)) == []
        await a.settle(settled(outcome("d1")))


async def test_one_that_failed_is_anybodys_at_its_next_attempt(where):
    async with waiting(where, outgoing("d1")) as (_, a, b):
        await a.claim("team", T0)
        await a.settle(settled(outcome("d1", state="retry", due=T0 + 7)))
        assert ids(await b.claim("team", T0 + 6)) == []
        (again,) = await b.claim("team", T0 + 7)
        assert (again.id, again.attempts) == ("d1", 1)


async def test_who_is_told_instead_is_written_with_the_outcome(where):
    async with waiting(where, outgoing("d1")) as (store, a, _):
        await a.claim("team", T0)
        await a.settle(settled(outcome("d1", state="parked"), outgoing=[outgoing("d1b", channel="other")]))
        assert ids(await store.due("other", T0 + 9)) == ["d1b"]


async def test_that_alerts_are_not_delivered_is_planned_to_be_told_once_whoever_finds_it(where):
    async with waiting(where, outgoing("d1"), outgoing("d2", thread="i2")) as (store, a, b):
        for claims, name in ((a, "d1"), (b, "d2")):
            await claims.claim("team", T0)
            word = notice(id=f"undelivered-{name}", topic="undelivered", subject="team")
            planned = outgoing(word.id, channel="boss", thread="undelivered-team", due=T0 + 60, notice=word)
            await claims.settle(settled(outcome(name, state="parked"), outgoing=[planned]))
        (told,) = await store.due("boss", T0 + 60)
        assert told.id == "undelivered-d1"
        await a.claim("boss", T0 + 60)
        await a.settle(settled(outcome(told.id)))
        assert await store.due("boss", T0 + 60) == []


async def test_what_is_left_is_had_at_once(where):
    async with waiting(where, outgoing("d1")) as (_, a, b):
        await a.claim("team", T0)
        assert await b.waiting(T0) == []
        await a.release()
        assert await b.waiting(T0) == ["team"]
        assert ids(await b.claim("team", T0)) == ["d1"]


async def test_many_that_claim_at_the_same_time_share_out_and_keep_every_thread_in_order(where):
    rows = [outgoing(f"{thread}.{step}", thread=f"{thread}") for step in range(5) for thread in range(12)]
    done, under_way = [], Counter()
    async with opened(where) as store, claimants(where, *[LONG] * 4) as all_of_them:
        await store.commit(commit(outgoing=rows))

        async def deliver(claims):
            while await store.next_due() is not None:
                for each in await claims.claim("team", T0):
                    under_way[each.thread] += 1
                    assert under_way[each.thread] == 1, "nobody else has something of its thread"
                    await asyncio.sleep(0)
                    under_way[each.thread] -= 1
                    done.append(each.id)
                    await claims.settle(settled(outcome(each.id)))

        async with asyncio.TaskGroup() as group:
            for each in all_of_them:
                group.create_task(deliver(each))
    assert len(done) == len(rows)
    for thread in range(12):
        assert [each for each in done if each.startswith(f"{thread}.")] == [f"{thread}.{step}" for step in range(5)]


async def claimed_until(where):
    connection = await asyncpg.connect(where)
    try:
        return await connection.fetchval("select claimed_until from outbox")
    finally:
        await connection.close()


async def test_a_claim_is_renewed_for_as_long_as_it_is_kept(where):
    async with opened(where) as store, claimants(where, timedelta(seconds=1), LONG) as (a, b):
        await store.commit(commit(outgoing=[outgoing("d1")]))
        await a.claim("team", T0)
        first = await claimed_until(where)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            keeping = group.create_task(a.keep())
            while await claimed_until(where) == first:
                pass
            keeping.cancel()
        assert ids(await b.claim("team", T0)) == []
        assert not a.is_holding, "whoever keeps nothing holds nothing"

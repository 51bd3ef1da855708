"""What is kept how long, on every store."""

from datetime import timedelta

from alerts.delivery import CANARY, Outcome
from listener.store.asking import Answered
from listener.store.port import DELETED, SourceRow, Store, Views
from rules.instant import DAY, HOUR
from tests.stores import T0, commit, heard, held_back, newest_snapshot, outgoing, silence, stored, transition

WEEK = timedelta(days=7)


# --- retention --------------------------------------------------------------------------------------------------------


async def purge(store: Store, at: int, keep: timedelta = WEEK, **per_source: timedelta) -> int:
    return await store.purge(at, keep, per_source, WEEK, ())


async def test_mentions_are_kept_as_long_as_their_source_says(store: Store, views: Views) -> None:
    rows = [stored("a"), stored("b", source="forum"), stored("c", at=T0 + 5 * DAY)]
    await store.commit(commit(mentions=rows))
    assert await purge(store, T0 + 2 * DAY, forum=timedelta(days=1)) == 1
    assert {kept.mention.id for kept in await views.mentions()} == {"a", "c"}
    assert await purge(store, T0 + 8 * DAY, forum=timedelta(days=1)) == 1
    assert [kept.mention.id for kept in await views.mentions(brand="acme")] == ["c"]


async def test_an_identity_is_remembered_while_its_source_still_lists_it(store: Store) -> None:
    names = [("feed:listed", "1", "press"), ("feed:dropped", "1", "press")]
    await store.commit(commit(seen=names, tombstones=["feed:taken back"]))
    for day in range(1, 31):
        at = T0 + day * DAY + 1
        await store.lookup(["feed:listed", "feed:taken back"])
        await store.commit(commit(at))
        await purge(store, at)
    known = await store.lookup(["feed:listed", "feed:dropped", "feed:taken back"])
    assert set(known) == {"feed:listed", "feed:taken back"}


async def test_a_deletion_of_what_nobody_heard_is_remembered_for_a_day(store: Store) -> None:
    names = [("feed:heard", "1", "press"), ("feed:heard", f"{DELETED}press", "press")]
    await store.commit(commit(seen=[*names, ("feed:unheard", f"{DELETED}press", "press")], mentions=[stored("heard")]))
    await purge(store, T0 + 23 * HOUR)
    assert set(await store.lookup(["feed:heard", "feed:unheard"])) == {"feed:heard", "feed:unheard"}
    await purge(store, T0 + 25 * HOUR)
    assert set(await store.lookup(["feed:heard", "feed:unheard"])) == {"feed:heard"}


async def test_silences_and_what_they_held_back_are_kept_after_their_end(store: Store, views: Views) -> None:
    rows = {
        "silences": [silence(), silence(2, T0 + DAY)],
        "held_back": [held_back(), held_back(step=1, at=T0 + DAY, silence=2)],
    }
    await store.commit(commit(**rows))
    assert await purge(store, T0 + 7 * DAY) == 0
    assert await purge(store, T0 + 7 * DAY + HOUR) == 2
    assert await views.silences() == [(rows["silences"][1], 1)]
    assert await views.held_back("i1") == rows["held_back"][1:]


async def test_what_is_removed_exceeds_no_transaction_and_is_counted(store: Store, views: Views) -> None:
    names = [str(number) for number in range(2_300)]
    await store.commit(
        commit(seen=[(f"feed:{name}", "1", "press") for name in names], mentions=[stored(name) for name in names])
    )
    assert await purge(store, T0 + 30 * DAY) == 4_600
    assert await views.mentions() == []


async def test_a_kept_snapshot_and_the_kept_log_always_replay(store: Store, views: Views) -> None:
    """The state of the pretended engine is the names it has heard, so a replay can be checked."""
    names: list[str] = []
    for hour in range(24 * 20):
        at = T0 + hour * HOUR
        names.append(str(hour))
        snapshots = [("acme", at, " ".join(names).encode())] if hour % 6 == 5 else []
        await store.commit(commit(at, inputs=[heard(str(hour), at=at)], snapshots=snapshots))
        if hour % 40 == 0:
            await purge(store, at)
            first = await views.first_snapshot("acme")
            state = first.state.decode().split() if first else []
            log = [entry.facts.mention.removeprefix("feed:") async for _, entry in views.log("acme")]
            assert state + log == names
            before = await views.snapshot_before("acme", at - DAY)
            state = before.state.decode().split() if before else []
            log = [entry.facts.mention async for _, entry in views.log("acme", before.seq if before else 0)]
            assert before is None or before.at < at - DAY
            assert state + [mention.removeprefix("feed:") for mention in log] == names
    newest = await newest_snapshot(store, "acme")
    assert newest is not None
    assert newest.state.decode().split() == names
    assert len([seq async for seq, _ in store.inputs("acme", 0)]) < 24 * 9


async def test_incidents_stay_and_what_is_done_with_goes(store: Store, views: Views) -> None:
    asked = await views.ask("ack", "1", "Léa", T0)
    waiting = await views.ask("ack", "1", "Léa", T0)
    sent = Outcome(delivery="d1", at=T0, attempt=1, state="sent")
    await store.commit(
        commit(
            transitions=[transition("i1", 0)],
            outgoing=[outgoing("d1"), outgoing("d2")],
            outcomes=[sent],
            answered=[Answered(id=asked, at=T0)],
        )
    )
    assert await purge(store, T0 + 30 * DAY) == 3
    assert [kept.id for kept in await views.deliveries()] == ["d2"]
    assert [command.id for command in await store.commands()] == [waiting]
    assert len(await views.incidents()) == 1


async def test_brands_and_sources_are_listed_by_name(store: Store, views: Views) -> None:
    rows = [SourceRow(name=name, kind="feed", state="live") for name in ("b", "a")]
    await store.commit(commit(inputs=[heard("a", "zen"), heard("a")], sources=rows))
    assert (await views.brands(), await views.sources()) == (["acme", "zen"], rows[::-1])
    assert (await store.source("a"), await store.source("none")) == (rows[1], None)


async def test_canaries_are_removed_after_a_day_and_nothing_else_with_them(store: Store, views: Views) -> None:
    rows = [outgoing("c1", CANARY, "canary-1"), outgoing("d1")]
    sent = [Outcome(delivery=each.id, at=T0, attempt=1, state="sent") for each in rows]
    await store.commit(commit(outgoing=rows, outcomes=sent))
    assert await purge(store, T0 + 23 * HOUR) == 0
    assert await purge(store, T0 + 25 * HOUR) == 2
    assert ["d1"] == [each.id for each in await views.deliveries()]

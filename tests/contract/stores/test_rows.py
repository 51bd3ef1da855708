"""Every promise of the store's port about what is kept, on every store."""

from typing import Any

import pytest

from alerts.alert import Notice
from alerts.delivery import Outcome, Slot
from alerts.grouping import Rank
from alerts.outbox import PASS_ON
from alerts.silence import Hush, HushFor
from listener.store.asking import Answered
from listener.store.port import Moved, Seen, SourceRow, Store, Views
from listener.store.reached import Position
from listener.store.views import open_views
from tests.builders import AT
from tests.stores import (
    T0,
    commit,
    everything,
    facts,
    heard,
    held_back,
    newest_snapshot,
    opened,
    outgoing,
    silence,
    stored,
    transition,
)

# --- what is committed ------------------------------------------------------------------------------------------------


async def test_an_empty_store_has_no_position_and_a_salt_that_stays(where: str) -> None:
    async with opened(where) as store:
        first = (await store.position(), await store.salt())
    async with opened(where) as store:
        assert (await store.position(), await store.salt()) == first
    assert first == (None, first[1])
    assert len(first[1]) == 32


async def test_what_was_committed_is_there_after_opening_again(where: str) -> None:
    full = commit(
        seen=[("feed:a", "1", "press")],
        mentions=[stored("a", "acme", "zen")],
        inputs=[heard("a"), heard("a", "zen"), heard("b")],
        transitions=[transition("i1", 0)],
        outgoing=[outgoing("d1", transition="i1.0")],
        sources=[SourceRow(name="press", kind="feed", state="live", cursor="é", last_read=T0)],
        silences=[silence()],
        held_back=[held_back()],
        snapshots=[("acme", T0, b"\0state")],
    )
    views = open_views(where)
    async with opened(where) as store:
        await store.commit(full)
        before = await everything(store, views)
    async with opened(where) as store:
        assert await everything(store, views) == before
        assert before["position"] == Position(advanced=T0, last=T0)
        assert before["inputs"]["acme"] == [(1, heard("a").entry), (2, heard("b").entry)]
        assert before["mentions"] == {"feed:a": stored("a", "acme", "zen")}
        assert before["sources"] == full.sources
        await store.commit(commit(inputs=[heard("c")]))
        assert [seq async for seq, _ in store.inputs("acme", 1)] == [2, 3]
    await views.close()


async def test_silences_are_counted_with_what_they_hold_back_and_end_when_they_are_replaced(
    store: Store, views: Views
) -> None:
    await store.commit(commit(silences=[silence(), silence(2, T0 + 5)], held_back=[held_back(), held_back(step=1)]))
    ended = silence(2, T0 + 2, ended_by="Noé")
    told = held_back(told_at=T0 + 3)
    await store.commit(commit(T0 + 3, silences=[ended], held_back=[told, held_back("i2", silence=None, behind="i1")]))
    assert await views.silences() == [(ended, 0), (silence(), 2)]
    assert await views.silences(T0 + 2, limit=1) == [(silence(), 2)]
    assert await views.held_back("i1") == [told, held_back(step=1)]
    assert await views.held_back("i2") == [held_back("i2", silence=None, behind="i1")]


async def test_a_silence_that_is_asked_for_waits_as_a_command(store: Store, views: Views) -> None:
    wish = HushFor(what=Hush(incident="i1", critical=True), span=5)
    number = await views.ask_silence(wish, "connu", "Léa", T0)
    (command,) = await store.commands()
    assert (command.id, command.verb, command.by, command.because) == (number, "silence", "Léa", "connu")
    assert command.hush == wish


async def test_a_snapshot_stands_after_the_inputs_of_its_own_commit(store: Store) -> None:
    await store.commit(commit(snapshots=[("zen", T0, b"0")]))
    await store.commit(commit(inputs=[heard("a"), heard("b")], snapshots=[("acme", T0 + 1, b"2")]))
    snapshots = [await newest_snapshot(store, brand) for brand in ("zen", "acme", "unknown")]
    assert [(found.seq, found.at, found.state) if found else None for found in snapshots] == [
        (0, T0, b"0"),
        (2, T0 + 1, b"2"),
        None,
    ]


async def test_how_far_logs_are_is_told_of_several_brands_at_once(store: Store) -> None:
    await store.commit(commit(inputs=[heard("a")], snapshots=[("acme", T0, b"1"), ("zen", T0, b"0")]))
    await store.commit(commit(inputs=[heard("b")], snapshots=[("zen", T0 + 1, b"9")]))
    heads = await store.heads(["zen", "acme", "unknown"])
    found = {brand: (head.seq, head.snapshot and head.snapshot.state) for brand, head in heads.items()}
    assert found == {"zen": (0, b"9"), "acme": (2, b"1"), "unknown": (0, None)}


async def test_lookup_tells_revisions_facts_and_deletions_and_misses_the_unknown(store: Store) -> None:
    await store.commit(
        commit(
            seen=[
                ("feed:a", "1", "press"),
                ("feed:a", "1", "press"),
                ("feed:a", "2", "press"),
                ("feed:c", "", "press"),
            ],
            mentions=[stored("a")],
            tombstones=["feed:gone"],
        )
    )
    assert await store.lookup(["feed:a", "feed:b", "feed:c", "feed:gone"]) == {
        "feed:a": Seen(revisions={"1": "press", "2": "press"}, deleted=False, facts={"acme": facts("a")}),
        "feed:c": Seen(revisions={"": "press"}, deleted=False, facts={}),
        "feed:gone": Seen(revisions={}, deleted=True, facts={}),
    }


async def test_a_brand_that_joins_a_mention_changes_nothing_else_of_it(store: Store, views: Views) -> None:
    await store.commit(commit(mentions=[stored("a")]))
    await store.commit(commit(joined=[stored("a", "zen", at=T0 + 1, text="other words", source="blogs"), stored("b")]))
    assert await views.mentions() == [stored("a", "acme", "zen")]
    assert [kept.mention.id for kept in await views.mentions(brand="zen")] == ["a"]


async def test_the_latest_revisions_of_what_is_edited_without_end_are_remembered(store: Store) -> None:
    for number in range(30):
        seen = [("feed:a", f"{-number}", "press"), ("feed:a", "other", "blogs"), ("feed:b", "1", "press")]
        await store.commit(commit(at=T0 + number, seen=seen))
    known = await store.lookup(["feed:a", "feed:b"])
    assert set(known["feed:a"].revisions) == {"other", *(f"{-number}" for number in range(10, 30))}
    assert set(known["feed:b"].revisions) == {"1"}


async def test_of_what_is_new_and_edited_at_once_the_latest_revisions_are_remembered(store: Store) -> None:
    assert await store.lookup(["feed:a"]) == {}
    await store.commit(commit(seen=[("feed:a", f"{number:02}", "press") for number in range(30)]))
    assert set((await store.lookup(["feed:a"]))["feed:a"].revisions) == {f"{number:02}" for number in range(20)}


async def test_one_commit_may_hold_more_than_a_statement_can_name(store: Store, views: Views) -> None:
    many = range(33_000)
    await store.commit(
        commit(
            transitions=[transition(f"i{number}", 0) for number in many],
            outgoing=[outgoing(f"d{number}", thread=f"i{number}") for number in many],
        )
    )
    assert (await views.incidents(limit=1))[0].number == len(many)
    assert len(await views.deliveries(limit=40_000)) == len(many)


@pytest.mark.parametrize("again", [True, False])
async def test_an_update_replaces_the_row_and_its_brands(store: Store, views: Views, again: bool) -> None:
    assert await store.lookup(["feed:a"]) == {}
    await store.commit(commit(seen=[("feed:a", "1", "press")], mentions=[stored("a", "acme")]))
    assert not again or await store.lookup(["feed:a"])
    await store.commit(commit(mentions=[stored("a", "zen", text="corrigé")]))
    assert await views.mentions() == [stored("a", "zen", text="corrigé")]
    assert await views.mentions(brand="acme") == []


@pytest.mark.parametrize("name", ["x" * 5_000, "nul\0inside", "half \ud83d"])
async def test_an_identity_no_database_could_index_is_still_known(store: Store, views: Views, name: str) -> None:
    kept = stored(name.replace("\ud83d", "?"), key=name) if "\ud83d" not in name else None
    identity = f"feed:{name}"
    await store.commit(commit(seen=[(identity, name, "press")], mentions=[kept] if kept else []))
    assert set(await store.lookup([identity])) == {identity}
    assert await views.mentions(identities=[identity]) == ([kept] if kept else [])


async def test_a_deletion_leaves_counts_and_facts_and_nothing_a_person_wrote(store: Store, views: Views) -> None:
    await store.commit(commit(seen=[("feed:a", "1", "press")], mentions=[stored("a"), stored("b")]))
    await store.commit(commit(tombstones=["feed:a"]))
    [bare] = await views.mentions(identities=["feed:a"])
    assert bare.deleted
    assert bare.facts == {"acme": facts("a")}
    assert bare.mention.counts == {"likes": 3}
    assert not any(word in repr(bare) for word in ("annulé", "Retards", "camille", "https"))
    assert (await store.lookup(["feed:a"]))["feed:a"].deleted
    assert await views.mentions(identities=["feed:b"]) == [stored("b")]


async def test_a_mention_created_and_deleted_in_one_commit_is_deleted(store: Store, views: Views) -> None:
    await store.commit(commit(mentions=[stored("a")], tombstones=["feed:a"]))
    assert [(kept.deleted, kept.mention.text) for kept in await views.mentions()] == [(True, "")]


async def test_incidents_are_numbered_as_they_come_and_follow_their_transitions(store: Store, views: Views) -> None:
    await store.commit(commit(transitions=[transition("fa11", 0), transition("fa22", 0, brand="zen")]))
    await store.commit(commit(transitions=[transition("fa11", 1, "acknowledged", by="Léa")]))
    await store.commit(commit(transitions=[transition("fa11", 2, "worse", severity="critical")]))
    await store.commit(commit(transitions=[transition("fa22", 1, "resolved", brand="zen")]))
    rows = await views.incidents()
    assert [(row.number, row.id, row.state, row.severity, row.steps, row.acknowledged_by) for row in rows] == [
        (2, "fa22", "resolved", "warning", 2, None),
        (1, "fa11", "worse", "critical", 3, "Léa"),
    ]
    assert (rows[1].opened_at, rows[1].changed_at) == (T0, T0 + 2)
    assert await views.incidents(open_only=True) == [rows[1]]
    assert await views.incidents(brand="zen") == [rows[0]]
    assert await views.incidents(limit=1) == [rows[0]]
    found = [await views.incident(name) for name in ("1", "fa22", "fa1", "fa", "3", "", "%")]
    assert found == [rows[1], rows[0], rows[1], None, None, None, None]
    assert [step.id async for step in views.transitions("fa22")] == ["fa22.0", "fa22.1"]
    assert await views.transition("fa11.2") == transition("fa11", 2, "worse", severity="critical")
    assert [await views.transition(name) for name in ("fa11.9", "fa11", "", "fa11.x")] == [None] * 4


async def test_transitions_and_deliveries_given_again_change_nothing(store: Store, views: Views) -> None:
    again = commit(
        transitions=[transition("i1", 0)],
        outgoing=[outgoing("d1", transition="i1.0")],
        outcomes=[Outcome(delivery="d1", at=T0, attempt=1, state="sent")],
    )
    await store.commit(again)
    before = await everything(store, views)
    again.outcomes = []
    await store.commit(again)
    assert await everything(store, views) == before


# --- deliveries -------------------------------------------------------------------------------------------------------


async def due(store: Store, channel: str = "team", at: int = T0) -> list[str]:
    return [delivery.id for delivery in await store.due(channel, at)]


async def test_a_delivery_carries_all_that_was_given(store: Store, views: Views) -> None:
    notice = Notice(id="n1", topic="source_down", at=AT, subject="press")
    await store.commit(commit(outgoing=[outgoing("d1", notice=notice, critical=True, fallback=("boss", "phone"))]))
    [delivery] = await store.due("team", T0)
    assert (delivery.notice, delivery.critical, delivery.fallback) == (notice, True, ("boss", "phone"))
    assert (delivery.state, delivery.attempts, delivery.created, delivery.finished) == ("due", 0, T0, None)
    assert await views.deliveries(thread="i1", state="due") == [delivery]
    assert await views.deliveries(thread="i2") == await views.deliveries(state="sent") == []


async def test_only_the_head_of_a_thread_is_due_until_it_is_finished(store: Store) -> None:
    lines = [outgoing("a1"), outgoing("a2"), outgoing("b1", thread="i2"), outgoing("p1", "phone")]
    await store.commit(commit(outgoing=[*lines, outgoing("late", thread="i3", due=T0 + 9)]))
    assert (await due(store), await due(store, "phone")) == (["a1", "b1"], ["p1"])
    await store.commit(commit(outcomes=[Outcome(delivery="a1", at=T0, attempt=1, state="retry", due=T0 + 5)]))
    assert (await due(store), await due(store, at=T0 + 5)) == (["b1"], ["b1", "a1"])
    await store.commit(commit(outcomes=[Outcome(delivery="a1", at=T0, attempt=2, state="parked", reason="authError")]))
    assert await due(store) == ["a2", "b1"]
    await store.commit(commit(outcomes=[Outcome(delivery="a2", at=T0, attempt=1, state="cancelled")]))
    assert await due(store, at=T0 + 9) == ["b1", "late"]


async def test_where_something_critical_waits_comes_first_then_what_has_been_due_for_longest(store: Store) -> None:
    lines = [
        outgoing("slow", thread="i1", due=T0 - 9),
        outgoing("slower", thread="i2", due=T0 - 10),
        outgoing("open", thread="i3", due=T0 - 1),
        outgoing("worse", thread="i3", due=T0, critical=True),
        outgoing("alone", thread="i4", due=T0, critical=True),
        outgoing("elsewhere", "phone", thread="i1", due=T0, critical=True),
    ]
    await store.commit(commit(outgoing=lines))
    assert await due(store) == ["open", "alone", "slower", "slow"]


async def test_what_is_critical_in_a_line_that_has_failed_for_long_is_overdue(store: Store) -> None:
    critical = {"critical": True, "fallback": ("boss",)}
    lines = [
        outgoing("done", **critical),
        outgoing("a1"),
        outgoing("a2", **critical),
        outgoing("a3", critical=True),
        outgoing("untried", "phone", **critical),
        outgoing("b1", thread="i2", **critical),
        outgoing("calm", thread="i3"),
    ]
    tried = [Outcome(delivery=name, at=T0, attempt=1, state="retry", due=T0 + 9) for name in ("a1", "b1", "calm")]
    sent = Outcome(delivery="done", at=T0, attempt=1, state="sent")
    await store.commit(commit(outgoing=lines, outcomes=[*tried, sent]))
    await store.commit(commit(at=T0 + 1, outgoing=[outgoing("a4", **critical)]))
    assert [each.id for each in await store.overdue(T0)] == ["a2", "b1", "a4"]
    assert [each.id for each in await store.overdue(T0, besides=["a2", "a4"], limit=1)] == ["b1"]
    assert await store.overdue(T0 - 1) == []


async def test_next_due_is_the_next_that_is_not_blocked(store: Store) -> None:
    assert await store.next_due() is None
    await store.commit(commit(outgoing=[outgoing("a1", due=T0 + 5), outgoing("a2", due=T0)]))
    assert await store.next_due() == T0 + 5


async def test_a_delivery_knows_what_the_channel_named_the_last_message_of_its_thread(store: Store) -> None:
    names = ["a1", "a2", "a3", "other"]
    await store.commit(commit(outgoing=[*(outgoing(name) for name in names[:3]), outgoing("other", thread="i2")]))
    found = []
    for name, receipt in (("a1", "m1"), ("a2", ""), ("a3", "m3")):
        found += [each.receipt for each in await store.due("team", T0) if each.thread == "i1"]
        sent = Outcome(delivery=name, at=T0, attempt=1, state="sent", receipt=receipt)
        await store.commit(commit(outcomes=[sent]))
    assert ["", "m1", "m1"] == found
    assert [""] == [each.receipt for each in await store.due("team", T0)]


async def test_the_outbox_waits_since_its_oldest_delivery_was_first_due_not_since_it_was_tried(store: Store) -> None:
    assert await store.waiting_since() is None
    await store.commit(commit(outgoing=[outgoing("later", thread="i2", due=T0 + 90)]))
    assert await store.waiting_since() == T0 + 90
    await store.commit(commit(outgoing=[outgoing("a1", due=T0)]))
    again = Outcome(delivery="a1", at=T0 + 60, attempt=1, state="retry", due=T0 + 600)
    await store.commit(commit(outcomes=[again]))
    assert await store.waiting_since() == T0
    await store.commit(commit(outcomes=[Outcome(delivery="a1", at=T0 + 600, attempt=2, state="sent")]))
    assert await store.waiting_since() == T0 + 90


async def test_a_parked_delivery_is_due_again_when_unparked_and_only_then(store: Store, views: Views) -> None:
    parked = Outcome(delivery="a1", at=T0, attempt=1, state="parked", reason="authError", detail="no token")
    sent = Outcome(delivery="a2", at=T0, attempt=1, state="sent")
    await store.commit(commit(outgoing=[outgoing("a1"), outgoing("a2", thread="i2")], outcomes=[parked, sent]))
    [kept] = await views.deliveries(state="parked")
    assert (kept.reason, kept.detail, kept.attempts, kept.finished) == ("authError", "no token", 1, T0)
    await store.commit(commit(unpark=[("a1", T0 + 3), ("a2", T0), ("none", T0)]))
    assert (await due(store), await due(store, at=T0 + 3)) == ([], ["a1"])


# --- commands ---------------------------------------------------------------------------------------------------------


async def test_a_command_waits_for_the_writer_and_its_answer_is_read_back(store: Store, views: Views) -> None:
    first = await views.ask("ack", "37", "Léa", T0)
    second = await views.ask("resolve", "37", "Léa", T0 + 1, because="fausse alerte")
    waiting = await store.commands()
    assert [(asked.id, asked.verb, asked.because) for asked in waiting] == [
        (first, "ack", None),
        (second, "resolve", "fausse alerte"),
    ]
    assert await store.commands(limit=1) == waiting[:1]
    assert await views.answer(first) is None
    answered = Answered(id=first, at=T0 + 2, refusal="no such incident")
    await store.commit(commit(answered=[answered]))
    assert (await views.answer(first), await views.answer(999)) == (answered, None)
    assert await store.commands() == waiting[1:]


async def test_commands_are_left_while_no_daemon_runs(where: str) -> None:
    async with opened(where):
        pass
    views = open_views(where)
    await views.ask("ack", "1", "Léa", T0)
    await views.close()
    async with opened(where) as store:
        assert [asked.target for asked in await store.commands()] == ["1"]


async def test_mentions_are_read_up_to_a_moment_the_newest_first(store: Store, views: Views) -> None:
    await store.commit(commit(mentions=[stored(name, "acme", at=T0 + n) for n, name in enumerate("abc")]))
    assert [kept.mention.id for kept in await views.mentions(brand="acme", until=T0 + 1, limit=5)] == ["b", "a"]
    assert [kept.mention.id for kept in await views.mentions(until=T0 + 1, limit=1)] == ["b"]


async def test_what_one_message_told_of_is_found_by_its_id_and_a_slot_matters_as_its_weightiest(
    store: Store, views: Views
) -> None:
    slot = {"slot": T0, "circle": "Acme"}
    both = [outgoing("d1", thread="i1", asks=True, critical=True, **slot), outgoing("d2", thread="i2", **slot)]
    later = outgoing("d3", critical=True, circle="", slot=T0 + 1)
    told = [Outcome(delivery=each.id, at=T0, attempt=1, state="sent", told_in="m1") for each in both]
    await store.commit(commit(outgoing=[*both, later], outcomes=told))
    assert ["i1", "i2"] == await views.told_in("m1")
    assert [] == await views.told_in("") == await views.told_in("m2")
    assert [Slot("team", "Acme", T0, Rank.CRITICAL), Slot("team", "", T0 + 1, Rank.LATER)] == await store.slots(T0 - 1)


async def test_what_a_channel_was_not_told_of_is_given_up_or_fails_or_waits_behind_what_fails(
    store: Store, views: Views
) -> None:
    alerts = {"transition": "i1.0", "critical": True}
    rows = [outgoing(name, thread=name[0], **alerts) for name in ("a1", "a2", "b1", "c1")]
    rows += [outgoing("d1", thread="d", transition="i2.0"), outgoing("e1", thread="e", critical=True)]
    rows += [outgoing("f1", channel="mail", **alerts)]
    tries: dict[str, Any] = {"a1": "retry", "c1": "parked", "d1": "parked", "e1": "parked", "f1": "parked"}
    outcomes = [Outcome(delivery=each, at=T0 + 1, attempt=1, state=state) for each, state in tries.items()]
    await store.commit(commit(T0, outgoing=rows))
    await store.commit(commit(T0 + 1, outcomes=outcomes))

    async def missed(since: int, until: int, *, critical: bool = True) -> list[str]:
        return [each.id for each in await views.missed("team", since, until, critical=critical)]

    assert ["c1"] == await missed(T0 + 1, T0 + PASS_ON - 1)
    assert ["a1", "a2", "c1"] == await missed(T0 + 1, T0 + PASS_ON)
    assert ["a1", "a2"] == await missed(T0 + 2, T0 + PASS_ON)
    assert ["d1"] == await missed(T0, T0 + PASS_ON, critical=False)


async def test_what_is_planned_and_not_yet_told_is_moved_and_nothing_else(store: Store) -> None:
    planned = {"circle": "Acme", "slot": T0 + 1, "due": T0 + 1, "asks": True}
    rows = [outgoing(name, thread=name, **planned) for name in ("d1", "d2")]
    rows += [outgoing("d3", thread="d3", **planned | {"circle": "Globex"})]
    rows += [outgoing("d4", thread="d4", **planned | {"rises": True}), outgoing("d5", channel="mail", **planned)]
    tried = Outcome(delivery="d2", at=T0, attempt=1, state="retry", due=T0 + 5)
    await store.commit(commit(T0, outgoing=rows, outcomes=[tried]))
    move = Moved(channel="team", circle="Acme", before=T0 + 1, after=T0 + 9)
    more = outgoing("d6", thread="d6", **planned)
    await store.commit(commit(T0 + 1, moved=[move], outgoing=[more]))
    assert ["d3", "d6"] == [each.id for each in await store.due("team", T0 + 4)]
    assert {(each.id, each.slot) for each in await store.due("team", T0 + 9)} == {
        ("d1", T0 + 9), ("d2", T0 + 1), ("d3", T0 + 1), ("d4", T0 + 9), ("d6", T0 + 1)
    }  # fmt: skip
    slots = {(each.circle, each.at): each.rank for each in await store.slots(T0) if each.channel == "team"}
    assert {("Acme", T0 + 1): Rank.ASKS, ("Globex", T0 + 1): Rank.ASKS, ("Acme", T0 + 9): Rank.WORSE} == slots

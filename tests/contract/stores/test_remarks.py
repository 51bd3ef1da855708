"""Notes and legal holds, on every store."""

from datetime import timedelta

from alerts.delivery import Outcome
from listener.store.notes import Hold, Note, Release
from listener.store.port import Store, Views
from rules.instant import DAY
from tests.stores import T0, commit, held_back, outgoing, stored, transition

WEEK = timedelta(days=7)
HOLD = Hold(incident="i1", brand="acme", since=T0, at=T0 + 5, by="Léa", because="référé du 3")


async def test_notes_are_kept_in_order_each_with_its_author(store: Store, views: Views) -> None:
    notes = [
        Note(incident="i1", at=T0 + 9, by="Léa", text="client appelé"),
        Note(incident="i1", at=T0, by="B", text="x"),
    ]
    await store.commit(commit(remarks=[notes[0], Note(incident="i2", at=T0, by="C", text="autre")]))
    await store.commit(commit(remarks=[notes[1]]))
    assert await views.notes("i1") == notes


async def test_what_is_on_hold_outlives_its_age_and_goes_once_released(store: Store, views: Views) -> None:
    life = [transition("i1", 0), transition("i1", 1, "resolved", at=T0 + 60)]
    mentions = [
        stored("before", at=T0 - 1),
        stored("mine", at=T0 + 60),
        stored("after", at=T0 + 61),
        stored("b", "zen"),
    ]
    sent = Outcome(delivery="d1", at=T0, attempt=1, state="sent")
    rows = {"outgoing": [outgoing("d1")], "outcomes": [sent], "held_back": [held_back()]}
    await store.commit(commit(transitions=life, mentions=mentions, remarks=[HOLD], **rows))
    await store.purge(T0 + 30 * DAY, WEEK, {}, WEEK, ())
    assert await views.hold("i1") == HOLD
    assert [kept.mention.id for kept in await views.mentions()] == ["mine"]
    assert (1, 1) == (len(await views.deliveries()), len(await views.held_back("i1")))
    await store.commit(commit(remarks=[Release(incident="i1")]))
    await store.purge(T0 + 30 * DAY, WEEK, {}, WEEK, ())
    assert ([], [], None) == (await views.mentions(), await views.deliveries(), await views.hold("i1"))


async def test_an_open_incident_on_hold_has_no_end_yet(store: Store, views: Views) -> None:
    await store.commit(commit(transitions=[transition("i1", 0)], mentions=[stored("a", at=T0 + DAY)], remarks=[HOLD]))
    await store.purge(T0 + 30 * DAY, WEEK, {}, WEEK, ())
    assert [kept.mention.id for kept in await views.mentions()] == ["a"]


async def test_what_an_author_deletes_is_kept_aside_only_where_it_is_on_hold(store: Store, views: Views) -> None:
    life = [transition("i1", 0), transition("i1", 1, "resolved", at=T0 + 60)]
    mentions = [stored("mine", at=T0 + 1), stored("after", at=T0 + 61)]
    await store.commit(commit(transitions=life, mentions=mentions, remarks=[HOLD]))
    await store.commit(commit(T0 + DAY, tombstones=["feed:mine", "feed:after"]))
    await store.commit(commit(T0 + 2 * DAY, tombstones=["feed:mine"]))
    assert [(T0 + DAY, mentions[0].mention)] == [(each.deleted_at, each.mention) for each in await views.kept("i1")]
    assert ["", ""] == [each.mention.text for each in await views.mentions()]
    await store.commit(commit(T0 + 3 * DAY, remarks=[Release(incident="i1")]))
    assert [] == await views.kept("i1")

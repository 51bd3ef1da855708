"""A dossier read from a store."""

import pytest

from listener.reporting.dossier import Dossiers
from listener.store.notes import Hold
from listener.store.port import Commit
from listener.store.store import open_store
from listener.store.views import open_views
from rules.instant import DAY, MINUTE, moment
from tests.listener.pipeline.world import configured
from tests.listener.reporting.filled import LIFE, MONDAY, OPENED, fill, step
from tests.listener.reporting.test_digest import PARTS

AT = MONDAY + 8 * DAY


@pytest.fixture
async def world(tmp_path):
    setup = configured(tmp_path, **PARTS)
    store, views = open_store(tmp_path / "data"), open_views(tmp_path / "data")
    await store.open("a test")
    await fill(store)
    yield store, views, Dossiers(views, setup.settings)
    await views.close()
    await store.close()


async def test_a_dossier_holds_the_whole_life_in_order_with_notes_deliveries_and_replies(world):
    _, views, dossiers = world
    told = await dossiers.of(await views.incident("1"), AT)
    happened = [(each.what, each.state or each.by or each.channel) for each in told.moments]
    assert ["first", "step", "delivery", "step"] == [what for what, _ in happened[:4]]
    assert ("note", "Léa") in happened
    assert [True] == [each.held for each in told.moments if each.state == "worse"]
    assert [("zoe",)] == [each.spared for each in told.moments if each.state == "open"]
    assert sorted(each.at for each in told.moments) == [each.at for each in told.moments]
    assert (moment(OPENED + 50 * MINUTE), 719) == (told.replied_at, told.during)
    assert ["180 passagers au sol, pas d’hôtel. Voir 06 12 34 56 78"] == [each.text for each in told.quotes[:1]]
    assert len({each.text for each in told.quotes}) == len(told.quotes)
    assert sum(each.counted.negative for each in told.curve.bins) > 500
    assert (None, ()) == (told.hold, told.removed)


async def test_a_dossier_shows_both_stretches_of_what_came_back(world):
    store, views, dossiers = world
    back = [
        step(4, "reopened", LIFE[-1].at + 40 * MINUTE, 30),
        step(5, "acknowledged", LIFE[-1].at + 45 * MINUTE, 30, by="Léa"),
        step(6, "resolved", LIFE[-1].at + 200 * MINUTE, 2),
    ]
    await store.commit(Commit(advanced=AT, last=AT, transitions=back))
    told = await dossiers.of(await views.incident("1"), AT)
    states = [each.state for each in told.moments if each.what == "step"]
    assert ["open", "worse", "acknowledged", "resolved", "reopened", "acknowledged", "resolved"] == states
    assert (2, moment(OPENED), moment(back[-1].at)) == (told.lived.times, told.lived.opened_at, told.lived.ended_at)
    assert ("real", 21 * 60) == (told.lived.ending, told.lived.taken_after.total_seconds())


async def test_what_an_author_deleted_is_shown_only_where_the_incident_is_on_hold(world):
    store, views, dossiers = world
    row = await views.incident("1")
    hold = Hold(incident="i1", brand="acme", since=OPENED - DAY, at=AT, by="Léa", because="référé")
    await store.commit(Commit(advanced=AT, last=AT, tombstones=["feed:hostile"]))
    await store.commit(Commit(advanced=AT + 1, last=AT + 1, remarks=[hold]))
    await store.commit(Commit(advanced=AT + 2, last=AT + 2, tombstones=["feed:first"]))
    told = await dossiers.of(row, AT + 3)
    assert [("180", moment(AT + 2))] == [(each.quote.text[:3], each.deleted_at) for each in told.removed]
    assert "référé" == told.hold.because
    assert not [each.text for each in told.quotes if each.text.startswith("180") or "script" in each.text]

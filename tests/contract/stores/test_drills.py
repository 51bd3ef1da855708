"""Fire drills, on every store."""

from datetime import timedelta

from alerts.alert import Reached
from alerts.drill import Drill, DrillFor
from listener.store.port import Store, Views
from rules.instant import DAY
from tests.stores import T0, commit

WEEK = timedelta(days=7)
FIRST = Drill(number=1, brand="acme", at=T0, until=T0 + DAY, channels=("phone", "team"), spared=("client",), by="Léa")
OVER = Drill(
    number=1,
    brand="acme",
    at=T0,
    until=T0 + DAY,
    taken_at=T0 + 5,
    taken_by="Zoé",
    ended_at=T0 + 9,
    reached=(Reached(channel="phone", after=timedelta(seconds=4)), Reached(channel="team", why="refusé")),
)


async def test_a_drill_is_kept_as_it_stands_last_until_after_its_end(store: Store, views: Views) -> None:
    await store.commit(commit(drills=[FIRST]))
    assert ([FIRST], [FIRST]) == (await views.drills(), await views.drills(open_only=True))
    second = Drill(number=2, brand="zen", at=T0, until=T0 + 1)
    await store.commit(commit(drills=[OVER, second]))
    assert ([second, OVER], [second]) == (await views.drills(), await views.drills(open_only=True))
    assert ([OVER], []) == (await views.drills(number=1), await views.drills(number=3))
    await store.purge(T0 + 8 * DAY, WEEK, {}, WEEK, ())
    assert await views.drills() == [second]


async def test_a_drill_is_asked_for_with_all_that_was_wished(store: Store, views: Views) -> None:
    wish = DrillFor(brand="acme", to=("phone",))
    await views.ask_drill(wish, "Léa", T0)
    assert [("drill", "acme", "Léa", wish)] == [
        (each.verb, each.target, each.by, each.drill) for each in await store.commands()
    ]

"""What is told of deliveries, attempt by attempt, and when the story counts as over."""

from dataclasses import dataclass, field

from alerts.delivery import Delivery
from listener.mock.watch import Watch
from rules.transition import Evidence, Transition


@dataclass
class Shelf:
    """The part of a store's reading side that a watch looks at."""

    steps: list = field(default_factory=list)
    rows: list = field(default_factory=list)

    async def transitions(self):
        for step in self.steps:
            yield step

    async def deliveries(self, *, limit):
        return self.rows[:limit]


def step(state, number):
    return Transition(
        at=number,
        incident="i",
        step=number,
        brand="acme",
        rule="r",
        state=state,
        severity="warning",
        reasons=(),
        evidence=Evidence(of="negative", count=1, window=60),
    )


def delivery(state, attempts, finished=None):
    return Delivery(
        id="d",
        channel="team",
        thread="i",
        state=state,
        due=0,
        attempts=attempts,
        transition="i.0",
        notice=None,
        critical=False,
        fallback=(),
        finished=finished,
    )


async def told(watch, now):
    return [(each.kind, each.number, each.outcome, each.at) for each in await watch.attempts(now)]


async def test_each_attempt_is_told_once_also_when_several_were_made_between_two_looks():
    shelf = Shelf(rows=[delivery("due", 0)])
    watch = Watch(shelf, {"team": "slack"})
    first = await told(watch, 1)
    shelf.rows = [delivery("due", 1)]
    second = await told(watch, 2)
    again = await told(watch, 3)
    shelf.rows = [delivery("sent", 3, finished=9)]
    third = await told(watch, 4)

    assert (first, second, again) == ([], [("slack", 1, "retry", 2)], [])
    assert third == [("slack", 2, "retry", 9), ("slack", 3, "sent", 9)]


async def test_the_story_is_over_when_every_incident_is_resolved_and_everything_delivered():
    shelf = Shelf()
    watch = Watch(shelf, {})

    async def missing():
        await watch.transitions()
        await watch.attempts(0)
        return watch.missing()

    nothing = await missing()
    shelf.steps, shelf.rows = [step("open", 0)], [delivery("due", 0)]
    opened = await missing()
    shelf.steps.append(step("resolved", 1))
    waiting = await missing()
    shelf.rows = [delivery("parked", 5)]
    parked = await missing()
    shelf.rows = [delivery("sent", 1)]
    over = await missing()

    assert nothing == ["missing_incident"]
    assert opened == ["missing_end", "missing_delivery"]
    assert [waiting, parked, over] == [["missing_delivery"], ["missing_parked"], []]

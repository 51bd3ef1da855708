"""How brands stand that other processes judge."""

from listener.pipeline.elsewhere import NONE, Elsewhere
from listener.pipeline.loudest import Loudest
from listener.pipeline.status import DaemonStatus
from listener.pipeline.writer import Writer
from listener.signal import Signal
from rules.transition import SEVERITIES
from tests.listener.pipeline.world import START, opened

BRANDS = "acme: {query: acme, languages: [en]}, zen: {query: zen, languages: [en]}"
RULES = "recall: {kind: keyword, any: [boycott], severity: critical}"


def minutes(elsewhere, world, brand):
    return [rate.posts for rate in elsewhere.rates.of(brand, world.clock.now()) if rate.posts]


async def test_what_others_write_is_counted_once_whether_it_came_before_the_start_or_after(tmp_path):
    async with opened(tmp_path, brands=BRANDS) as world:
        await world.say("1", "2")
        elsewhere = Elsewhere(world.views, Signal())
        await elsewhere.look()
        assert minutes(elsewhere, world, "acme") == [2]
        await world.say("3")
        await elsewhere.look()
        await elsewhere.look()
        assert minutes(elsewhere, world, "acme") == [3]
        assert minutes(elsewhere, world, "zen") == []


async def test_the_worst_open_incident_of_a_brand_makes_it_loud(tmp_path):
    async with opened(tmp_path, brands=BRANDS, rules=RULES) as world:
        news = Signal()
        elsewhere = Elsewhere(world.views, news)
        ranking = Loudest(world.ledger, world.clock, elsewhere)
        await elsewhere.look()
        assert ["acme", "zen"] == list(await ranking.order())
        await world.hear(world.said("1", "boycott zen"))
        before = news.fired
        await elsewhere.look()
        assert (before + 1, SEVERITIES.index("critical"), NONE) == (
            news.fired,
            elsewhere.worst("zen"),
            elsewhere.worst("acme"),
        )
        await elsewhere.look()
        assert before + 1 == news.fired, "nothing is new"
        world.clock.move(seconds=5)
        assert ["zen", "acme"] == list(await ranking.order())


async def test_a_page_says_that_it_does_not_know_how_rules_stand_and_draws_what_was_said(tmp_path):
    async with opened(tmp_path, brands=BRANDS) as world:
        elsewhere = Elsewhere(world.views, Signal())
        await world.say("1")
        await elsewhere.look()
        status = DaemonStatus(
            ledger=world.ledger,
            writer=Writer(world.ledger, world.metrics),
            clock=world.clock,
            started=START,
            ranking=Loudest(world.ledger, world.clock, elsewhere),
            elsewhere=elsewhere,
        )
        brand = status.brand("acme")
        assert (True, 1) == (brand.elsewhere, sum(rate.posts for rate in brand.rates))

"""What Prometheus is answered follows what is configured and committed."""

import gc
import weakref

import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from listener.pipeline.scraping import Scraping
from listener.pipeline.writer import Writer
from tests.listener.pipeline.world import BRANDS

TWO = BRANDS + ", zen: {query: zen}"
RULE = "many: {{kind: threshold, of: posts, window: 15m, at_least: {{posts: 3}}{brands}}}"


@pytest.fixture
def writer(world):
    return Writer(world.ledger, world.metrics)


@pytest.fixture
def scraping(world, writer):
    return Scraping(world.ledger, writer, world.clock, world.metrics)


async def scraped(scraping, name):
    """Values of one sample name by brand ("" without)."""
    body, _ = await scraping.exposition("")
    samples = (sample for family in families(body.decode()) for sample in family.samples)
    return {sample.labels.get("brand", ""): sample.value for sample in samples if sample.name == name}


async def test_how_a_brand_stands_is_told_as_of_the_scrape(world, scraping):
    await world.reload(rules=RULE.format(brands=""))
    before = await scraped(scraping, "badbuzz_rule_value")
    await world.say("1", "2")
    assert ({"acme": 0}, {"acme": 2}) == (before, await scraped(scraping, "badbuzz_rule_value"))
    assert {"acme": 1} == await scraped(scraping, "badbuzz_coverage_ratio")


async def test_what_no_longer_judges_or_is_no_longer_watched_does_not_look_stuck(world, scraping):
    await world.reload(brands=TWO, rules=RULE.format(brands=""))
    both = await scraped(scraping, "badbuzz_rule_value")
    await world.reload(brands=TWO, rules=RULE.format(brands=", brands: [zen]"))
    one = await scraped(scraping, "badbuzz_rule_value")
    await world.reload(rules=RULE.format(brands=""))
    other = await scraped(scraping, "badbuzz_rule_value")
    assert [{"acme", "zen"}, {"zen"}, {"acme"}] == [set(both), set(one), set(other)]
    assert {"acme"} == set(await scraped(scraping, "badbuzz_coverage_ratio"))


async def test_open_incidents_are_counted_by_severity(world, scraping):
    await world.say("1", "2", "3")
    body, _ = await scraping.exposition("")
    assert b'badbuzz_incidents_open{severity="warning"} 1.0\n' in body
    assert b'badbuzz_incidents_open{severity="info"} 0.0\n' in body


async def test_while_nothing_is_committed_nothing_counts_as_judged(scraping, writer):
    times = "badbuzz_rule_evaluations_total"
    first = await scraped(scraping, times)
    assert {"": 2 * first[""]} == await scraped(scraping, times)
    writer.healthy = False
    assert {"": 2 * first[""]} == await scraped(scraping, times)


class Ring:
    """Garbage that only a collector of it finds."""

    def __init__(self):
        self.itself = self


async def test_what_is_there_during_a_scrape_is_collected_once_it_is_garbage(scraping):
    await scraping.exposition("")
    ring = Ring()
    gone = weakref.ref(ring)
    await scraping.exposition("")  # the first one of a configuration makes what stays
    del ring
    gc.collect()
    assert gone() is None

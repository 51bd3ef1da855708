"""What the metrics say follows what is configured and committed."""

from listener.pipeline.observing import forget
from tests.listener.pipeline.world import BRANDS, configured

TWO = BRANDS + ", zen: {query: zen}"
RULE = "many: {{kind: threshold, of: posts, window: 15m, at_least: {{posts: 3}}{brands}}}"


async def test_a_rule_that_no_longer_judges_a_brand_does_not_look_stuck(world, tmp_path):
    for brand in ("acme", "zen"):
        world.metrics.rule_judged(brand, "many", value=3, expected=1, learning=False)
    before = configured(tmp_path, brands=TWO, rules=RULE.format(brands=""))
    after = configured(tmp_path, brands=TWO, rules=RULE.format(brands=", brands: [zen]"))
    forget(world.metrics, before, after)
    assert [None, 3] == [world.sample("badbuzz_rule_value", brand=brand, rule="many") for brand in ("acme", "zen")]

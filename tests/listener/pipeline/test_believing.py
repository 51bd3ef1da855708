"""How far a step can be believed, read from what people said of the brand's incidents before it."""

from contextlib import asynccontextmanager

from msgspec.structs import replace

from listener.pipeline.believing import believed, confidence_of
from listener.store.views import open_views
from rules.confidence import Judged
from rules.instant import HOUR, MINUTE
from tests.rules.test_confidence import STRONG, WEAK
from tests.stores import commit, opened, transition


@asynccontextmanager
async def kept(folder, *incidents):
    """The views of a store of incidents: how each opened, what it was, an hour after the one before."""
    steps = []
    for number, (evidence, ending) in enumerate(incidents):
        at = number * HOUR
        steps += [
            transition(f"i{number}", 0, at=at, evidence=evidence),
            transition(f"i{number}", 1, "resolved", at=at + MINUTE, evidence=evidence, ending=ending),
        ]
    async with opened(folder / "data") as store:
        await store.commit(commit(transitions=steps))
        views = open_views(folder / "data")
        yield views
        await views.close()


async def test_only_what_was_over_and_judged_before_corrects_a_word(tmp_path):
    lived = [(STRONG, "false-alarm"), (WEAK, "real"), (STRONG, None), (STRONG, "false-alarm")]
    async with kept(tmp_path, *lived) as views:
        third, last = await views.transition("i2.0"), await views.transition("i3.0")
        assert (await confidence_of(third, views)).judged == Judged(real=0, false=1)
        # what began weak says nothing of this, nor does the incident itself
        assert (await confidence_of(replace(last, at=10**12), views)).judged == Judged(real=0, false=1)


async def test_a_digest_checks_each_word_by_what_was_shown_when_an_incident_opened(tmp_path):
    learning = replace(STRONG, learning=True)
    lived = [*[(STRONG, "false-alarm")] * 2, (STRONG, "real"), (WEAK, None), (learning, "real")]
    async with kept(tmp_path, *lived) as views:
        found = await believed(await views.incidents(), views)
    told = {each.word: (each.real, each.false, each.unjudged) for each in found}
    # two false alarms made the third less sure than its evidence
    assert {"very": (0, 1, 0), "likely": (1, 1, 0), "check": (0, 0, 1), "learning": (1, 0, 0)} == told

"""How far a step can be believed, read from what people said of the brand's incidents before it."""

from typing import ClassVar

from msgspec.structs import replace

from listener.pipeline.believing import believed, confidence_of
from listener.store.port import IncidentRow
from rules.confidence import Judged
from rules.transition import Evidence, Transition
from tests.rules.test_confidence import STRONG, WEAK


class Kept:
    """A store of incidents: id, how it opened, what it was; each opened an hour after the one before."""

    HOUR: ClassVar[int] = 3600

    def __init__(self, *incidents):
        self.steps, self.rows = {}, []
        for number, (evidence, ending) in enumerate(incidents):
            at, name = number * self.HOUR, f"i{number}"
            row = {"id": name, "number": number, "brand": "acme", "rule": "bad-buzz", "severity": "warning", "steps": 2}
            row |= {"state": "resolved", "opened_at": at, "changed_at": at + 60, "acknowledged_by": None}
            self.rows.insert(0, IncidentRow(**row, ending=ending))
            self.steps[f"{name}.0"] = step(name, at, evidence)

    async def incidents(self, **_):
        return self.rows

    async def transition(self, name):
        return self.steps.get(name)


def step(name, at, evidence: Evidence):
    known = {"brand": "acme", "rule": "bad-buzz", "state": "open", "severity": "warning", "reasons": ()}
    return Transition(at=at, incident=name, step=0, evidence=evidence, **known)


async def test_only_what_was_over_and_judged_before_corrects_a_word():
    views = Kept((STRONG, "false-alarm"), (WEAK, "real"), (STRONG, None), (STRONG, "false-alarm"))
    found = await confidence_of(views.steps["i2.0"], views)
    assert found.judged == Judged(real=0, false=1)
    # what began weak says nothing of this, nor does the incident itself
    assert (await confidence_of(replace(views.steps["i3.0"], at=10**9), views)).judged == Judged(real=0, false=1)


async def test_a_digest_checks_each_word_by_what_was_shown_when_an_incident_opened():
    views = Kept(
        *[(STRONG, "false-alarm")] * 2, (STRONG, "real"), (WEAK, None), (replace(STRONG, learning=True), "real")
    )
    told = {each.word: (each.real, each.false, each.unjudged) for each in await believed(views.rows, views)}
    # two false alarms made the third less sure than its evidence
    assert {"very": (0, 1, 0), "likely": (1, 1, 0), "check": (0, 0, 1), "learning": (1, 0, 0)} == told

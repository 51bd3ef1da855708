"""The more false alarms somebody had, the more an incident must be to be told; what is critical or worse always is."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.ceiling import Load
from alerts.delivery import Call
from alerts.routing import Routed
from alerts.sparing import spare
from alerts.step import Step
from rules.transition import SEVERITIES

LOADS = st.builds(Load, had=st.integers(0, 12), accept=st.integers(0, 8))
TIMES = st.none() | st.floats(0, 20)
STATES = st.sampled_from(["open", "worse", "better", "acknowledged", "released", "resolved", "reopened"])
ROUTED = Routed(channels=("ann", "team"), calls={"ann": Call(person="ann", ladder=5), "team": Call()})


@pytest.mark.parametrize(
    ("had", "severity", "needed"),
    [
        (0, "info", 0),
        (1, "warning", 0),
        (2, "warning", 1),
        (2, "info", 2),
        (3, "warning", 2),
        (4, "warning", inf),
        (9, "critical", 0),
    ],
)
def test_what_an_incident_must_be_grows_with_the_share_of_the_ceiling_that_is_used(had, severity, needed):
    assert needed == Load(had=had, accept=4).needs(severity)


@given(LOADS, st.sampled_from(SEVERITIES), TIMES, st.integers(0, 5), st.floats(0, 5))
def test_fewer_false_alarms_a_higher_ceiling_more_evidence_or_a_higher_level_hold_nothing_more_back(
    load, severity, times, more, by
):
    if load.passes(severity, times):
        assert Load(had=max(0, load.had - more), accept=load.accept + more).passes(severity, times)
        assert times is None or load.passes(severity, times + by)
        assert all(load.passes(each, times) for each in SEVERITIES[SEVERITIES.index(severity) :])


@given(LOADS, TIMES, STATES, st.sampled_from(SEVERITIES), st.booleans(), st.sampled_from([(), ("ann",), ("team",)]))
def test_only_the_first_of_a_calm_incident_is_held_back_and_always_with_a_reason(
    load, times, state, severity, rises, already
):
    step = Step(brand="acme", severity=severity, state=state, rises=rises)
    found = spare(ROUTED, step, times, already, {"ann": "ann", "team": None}.get, {"ann": load})
    held = "ann" not in found.channels
    assert "team" in found.channels
    assert held == ("ann" in found.spared) == ("ann" not in found.calls)
    if severity == "critical" or rises or state not in ("open", "reopened") or already == ("ann",):
        assert found == ROUTED
    elif load.had >= load.accept:
        assert held
    assert not held or f"{load.had} false alarms of {load.accept}" in found.reasons[-1]

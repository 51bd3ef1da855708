"""Small worlds for the engine: one brand, its rules, and mentions at given minutes."""

from collections.abc import Iterable

from rules.engine import Engine
from rules.facts import Facts
from rules.inputs import Configured, Heard, Input, Plan, RulePlan, plan_hash
from rules.instant import MINUTE, SECOND, Instant
from rules.transition import Transition

START: Instant = 1_800_000_000 * SECOND
"""A round moment: on the grid and on a minute."""


def plan(**rules: dict[str, object]) -> Plan:
    """The plan of the brand `acme`; each rule is its options with a `kind`."""
    return Plan(
        brand="acme",
        query="acme",
        lateness=30 * MINUTE,
        rules=tuple(
            RulePlan(name=name, kind=str(options["kind"]), options={k: v for k, v in options.items() if k != "kind"})
            for name, options in rules.items()
        ),
    )


def configured(the_plan: Plan, at: Instant = START) -> Configured:
    return Configured(at=at, hash=plan_hash(the_plan), plan=the_plan)


def facts(number: int, at: Instant, **changes: object) -> Facts:
    values = {"mention": f"feed:{number}", "moment": at, "source": "press", "author": f"a{number}", "label": "negative"}
    return Facts(**(values | changes))


def heard(number: int, minute: float, **changes: object) -> Heard:
    at = START + int(minute * MINUTE)
    return Heard(at=at, facts=facts(number, at, **changes))


def fold(entries: Iterable[Input], *, until: float | None = None, engine: Engine | None = None) -> list[Transition]:
    """The transitions of a log, and of the grid up to minute `until`."""
    engine = engine or Engine("acme")
    steps = [step for entry in entries for step in engine.apply(entry)]
    return steps + engine.settle() + (engine.advance(START + int(until * MINUTE)) if until is not None else [])


def follows_a_life(steps: Iterable[Transition]) -> None:
    """Each incident opens once, ends only while it is open, comes back only from its end, and skips no number."""
    lives: dict[str, list[Transition]] = {}
    for step in steps:
        lives.setdefault(step.incident, []).append(step)
    for life in lives.values():
        assert list(range(len(life))) == [step.step for step in life]
        is_open = False
        for step in life:
            assert (step.step == 0) == (step.state == "open")
            assert is_open == (step.state not in {"open", "reopened"})
            is_open = step.state != "resolved"

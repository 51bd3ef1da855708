"""An incident from its beginning to its end, in the figures that a manager asks for."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from alerts.digest import Lived
from alerts.figures import Of
from config.settings import Settings
from listener.pipeline.watched import is_held
from listener.store.port import IncidentRow, Views
from rules.instant import duration, moment
from rules.transition import SEVERITIES, Transition


async def lived(views: Views, settings: Settings, row: IncidentRow) -> Lived:
    """How an incident went so far. Raises StoreError."""
    return life_of([step async for step in views.transitions(row.id)], settings, row)


def life_of(steps: Sequence[Transition], settings: Settings, row: IncidentRow) -> Lived:
    """The same, of its steps in order, which are one at least."""
    last, brand, rule = steps[-1], settings.brands.get(row.brand), settings.rules.get(row.rule)
    evidence, opened = steps[0].evidence, row.opened_at
    begins = [step.at for step in steps if step.state == "reopened"]
    taken = next((step.at for step in steps if step.state == "acknowledged"), None)
    asked = max((at for at in begins if taken is not None and at <= taken), default=opened)
    replied = next((step.evidence.answered_at for step in reversed(steps) if step.evidence.answered_at), None)
    return Lived(
        number=row.number,
        rule=rule.label if rule else row.rule,
        severity=max((step.severity for step in steps), key=SEVERITIES.index),
        of=msgspec.convert(evidence.of.partition(":")[0], Of),
        opened_at=moment(opened),
        ended_at=moment(last.at) if last.state == "resolved" else None,
        times=1 + len(begins),
        taken_after=_since(asked, taken),
        replied_after=_since(opened, replied),
        hears_replies=bool(brand and brand.own_accounts),
        ending=row.ending,
        peak=max(step.evidence.peak or step.evidence.count for step in steps),
        unit=evidence.unit,
        window=duration(evidence.window),
        usual=evidence.usual,
        watched=is_held(settings, row),
    )


def _since(opened: int, at: int | None) -> timedelta | None:
    return None if at is None else max(timedelta(), duration(at - opened))

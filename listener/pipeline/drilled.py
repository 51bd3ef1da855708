"""What a step of a fire drill looks like to people: an alert in which all is made up but the brand and the delays."""

from typing import Any

from alerts.alert import Alert, Pending
from alerts.drill import ENDED, FIGURES, OPENED, TAKEN, Drill, drill_of
from config.settings import Settings
from listener.pipeline.linking import is_answerable
from listener.store.port import Views
from rules.instant import moment
from rules.transition import State

_STATES: dict[int, State] = {OPENED: "open", TAKEN: "acknowledged", ENDED: "resolved"}


async def drill_alert(step_id: str, alert_id: str, views: Views, settings: Settings) -> Alert | None:
    """The alert of a step; None when the drill is not known, or is over and this is not what tells of its end. Raises
    StoreError.
    """
    number, step = drill_of(step_id) or (0, 0)
    drill = next(iter(await views.drills(number=number)), None)
    if drill is None or (drill.ended_at is not None and step != ENDED):
        return None
    at = {OPENED: drill.at, TAKEN: drill.taken_at, ENDED: drill.ended_at}[step]
    brand = settings.brands.get(drill.brand)
    mine = next((each for each in await views.deliveries(thread=drill.incident) if each.id == alert_id), None)
    return Alert(
        id=alert_id,
        incident=drill.incident,
        number=drill.number,
        step=step,
        brand=drill.brand,
        brand_name=brand.name if brand else None,
        rule="drill",
        state=_STATES[step],
        severity="critical",
        at=moment(at or drill.at),
        opened_at=moment(drill.at),
        figures=FIGURES,
        drill=True,
        pending=Pending(why=mine.call.why) if mine and mine.call else None,
        by=drill.taken_by,
        **_outcome(drill, settings),
        reached=drill.reached if step == ENDED else (),
        takes=tuple(each for each in drill.channels if each in settings.channels and is_answerable(each, settings)),
    )


def _outcome(drill: Drill, settings: Settings) -> dict[str, Any]:
    return {
        "taken_at": None if drill.taken_at is None else moment(drill.taken_at),
        "taken_by": drill.taken_by,
        "channel_names": {name: each.label for name, each in settings.channels.items() if each.label != name},
    }

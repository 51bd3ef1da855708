"""Whether a history can still be learnt: in words for whoever brings it."""

from collections.abc import Sequence

from listener.wire import iso
from rules.engine import Engine
from rules.history import DAY, end_of, minutes_in
from rules.inputs import Imported
from rules.instant import MINUTE


def objection(engine: Engine, history: Sequence[Imported]) -> str:
    """Why the brand's rules do not learn from it; "" when they do."""
    if not history:
        return "there are no counts in it"
    pupils = engine.pupils(history[0])
    if not pupils:
        return f"no rule of {engine.brand} learns what is usual of {' or '.join(history[0].counts)}"
    since, learnt = engine.listened
    if end_of(history[-1]) > since:
        return f"{engine.brand} is listened to since {_at(since)}: leave out what is later (--until)"
    known = [minute for minute in pupils.values() if minute is not None]
    if len(known) == len(pupils) and history[0].begin < min(known):
        return f"what was before {_at(min(known))} is imported already"
    told = minutes_in(history)
    if len(known) < len(pupils) and told < learnt - since:
        return (
            f"{engine.brand} is listened to since {_at(since)}, which is more than the {_days(told)} that this tells of"
        )
    return ""


def _at(minute: int) -> str:
    return iso(minute * MINUTE)


def _days(minutes: int) -> str:
    return f"{minutes / DAY:.1f} days"

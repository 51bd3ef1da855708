"""What an alert says of what was held back: itself until now, or others from the one who reads it."""

from alerts.alert import Spared, Withheld
from alerts.ceiling import SPAN
from config.settings import Settings
from listener.pipeline.loads import own_channels
from listener.pipeline.notify import circle_of, directory_of
from listener.pipeline.talk import present
from listener.store.port import Views
from rules.instant import Instant
from rules.transition import Transition

_NAMED = 5


async def withheld(step: Transition, views: Views) -> Withheld | None:
    """That a step was not to be told before, None where it was. Raises StoreError."""
    held = next((each for each in await views.held_back(step.incident) if each.step == step.step), None)
    if held is None or held.told_at is None:
        return None
    owners = {each.number: each.by for each, _ in await views.silences()} if held.silence else {}
    return Withheld(
        by=owners.get(held.silence or 0, "?") if held.silence else None,
        count=await present(step, held.told_at, views),
    )


async def spared(brand: str, channel: str | None, views: Views, settings: Settings, now: Instant) -> Spared | None:
    """What the one person behind a channel was spared, of those that may be told with one of a brand; None where that
    is nothing, or nobody's. Raises StoreError.
    """
    people = directory_of(settings)
    owner = people.owner(channel) if channel else None
    if owner is None:
        return None
    rows = await views.kept_from(owner, own_channels(people, owner), now - SPAN)
    circle = circle_of(settings, brand)
    mine = [each for each in rows if circle_of(settings, each[1]) == circle]
    if not mine:
        return None
    last, numbers = mine[0][0], tuple(number for _, _, number in mine[:_NAMED])
    return Spared(numbers=numbers, count=len(mine), had=last.had, accept=last.accept)

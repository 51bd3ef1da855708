"""How many false alarms people had lately, of those who have a ceiling."""

from alerts.ceiling import SPAN, Load
from alerts.people import Directory
from config.settings import Settings
from listener.pipeline.notify import directory_of
from listener.store.port import Views
from rules.instant import Instant


async def loads_of(settings: Settings, views: Views, at: Instant) -> dict[str, Load]:
    """The loads of people, by name, at a moment. Raises StoreError."""
    people, found = directory_of(settings), {}
    for name, person in settings.people.items():
        if person.false_alarms is not None:
            had = await views.false_alarms(own_channels(people, name), at - SPAN)
            found[name] = Load(had=had, accept=person.false_alarms)
    return found


def own_channels(people: Directory, name: str) -> list[str]:
    """The channels that reach a person and nobody else."""
    return [channel for channel in people.people[name].call_by if people.owner(channel) == name]

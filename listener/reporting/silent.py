"""Which sources of a brand were not heard in a time, by its log."""

from datetime import timedelta

from msgspec.structs import replace

from alerts.digest import Unheard
from config.settings import Settings
from listener.reporting.hearing import unheard
from listener.store.port import Views
from rules.engine import Engine
from rules.instant import Instant


def listening(settings: Settings, brand: str) -> list[str]:
    """The sources that listen for a brand."""
    return [
        name
        for name, source in settings.sources.items()
        if brand in (getattr(source.options, "brands", None) or (brand,))
    ]


async def not_heard(
    views: Views, settings: Settings, brand: str, since: Instant, until: Instant
) -> tuple[list[Unheard], timedelta]:
    """The sources that were not heard in full, by the names that people use, and how long nothing ran at all. Raises
    StoreError.
    """
    state, entries = await views.hearing(brand, since, until)
    engine, rows = Engine(brand, state), {row.name: row for row in await views.sources()}
    mine = listening(settings, brand)
    never = [name for name in mine if name not in rows or rows[name].last_read is None]
    found, stopped = unheard({name: engine.heard(name) for name in mine}, entries, since, until, never)
    return [replace(each, source=settings.sources[each.source].label) for each in found], stopped

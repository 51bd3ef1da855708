"""The queries of brands, as their configuration means them: with its lists, and its time zone."""

from zoneinfo import ZoneInfo

from config.settings import Brand, Settings
from rules.query.compiled import Query, compile_query


def query_of(brand: Brand, settings: Settings) -> Query:
    """The query of a brand. Raises QueryError."""
    return compile_query(brand.query, settings.lists, ZoneInfo(settings.daemon.time_zone))

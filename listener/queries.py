"""The queries of brands, as their configuration means them: with its lists, and its time zone."""

from collections.abc import Iterator
from contextlib import suppress
from zoneinfo import ZoneInfo

from config.settings import Brand, Settings
from rules.query.compiled import Query, compile_query
from rules.query.errors import QueryError


def query_of(brand: Brand, settings: Settings) -> Query:
    """The query of a brand. Raises QueryError."""
    return compile_query(brand.query, settings.lists, ZoneInfo(settings.daemon.time_zone))


def sound_queries(settings: Settings) -> Iterator[Query]:
    """The queries of all brands but those that cannot be read. While they are held, none of them is compiled again."""
    for brand in settings.brands.values():
        with suppress(QueryError):
            yield query_of(brand, settings)

"""What each source asks its platform for, where the operator leaves that to the queries of the brands."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from config.calendar import Live, on_the_clock
from config.load import Catalogs, Loaded
from config.problems import Problem
from config.settings import Component, Settings
from config.spec import UnknownKindError
from listener.collector import CollectorSpec, SourceOptions
from listener.queries import query_of
from rules.instant import Instant, instant
from rules.query.compiled import compile_query
from rules.query.errors import QueryError
from rules.query.tree import Node


def with_asked(loaded: Loaded, catalogs: Catalogs, at: Instant | None = None) -> Loaded:
    """The configuration with `auto` replaced by what follows from the queries, and from the live events that go on
    `at` a moment; as it is where they cannot be read.
    """
    return replace(loaded, settings=asked_at(loaded.settings, catalogs, at))


def asked_at(settings: Settings, catalogs: Catalogs, at: Instant | None) -> Settings:
    """The same of settings, whatever moment they were made for before."""
    sources = {name: _narrowed(source, settings, catalogs, at) or source for name, source in settings.sources.items()}
    return settings.model_copy(update={"sources": sources})


def events(settings: Settings) -> Iterator[tuple[Live, Instant, Instant]]:
    """Each live event, with its beginning and its end."""
    zone = ZoneInfo(settings.daemon.time_zone)
    for entry in settings.calendar:
        if isinstance(entry, Live):
            yield entry, instant(on_the_clock(entry.begins, zone)), instant(on_the_clock(entry.ends, zone))


def is_other_event(settings: Settings, since: Instant, now: Instant) -> bool:
    """Whether a live event began or ended after `since`."""
    return any(since < moment <= now for _, *moments in events(settings) for moment in moments)


def asks_for_events(source: Component, brand: str) -> bool:
    """Whether a source asks its platform for the hashtags of a brand's events, while they go on."""
    brands = getattr(source.options, "brands", None)
    return getattr(source.auto, "tags", ()) == ("auto",) and (brands is None or brand in brands)


def asked(settings: Settings, catalogs: Catalogs) -> Iterator[tuple[Component, tuple[str, ...]]]:
    """Each source, with what its platform filters by; nothing: all of it is read, and judged here."""
    for source in settings.sources.values():
        yield source, tuple(catalogs.sources.spec(source.kind).filters(source.options))


def unasked(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """Sources for which nothing follows from the queries."""
    for name, source in loaded.settings.sources.items():
        spec, narrowed = _spec(source, catalogs), _narrowed(source, loaded.settings, catalogs, None)
        for option in spec.automatic if spec and narrowed else ():
            if narrowed and getattr(narrowed.options, option, ()) == ("auto",):
                hint = f"write the {option} here instead of auto"
                message = "the queries of its brands name nothing to ask for"
                yield loaded.document.problem(("sources", name, option), message, hint)


def _narrowed(source: Component, settings: Settings, catalogs: Catalogs, at: Instant | None) -> Component | None:
    """None where a query cannot be read, which is told elsewhere."""
    spec, options = _spec(source, catalogs), source.auto or source.options
    if spec is None or not isinstance(options, SourceOptions) or not spec.automatic:
        return source
    if not any(getattr(options, option) == ("auto",) for option in spec.automatic):
        return source
    try:
        asked = [*_queries(options, settings), *_going_on(options, settings, at)]
    except QueryError:
        return None
    narrowed: Any = spec.narrow(options, asked)
    return source.model_copy(update={"options": narrowed, "auto": options})


def _queries(options: SourceOptions, settings: Settings) -> list[Node]:
    heard = [brand for name, brand in settings.brands.items() if options.brands is None or name in options.brands]
    return [query_of(brand, settings).root for brand in heard]


def _going_on(options: SourceOptions, settings: Settings, at: Instant | None) -> Iterator[Node]:
    for event, begin, end in events(settings):
        if at is not None and begin <= at < end and (options.brands is None or event.brand in options.brands):
            yield compile_query(event.live).root


def _spec(source: Component, catalogs: Catalogs) -> CollectorSpec | None:
    try:
        spec = catalogs.sources.spec(source.kind)
    except UnknownKindError:
        return None
    return spec if isinstance(spec, CollectorSpec) else None

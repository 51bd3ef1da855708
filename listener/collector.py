"""The port every collector implements, and what a collector may rely on."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, Protocol, runtime_checkable

from aiohttp import web
from pydantic import Field

from config.model import Duration, Label, Model
from config.settings import SHORTEST_RETENTION
from config.spec import Catalog, Spec
from config.values import Listed
from listener.clock import Clock
from listener.errors import FetchError
from listener.net.client import Client
from rules.instant import Instant
from rules.mention import Mention
from rules.query.index import Index
from rules.query.tree import Node

MENTIONS_AT_ONCE = 500
"""Mentions that are committed together, about: to classify them keeps the loop busy."""
_OF_WORDS = 5
FULL = MENTIONS_AT_ONCE * _OF_WORDS
"""What they weigh together."""


def weight_of(mention: Mention) -> int:
    """Of a mention, beside others: a deletion has no words to be classified, and weighs 1."""
    return 1 if mention.op == "delete" else _OF_WORDS


class SourceOptions(Model):
    """What every source accepts."""

    name: Label | None = None
    """What people call it, in alerts and on the page; its key in the configuration when not given."""
    brands: Listed[str] | None = None
    """Only these brands listen here; all when not given."""
    retention: Annotated[Duration, Field(ge=SHORTEST_RETENTION)] | None = None
    """How long mentions of this source are kept; the daemon's when not given."""
    honour_deletes: bool = True
    """Remove text and author when the author deletes the mention."""
    allow_private: bool = False
    """Let this source reach loopback, private, link-local and CGNAT addresses."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What was read, and where to go on: committed before the collector is asked for the next, in one transaction or,
    where it is much, in several, `cursor` with the last. `problems` are parts of the source that failed while others
    went on, `share` which part of it is heard, 0 to 1; `heard` is False for a batch that only carries problems;
    `skipped` counts entries that could not be read, by reason.

    A stream also says `events`, what came by type (`create`, `update`, `delete` and the platform's own), whether or not
    it became a mention, and yields at least every few seconds while it is open, so that an open stream that brings
    nothing is noticed. `missed` is the instant from which something was said that can no longer be read. `taken` is how
    many mentions it brought besides, which others have.
    """

    mentions: Sequence[Mention] = ()
    cursor: str | None = None
    problems: Sequence[FetchError] = ()
    heard: bool = True
    share: float = 1.0
    skipped: dict[str, int] | None = None
    events: Mapping[str, int] | None = None
    missed: Instant | None = None
    taken: int = 0


class Afar(Protocol):
    """Who tells what may concern a brand beside the program."""

    @property
    def is_there(self) -> bool:
        """Whether somebody is there by now."""
        ...

    def post(self, said: bytes) -> "asyncio.Future[bytes] | None":
        """Their answer by the index in force; None where nobody is there, nor about to be. Raises LostError when one
        ended over it, and NobodyError when nobody is there any more.
        """
        ...

    def spent(self, seconds: float) -> None:
        """So long it took to do it here."""
        ...

    def heard(self, mentions: Sequence[Mention]) -> None:
        """These will be handed over: what they say can be found out from now on."""

    async def set_apart(self, mention: Mention, why: str) -> None:
        """Keep what nobody lives to tell of out of the flow. Raises FetchError when it cannot be kept."""
        ...


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What the program lends a collector: `name` of the source, a polite HTTP client, a clock, seeded chance.

    `once`: read what is there now and return instead of waiting for more. `hide` takes secrets out of words that are
    kept in a cursor. `index` tells which brands there are by now: what cannot concern any of them need not be handed
    over; None where all is wanted. What is edited or deleted may have concerned one before. `afar` are those who tell
    that in processes of their own, by the same index.
    """

    name: str
    client: Client
    clock: Clock
    random: Random
    once: bool = False
    hide: Callable[[str], str] = str
    index: Callable[[], Index | None] = lambda: None
    afar: Afar | None = None


class Collector(Protocol):
    """Reads one source. Built without I/O.

    `batches(cursor)` goes on after `cursor` (None: from the beginning) and yields batches until it is closed; control
    returns to it after each batch has been committed. It raises FetchError when it cannot go on by itself: the
    supervisor then waits and calls `batches` again with the last committed cursor. Closing it releases everything.
    `routes` are handlers the program serves under /in/<source name>.
    """

    def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]: ...

    def routes(self) -> Sequence[web.RouteDef]: ...


@runtime_checkable
class Recounts(Protocol):
    """A collector that can be asked how posts are received by now."""

    async def recount(self, mentions: Sequence[Mention]) -> Mapping[str, dict[str, int | float]]:
        """What is counted of mentions that it brought, by their `id`; those of which nothing is known are left out.
        Raises FetchError.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class CollectorSpec(Spec[SourceOptions]):
    """What a collector can: `polled` sources are read every `options.every` (so mentions come late), others push or
    stream; `replays`: after a stop it can be read again from its cursor; `in_order`: a deletion comes after what it
    deletes, also when it is read again; `hears_silence`: while it is live, nothing heard means that nothing is said.
    `filters` are what the platform is asked for, as people write it; options in `automatic` may be `auto`: `narrow`
    then gives what follows from the queries of the brands that listen, and leaves `auto` where nothing does.
    """

    build: Callable[[Any, Tools], Collector]
    polled: bool = False
    replays: bool = True
    in_order: bool = False
    hears_silence: bool = True
    filters: Callable[[Any], Sequence[str]] = lambda _: ()
    automatic: tuple[str, ...] = ()
    narrow: Callable[[Any, Sequence[Node]], SourceOptions] = lambda options, _: options


COLLECTORS = Catalog("source", "listener.collectors", "badbuzz.collectors", CollectorSpec)

"""Bluesky: every public post as it is made, from a Jetstream server, without an account."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from hashlib import blake2b
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AfterValidator, BeforeValidator, Field

from config.model import Duration
from listener.bluesky.afar import Sifting
from listener.bluesky.ahead import reading
from listener.bluesky.connect import Connecting, Connection
from listener.bluesky.hearing import Gathered, Hearing, Joint
from listener.bluesky.mentions import Reader
from listener.bluesky.place import Place
from listener.bluesky.server import address
from listener.collector import Batch, CollectorSpec, SourceOptions, Tools
from listener.errors import FetchError
from listener.feeds.entry import language_code
from rules.instant import MINUTE, SECOND, Instant, Span, span
from rules.query.native import authors, languages
from rules.query.tree import Node

_OFTEN: Span = 2 * SECOND
_QUIET: Span = 3 * SECOND
_AUTO = ("auto",)
_PATIENCE = 5
"""Batches that bring nothing until a server that lost our place is taken at its word."""
_HEALTHY: Span = MINUTE
_LONGEST_PAUSE = 64.0
_JITTER = 0.5
_SHORTEST = 0.05
"""Seconds of the wall that no wait is shorter than, however fast the clock runs."""
_UNREADABLE = frozenset({"too_large", "1002", "1007", "1009"})
"""How a connection ends over a message that nobody can read: it would end so again."""


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value in {"1", "2"} else value


def _narrow(options: "BlueskyOptions", queries: Sequence[Node]) -> "BlueskyOptions":
    """Where some query asks for none of it, everything is read."""
    found = {}
    for option, ask in (("languages", languages), ("dids", authors)):
        if getattr(options, option) == _AUTO:
            asked = [ask(query) for query in queries]
            values = tuple(dict.fromkeys(value for each in asked for value in each.values))
            whole = all(each.whole for each in asked) and (option == "languages" or all(map(_is_did, values)))
            found[option] = values if whole else ()
    return options.model_copy(update=found)


def _is_did(account: str) -> bool:
    return account.startswith("did:")


def _accounts(dids: tuple[str, ...]) -> tuple[str, ...]:
    if dids == _AUTO:
        return dids
    for place, did in enumerate(dids, 1):
        if not did.startswith("did:") or len(did) > 2_048 or not did.isascii() or not did.isprintable():
            raise ValueError(f"account {place} is none: write its id, like did:plc:z72i7hdynmk6r22z27h6tvur")
    return tuple(dict.fromkeys(dids))


def _codes(languages: tuple[str, ...]) -> tuple[str, ...]:
    if languages == _AUTO:
        return languages
    for place, language in enumerate(languages, 1):
        if language_code(language) is None:
            raise ValueError(f"language {place} is none: write it like fr")
    return tuple(language_code(language) or "" for language in languages)


class BlueskyOptions(SourceOptions):
    server: Annotated[str, AfterValidator(address)] = "jetstream2.us-east.bsky.network"
    """The Jetstream server: a host, or its ws or wss address. Bluesky runs `jetstream1` and `jetstream2` in `us-east`
    and `us-west`."""
    version: Annotated[Literal["auto", 1, 2], BeforeValidator(_number)] = "auto"
    """Which of Jetstream's two protocols the server speaks; `auto` tries 2, then 1."""
    dids: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_accounts), Field(max_length=10_000)] = ()
    """Only what these accounts say; all when not given. `auto`: those that the queries of its brands ask for, when they
    ask for nobody else."""
    languages: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_codes)] = ()
    """Only posts that say they are in one of these, and those that say nothing; all when not given. `auto`: those that
    the queries of its brands ask for."""
    compress: bool = True
    """Ask for compressed frames: about a third of the traffic for a little more work."""
    back: Annotated[Duration, Field(ge=timedelta(), le=timedelta(hours=36))] = timedelta(minutes=1)
    """How far back the first reading begins. Servers keep about 36 h; all of Bluesky is millions of posts a day."""


class BlueskyCollector:
    """Hands over every post, reply, quote, edit and deletion once, in the order of the server, and reposts of posts
    that came by. Goes on after a break where it was; what the server no longer holds is told as missed.
    """

    def __init__(self, options: BlueskyOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools
        self._connecting = Connecting(
            tools.client,
            options.server,
            version=options.version,
            dids=options.dids,
            compress=options.compress,
            allow_private=options.allow_private,
            speed=tools.clock.speed,
        )
        self._reader = Reader(tools.name, options.languages)
        self._filter = blake2b("\n".join(sorted(options.dids)).encode(), digest_size=8).hexdigest()
        self._failures = self._stuck = 0

    def routes(self) -> Sequence[web.RouteDef]:
        return ()

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        place = Place.load(cursor, self._options.server, self._filter)
        begun = self._tools.clock.now()
        opened = begun
        try:
            async with self._connected(place) as (connection, missed):
                opened = self._tools.clock.now()
                async with aclosing(self._read(connection, place, missed, begun)) as reading:
                    async for batch in reading:
                        yield batch
        except FetchError as error:
            raise self._later(error, self._tools.clock.now() - opened) from error

    @asynccontextmanager
    async def _connected(self, place: Place) -> AsyncGenerator[tuple[Connection, Instant | None], None]:
        """An open stream, and since when something was missed when it does not follow the place."""
        missed = None
        if self._stuck > 1 and place.at:
            # the same message ends it every time: go round it, farther each time
            missed = place.since
            place.leap(place.at + SECOND * 2 ** min(self._stuck, 20))
        back = self._tools.clock.now() - span(self._options.back)
        async with self._connecting.open(place, otherwise=back if self._options.back else None) as connection:
            yield connection, missed

    async def _read(
        self, connection: Connection, place: Place, missed: Instant | None, begun: Instant
    ) -> AsyncGenerator[Batch, None]:
        yield Batch(events={}, missed=missed)
        returning = place.returns(connection.version) and not missed
        doubtful, patience = connection.lost and not missed, 1 if self._tools.once else _PATIENCE
        joint = Joint(place, returning=returning, doubtful=doubtful, patience=patience)
        hearing = Hearing(
            self._options.server, connection, place, joint, self._reader, self._tools.clock.now, self._tools.index
        )
        sifting = Sifting(self._tools.afar, self._tools.name, connection.version)
        async with reading(hearing, sifting, begun if self._tools.once else None) as ahead:
            while True:
                gathered = await ahead.gathered(self._wall(_QUIET if self._tools.once else _OFTEN))
                self._count_stuck(gathered)
                missed = joint.missed(gathered)
                if missed and gathered.taken:
                    place.restart()
                    for event, key in gathered.taken:
                        place.take(event, key, connection.version)
                yield Batch(
                    mentions=gathered.mentions,
                    cursor=place.dump(),
                    skipped=dict(gathered.skipped) or None,
                    events=dict(gathered.events),
                    missed=missed,
                )
                if gathered.error:
                    raise gathered.error
                if self._tools.once and (not gathered.frames or place.at >= begun):
                    return

    def _count_stuck(self, gathered: Gathered) -> None:
        """How often in a row nothing new came before a message that ended the connection."""
        if gathered.events:
            self._stuck = 0
        if gathered.error and gathered.error.code in _UNREADABLE:
            self._stuck += 1

    def _wall(self, time: Span) -> float:
        """Seconds of the wall for a span of our clock."""
        return max(_SHORTEST, time / SECOND / self._tools.clock.speed)

    def _later(self, error: FetchError, lasted: Span) -> FetchError:
        """The error with how long to wait: 2 s, twice as long each time, up to 64 s, or what the server asks for."""
        self._failures = 1 if lasted >= _HEALTHY else self._failures + 1
        if error.state != "reconnecting":
            return error
        pause = min(_LONGEST_PAUSE, 2.0 ** min(self._failures, 10)) + self._tools.random.uniform(-_JITTER, _JITTER)
        wait = max(timedelta(seconds=pause), error.retry_after or timedelta())
        return FetchError(str(error), state=error.state, code=error.code, retry_after=wait)


SPEC = CollectorSpec(
    kind="bluesky",
    summary="every public post on Bluesky as it is made, without an account",
    options=BlueskyOptions,
    example={"server": "jetstream2.us-east.bsky.network", "languages": ["fr", "en"]},
    build=BlueskyCollector,
    filters=lambda options: (*options.languages, *options.dids),
    in_order=True,
    automatic=("languages", "dids"),
    narrow=_narrow,
)

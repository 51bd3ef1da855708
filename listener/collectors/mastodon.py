"""Mastodon and servers that speak like it: posts under hashtags or on the public timelines, streamed or asked for."""

import re
import unicodedata
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from aiohttp import web
from pydantic import AfterValidator, Field, model_validator

from config.model import Duration, Secret
from config.settings import WebAddress
from config.values import Listed
from listener.collector import Batch, CollectorSpec, SourceOptions, Tools
from listener.errors import FetchError
from listener.mastodon.glance import Glance
from listener.mastodon.memory import Memory, load
from listener.mastodon.news import News
from listener.mastodon.rest import Page, Server
from listener.mastodon.status import Home, counts_of, rank
from listener.mastodon.streams import Line, Streams, Told, Wire, streaming
from rules.instant import MINUTE, SECOND, Instant, Span, span
from rules.mention import Mention
from rules.query.native import hashtags
from rules.query.tree import Node

_MOST_TAGS = 20
_FIRST_PAGES = 25
_MOST_PAGES = 250
_MOST_BYTES = 20 * 1024 * 1024
_BATCH = 200
_OVERLAP, _OVERLAP_AFTER_A_BREAK = 15, 60
_LATE = 10 * 60 * 1000 << 16
_MOST_ASKED = 20
_SWEEPS = 5
_TICK = 3.0
_KEEP_ALIVE = timedelta(seconds=15)
_NO_SOCKETS = frozenset({"400", "404", "405", "426", "501"})
_OF_ALL = frozenset({"429", "timeout", "unreachable", "forbidden_address"})
_LONGEST_PAUSE = 60


def _narrow(options: "MastodonOptions", queries: Sequence[Node]) -> "MastodonOptions":
    named = dict.fromkeys(tag for query in queries for tag in hashtags(query).values)
    return options.model_copy(update={"tags": tuple(named)[:_MOST_TAGS]}) if named else options


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(tag.strip().removeprefix("#").lower() for tag in tags))
    for name in names:
        if not re.fullmatch(r"[\w·]{1,200}", name) or name.isdigit():
            raise ValueError("a tag is one word of letters, digits and _, such as acmeair")
    return names


class MastodonOptions(SourceOptions):
    server: WebAddress
    """Address of the server that is asked. It knows what its members follow, not the whole network."""
    token: Secret | None = None
    """Token of a member, with `read:statuses`; with one the posts are streamed, without one asked for."""
    tags: Annotated[Listed[str], AfterValidator(_tags), Field(max_length=_MOST_TAGS)] = ()
    """Hashtags to listen for, with or without the #; `auto`: those that the queries of its brands name."""
    public: bool | Literal["local"] = False
    """Listen to the public timeline too: all the server knows of, or what its members write (`local`)."""
    stream: Literal["auto", "sse", "websocket"] = "auto"
    """How posts are streamed: server-sent events or one WebSocket; by itself, events for a single timeline."""
    every: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(minutes=1)
    """How often the server is asked without a token; streams are checked against what it lists every fifth time."""

    @model_validator(mode="after")
    def _listens(self) -> Self:
        if not self.tags and not self.public:
            raise ValueError("nothing to listen to: give `tags`, or `public: true` or `public: local`")
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        """The timelines, as they are called here: `#tag`, `public`, `public:local`."""
        public = {True: ("public",), "local": ("public:local",)}.get(self.public, ())
        return (*(f"#{tag}" for tag in self.tags), *public)


class MastodonCollector:
    """Reads timelines of one server.

    Identity. A deletion names nothing but the server's own id, while one post has another id on each server. So a
    post is known by where it was made, read from its `uri`: `HOST/ID` for software that names posts as Mastodon does,
    the whole `uri` otherwise. Over two servers it is one mention; on the server where it was made the identity follows
    from the id, so that any deletion is understood for ever. For posts from elsewhere the identities of the last 20,000
    are kept in memory and those among the last 2,000 posts in the cursor; an older one's deletion is not understood
    after a restart. `id`, `parent_id` and `repost_of` are the server's own ids.

    No gap. Streams cannot be resumed, so they are opened first and the timelines are read while they go on: forward by
    `min_id`, from some posts before the last ones known, since posts from elsewhere arrive late, under the id of their
    time. What is known and no longer listed is asked for by itself, and told as deleted when it is not there. The same
    is done now and then while the stream goes on: a stream may stay alive and bring nothing. A break during which posts
    further back were edited or deleted does not show. The first reading brings the latest 1,000 posts.

    Opt-outs. Posts that not everybody may read are left out, and those of accounts that ask for it by `noindex`. An
    account that is not `indexable` (most are not: it is asked for) is heard by its tags, which are put there to be
    found, and left out of the public timelines, which are read by their words. Bots are heard.
    """

    def __init__(self, options: MastodonOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools
        self._token = options.token.get_secret_value() if options.token else None
        self._server = Server(
            tools.client, tools.clock, options.server, self._token, allow_private=options.allow_private
        )
        self._aliases: dict[str, str] = {}
        self._full, self._failures, self._sockets = 20, 0, True

    def routes(self) -> Sequence[web.RouteDef]:
        return ()

    async def recount(self, mentions: Sequence[Mention]) -> Mapping[str, dict[str, int | float]]:
        statuses = {mention.id: await self._server.status(mention.id) for mention in mentions}
        return {name: counts_of(status) for name, status in statuses.items() if status is not None}

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        begun = self._tools.clock.now()
        try:
            async with aclosing(self._read(load(cursor, self._options.channels))) as batches:
                async for batch in batches:
                    yield batch
        except FetchError as error:
            self._failures = 1 if self._tools.clock.now() - begun > MINUTE else self._failures + 1
            error.retry_after = self._pause(error)
            raise

    async def _read(self, memory: Memory) -> AsyncGenerator[Batch, None]:
        told = await self._server.instance()
        home = Home(source=self._tools.name, host=self._server.host, domain=told.domain)
        streamed = self._token is not None and not self._tools.once
        news = News(memory, home, self._aliases, streams=streamed)
        glance = Glance(home, self._tools.index)
        async with aclosing(self._stream(news, glance, told.streaming) if streamed else self._poll(news)) as batches:
            async for batch in batches:
                yield batch

    async def _poll(self, news: News) -> AsyncGenerator[Batch, None]:
        while True:
            async with aclosing(self._sweep(news, _OVERLAP)) as batches:
                async for batch in batches:
                    yield batch
            if len(news.problems) == len(self._options.channels) or _is_of_all(news.problems):
                raise news.problems[-1]
            if news.problems:
                yield news.batch(self._now())
            if self._tools.once:
                return
            every = span(self._options.every)
            await self._tools.clock.sleep(int(every * self._tools.random.uniform(0.95, 1.05)))

    async def _stream(self, news: News, glance: Glance, url: str) -> AsyncGenerator[Batch, None]:
        wire = self._wire()
        line = Line(
            client=self._tools.client,
            url=url,
            host=self._server.host,
            headers=self._server.headers,
            silence=3 * _KEEP_ALIVE / self._tools.clock.speed,
            allow_private=self._options.allow_private,
        )
        async with streaming(line, self._options.channels, wire) as streams:
            try:
                await streams.ready()
            except FetchError as error:
                self._sockets = self._sockets and not (wire == "websocket" and error.code in _NO_SOCKETS)
                raise
            async with aclosing(self._follow(streams, news, glance)) as batches:
                async for batch in batches:
                    yield batch

    def _wire(self) -> Wire:
        wanted = self._options.stream
        if wanted == "auto":
            return "sse" if len(self._options.channels) == 1 or not self._sockets else "websocket"
        return wanted

    async def _follow(self, streams: Streams, news: News, glance: Glance) -> AsyncGenerator[Batch, None]:
        """What the streams bring that may concern somebody, and before and between what the timelines list. When the
        server no longer shows them, what was said before the stream began is missed.
        """
        due, whole, told_gap = 0, False, False
        while True:
            if self._now() >= due:
                async with aclosing(self._sweep(news, _OVERLAP if whole else _OVERLAP_AFTER_A_BREAK)) as batches:
                    async for batch in batches:
                        yield batch
                whole = whole or not news.problems
                if not (whole or told_gap) and news.problems[0].state == "auth_failed":
                    told_gap = True
                    heard = [place.at for place in news.memory.places.values() if place.at]
                    yield news.batch(self._now(), missed=min(heard, default=None))
                due = self._now() + self._until_next_sweep(news.problems)
            told = [self._placed(one) for one in await streams.take(_TICK / self._tools.clock.speed)]
            now = self._now()
            news.events(told, glance.strangers(told, news.memory.known), now, gapless=whole)
            if whole or told_gap:
                _note_heard(news.memory, now)
            yield news.batch(now)

    async def _sweep(self, news: News, posts: int) -> AsyncGenerator[Batch, None]:
        """Read every timeline from `posts` before the last one known. What goes wrong is left in `news.problems`; one
        timeline that cannot be read keeps no other from being read.
        """
        problems = list[FetchError]()
        for channel in self._options.channels:
            try:
                async with aclosing(self._catch_up(channel, news, posts)) as batches:
                    async for batch in batches:
                        yield batch
            except FetchError as error:
                problems.append(error)
                if _is_of_all(problems):
                    break
        news.problems = problems

    def _until_next_sweep(self, problems: Sequence[FetchError]) -> Span:
        usual = _SWEEPS * span(self._options.every)
        if problems and problems[0].state != "auth_failed":
            asked = problems[-1].retry_after or timedelta()
            return max(span(asked), min(span(self._pause(problems[0]) or asked), usual), 5 * SECOND)
        return usual

    async def _catch_up(self, channel: str, news: News, posts: int) -> AsyncGenerator[Batch, None]:
        """Read a timeline from `posts` before the last one known to its end, at least one batch."""
        place = news.memory.place(channel)
        if not place.ids:
            async with aclosing(self._latest(channel, news, missed=place.at or None)) as batches:
                async for batch in batches:
                    yield batch
            return
        late = _late(place.ids[-1])
        listed = place.overlap(posts, late)
        after, missed, doubted = place.before(listed[0], late), place.at or None, False
        # kept until they were found or asked for, since any request on the way may fail
        place.doubt([*listed, *place.ahead])
        for _ in range(_MOST_PAGES):
            page = await self._page(channel, min_id=after)
            news.listed(page.entries, channel, self._now())
            missed = news.latest or missed
            yield news.batch(self._now())
            place.found(page.ids)
            moved = bool(page.ids) and rank(page.ids[-1]) > rank(after)
            after = page.ids[-1] if moved else after
            if page.entries and not (moved or doubted):
                doubted = True  # an old page once more: by mistake, or because `min_id` means nothing there
            elif not moved or len(page.entries) < self._full:
                break
        else:
            async with aclosing(self._latest(channel, news, floor=after, missed=missed)) as batches:
                async for batch in batches:
                    yield batch
            return
        await self._ask_for(list(place.doubted), channel, news)
        place.close_up()
        place.at = self._now()
        yield news.batch(self._now())

    async def _latest(
        self, channel: str, news: News, *, floor: str = "", missed: Instant | None = None
    ) -> AsyncGenerator[Batch, None]:
        """The latest posts, back to the id `floor` or as far as is reasonable; oldest first. When the timeline goes
        on beyond, what was said since `missed` is.
        """
        begun, size, reached = self._now(), 0, False
        entries, query = list[object](), dict[str, str]()
        for _ in range(_FIRST_PAGES):
            page = await self._page(channel, **query)
            entries, size = entries + page.entries, size + page.size
            oldest = page.ids[0] if page.ids else floor
            reached = len(page.entries) < self._full or rank(oldest) <= rank(floor) or query == {"max_id": oldest}
            if reached or size > _MOST_BYTES:
                break
            query = {"max_id": oldest}
        news.memory.place(channel).at = begun
        for start in range(len(entries), 0, -_BATCH) or [0]:
            news.listed(entries[max(0, start - _BATCH) : start], channel, self._now())
            yield news.batch(self._now(), missed=None if reached else missed)
            missed = None
        news.memory.place(channel).close_up()

    async def _page(self, channel: str, **query: str) -> Page:
        page = await self._server.page(channel, **query)
        self._full = max(self._full, len(page.entries))
        return page

    async def _ask_for(self, names: list[str], channel: str, news: News) -> None:
        """Find out why posts are no longer listed, as far as the server says it."""
        place = news.memory.place(channel)
        for name in names[:_MOST_ASKED]:
            if news.memory.is_gone(name):
                place.drop(name)
                continue
            try:
                status = await self._server.status(name) if name in news.memory.known else None
            except FetchError:
                return  # the next reading asks again
            if status is not None:
                news.listed([status], channel, self._now())
            elif name in news.memory.known:
                news.gone(name, self._now())
            place.found([name])
            if not (status and _is_under(status, channel)):
                place.drop(name)

    def _placed(self, told: Told) -> Told:
        """The event with its timeline by our name: servers write tags without accents."""
        names = {_bare(channel): channel for channel in self._options.channels}
        return told._replace(channel=names.get(_bare(told.channel), told.channel))

    def _pause(self, error: FetchError) -> timedelta | None:
        """How long to wait after a failure: what the server asks for, at least longer from one failure to the next."""
        if error.state in {"gone", "auth_failed"}:
            return error.retry_after
        longest = min(_LONGEST_PAUSE, 2 ** min(max(self._failures, 1) - 1, 6))
        pause = timedelta(seconds=longest * self._tools.random.uniform(0.5, 1.0))
        return max(error.retry_after or pause, pause)

    def _now(self) -> Instant:
        return self._tools.clock.now()


def _is_of_all(problems: Sequence[FetchError]) -> bool:
    """Whether what went wrong last concerns the server, whatever it is asked for."""
    return bool(problems) and problems[-1].code in _OF_ALL


def _note_heard(memory: Memory, now: Instant) -> None:
    for place in memory.places.values():
        place.at = now


def _late(name: str) -> str | None:
    """The id of ten minutes before a post's, where ids count time as Mastodon's do."""
    return str(int(name) - _LATE) if name.isdigit() and len(name) >= 16 else None


def _is_under(status: Mapping[str, Any], channel: str) -> bool:
    tags = status.get("tags")
    names = {_bare(str(tag.get("name"))) for tag in tags if isinstance(tag, dict)} if isinstance(tags, list) else set()
    return not channel.startswith("#") or _bare(channel[1:]) in names


def _bare(channel: str) -> str:
    """A tag as servers compare it."""
    marks = unicodedata.normalize("NFKD", channel)
    return "".join(mark for mark in marks if not unicodedata.combining(mark)).lower()


SPEC = CollectorSpec(
    kind="mastodon",
    summary="Mastodon: hashtags and public timelines of one server, streamed with a token, asked for without",
    options=MastodonOptions,
    example={"server": "https://mastodon.example", "tags": ["acmeair"]},
    build=MastodonCollector,
    polled=True,
    filters=lambda options: options.channels,
    automatic=("tags",),
    narrow=_narrow,
)

"""Feeds: RSS, Atom and JSON Feed, each address on a schedule of its own."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import Annotated
from urllib.parse import urljoin, urlsplit

from aiohttp import web
from pydantic import AfterValidator, BeforeValidator, Field
from yarl import URL

from config.model import Duration
from listener.collector import Batch, CollectorSpec, SourceOptions, Tools
from listener.errors import FetchError
from listener.feeds.entry import Feed
from listener.feeds.memory import Memory, dump, load
from listener.feeds.news import News, changes, is_overtaken
from listener.feeds.parse import parse
from listener.feeds.schedule import LONGEST, after_failure, next_reading
from listener.net.address import shown
from listener.net.response import Response
from rules.instant import Instant, instant, moment, span

_BATCH = 500
_AT_ONCE = 8
_WORDS = 300
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _web_addresses(urls: tuple[str, ...]) -> tuple[str, ...]:
    for place, url in enumerate(urls, 1):
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"address {place} is none: write it like https://example.org/feed.xml")
    if len(set(urls)) < len(urls):
        raise ValueError("an address stands here twice")
    return urls


class FeedOptions(SourceOptions):
    urls: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_web_addresses), Field(min_length=1)]
    """Addresses of RSS, Atom or JSON feeds."""
    every: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(minutes=5)
    """How often each is read. A feed that asks for longer pauses gets them, up to 24 h."""


@dataclass
class _Reading:
    """What came of reading one address, from `begun` on: a document, nothing new, or a problem. `before` is what was
    known of it; `missed` since when entries have come and gone unread.
    """

    url: str
    begun: Instant
    before: Memory
    response: Response | None = None
    feed: Feed | None = None
    problem: FetchError | None = None
    body: str = ""
    news: list[News] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    missed: Instant | None = None


class FeedCollector:
    """Reads feeds for as long as one of them is left. An entry is handed over once, and again when it was edited;
    what leaves a feed is not a deletion. When entries have come and gone since the last reading, that is told.
    """

    def __init__(self, options: FeedOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools
        self._trouble: dict[str, FetchError] = {}

    def routes(self) -> Sequence[web.RouteDef]:
        return ()

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        memories = load(cursor, self._options.urls)
        self._hasten(memories)
        self._trouble = {url: _trouble(memory) for url, memory in memories.items() if memory.failures}
        heard, problem = False, _gone()
        async with aclosing(self._readings(memories)) as readings:
            async for reading in readings:
                heard, problem = heard or not reading.problem, reading.problem or problem
                for batch in self._told(reading, memories):
                    yield batch
        if not self._tools.once:
            raise _gone()
        if not heard:
            raise problem

    def _hasten(self, memories: dict[str, Memory]) -> None:
        """Wait no longer than the present configuration wants, except for a feed that failed."""
        latest = self._tools.clock.now() + span(self._options.every)
        for memory in memories.values():
            if not memory.failures:
                memory.due = min(memory.due, latest)

    async def _readings(self, memories: dict[str, Memory]) -> AsyncGenerator[_Reading, None]:
        """Readings as they come in, so that a slow address holds up no other, until every feed is gone; one of each
        for `once`. A reading keeps its place among the few under way until it was told, which bounds memory.
        """
        places = asyncio.Semaphore(_AT_ONCE)
        tasks = {self._begin(url, memory, places) for url, memory in memories.items() if not memory.gone}
        try:
            while tasks:
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for reading in (task.result() for task in done):
                    yield reading
                    places.release()
                    memory = memories[reading.url]
                    if not (self._tools.once or memory.gone):
                        tasks.add(self._begin(reading.url, memory, places))
        finally:
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def _begin(self, url: str, memory: Memory, places: asyncio.Semaphore) -> asyncio.Task[_Reading]:
        # no TaskGroup: a generator may not yield inside one, so `_readings` owns these
        work = self._read_when_due(url, memory, places)
        return asyncio.get_running_loop().create_task(work, name=f"read {urlsplit(url).hostname}")

    async def _read_when_due(self, url: str, memory: Memory, places: asyncio.Semaphore) -> _Reading:
        if not self._tools.once:
            # a due moment beyond a day was written under another clock
            await self._tools.clock.sleep(min(memory.due - self._tools.clock.now(), span(LONGEST) * 2))
        await places.acquire()
        return await self._read(url, memory)

    async def _read(self, url: str, memory: Memory) -> _Reading:
        reading = _Reading(url, self._tools.clock.now(), before=memory.worth())
        try:
            await self._fetch(reading, memory)
        except FetchError as error:
            reading.problem = error
        return reading

    async def _fetch(self, reading: _Reading, memory: Memory) -> None:
        response = await self._tools.client.get(
            memory.url or reading.url,
            headers={"Accept": _ACCEPT, **_conditions(memory)},
            allow_private=self._options.allow_private,
        )
        _refuse(response, memory)
        reading.response = response
        reading.body = blake2b(response.body, digest_size=16).hexdigest()
        same_tag = memory.etag and response.headers.get("etag") == memory.etag
        if response.status == 304 or same_tag or reading.body == memory.body:
            return
        reading.feed = await asyncio.to_thread(_parsed, response)
        now = moment(self._tools.clock.now())
        reading.news, reading.listed = changes(
            reading.feed.entries, memory, feed=reading.url, source=self._tools.name, observed_at=now
        )
        reading.missed = memory.at if is_overtaken(reading.feed.entries, reading.listed, memory) else None

    def _told(self, reading: _Reading, memories: dict[str, Memory]) -> Iterator[Batch]:
        """The batches of a reading. The validators are stored with the last: a crash between them reads again. Where
        there is nothing to remember, a crash reads a feed once more than it would have been.
        """
        memory = memories[reading.url]
        if reading.problem:
            self._trouble[reading.url] = reading.problem
            self._note_problem(reading.problem, memory)
            yield Batch(
                cursor=dump(memories),
                problems=self._problems(reading),
                heard=self._is_heard(memories),
                share=self._share(),
            )
            return
        self._trouble.pop(reading.url, None)
        chunks = [reading.news[start : start + _BATCH] for start in range(0, len(reading.news), _BATCH)] or [[]]
        for chunk in chunks:
            memory.known.update({news.key: news.mark for news in chunk})
            last = chunk is chunks[-1]
            if last:
                self._note_success(reading, memory)
            skipped = dict(reading.feed.skipped) if reading.feed and last else None
            yield Batch(
                mentions=[news.mention for news in chunk],
                cursor=dump(memories) if memory.worth() != reading.before or self._is_far(memory) else None,
                problems=self._problems(reading),
                share=self._share(),
                skipped=skipped or None,
                missed=reading.missed if chunk is chunks[0] else None,
            )

    def _is_far(self, memory: Memory) -> bool:
        """Whether the next reading is so far off that it must be remembered: its publisher wants a longer pause."""
        return memory.due - self._tools.clock.now() > 2 * span(self._options.every)

    def _is_heard(self, memories: dict[str, Memory]) -> bool:
        """Whether some address answered when it was last asked, and was asked within its interval."""
        overdue = self._tools.clock.now() - span(self._options.every)
        return any(memory.due > overdue and not memory.failures for memory in memories.values())

    def _problems(self, reading: _Reading) -> Sequence[FetchError]:
        """What is wrong with the source as a whole, in words that stay the same from one address to the next."""
        if self._tools.once:
            return (reading.problem,) if reading.problem else ()
        listed = [self._trouble[url] for url in self._options.urls if url in self._trouble]
        return sorted(listed, key=lambda problem: problem.state == "gone")

    def _share(self) -> float:
        """Which part of the addresses is heard: all count the same."""
        return 1 - len(self._trouble) / len(self._options.urls)

    def _note_success(self, reading: _Reading, memory: Memory) -> None:
        response, feed = reading.response, reading.feed
        assert response is not None
        memory.failures, memory.trouble, memory.url = 0, ("", ""), response.moved or memory.url
        memory.at = reading.begun
        if feed and feed.entries:
            said = response.headers if feed.whole else {}  # the rest of a document that breaks off is still to come
            memory.etag, memory.modified = said.get("etag", ""), said.get("last-modified", "")
            memory.body = reading.body if feed.whole else ""
            if feed.whole:
                memory.forget_unlisted(reading.listed)
        now, random = moment(self._tools.clock.now()), self._tools.random
        due = next_reading(now, self._options.every, headers=response.headers, feed=feed, random=random)
        memory.due = instant(due)

    def _note_problem(self, problem: FetchError, memory: Memory) -> None:
        memory.failures += 1
        memory.trouble = (problem.code, self._tools.hide(str(problem))[:_WORDS])
        memory.gone = problem.state == "gone"
        if problem.code == "404":
            memory.url = ""  # the new home is lost: ask at the old door again
        now, random = moment(self._tools.clock.now()), self._tools.random
        due = after_failure(now, self._options.every, memory.failures, asked=problem.retry_after, random=random)
        memory.due = instant(due)


def _conditions(memory: Memory) -> dict[str, str]:
    said = {"If-None-Match": memory.etag, "If-Modified-Since": memory.modified}
    return {name: value for name, value in said.items() if value}


def _refuse(response: Response, memory: Memory) -> None:
    """Raise FetchError for an answer that brings no document."""
    status, known = response.status, bool(memory.etag or memory.modified)
    if status == 200 or (status == 304 and known):
        return
    place = _place(response)
    if status == 410:
        raise FetchError(f"{place} is gone for good; remove it", state="gone", code="410")
    if status in {401, 407}:
        raise FetchError(f"{place} asks for a password", state="auth_failed", code=str(status))
    raise FetchError(f"{place} answers {status}", code=str(status), retry_after=response.retry_after)


def _parsed(response: Response) -> Feed:
    """Raises FetchError that names the address."""
    base = urljoin(response.url, response.headers.get("content-location", ""))
    try:
        return parse(response.body, content_type=response.headers.get("content-type", ""), base=base)
    except FetchError as error:
        raise FetchError(f"{_place(response)}: {error}", code=error.code) from error


def _place(response: Response) -> str:
    """An address as it may be shown: keys often stand in its query."""
    return shown(URL(response.url))


def _trouble(memory: Memory) -> FetchError:
    """What was wrong when the feed was last read, maybe by another process."""
    code, words = memory.trouble
    return FetchError(words, state="gone" if memory.gone else "reconnecting", code=code)


def _gone() -> FetchError:
    return FetchError("every feed of this source is gone for good", state="gone", code="410")


SPEC = CollectorSpec(
    kind="feed",
    summary="RSS, Atom and JSON feeds: press, blogs, podcasts, Google News and Alerts, YouTube channels",
    options=FeedOptions,
    example={"urls": ["https://example.org/rss"], "every": "5m"},
    build=FeedCollector,
    polled=True,
)

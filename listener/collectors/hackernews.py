"""Hacker News: all that is said there, item by item, or what its search finds for given words."""

import json
import math
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from pydantic import AfterValidator, BeforeValidator, Field

from config.model import Duration
from listener.collector import Batch, CollectorSpec, SourceOptions, Tools
from listener.collectors._hackernews import (
    GONE,
    WRONG_SHAPE,
    Item,
    Place,
    dump,
    from_hit,
    from_item,
    hit_number,
    is_count,
    latest,
    load,
    order,
    searches,
)
from listener.errors import FetchError, SourceState
from rules.instant import SECOND, Instant, instant, moment, span
from rules.mention import Mention, Operation

_BATCH = 100
_MOST_WAITING, _MOST_CHANGED = 500, 2_000
_ROUNDS = 5
"""Readings in which an item that is not there yet, or cannot be read, is asked for again before it is given up."""
_BEHIND = 1_000
"""A newest item that lies so far before the last one read is another server's, not a lagging copy."""
_PAGE, _MOST_HITS = 100, 1_000
_LONGEST_PAUSE, _PARKED = timedelta(seconds=60), timedelta(minutes=15)
_REFUSALS = frozenset({400, 401, 403, 404, 410})
_ABSENT, _ITEM_ALONE = "not_there_yet", frozenset({"malformed", "too_large"})


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _words(query: tuple[str, ...]) -> tuple[str, ...]:
    if not all(words.strip() for words in query):
        raise ValueError("empty words find everything: leave query out to hear it all")
    return tuple(dict.fromkeys(words.strip() for words in query))


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError("that is no address: write it like https://hn.algolia.com/api/v1")
    return url.rstrip("/")


_Address = Annotated[str, AfterValidator(_web_address)]


class HackerNewsOptions(SourceOptions):
    query: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_words)] = ()
    """Words to search for, each entry by itself; all is read when not given. `auto`: what its brands' queries need."""
    every: Annotated[Duration, Field(ge=timedelta(seconds=10))] = timedelta(minutes=2)
    """How often it is read."""
    recent: Annotated[int, Field(ge=0, le=_MOST_HITS)] = 100
    """How many of the latest items, or hits of each search, the very first reading takes."""
    catch_up: Annotated[int, Field(ge=100)] = 20_000
    """How many items are read after a stop; those before them are recorded as missed. A search always catches up."""
    overlap: Annotated[Duration, Field(ge=timedelta(0))] = timedelta(minutes=15)
    """How far back a search looks each time, since its index lags behind; edits are seen for as long."""
    search_url: _Address = "https://hn.algolia.com/api/v1"
    """Where the search is."""
    items_url: _Address = "https://hacker-news.firebaseio.com/v0"
    """Where the items are."""


@dataclass
class _Part:
    """A batch in the making. `tried` are the items a reading asked for again in vain: a round ends with the reading."""

    mentions: list[Mention] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[FetchError] = field(default_factory=list)
    missed: Instant | None = None
    tried: list[tuple[dict[int, int], int, str]] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return self.events.total() >= _BATCH

    @property
    def is_empty(self) -> bool:
        return not (self.events or self.skipped or self.problems) and self.missed is None

    def batch(self, cursor: str | None) -> Batch:
        """What was gathered, and begin anew."""
        batch = Batch(
            mentions=tuple(self.mentions),
            cursor=cursor,
            problems=tuple(self.problems),
            skipped=dict(self.skipped) or None,
            events=dict(self.events),
            missed=self.missed,
        )
        for gathered in (self.mentions, self.events, self.skipped, self.problems):
            gathered.clear()
        self.missed = None
        return batch

    def end(self) -> None:
        """Give up what was asked for often enough."""
        for queue, number, reason in self.tried:
            queue[number] = queue.get(number, 0) + 1
            if queue[number] >= _ROUNDS:
                del queue[number]
                self.skipped[reason] += 1


class HackerNewsCollector:
    """Reads Hacker News again and again, one request at a time to a host. A mention's address is its page on Hacker
    News; the link a story points to is what the story says, and ends its text. Titles and texts that change come again;
    points and replies alone do not. What is deleted or killed is a deletion.

    Without `query` it walks up to the newest item, then reads what the platform lists as changed. With `query` it asks
    the search, oldest hits first, and reads those listed as changed that it told. The platform lists changes for some
    minutes only: those of a longer stop are not seen.
    """

    def __init__(self, options: HackerNewsOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools
        self._failures = 0

    def routes(self) -> Sequence[web.RouteDef]:
        return ()

    async def recount(self, mentions: Sequence[Mention]) -> Mapping[str, dict[str, int | float]]:
        items = {mention.id: await self._item(int(mention.id)) for mention in mentions if mention.id.isdecimal()}
        return {name: dict(item.counts) for name, item in items.items() if isinstance(item, Item) and not item.gone}

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        place = load(cursor)
        while True:
            async with aclosing(self._reading(place)) as batches:
                async for batch in batches:
                    yield batch
            if self._tools.once:
                return
            pause = span(self._options.every) * self._tools.random.uniform(0.9, 1.1)
            await self._tools.clock.sleep(int(pause))

    async def _reading(self, place: Place) -> AsyncGenerator[Batch, None]:
        """One reading, as batches. What was read before a failure is told before that is raised."""
        part = _Part()
        work = self._searches(place, part) if self._options.query else self._walk(place, part)
        try:
            async with aclosing(work):
                async for _ in work:
                    if part.is_full:
                        yield part.batch(dump(place))
        except FetchError as error:
            self._failures = 1 if part.mentions else self._failures + 1
            if not part.is_empty:
                yield part.batch(dump(place))
            raise self._later(error) from error
        self._failures = 0
        part.end()
        yield part.batch(dump(place))

    def _later(self, error: FetchError) -> FetchError:
        """The same failure with the time to wait: at least what the server asks, and longer from one to the next."""
        longest = min(_LONGEST_PAUSE, timedelta(seconds=2 ** min(self._failures, 6)))
        pause = _PARKED if error.state == "parked" else longest * self._tools.random.uniform(0.5, 1.0)
        pause = max(pause, error.retry_after or pause)
        return FetchError(str(error), state=error.state, code=error.code, retry_after=pause)

    async def _walk(self, place: Place, part: _Part) -> AsyncGenerator[None, None]:
        """Yields after each item."""
        place.until = {}
        newest = await self._newest()
        last = await self._begin(place, newest, part)
        for number in list(place.waiting):
            await self._read(place, part, number, place.waiting, again=True)
            yield
        while last < newest and len(place.waiting) < _MOST_WAITING:
            last += 1
            await self._read(place, part, last, place.waiting)
            place.last = last
            yield
            if last % _BATCH == 0:
                await self._note_changes(place, part)
        async with aclosing(self._changes(place, part)) as steps:
            async for _ in steps:
                yield

    async def _begin(self, place: Place, newest: int, part: _Part) -> int:
        """The item behind which to walk on: the last one read, unless it is another server's or too far back."""
        last = place.last
        if last is not None and newest < last - _BEHIND and await self._newest() < last - _BEHIND:
            last, place.waiting, place.changed = None, {}, {}
            part.missed = place.at or self._tools.clock.now()
        if last is None:
            last = place.first = max(0, newest - self._options.recent)
        elif newest - last > self._options.catch_up:
            last = newest - self._options.catch_up
            if isinstance(await self._item(last), str):
                raise FetchError("Hacker News names a newest item that cannot be", code="malformed")
            place.waiting = {}
            part.missed = place.at or self._tools.clock.now()
        place.last = last
        return last

    async def _newest(self) -> int:
        newest = await self._get(f"{self._options.items_url}/maxitem.json")
        if not is_count(newest):
            raise FetchError("Hacker News says no number for its newest item", code="malformed")
        return newest

    async def _changes(self, place: Place, part: _Part) -> AsyncGenerator[None, None]:
        """Read again what changed. Yields after each item. Where the items are not to be had, the source is heard
        without.
        """
        await self._note_changes(place, part)
        for number in list(place.changed):
            try:
                await self._read(place, part, number, place.changed, again=True)
            except FetchError as error:
                part.problems.append(error)
                return
            yield

    async def _note_changes(self, place: Place, part: _Part) -> None:
        """Take down what the platform lists as changed, as far as it was read before. It lists the latest only: within
        a long reading they are taken down now and then.
        """
        try:
            listed = await self._listed()
        except FetchError as error:
            part.problems.append(error)
            return
        for number in filter(place.has_passed, listed[: max(0, _MOST_CHANGED - len(place.changed))]):
            place.changed.setdefault(number, 0)

    async def _listed(self) -> list[Any]:
        """What the platform lists as changed."""
        said = await self._get(f"{self._options.items_url}/updates.json")
        numbers = said.get("items") if isinstance(said, dict) else None
        if not isinstance(numbers, list):
            raise FetchError("Hacker News lists no changes", code="malformed")
        return numbers

    async def _read(
        self, place: Place, part: _Part, number: int, queue: dict[int, int], *, again: bool = False
    ) -> None:
        """Read one item and tell it, or leave it in `queue`. Raises FetchError."""
        item = await self._item(number)
        if isinstance(item, Item):
            queue.pop(number, None)
            self._tell(place, part, item, changed=queue is place.changed)
            return
        queue.setdefault(number, 0)
        part.events["unread"] += 1
        if again:
            part.tried.append((queue, number, item))

    async def _item(self, number: int) -> Item | str:
        """An item, or why it cannot be read although the platform answers."""
        try:
            said = await self._get(f"{self._options.items_url}/item/{number}.json")
        except FetchError as error:
            if error.code in _ITEM_ALONE:
                return error.code
            raise
        return _ABSENT if said is None else from_item(said, number)

    def _tell(self, place: Place, part: _Part, item: Item, *, changed: bool) -> None:
        before, now = place.known.get(item.id), moment(self._tools.clock.now())
        op: Operation = "delete" if item.gone else "update" if changed or before else "create"
        if item.created_at and not changed:
            place.at = max(place.at, instant(min(item.created_at, now)))
        place.remember(item)
        part.events["unchanged" if before == item.revision else op] += 1
        if before != item.revision:
            part.mentions.append(item.mention(op, source=self._tools.name, now=now))

    async def _searches(self, place: Place, part: _Part) -> AsyncGenerator[None, None]:
        """Yields after each hit and each changed item."""
        place.last, place.waiting = None, {}
        place.until = {words: place.until[words] for words in self._options.query if words in place.until}
        for words in self._options.query:
            async with aclosing(self._search(place, part, words)) as steps:
                async for _ in steps:
                    yield
        if place.known or place.changed:
            async with aclosing(self._changes(place, part)) as steps:
                async for _ in steps:
                    yield

    async def _search(self, place: Place, part: _Part, words: str) -> AsyncGenerator[None, None]:
        """Window after window, oldest first, since no search brings more than 1,000 hits."""
        now = self._tools.clock.now() // SECOND
        if words not in place.until:
            hits = await self._hits(words, "", self._options.recent)
            for _ in self._found(place, part, hits or ()):
                yield
            place.until[words] = min(now, latest(hits or (), default=now))
            return
        after = place.until[words] - span(self._options.overlap) // SECOND
        end = max(now, after + 1)
        while after < end:
            upto = end
            while (hits := await self._window(words, after, upto, end)) is None:
                upto = after + (upto - after) // 2
            if len(hits) >= _MOST_HITS and upto - after == 1:
                part.missed = after * SECOND
            for _ in self._found(place, part, hits):
                yield
            reached = upto if upto < end else min(now, latest(hits, default=0))
            place.until[words] = max(place.until[words], reached)
            after = upto

    async def _window(self, words: str, after: int, upto: int, end: int) -> list[Any] | None:
        """The hits after one second and up to another, None when there are more than can be had and the window can be
        made smaller. The last window is open: what is dated later belongs to it.
        """
        bounds = f"created_at_i>{after}" + (f",created_at_i<={upto}" if upto < end else "")
        return await self._hits(words, bounds, _MOST_HITS, whole=upto - after > 1)

    async def _hits(self, words: str, bounds: str, most: int, *, whole: bool = False) -> list[Any] | None:
        """The latest hits within bounds, at most so many; None when that is not the `whole`, which was asked for."""
        hits: list[Any] = []
        for page in range(math.ceil(most / _PAGE)):
            asked = {"query": words, "tags": "(story,comment)", "hitsPerPage": _PAGE, "page": page}
            asked |= {"numericFilters": bounds} if bounds else {}
            said = await self._get(f"{self._options.search_url}/search_by_date?{urlencode(asked)}")
            found = said.get("hits") if isinstance(said, dict) else None
            if not isinstance(found, list):
                raise FetchError("the search of Hacker News brings no hits", code="malformed")
            hits += found
            total = said.get("nbHits")
            if whole and (len(hits) >= most or (is_count(total) and total > most)):
                return None
            if len(found) < _PAGE:
                break
        return hits[:most]

    def _found(self, place: Place, part: _Part, hits: Sequence[Any]) -> Iterator[None]:
        """Tell the hits that are new, oldest first. The index lags behind and repeats itself: a hit that differs from
        what was told, or cannot be read, is looked up where it comes from.
        """
        for hit in sorted(hits, key=order):
            item, number = from_hit(hit), hit_number(hit)
            if number is None:
                part.skipped[WRONG_SHAPE] += 1
            elif isinstance(item, Item) and item.id not in place.known:
                self._tell(place, part, item, changed=False)
            elif not isinstance(item, Item) or place.known[item.id] not in {item.revision, GONE}:
                place.changed.setdefault(number, 0)
            yield

    async def _get(self, url: str) -> Any:
        """What an address says as JSON. Raises FetchError."""
        headers = {"Accept": "application/json"}
        response = await self._tools.client.get(url, headers=headers, allow_private=self._options.allow_private)
        host = urlsplit(url).netloc
        if response.status != 200:
            state: SourceState = "parked" if response.status in _REFUSALS else "reconnecting"
            code, wait = str(response.status), response.retry_after
            raise FetchError(f"{host} answers {code}", state=state, code=code, retry_after=wait)
        if response.body[:1_000].lstrip().startswith(b"<"):
            raise FetchError(f"{host} answers with a page instead of data", code="wrong_type")
        try:
            return json.loads(response.body.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError) as error:
            raise FetchError(f"{host} sends no JSON", code="malformed") from error


SPEC = CollectorSpec(
    kind="hackernews",
    summary="Hacker News: stories and comments, all of them or what its search finds; no account needed",
    options=HackerNewsOptions,
    example={"query": ["acme"], "every": "2m"},
    build=HackerNewsCollector,
    polled=True,
    filters=lambda options: options.query,
    automatic=("query",),
    narrow=lambda options, queries: options.model_copy(update={"query": searches(queries)}),
)

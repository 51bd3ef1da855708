"""A mock Hacker News: its items as Firebase gives them, and its search as Algolia does."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from operator import ge, gt, le, lt
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from listener.mock.answering import FAULTS as ANY_FAULTS
from listener.mock.answering import Answering
from listener.mock.faults import Faults
from listener.mock.spoil import another, misshapen
from listener.mock.world import Said, World
from rules.instant import SECOND, Instant, Span, moment

FAULTS = (*ANY_FAULTS, "bad-clock", "duplicate", "out-of-order", "wrong-shape")
"""What can happen to it."""
LISTED = 100
"""Changed items that are usually listed."""
MOST_HITS = 1_000
_TITLE = 80
_FILTER = re.compile(r"created_at_i(>=|<=|>|<)(\d+)")
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {">": gt, "<": lt, ">=": ge, "<=": le}
_LINK = re.compile(r"https?:&#x2F;&#x2F;[^\s&]+(?:&(?:#x2F|amp);[^\s&]*)*")
_FAR = (0, 4_070_908_800)
"""1970 and 2099."""


@dataclass
class _Life:
    """The versions of an item, each with the instant from which it stands; None when it was deleted."""

    first: Said
    times: list[Instant] = field(default_factory=list)
    versions: list[Said | None] = field(default_factory=list)
    kids: list[int] = field(default_factory=list)
    dead: bool = False

    def at(self, instant: Instant) -> Said | None:
        """The version that stood then; None before the first, and after the deletion."""
        place = bisect_right(self.times, instant)
        return self.versions[place - 1] if place else None


class HackerNews:
    """Serves a world. Posts are stories, answers are comments; a story without a text has a link. An item is `null`
    until it has `propagated`, and is found by the search after `lag`, in which it then stays as it was for as long.
    `listed` is how many items it lists as changed: the latest.
    """

    def __init__(
        self,
        world: World,
        faults: Faults | None = None,
        *,
        propagated: Span = 0,
        lag: Span = 0,
        listed: int = LISTED,
    ) -> None:
        self._world, self._propagated, self._lag, self._listed = world, propagated, lag, listed
        self._faults = faults or Faults()
        self._answering = Answering(self._faults, world.now)
        self._lives: dict[int, _Life] = {}
        self._changed: dict[int, str] = {}
        self._followed = 0

    def routes(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/v0/maxitem.json", self._newest),
            web.get("/v0/updates.json", self._updates),
            web.get("/v0/item/{number}.json", self._item),
            web.get("/api/v1/search_by_date", self._search),
        )

    def kill(self, key: int) -> None:
        """Take an item away as moderators do."""
        self._follow()
        self._lives[key].dead = True
        self._change(key)

    def _likes(self, key: int) -> int:
        post = self._world.post(key)
        return post.likes if post else 0

    def item(self, key: int) -> dict[str, Any] | None:
        """An item as Firebase gives it now."""
        self._follow()
        life = self._lives.get(key)
        if life is None or life.times[0] > self._world.now() - self._propagated:
            return None
        post = life.versions[-1]
        what = {"id": key, "time": life.first.at // SECOND, "type": "comment" if life.first.reply_to else "story"}
        if life.first.reply_to:
            what["parent"] = life.first.reply_to
        if post is None:
            return {**what, "deleted": True}
        shown = {**what, "by": post.author.handle, **({"kids": life.kids[::-1]} if life.kids else {})}
        if life.dead:
            return {**shown, "dead": True, **({"text": "[flagged]"} if post.reply_to else {"title": title_of(post)})}
        if post.reply_to:
            return {**shown, "text": markup(post.text)}
        said = {"text": markup(post.text)} if post.text else {"url": link_of(post)}
        answers = len(list(self._below(key)))
        return {
            **shown,
            "title": title_of(post),
            "score": 1 + answers + self._likes(key),
            "descendants": answers,
            **said,
        }

    def hits(self, words: str, tags: str = "", filters: str = "") -> list[dict[str, Any]]:
        """What the search knows, newest first."""
        self._follow()
        then = self._world.now() - self._lag
        known = ((life, life.at(then)) for life in self._lives.values() if not life.dead)
        found = (self._hit(life, post) for life, post in known if post and _holds(post, words))
        wanted = set(re.findall(r"\w+", tags))
        bounds = [(_COMPARE[sign], int(value)) for sign, value in _FILTER.findall(filters)]
        listed = [
            hit
            for hit in found
            if (not wanted or wanted & set(hit["_tags"]))
            and all(test(hit["created_at_i"], end) for test, end in bounds)
        ]
        return sorted(listed, key=lambda hit: (hit["created_at_i"], int(hit["objectID"])), reverse=True)

    async def _newest(self, request: web.Request) -> web.StreamResponse:
        self._follow()
        return await self._answering.answer(request, max(self._lives, default=0), wrong_shape=self._another)

    async def _updates(self, request: web.Request) -> web.StreamResponse:
        self._follow()
        latest = dict(list(self._changed.items())[: -self._listed - 1 : -1])
        listed = {"items": list(latest), "profiles": list(dict.fromkeys(latest.values()))}
        return await self._answering.answer(
            request,
            listed,
            duplicate=lambda said: {**said, "items": said["items"] * 2},
            out_of_order=lambda said: {**said, "items": self._shuffled(said["items"])},
            wrong_shape=lambda said: {**said, "items": self._another(said["items"])},
        )

    async def _item(self, request: web.Request) -> web.StreamResponse:
        number = request.match_info["number"]
        said = self.item(int(number)) if number.isdecimal() else None
        return await self._answering.answer(
            request,
            said,
            bad_clock=lambda item: item and {**item, "time": self._faults.random.choice(_FAR)},
            wrong_shape=lambda item: item and self._misshapen(item, {"id", "title", "text", "deleted", "dead"}),
        )

    async def _search(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        hits = self.hits(asked.get("query", ""), asked.get("tags", ""), asked.get("numericFilters", ""))
        page, size = int(asked.get("page", "0")), min(MOST_HITS, int(asked.get("hitsPerPage", "20")))
        reached = hits[:MOST_HITS]
        answer = {
            "hits": reached[page * size : (page + 1) * size],
            "nbHits": len(hits),
            "page": page,
            "nbPages": -(-len(reached) // max(1, size)),
            "hitsPerPage": size,
            "exhaustiveNbHits": True,
            "query": asked.get("query", ""),
            "params": urlencode(asked),
            "processingTimeMS": 1,
        }
        return await self._answering.answer(
            request,
            answer,
            bad_clock=self._in_one_hit(lambda hit: {**hit, "created_at_i": self._faults.random.choice(_FAR)}),
            duplicate=lambda said: {**said, "hits": [hit for hit in said["hits"] for _ in range(2)]},
            out_of_order=lambda said: {**said, "hits": self._shuffled(said["hits"])},
            wrong_shape=self._in_one_hit(lambda hit: self._misshapen(hit, {"title", "story_text", "comment_text"})),
        )

    def _follow(self) -> None:
        """Take in what was said meanwhile."""
        for change in self._world.since(self._followed):
            self._followed, key = change.number, change.post.key
            life = self._lives.setdefault(key, _Life(first=change.post))
            life.times.append(change.at)
            life.versions.append(None if change.op == "delete" else change.post)
            if change.op != "create":
                self._change(key)
            elif (parent := change.post.reply_to) in self._lives:
                self._lives[parent].kids.append(key)
                self._change(parent)

    def _change(self, key: int) -> None:
        self._changed.pop(key, None)
        self._changed[key] = self._lives[key].first.author.handle

    def _below(self, key: int) -> Iterable[int]:
        for kid in self._lives[key].kids:
            yield kid
            yield from self._below(kid)

    def _root(self, key: int) -> Said:
        life = self._lives[key]
        while life.first.reply_to in self._lives:
            life = self._lives[life.first.reply_to]
        return life.first

    def _hit(self, life: _Life, post: Said) -> dict[str, Any]:
        root, answers = self._root(post.key), list(self._below(post.key))
        kind, second = "comment" if post.reply_to else "story", post.at // SECOND
        link = None if post.reply_to or post.text else link_of(post)
        said = {
            "created_at": f"{moment(second * SECOND):%Y-%m-%dT%H:%M:%S}.000Z",
            "title": None if post.reply_to else title_of(post),
            "url": link,
            "author": post.author.handle,
            "points": None if post.reply_to else 1 + len(answers) + self._likes(post.key),
            "story_text": None if post.reply_to else markup(post.text) or None,
            "comment_text": markup(post.text) if post.reply_to else None,
            "num_comments": None if post.reply_to else len(answers),
            "story_id": root.key if post.reply_to else None,
            "story_title": title_of(root) if post.reply_to else None,
            "story_url": None,
            "parent_id": post.reply_to,
            "created_at_i": second,
            "_tags": [kind, f"author_{post.author.handle}", f"story_{root.key}"],
            "objectID": str(life.first.key),
        }
        marked = {name: said[name] for name in ("title", "url", "author", "story_text", "comment_text") if said[name]}
        shown = {name: {"value": text, "matchLevel": "none", "matchedWords": []} for name, text in marked.items()}
        return {**said, "_highlightResult": shown}

    def _shuffled(self, items: list[Any]) -> list[Any]:
        return self._faults.random.sample(items, len(items))

    def _another(self, value: Any) -> Any:
        return another(value, self._faults.random)

    def _misshapen(self, said: dict[str, Any], kept: set[str]) -> dict[str, Any]:
        return misshapen(said, self._faults.random, kept)

    def _in_one_hit(self, spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
        def spoilt(said: Any) -> Any:
            place = self._faults.random.randrange(max(1, len(said["hits"])))
            return {**said, "hits": [spoil(hit) if at == place else hit for at, hit in enumerate(said["hits"])]}

        return spoilt


def title_of(post: Said) -> str:
    """A story's title: its own, or how its text begins."""
    return post.title or post.text.partition("\n")[0][:_TITLE]


def link_of(post: Said) -> str:
    """Where a story without a text leads."""
    return f"https://example.org/stories/{post.key}"


def markup(text: str) -> str:
    """A text as HTML the way Hacker News writes it: paragraphs that are opened and never closed, `/` as `&#x2F;`."""
    escaped = escape(text).replace("/", "&#x2F;")
    linked = _LINK.sub(lambda found: f'<a href="{found[0]}" rel="nofollow">{found[0]}</a>', escaped)
    return "<p>".join(filter(None, linked.split("\n")))


def _holds(post: Said, words: str) -> bool:
    place = f"{post.title} {post.text} {post.author.handle}".casefold()
    return all(word.strip('"') in place for word in re.findall(r'"[^"]+"|\S+', words.casefold()))

"""A mock of Reddit: its listings for apps with a key, and its feeds for readers with a private token."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from secrets import token_urlsafe
from typing import Any

from aiohttp import web

from listener.mock.allowance import Allowance
from listener.mock.answering import FAULTS as ANY_FAULTS
from listener.mock.answering import Answering
from listener.mock.faults import Faults
from listener.mock.reddit_feed import write_feed
from listener.mock.reddit_things import Kind, Things, by_language, fullname
from listener.mock.spoil import amiss
from listener.mock.world import Said, World
from rules.instant import DAY, HOUR, SECOND, Instant, Span

FAULTS = (
    *ANY_FAULTS,
    *("unauthorised", "duplicate", "out-of-order", "wrong-shape", "cursor-loss", "bad-clock"),
)
"""What can happen to it."""
_WINDOW = timedelta(minutes=10)
_SPANS = {"hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 30 * DAY, "year": 365 * DAY}
_GENERIC = re.compile(r"|(python|java|curl|wget|go-http|okhttp|aiohttp|node|mozilla/5\.0$).*", re.IGNORECASE)
_MOST_CACHED = 1_000
_MEANT = frozenset({"id", "name", "body", "title", "selftext"})
_FAR = (0.0, 4_070_908_800.0)
Json = dict[str, Any]


@dataclass(kw_only=True)
class Reddit:
    """Reddit for one app. `keys` are secrets by client id, `feeds` private tokens by user name; a token of the app
    lives for `lifetime`. The same listing is answered from a cache for `cached`; `allowance` is the requests of ten
    minutes. Members alone may read the subreddits that are `private`; `place` names the subreddit of a thread.
    """

    world: World
    faults: Faults = field(default_factory=Faults)
    keys: Mapping[str, str] = field(default_factory=dict)
    feeds: Mapping[str, str] = field(default_factory=dict)
    lifetime: Span = DAY
    cached: Span = 3 * SECOND // 2
    allowance: int = 1_000
    private: frozenset[str] = frozenset()
    place: Callable[[Said], str] = by_language

    def __post_init__(self) -> None:
        self.things = Things(self.world, self.place)
        self.tokens: dict[str, Instant] = {}
        self._rate = Allowance(self.allowance, _WINDOW, self.world.now)
        self._answering = Answering(self.faults, self.world.now, too_many=_error(429, "Too Many Requests"))
        self._cache: dict[str, tuple[Instant, Json]] = {}

    def routes(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/v1/access_token", self._token),
            web.get(r"/r/{subreddit}/{what:comments|new|search}{_:/?}", self._list),
            web.get(r"/{what:search}{_:/?}", self._list),
            web.get(r"/api/info{_:/?}", self._info),
            web.get(r"/r/{subreddit}/{what:comments|new|search}{_:/?}.rss", self._feed),
            web.get(r"/r/{subreddit}/.rss", self._feed),
            web.get(r"/{what:search}{_:/?}.rss", self._feed),
            web.get(r"/{_:.*}", self._nothing),
        )

    async def _token(self, request: web.Request) -> web.StreamResponse:
        if refused := _generic(request) or await self._answering.refusal(request):
            return refused
        if request.headers.get("Authorization", "") not in map(_basic, self.keys, self.keys.values()):
            return _says(401, "Unauthorized")
        if (await request.post()).get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        now, token = self.world.now(), token_urlsafe(24)
        self.tokens = {old: end for old, end in self.tokens.items() if end > now} | {token: now + self.lifetime}
        life = {"expires_in": self.lifetime // SECOND, "scope": "*"}
        return web.json_response({"access_token": token, "token_type": "bearer", **life})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if refused := await self._refusal(request):
            return refused
        now, url = self.world.now(), request.path_qs
        until, listing = self._cache.get(url, (0, {}))
        if now >= until:
            self._cache = {old: kept for old, kept in self._cache.items() if kept[0] > now}
            listing = self._listing(request, self._found(request))
            if len(self._cache) < _MOST_CACHED:
                self._cache[url] = now + self.cached, listing
        return await self._give(request, listing)

    async def _info(self, request: web.Request) -> web.StreamResponse:
        """Things by name: how their deletion is learnt."""
        if refused := await self._refusal(request):
            return refused
        posts = self.things.named(request.query.get("id", "").split(",")[:100])
        return await self._give(request, self._written(request, posts, None))

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        if shut := _generic(request) or self._closed(request):
            return shut
        user, token = request.query.get("user", ""), request.query.get("feed", "")
        if not token or self.feeds.get(user) != token:
            return _says(429, "Too Many Requests")
        if refused := await self._answering.refusal(request):
            return refused
        page = self._found(request)[: _limit(request)]
        body = write_feed(self.things, page, request.path)
        return await self._answering.deliver(request, body, "application/atom+xml")

    async def _nothing(self, _: web.Request) -> web.StreamResponse:
        return _says(404, "Not Found")

    async def _refusal(self, request: web.Request) -> web.StreamResponse | None:
        """What is answered instead; None when nothing stands against an answer."""
        if refused := _generic(request):
            return refused
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and self.tokens.get(token, 0) > self.world.now()
        if not known or self.faults.strikes("unauthorised"):
            headers = {"WWW-Authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            return _says(401, "Unauthorized", headers)
        if not self._rate.take():
            return _says(429, "Too Many Requests", self._headers())
        return self._closed(request) or await self._answering.refusal(request)

    def _closed(self, request: web.Request) -> web.Response | None:
        shut = self.private.intersection(_subreddits(request))
        return _says(403, "Forbidden", reason="private") if shut else None

    def _found(self, request: web.Request) -> list[Said]:
        """What a listing has, newest first."""
        what = request.match_info.get("what", "new")
        kind: Kind = "t1" if what == "comments" else "t3"
        posts = self.things.listed(kind, _subreddits(request))
        if what != "search":
            return posts
        oldest = self.world.now() - _SPANS.get(request.query.get("t", "all"), self.world.now())
        query = request.query.get("q", "")
        return [post for post in posts if post.at >= oldest and _holds(f"{post.title} {post.text}", query)]

    def _listing(self, request: web.Request, posts: list[Said]) -> Json:
        """The page that is asked for. Where `before` names a thing that is not there any more, older ones come."""
        limit, names = _limit(request), [fullname(post) for post in posts]
        before, after = request.query.get("before"), request.query.get("after")
        if before:
            lost = before not in names or self.faults.strikes("cursor-loss")
            place = 0 if lost else names.index(before)
            page = _older(posts, before)[:limit] if lost else posts[max(0, place - limit) : place]
        else:
            posts = _older(posts, after) if after else posts
            page = posts[:limit]
        more = page and not before and len(posts) > limit
        return self._written(request, page, fullname(page[-1]) if more else None)

    def _written(self, request: web.Request, posts: list[Said], after: str | None) -> Json:
        children = [self.things.thing(post) for post in posts]
        data = {"after": after, "dist": len(children), "modhash": "", "geo_filter": "", "before": None}
        listing = {"kind": "Listing", "data": {**data, "children": children}}
        escaped: Json = listing if request.query.get("raw_json") == "1" else _escaped(listing)
        return escaped

    async def _give(self, request: web.Request, listing: Json) -> web.StreamResponse:
        random = self.faults.random
        return await self._answering.give(
            request,
            listing,
            self._headers(),
            bad_clock=_in_children(lambda things: [{**thing, "created_utc": random.choice(_FAR)} for thing in things]),
            duplicate=_in_children(lambda things: [thing for thing in things for _ in range(2)]),
            out_of_order=_in_children(lambda things: things[::-1]),
            wrong_shape=_in_children(lambda things: amiss(things, random, _MEANT)),
        )

    def _headers(self) -> dict[str, str]:
        left = self._rate.left
        return {
            "x-ratelimit-remaining": f"{left}.0",
            "x-ratelimit-used": str(self._rate.requests - left),
            "x-ratelimit-reset": str((self._rate.reset - self.world.now()) // SECOND),
            "Cache-Control": "private, s-maxage=0, max-age=0, must-revalidate",
        }


def _generic(request: web.Request) -> web.Response | None:
    """The refusal of a client that does not say what it is."""
    generic = _GENERIC.fullmatch(request.headers.get("User-Agent", ""))
    return _says(429, "Too Many Requests") if generic else None


def _basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _error(status: int, message: str, **more: str) -> Json:
    return {"message": message, "error": status, **more}


def _says(status: int, message: str, headers: Mapping[str, str] | None = None, **more: str) -> web.Response:
    return web.json_response(_error(status, message, **more), status=status, headers=headers)


def _subreddits(request: web.Request) -> list[str]:
    """Those that are asked for, joined by `+`."""
    return request.match_info.get("subreddit", "all").lower().split("+")


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "25")
    return min(100, max(1, int(text))) if text.isascii() and text.isdecimal() else 25


def _older(posts: list[Said], name: str) -> list[Said]:
    """Those that were made before the thing with this name, which need not be there."""
    return [post for post in posts if (len(fullname(post)), fullname(post)) < (len(name), name)]


def _holds(text: str, query: str) -> bool:
    return all(word.strip('"') in text.casefold() for word in re.findall(r'"[^"]+"|\S+', query.casefold()))


def _escaped(value: Any) -> Any:
    """As Reddit answers whoever does not ask for raw JSON."""
    if isinstance(value, dict):
        return {name: _escaped(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_escaped(each) for each in value]
    return escape(value, quote=False) if isinstance(value, str) else value


def _in_children(spoil: Callable[[list[Json]], list[Json]]) -> Callable[[Json], Json]:
    def spoilt(said: Json) -> Json:
        things = spoil([child["data"] for child in said["data"]["children"]])
        children = [{"kind": str(thing["name"])[:2], "data": thing} for thing in things]
        return {**said, "data": {**said["data"], "children": children}}

    return spoilt

"""A mock of X: its filtered stream with the rules, its recent search and posts by id, for apps that pay by the post."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
from aiohttp import web

from listener.mock.allowance import Allowance
from listener.mock.answering import FAULTS as ANY_FAULTS
from listener.mock.answering import Answering, asked_time
from listener.mock.faults import Faults
from listener.mock.spoil import amiss
from listener.mock.world import World
from listener.mock.x_bill import Bill
from listener.mock.x_book import Book, InvalidRequestError
from listener.mock.x_posts import Posts, Version, Wanted, created, id_at, missing, stamp
from listener.mock.x_rules import PROBLEMS, RuleError, Test, compile_rule
from listener.mock.x_stream import CAPPED, FAR, Stream
from rules.instant import DAY, SECOND, Instant, Span

FAULTS = (
    *ANY_FAULTS,
    *("close", "stall", "starve", "unauthorised", "duplicate", "out-of-order", "wrong-shape", "cursor-loss"),
    "bad-clock",
)
"""What can happen to it."""
LONGEST_QUERY, MOST_IDS, REACH = 512, 100, 7 * DAY
_WINDOW = timedelta(minutes=15)
_PLACE = "b26v89c19zqg8o3f"
_FIELDS = {
    "tweet.fields": "article attachments author_id context_annotations conversation_id created_at edit_controls "
    "edit_history_tweet_ids entities geo id in_reply_to_user_id lang note_tweet possibly_sensitive public_metrics "
    "referenced_tweets reply_settings source text withheld",
    "user.fields": "created_at description entities id location name pinned_tweet_id profile_image_url protected "
    "public_metrics url username verified verified_type withheld",
    "expansions": "attachments.media_keys author_id edit_history_tweet_ids entities.mentions.username geo.place_id "
    "in_reply_to_user_id referenced_tweets.id referenced_tweets.id.author_id",
    "media.fields": "media_key type url",
    "place.fields": "full_name id",
    "poll.fields": "id options",
}
_SEARCHES = ("query", "since_id", "until_id", "start_time", "end_time", "max_results", "next_token", "sort_order")
Json = dict[str, Any]


@dataclass(kw_only=True)
class X:
    """X for one app. `tokens` are those that are valid: taking one out ends its stream; `strangers` belong to no
    project and are refused. `linger` is how long a connection that has ended still counts, `patience` the seconds
    of the wall after which a reader that reads nothing is dropped. `searches`, `lookups`, `connects` and `changes` are
    the requests of 15 minutes; `lag` is how late the search finds a post. `price` and `cap` are those of a Bill.
    """

    world: World
    faults: Faults = field(default_factory=Faults)
    tokens: set[str] = field(default_factory=set)
    strangers: frozenset[str] = frozenset()
    linger: Span = 2 * SECOND
    patience: float = 5.0
    searches: int = 450
    lookups: int = 300
    connects: int = 50
    changes: int = 100
    lag: Span = 0
    price: float = 0.005
    cap: int = 3_000_000

    def __post_init__(self) -> None:
        now = self.world.now
        self.bill, self.book, self._posts = Bill(now, price=self.price, cap=self.cap), Book(now), Posts(self.world)
        self.stream = Stream(
            posts=self._posts,
            book=self.book,
            bill=self.bill,
            faults=self.faults,
            now=now,
            linger=self.linger,
            patience=self.patience,
        )
        self._answering = Answering(self.faults, now, too_many=_plain(429, "Too Many Requests"))
        requests = {"search": self.searches, "lookup": self.lookups, "stream": self.connects, "rules": self.changes}
        self._rates = {name: Allowance(most, _WINDOW, now) for name, most in requests.items()}

    def routes(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/2/tweets", self._lookup),
            web.get("/2/tweets/search/recent", self._recent),
            web.get("/2/tweets/search/stream", self._listen),
            web.get("/2/tweets/search/stream/rules", self._list_rules),
            web.post("/2/tweets/search/stream/rules", self._change_rules),
        )

    async def _recent(self, request: web.Request) -> web.StreamResponse:
        if refused := await self._refusal(request, "search"):
            return refused
        if self.bill.capped:
            return self._problem(429, CAPPED, "search")
        try:
            wanted, (page, more) = _wanted(request, _SEARCHES), self._page(request)
        except InvalidRequestError as error:
            return self._invalid(error, "search")
        for version in page:
            self.bill.read(version.id)
        random = self.faults.random
        meta: Json = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if more:
            meta["next_token"] = f"{_PLACE}{int(page[-1].id):x}"
        return await self._answering.give(
            request,
            {**self._posts.shown(page, wanted), "meta": meta},
            self._headers("search"),
            bad_clock=_in_data(lambda posts: [{**post, "created_at": random.choice(FAR)} for post in posts]),
            duplicate=_in_data(lambda posts: [post for post in posts for _ in range(2)]),
            out_of_order=_in_data(lambda posts: posts[::-1]),
            wrong_shape=_in_data(lambda posts: amiss(posts, random, {"id", "text"})),
        )

    def _page(self, request: web.Request) -> tuple[list[Version], bool]:
        """The posts of a page, newest first, and whether there are more. Raises InvalidRequestError."""
        asked = request.query
        size = _number(asked, "max_results", 10)
        if not 10 <= size <= 100:
            raise InvalidRequestError("max_results", str(size), "The value is not between 10 and 100")
        test = self._query(asked.get("query", ""))
        now = self.world.now()
        oldest = self._since(asked, now - REACH)
        newest = min(_number(asked, "until_id", id_at(now + DAY)), id_at(_instant(asked, "end_time", now + DAY)))
        if token := asked.get("next_token", ""):
            newest = min(newest, self._place(token))
        found = [
            version
            for version in self._posts.standing()
            if oldest < int(version.id) < newest
            and created(int(version.id)) <= now - self.lag
            and "retweet" not in (facts := self._posts.facts(version.post)).kinds
            and test(facts)
        ]
        found.sort(key=lambda version: int(version.id), reverse=True)
        return found[:size], len(found) > size

    def _query(self, query: str) -> Test:
        if not 1 <= len(query) <= LONGEST_QUERY:
            raise InvalidRequestError("query", query, f"The length must be between 1 and {LONGEST_QUERY}")
        try:
            return compile_rule(query, lenient=True)
        except RuleError as error:
            raise InvalidRequestError("query", query, f"There were errors processing your request: {error}") from error

    def _since(self, asked: Mapping[str, str], reach: Instant) -> int:
        """The id after which posts are wanted. Raises InvalidRequestError."""
        start = _instant(asked, "start_time", reach)
        if start < reach:
            raise InvalidRequestError("start_time", asked["start_time"], f"must be on or after {stamp(reach)}")
        since = _number(asked, "since_id", id_at(start) - 1)
        lost = "since_id" in asked and self.faults.strikes("cursor-loss")
        if since < id_at(reach) - 1 or lost:
            why = f"'since_id' must be a tweet id created after {stamp(reach)}"
            raise InvalidRequestError("since_id", asked["since_id"], why)
        return since

    def _place(self, token: str) -> int:
        try:
            if token.startswith(_PLACE) and not self.faults.strikes("cursor-loss"):
                return int(token.removeprefix(_PLACE), 16)
        except ValueError:
            pass
        raise InvalidRequestError("next_token", token, "The token is not valid")

    async def _lookup(self, request: web.Request) -> web.StreamResponse:
        """Posts by id: how their deletion is learnt."""
        if refused := await self._refusal(request, "lookup"):
            return refused
        try:
            wanted, ids = _wanted(request, ("ids",)), _ids(request)
        except InvalidRequestError as error:
            return self._invalid(error, "lookup")
        if self.bill.capped:
            return self._problem(429, CAPPED, "lookup")
        found = self._posts.named(ids)
        for version in found:
            self.bill.read(version.id)
        said = self._posts.shown(found, wanted)
        there = {version.id for version in found}
        errors = [*(missing(number, "ids") for number in ids if number not in there), *said.get("errors", [])]
        return await self._answering.give(
            request, said | ({"errors": errors} if errors else {}), self._headers("lookup")
        )

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        if refused := await self._refusal(request, "stream"):
            return refused
        try:
            wanted = _wanted(request)
        except InvalidRequestError as error:
            return self._invalid(error, "stream")
        if not len(self.book):
            detail = "You must define rules before connecting to filtered stream."
            return self._problem(409, _connection("RuleConfigurationIssue", detail), "stream")
        if self.bill.capped:
            return self._problem(429, CAPPED, "stream")
        if self.stream.taken:
            detail = "This stream is currently at the maximum allowed connection limit."
            return self._problem(429, _connection("TooManyConnections", detail), "stream")
        token = _token(request)
        return await self.stream.serve(request, wanted, lambda: token in self.tokens, self._headers("stream"))

    async def _list_rules(self, request: web.Request) -> web.StreamResponse:
        refused = await self._refusal(request, "rules")
        ids = request.query.get("ids", "")
        return refused or self._json(200, self.book.listed(ids.split(",") if ids else ()), "rules")

    async def _change_rules(self, request: web.Request) -> web.StreamResponse:
        if refused := await self._refusal(request, "rules"):
            return refused
        try:
            asked = msgspec.json.decode(await request.read())
            said = self.book.change(asked, dry=request.query.get("dry_run") == "true")
        except msgspec.DecodeError:
            return self._invalid(InvalidRequestError("body", "", "The body is not JSON"), "rules")
        except InvalidRequestError as error:
            return self._invalid(error, "rules")
        return self._json(201 if said["meta"]["summary"].get("created") else 200, said, "rules")

    async def _refusal(self, request: web.Request, rate: str) -> web.StreamResponse | None:
        """What is answered instead; None when nothing stands against an answer."""
        token = _token(request)
        if token in self.strangers:
            said = {"title": "Client Forbidden", "reason": "client-not-enrolled", "status": 403}
            why = "The app of this token must be attached to a project"
            return self._problem(403, {**said, "detail": why, "type": f"{PROBLEMS}/client-forbidden"}, rate)
        if token not in self.tokens or self.faults.strikes("unauthorised"):
            return self._problem(401, _plain(401, "Unauthorized"), rate)
        if not self._rates[rate].take():
            return self._problem(429, _plain(429, "Too Many Requests"), rate)
        return await self._answering.refusal(request)

    def _invalid(self, error: InvalidRequestError, rate: str) -> web.Response:
        value = error.value if isinstance(error.value, list) else [error.value]
        body = {
            "errors": [{"parameters": {error.name: value}, "message": error.why}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{PROBLEMS}/invalid-request",
        }
        return self._problem(400, body, rate)

    def _problem(self, status: int, body: Json, rate: str) -> web.Response:
        return self._json(status, body, rate, "application/problem+json")

    def _json(self, status: int, body: Json, rate: str, content_type: str = "application/json") -> web.Response:
        headers = self._headers(rate)
        return web.json_response(body, status=status, headers=headers, content_type=content_type)

    def _headers(self, rate: str) -> dict[str, str]:
        left = self._rates[rate]
        return {
            "api-version": "2.166",
            "x-rate-limit-limit": str(left.requests),
            "x-rate-limit-remaining": str(left.left),
            "x-rate-limit-reset": str(left.reset // SECOND),
        }


def _in_data(spoil: Callable[[list[Json]], list[Json]]) -> Callable[[Json], Json]:
    return lambda said: {**said, "data": spoil(said.get("data", []))}


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _plain(status: int, title: str) -> Json:
    return {"title": title, "detail": title, "type": "about:blank", "status": status}


def _connection(issue: str, detail: str) -> Json:
    problem = {"title": "ConnectionException", "detail": detail, "connection_issue": issue}
    return {**problem, "type": f"{PROBLEMS}/streaming-connection"}


def _wanted(request: web.Request, known: Iterable[str] = ()) -> Wanted:
    """What is to be shown. Raises InvalidRequestError for a parameter or a field that X does not know."""
    for name, value in request.query.items():
        if name not in _FIELDS and name not in known:
            raise InvalidRequestError(name, value, f"The query parameter [{name}] is not one of those allowed")
        for each in value.split(",") if name in _FIELDS else ():
            if each not in _FIELDS[name].split():
                raise InvalidRequestError(name, value, f"The `{name}` query parameter value [{each}] is not known")
    parts = {name: frozenset(filter(None, request.query.get(name, "").split(","))) for name in _FIELDS}
    return Wanted(post=parts["tweet.fields"], user=parts["user.fields"], expansions=parts["expansions"])


def _ids(request: web.Request) -> list[str]:
    ids = request.query.get("ids", "").split(",")
    if len(ids) > MOST_IDS or not all(map(str.isdecimal, ids)):
        raise InvalidRequestError("ids", ids, f"The `ids` query parameter takes 1 to {MOST_IDS} ids")
    return ids


def _number(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name, str(otherwise))
    if not text.isascii() or not text.isdecimal() or len(text) > 19:
        raise InvalidRequestError(name, text, f"The `{name}` query parameter value is not a number")
    return int(text)


def _instant(asked: Mapping[str, str], name: str, otherwise: Instant) -> Instant:
    if name not in asked:
        return otherwise
    try:
        return asked_time(asked[name])
    except ValueError as error:
        raise InvalidRequestError(name, asked[name], f"The `{name}` query parameter value is not a time") from error

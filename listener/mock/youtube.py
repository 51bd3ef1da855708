"""A mock YouTube: videos, comments and their search as the Data API gives them, by its quotas, and channels' feeds."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as EncodingError
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from listener.mock import answering, spoil
from listener.mock.answering import Answering, asked_time
from listener.mock.faults import Faults
from listener.mock.world import Account, Said, World
from listener.mock.youtube_bodies import (
    Json,
    Thread,
    Video,
    channel_feed,
    channel_of,
    comment_body,
    list_body,
    result_body,
    shelve,
    thread_body,
    video_body,
)
from rules.instant import SECOND, Instant, moment

FAULTS = (*answering.FAULTS, "bad-clock", "duplicate", "out-of-order", "quota", "unauthorised", "wrong-shape")
"""What can happen to it."""
IN_FEED = 15
MOST_FOUND = 500
"""Results of one search that can be reached."""
UNITS, SEARCHES = 10_000, 100
"""What a key may spend a day."""
_PACIFIC = ZoneInfo("America/Los_Angeles")
_FAR = ("1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z")
_SIZES = {"commentThreads": (20, 100), "comments": (20, 100), "search": (5, 50)}
"""Items of a page: unless asked for, and at most."""
_DOMAIN = "youtube.commentThread"
_END = 253_402_300_799 * SECOND
"""Nothing is dated later."""


class _Listed(Protocol):
    """What pages are made of."""

    @property
    def post(self) -> Said: ...

    @property
    def answers(self) -> int: ...


_Item = TypeVar("_Item", bound=_Listed)


@dataclass(frozen=True)
class _Comment:
    """A comment on a page."""

    thread: Thread
    post: Said
    answers: int = 0

    @property
    def id(self) -> str:
        return self.thread.id_of(self.post)


class _RefusedError(Exception):
    """An answer in the shape of Google's errors."""

    def __init__(
        self, status: int, reason: str, message: str, *, domain: str = "global", place: str = "", word: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        where = {"location": place, "locationType": "parameter"} if place else {}
        told = {"message": message, "domain": domain, "reason": reason, **where}
        self.body = {
            "error": {"code": status, "message": message, "errors": [told], **({"status": word} if word else {})}
        }


@dataclass(kw_only=True)
class YouTube:
    """Serves a world. Posts are videos, those who post have channels; answers are comments, and answers to them
    replies. `keys` are those that are valid, `closed` the videos, by the keys of their posts, that take no comments;
    `channel` is whose all videos are, when given. A key has so many `units` for comments and videos, and `searches`, a
    day, which ends at midnight Pacific.
    """

    world: World
    faults: Faults = field(default_factory=Faults)
    keys: set[str] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    channel: Account | None = None
    units: int = UNITS
    searches: int = SEARCHES

    def __post_init__(self) -> None:
        busy = _RefusedError(429, "rateLimitExceeded", "Too many requests a minute.", word="RESOURCE_EXHAUSTED")
        self._answering = Answering(self.faults, self.world.now, too_many=busy.body)
        self._day, self._spent = date.min, Counter[tuple[str, str]]()

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.get("/youtube/v3/{what:commentThreads|comments|videos|search}", self._list),
            web.get("/feeds/videos.xml", self._feed),
        ]

    async def _list(self, request: web.Request) -> web.StreamResponse:
        lists: Mapping[str, Callable[[Mapping[str, str]], Json]] = {
            "commentThreads": self._threads,
            "comments": self._comments,
            "videos": self._videos,
            "search": self._search,
        }
        what, asked, random = request.match_info["what"], request.query, self.faults.random
        try:
            self._charge(asked.get("key", ""), "searches" if what == "search" else "units")
            body = lists[what]({"part": _needed(asked, "part"), **asked})
        except _RefusedError as error:
            return web.json_response(error.body, status=error.status)
        return await self._answering.answer(
            request,
            body,
            bad_clock=lambda said: _dated(said, random.choice(_FAR)),
            duplicate=lambda said: {**said, "items": [item for item in said["items"] for _ in range(2)]},
            out_of_order=lambda said: {**said, "items": random.sample(said["items"], len(said["items"]))},
            wrong_shape=lambda said: spoil.twisted(said, random),
        )

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        if refusal := await self._answering.refusal(request):
            return refusal
        videos = _of_channel(self._shelf(), request.query.get("channel_id", ""))
        if not videos:
            return web.Response(status=404, text="<title>Error 404 (Not Found)!!1</title>", content_type="text/html")
        latest = _sorted(videos, "date")[:IN_FEED]
        body = channel_feed(latest[0].post.author, latest, str(request.url))
        return await self._answering.deliver(request, body.encode("utf-8", "replace"), "text/xml")

    def _shelf(self) -> list[Video]:
        return shelve(self.world.posts(), self.channel)

    def _charge(self, key: str, what: str) -> None:
        """Take one unit or search from a key's day."""
        if not key:
            message = "Method doesn't allow unregistered callers (callers without established identity)."
            raise _RefusedError(403, "forbidden", message, word="PERMISSION_DENIED")
        if key not in self.keys or self.faults.strikes("unauthorised"):
            message = "API key not valid. Please pass a valid API key."
            raise _RefusedError(400, "badRequest", message, word="INVALID_ARGUMENT")
        today = moment(self.world.now()).astimezone(_PACIFIC).date()
        if today != self._day:
            self._day = today
            self._spent.clear()
        most = self.searches if what == "searches" else self.units
        if self._spent[key, what] >= most or self.faults.strikes("quota"):
            self._spent[key, what] = most
            raise _exhausted(what)
        self._spent[key, what] += 1

    def _threads(self, asked: Mapping[str, str]) -> Json:
        """Threads below one video, below all those of a channel, or by their ids."""
        videos, parts = self._shelf(), asked["part"].split(",")
        name, channel = asked.get("videoId"), asked.get("allThreadsRelatedToChannelId")
        if name:
            videos = _there([video for video in videos if video.id == name], "video")
            if videos[0].post.key in self.closed:
                message = "The video identified by the videoId parameter has disabled comments."
                raise _RefusedError(403, "commentsDisabled", message, domain=_DOMAIN, place="videoId")
        elif channel:
            videos = _there(_of_channel(videos, channel), "channel")
        wanted = None if name or channel else _needed(asked, "id").split(",")
        threads = [
            thread
            for video in videos
            if video.post.key not in self.closed
            for thread in video.threads
            if wanted is None or thread.id in wanted
        ]
        page, more = _page("commentThreads", threads, asked, asked.get("order", "time"))
        items = [thread_body(thread, parts, plain=_is_plain(asked)) for thread in page]
        return list_body("commentThread", items, total=len(items), **more)

    def _comments(self, asked: Mapping[str, str]) -> Json:
        """Answers to a comment, or comments by their ids."""
        threads = [thread for video in self._shelf() for thread in video.threads]
        if parent := asked.get("parentId"):
            thread = _there([thread for thread in threads if thread.id == parent], "comment")[0]
            comments = [_Comment(thread, reply) for reply in thread.replies]
        else:
            wanted = _needed(asked, "id").split(",")
            all_of = (_Comment(thread, post) for thread in threads for post in (thread.top, *thread.replies))
            comments = [comment for comment in all_of if comment.id in wanted]
        page, more = _page("comments", comments, asked, "time")
        items = [comment_body(comment.thread, comment.post, plain=_is_plain(asked)) for comment in page]
        return list_body("comment", items, total=len(items), **more)

    def _videos(self, asked: Mapping[str, str]) -> Json:
        """Videos by their ids; those that are not there any more are left out."""
        wanted, parts = _needed(asked, "id").split(","), asked["part"].split(",")
        videos = [video for video in self._shelf() if video.id in wanted]
        items = [video_body(video, parts, closed=video.post.key in self.closed) for video in videos]
        return list_body("video", items, total=len(items), size=len(items), following=None)

    def _search(self, asked: Mapping[str, str]) -> Json:
        order, channel = asked.get("order", "relevance"), asked.get("channelId")
        after, before = _instant(asked, "publishedAfter", 0), _instant(asked, "publishedBefore", _END)
        videos = self._shelf() if channel is None else _of_channel(self._shelf(), channel)
        found = [video for video in videos if after <= video.post.at < before and _holds(video, asked.get("q", ""))]
        page, more = _page("search", _sorted(found, order)[:MOST_FOUND], asked, order)
        return list_body("search", [result_body(video) for video in page], total=len(found), **more)


def _exhausted(what: str) -> _RefusedError:
    if what == "searches":
        limit = "Quota exceeded for quota metric 'Search Queries' and limit 'Search Queries per day'"
        message = f"{limit} of service 'youtube.googleapis.com' for consumer 'project_number:1'."
        return _RefusedError(429, "rateLimitExceeded", message, word="RESOURCE_EXHAUSTED")
    quota = '<a href="/youtube/v3/getting-started#quota">quota</a>'
    message = f"The request cannot be completed because you have exceeded your {quota}."
    return _RefusedError(403, "quotaExceeded", message, domain="youtube.quota")


def _there(found: list[_Item], what: str) -> list[_Item]:
    """What was found, which must be something."""
    if not found:
        place = {"comment": "parentId"}.get(what, f"{what}Id")
        message = f"The {what} identified by the {place} parameter could not be found."
        raise _RefusedError(404, f"{what}NotFound", message, domain=_DOMAIN, place=place)
    return found


def _needed(asked: Mapping[str, str], name: str) -> str:
    if not asked.get(name):
        raise _RefusedError(400, "required", f"Required parameter: {name}", place=name)
    return asked[name]


def _invalid(asked: Mapping[str, str], name: str) -> _RefusedError:
    return _RefusedError(400, "invalidParameter", f"Invalid value '{asked[name]}'.", place=name)


def _instant(asked: Mapping[str, str], name: str, default: Instant) -> Instant:
    if name not in asked:
        return default
    try:
        return asked_time(asked[name])
    except ValueError:
        raise _invalid(asked, name) from None


def _is_plain(asked: Mapping[str, str]) -> bool:
    return asked.get("textFormat") == "plainText"


def _of_channel(videos: Iterable[Video], channel: str) -> list[Video]:
    return [video for video in videos if channel_of(video.post.author) == channel]


def _holds(video: Video, words: str) -> bool:
    """Whether a video has all the words of one of the alternatives."""
    text = f"{video.title} {video.post.text}".casefold()
    return any(all(word in text for word in each.split()) for each in words.casefold().split("|"))


def _place(item: _Listed, order: str) -> tuple[int, Instant, int]:
    return item.answers if order == "relevance" else 0, item.post.at, item.post.key


def _sorted(items: Iterable[_Item], order: str) -> list[_Item]:
    return sorted(items, key=lambda item: _place(item, order), reverse=True)


def _page(what: str, items: Iterable[_Item], asked: Mapping[str, str], order: str) -> tuple[list[_Item], Json]:
    """The page that is asked for, with its size and the token of the next one: where this one ended, so that nothing is
    left out when something comes or goes meanwhile.
    """
    usual, most = _SIZES[what]
    size = asked.get("maxResults", str(usual))
    if not size.isdecimal() or not 1 <= int(size) <= most:
        raise _invalid(asked, "maxResults")
    before = _read_token(asked) if asked.get("pageToken") else None
    left = [item for item in _sorted(items, order) if before is None or _place(item, order) < before]
    page = left[: int(size)]
    following = _token(_place(page[-1], order)) if len(left) > len(page) else None
    return page, {"size": int(size), "following": following}


def _token(place: tuple[int, Instant, int]) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _read_token(asked: Mapping[str, str]) -> tuple[int, Instant, int]:
    try:
        return msgspec.json.decode(urlsafe_b64decode(asked["pageToken"]), type=tuple[int, Instant, int])
    except (EncodingError, ValueError):
        message = "The request specifies an invalid page token."
        raise _RefusedError(400, "invalidPageToken", message, domain="youtube.parameter", place="pageToken") from None


def _dated(said: Any, date: str) -> Any:
    """The same, as if all of it had been published then."""
    if isinstance(said, list):
        return [_dated(item, date) for item in said]
    if not isinstance(said, dict):
        return said
    return {name: date if name in {"publishedAt", "updatedAt"} else _dated(value, date) for name, value in said.items()}

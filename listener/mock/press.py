"""A mock press site: its articles as RSS, Atom and JSON feeds, each on a page of its own, with a WebSub hub."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from email.utils import format_datetime
from hashlib import blake2b
from html import escape
from typing import Literal
from urllib.parse import quote

from aiohttp import web

from listener.clock import Clock
from listener.mock.answering import FAULTS as ANY_FAULTS
from listener.mock.answering import Answering
from listener.mock.faults import Faults
from listener.mock.feeds import FORMATS, Channel, Entry
from listener.mock.hub import Content, Hub
from listener.mock.world import Said, World
from rules.instant import DAY, SECOND, Instant, instant, moment

FAULTS = (*ANY_FAULTS, "bad-clock", "duplicate", "out-of-order")
"""What can happen to it."""
LISTED = 40
"""Entries a feed lists: the newest."""
MAX_AGE = 10
"""Seconds for which a feed is fresh."""
_FAR: tuple[Instant, Instant] = (0, 47_116 * DAY)
"""1970 and 2099."""
_PAGE = """<!doctype html><html{language}><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<body style="font:1.1rem/1.5 sans-serif;max-width:36rem;margin:3rem auto">
<p><strong>{title}</strong><br><small>{author}</small></p><p>{text}</p></body></html>"""


class Press:
    """Serves a world at `/rss`, `/atom` and `/json`. What is edited has a new `updated`, what is deleted is not listed
    any more; reposts are none of its business. `hub` sends the same feeds to whoever subscribes at `/hub`, signed with
    `algorithm`.
    """

    def __init__(
        self,
        world: World,
        faults: Faults | None = None,
        *,
        clock: Clock | None = None,
        title: str = "The Press",
        algorithm: Literal["sha1", "sha256"] = "sha256",
    ) -> None:
        self._world, self._faults, self._title = world, faults or Faults(), title
        self._answering = Answering(self._faults, world.now)
        self.hub = Hub(world, self._published, faults=self._faults, clock=clock or Clock(), algorithm=algorithm)

    def routes(self) -> Iterable[web.RouteDef]:
        return (
            web.get(f"/{{kind:{'|'.join(FORMATS)}}}", self._feed),
            web.get("/@{author}/{key:[0-9]+}", self._page),
            web.post("/hub", self._subscribe),
        )

    def acting(self, app: web.Application) -> AsyncIterator[None]:
        """Its hub's work, as long as it is served."""
        return self.hub.acting(app)

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        """A feed, or 304 for a reader who has it already."""
        if refused := await self._answering.refusal(request):
            return refused
        topic = f"{request.url.origin()}{request.path}"
        form, body = FORMATS[request.match_info["kind"]], self._written(topic, self._spoilt(self._entries(topic)))
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        headers = {**self._validators(body, "-gzip" if packed else ""), **_links(topic)}
        if self._is_known(request, headers):
            return web.Response(status=304, headers=headers)
        response = await self._answering.deliver(request, body, form.content_type, headers)
        if packed and isinstance(response, web.Response):
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def _page(self, request: web.Request) -> web.StreamResponse:
        post = self._world.post(int(request.match_info["key"]))
        if post is None or post.author.handle != request.match_info["author"]:
            raise web.HTTPNotFound
        words = {"title": post.title or post.author.handle, "author": _name(post), "text": post.text}
        language = f' lang="{escape(post.language)}"' if post.language else ""
        page = _PAGE.format(language=language, **{name: escape(text) for name, text in words.items()})
        return web.Response(text=page, content_type="text/html")

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        site = f"{request.url.origin()}{request.path}".removesuffix("/hub")
        return await self.hub.ask(request, [f"{site}/{kind}" for kind in FORMATS])

    def _published(self, topic: str) -> Content:
        """A feed as the hub sends it."""
        form = FORMATS[topic.rpartition("/")[2]]
        headers = {"Content-Type": f"{form.content_type}; charset=utf-8", "Link": _links(topic)["Link"]}
        return Content(self._written(topic, self._entries(topic)), headers)

    def _written(self, topic: str, entries: list[Entry]) -> bytes:
        site, _, kind = topic.rpartition("/")
        return FORMATS[kind].write(Channel(title=self._title, home=f"{site}/", here=topic, hub=f"{site}/hub"), entries)

    def _entries(self, topic: str) -> list[Entry]:
        """What is listed, newest first."""
        site = topic.rpartition("/")[0]
        articles = [post for post in self._world.posts() if post.repost_of is None]
        return [_entry(post, site) for post in articles[: -LISTED - 1 : -1]]

    def _spoilt(self, entries: list[Entry]) -> list[Entry]:
        strikes, random = self._faults.strikes, self._faults.random
        if strikes("bad-clock"):
            entries = [replace(entry, at=random.choice(_FAR)) for entry in entries]
        if strikes("duplicate"):
            entries = [entry for entry in entries for _ in range(2)]
        return random.sample(entries, len(entries)) if strikes("out-of-order") else entries

    def _validators(self, body: bytes, coding: str) -> dict[str, str]:
        """How the reader may keep it; each coding is another document to a strong ETag."""
        changed = next((change.at for change in self._world.since(self._world.number - 1)), None)
        modified = {} if changed is None else {"Last-Modified": format_datetime(moment(changed), usegmt=True)}
        return {
            "ETag": f'"{blake2b(body, digest_size=8).hexdigest()}{coding}"',
            "Cache-Control": f"max-age={MAX_AGE}",
            "Vary": "Accept-Encoding",
            **modified,
        }

    def _is_known(self, request: web.Request, headers: Mapping[str, str]) -> bool:
        """Whether the reader's validators still hold; the ETag decides when there is one (RFC 9110, 13.2.2)."""
        if (tags := request.if_none_match) is not None:
            return any(tag.value in {"*", headers["ETag"].strip('"')} for tag in tags)
        since, changes = request.if_modified_since, self._world.since(self._world.number - 1)
        return since is not None and bool(changes) and changes[-1].at // SECOND <= instant(since) // SECOND


def _entry(post: Said, site: str) -> Entry:
    page = f"{site}/@{quote(post.author.handle)}"
    return Entry(
        guid=f"tag:press.example,2026:{post.key}",
        at=post.at,
        updated=post.edited_at,
        language=post.language,
        author=_name(post),
        author_page=page,
        title=post.title,
        text=post.text,
        link=f"{page}/{post.key}",
    )


def _links(topic: str) -> dict[str, str]:
    site = topic.rpartition("/")[0]
    return {"Link": f'<{site}/hub>; rel="hub", <{topic}>; rel="self"'}


def _name(post: Said) -> str:
    return post.author.name or post.author.handle

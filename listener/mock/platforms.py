"""The mock platforms: two forums and the press, as real feeds over HTTP. A post appears when its moment has come."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from html import escape

from aiohttp import web

from listener.mock.feeds import FORMATS, Channel, Entry
from listener.mock.story import Post
from rules.instant import Instant, instant, moment

LISTED = 40
"""Entries a feed lists: the newest."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where people post: `kind` is the format of its feed."""

    title: str
    kind: str
    language: str


PLACES = {
    "forum-fr": Place(title="Forum des voyageurs", kind="rss", language="fr"),
    "forum-en": Place(title="The Travellers’ Forum", kind="atom", language="en"),
    "press": Place(title="Presse et blogs · Press and blogs", kind="json", language="fr"),
}


@dataclass
class Platforms:
    """Serves the story. Before `begin` is set only the posts of the days before can be read: they are dated back from
    `origin`. `url` is where everything is.
    """

    story: Sequence[Post]
    now: Callable[[], Instant]
    origin: Instant
    begin: Instant | None = None
    url: str = ""

    def feed_url(self, name: str) -> str:
        """The address of a feed."""
        return f"{self.url}/{name}/feed"

    def pages_of(self, author: str) -> list[str]:
        """The addresses of an account, one a place."""
        return [f"{self.url}/{name}/@{author}" for name in PLACES]

    def readable(self) -> list[Post]:
        """The posts whose moment has come, oldest first."""
        now = self.now()
        return [post for post in self.story if (at := self._moment(post)) is not None and at <= now]

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """A feed, or 304 for a reader who has it already."""
        name = request.match_info["place"]
        place = PLACES.get(name)
        if place is None:
            raise web.HTTPNotFound
        entries = [self._entry(post) for post in self.readable() if post.feed == name][: -LISTED - 1 : -1]
        channel = Channel(title=place.title, home=f"{self.url}/", here=self.feed_url(name), hub=f"{self.url}/hub")
        form = FORMATS[place.kind]
        body = form.write(channel, entries)
        headers = {"ETag": f'"{blake2b(body, digest_size=8).hexdigest()}"'}
        if entries:
            headers["Last-Modified"] = format_datetime(moment(entries[0].at), usegmt=True)
        if _has_it(request, headers, entries):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=form.content_type, charset="utf-8", headers=headers)

    async def post(self, request: web.Request) -> web.Response:
        """The page of one post."""
        for post in self.readable():
            if post.guid == request.match_info["guid"]:
                page = _PAGE.format(
                    language=post.language,
                    title=escape(post.title or post.author),
                    author=escape(post.author),
                    text=escape(post.text),
                )
                return web.Response(text=page, content_type="text/html")
        raise web.HTTPNotFound

    def _moment(self, post: Post) -> Instant | None:
        if post.stage == "before":
            return self.origin + post.at
        return None if self.begin is None else self.begin + post.at

    def _entry(self, post: Post) -> Entry:
        page = f"{self.url}/{post.feed}/@{post.author}"
        return Entry(
            guid=post.guid,
            at=self._moment(post) or self.origin,
            language=post.language,
            author=post.author,
            author_page=page,
            title=post.title,
            text=post.text,
            link=f"{page}/{post.guid}",
        )


_PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<body style="font:1.1rem/1.5 sans-serif;max-width:36rem;margin:3rem auto">
<p><strong>{title}</strong><br><small>@{author}</small></p><p>{text}</p></body></html>"""


def _has_it(request: web.Request, headers: dict[str, str], entries: Sequence[Entry]) -> bool:
    """Whether the reader's validators still hold; the ETag decides when there is one."""
    tag = request.headers.get("If-None-Match")
    if tag is not None:
        return tag == headers["ETag"]
    since = request.headers.get("If-Modified-Since")
    if since is None or not entries:
        return False
    try:
        return entries[0].at // 1_000_000 <= instant(parsedate_to_datetime(since)) // 1_000_000
    except (ValueError, TypeError):
        return False


@asynccontextmanager
async def serving(platforms: Platforms) -> AsyncIterator[Platforms]:
    """The platforms on a free port of loopback."""
    app = web.Application()
    app.router.add_get("/{place}/feed", platforms.feed)
    app.router.add_get("/{place}/@{author}/{guid}", platforms.post)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        platforms.url = "http://{}:{}".format(*runner.addresses[0])
        yield platforms
    finally:
        await runner.cleanup()

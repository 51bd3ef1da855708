"""Videos and comments as YouTube's Data API and its feeds write them. Pure: the same posts, the same bodies."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from html import escape
from typing import Any

from listener.mock.world import Account, Said
from rules.instant import SECOND, Instant, moment

_LONGEST_TITLE = 100
_SHOWN_REPLIES = 5
_VIEWS = 40
"""Those who watch a video, for each who writes below it."""
_MARKED = re.compile(r"(#\w+|https?://\S+)")
Json = dict[str, Any]


@dataclass(kw_only=True)
class Thread:
    """A comment below a video, and the answers to it, oldest first."""

    video: "Video"
    top: Said
    replies: list[Said] = field(default_factory=list)

    @property
    def post(self) -> Said:
        return self.top

    @property
    def answers(self) -> int:
        return len(self.replies)

    @property
    def id(self) -> str:
        return f"Ug{_name('comment', self.top.key, 13)[:17]}4AaABAg"

    def id_of(self, post: Said) -> str:
        """The id of a comment in this thread."""
        return self.id if post.key == self.top.key else f"{self.id}.{_name('reply', post.key, 16)}"


@dataclass(kw_only=True)
class Video:
    """A video and the threads below it, oldest first."""

    post: Said
    threads: list[Thread] = field(default_factory=list)

    @property
    def answers(self) -> int:
        return sum(1 + thread.answers for thread in self.threads)

    @property
    def id(self) -> str:
        return _name("video", self.post.key, 8)

    @property
    def title(self) -> str:
        """Its own, or how its description begins."""
        return self.post.title or self.post.text.partition("\n")[0][:_LONGEST_TITLE]


def shelve(posts: Iterable[Said], channel: Account | None = None) -> list[Video]:
    """The posts as videos, of one channel when it is given, with what is said below them. What answers something that
    is gone is gone too, and an answer to an answer stands in the same thread, as there is no deeper level.
    """
    videos, threads = dict[int, Video](), dict[int, Thread]()
    for post in posts:
        if post.repost_of is not None:
            continue
        if post.reply_to is None:
            videos[post.key] = Video(post=replace(post, author=channel or post.author))
        elif video := videos.get(post.reply_to):
            threads[post.key] = Thread(video=video, top=post)
            video.threads.append(threads[post.key])
        elif thread := threads.get(post.reply_to):
            threads[post.key] = thread
            thread.replies.append(post)
    return list(videos.values())


def channel_of(account: Account) -> str:
    """The id of the channel that an account has."""
    return f"UC{_name('channel', account.handle, 16)}"


def thread_body(thread: Thread, parts: Sequence[str], *, plain: bool) -> Json:
    """A `youtube#commentThread`."""
    snippet = {
        "channelId": channel_of(thread.video.post.author),
        "videoId": thread.video.id,
        "topLevelComment": comment_body(thread, thread.top, plain=plain),
        "canReply": True,
        "totalReplyCount": thread.answers,
        "isPublic": True,
    }
    body: Json = {"kind": "youtube#commentThread", "etag": etag(snippet), "id": thread.id}
    if "snippet" in parts:
        body["snippet"] = snippet
    if "replies" in parts and thread.replies:
        latest = thread.replies[: -_SHOWN_REPLIES - 1 : -1]
        body["replies"] = {"comments": [comment_body(thread, reply, plain=plain) for reply in latest]}
    return body


def comment_body(thread: Thread, post: Said, *, plain: bool) -> Json:
    """A `youtube#comment`."""
    channel = channel_of(post.author)
    name = post.author.name or post.author.handle
    snippet = {
        "channelId": channel_of(thread.video.post.author),
        "videoId": thread.video.id,
        "textDisplay": post.text if plain else _markup(post.text),
        "textOriginal": post.text,
        **({} if post.key == thread.top.key else {"parentId": thread.id}),
        "authorDisplayName": name,
        "authorProfileImageUrl": f"https://yt3.ggpht.com/{channel}=s48-c-k-c0x00ffffff-no-rj",
        "authorChannelUrl": f"http://www.youtube.com/channel/{channel}",
        "authorChannelId": {"value": channel},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": thread.answers if post.key == thread.top.key else 0,
        "publishedAt": written(post.at),
        "updatedAt": written(post.at if post.edited_at is None else post.edited_at),
    }
    return {"kind": "youtube#comment", "etag": etag(snippet), "id": thread.id_of(post), "snippet": snippet}


def result_body(video: Video) -> Json:
    """A `youtube#searchResult`."""
    name = {"kind": "youtube#video", "videoId": video.id}
    snippet = _snippet(video)
    return {"kind": "youtube#searchResult", "etag": etag(snippet), "id": name, "snippet": snippet}


def video_body(video: Video, parts: Sequence[str], *, closed: bool) -> Json:
    """A `youtube#video`; one that is `closed` does not count comments."""
    told: Json = {"snippet": {**_snippet(video), "categoryId": "22"}, "statistics": _statistics(video, closed=closed)}
    body = {part: value for part, value in told.items() if part in parts}
    return {"kind": "youtube#video", "etag": etag(told), "id": video.id, **body}


def list_body(what: str, items: Sequence[Json], *, total: int, size: int, following: str | None) -> Json:
    """A page of things; `following` is the token of the next one."""
    return {
        "kind": f"youtube#{what}ListResponse",
        "etag": etag(items),
        **({"nextPageToken": following} if following else {}),
        "pageInfo": {"totalResults": total, "resultsPerPage": size},
        "items": list(items),
    }


def channel_feed(author: Account, videos: Sequence[Video], here: str) -> str:
    """The Atom feed of a channel, with the videos in the order given."""
    channel, name = channel_of(author), escape(author.name or author.handle)
    home = f"https://www.youtube.com/channel/{channel}"
    who = f"<author><name>{name}</name><uri>{home}</uri></author>"
    head = (
        f'<link rel="self" href="{escape(here)}"/><id>yt:channel:{channel}</id><yt:channelId>{channel}</yt:channelId>'
        f'<title>{name}</title><link rel="alternate" href="{home}"/>{who}'
        "<published>2016-07-28T18:46:21+00:00</published>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" '
        'xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">'
        f"{head}{''.join(_entry(video, who) for video in videos)}</feed>"
    )


def written(at: Instant) -> str:
    """An instant as the API writes it."""
    return f"{moment(at // SECOND * SECOND):%Y-%m-%dT%H:%M:%S}Z"


def etag(value: object) -> str:
    """The etag of what is answered."""
    return _digest(repr(value), 20)


def _statistics(video: Video, *, closed: bool) -> Json:
    views = str(_VIEWS * (1 + video.answers))
    told = {"viewCount": views, "likeCount": str(len(video.threads)), "favoriteCount": "0"}
    return told if closed else {**told, "commentCount": str(video.answers)}


def _snippet(video: Video) -> Json:
    sizes = {"default": ("default", 120, 90), "medium": ("mqdefault", 320, 180), "high": ("hqdefault", 480, 360)}
    return {
        "publishedAt": written(video.post.at),
        "channelId": channel_of(video.post.author),
        "title": video.title,
        "description": video.post.text,
        "thumbnails": {
            size: {"url": f"https://i.ytimg.com/vi/{video.id}/{name}.jpg", "width": width, "height": height}
            for size, (name, width, height) in sizes.items()
        },
        "channelTitle": video.post.author.name or video.post.author.handle,
        "liveBroadcastContent": "none",
    }


def _entry(video: Video, who: str) -> str:
    post, title, views = video.post, escape(video.title, quote=False), _statistics(video, closed=True)["viewCount"]
    published, updated = (
        f"{moment(at // SECOND * SECOND):%Y-%m-%dT%H:%M:%S}+00:00" for at in (post.at, post.edited_at or post.at)
    )
    return (
        f"<entry><id>yt:video:{video.id}</id><yt:videoId>{video.id}</yt:videoId>"
        f"<yt:channelId>{channel_of(post.author)}</yt:channelId><title>{title}</title>"
        f'<link rel="alternate" href="https://www.youtube.com/watch?v={video.id}"/>{who}'
        f"<published>{published}</published><updated>{updated}</updated><media:group><media:title>{title}</media:title>"
        f'<media:content url="https://www.youtube.com/v/{video.id}?version=3" type="application/x-shockwave-flash" '
        f'width="640" height="390"/><media:thumbnail url="https://i1.ytimg.com/vi/{video.id}/hqdefault.jpg" '
        f'width="480" height="360"/><media:description>{escape(post.text, quote=False)}</media:description>'
        f'<media:community><media:starRating count="{len(video.threads)}" average="5.00" min="1" max="5"/>'
        f'<media:statistics views="{views}"/></media:community></media:group></entry>'
    )


def _markup(text: str) -> str:
    """A comment as HTML the way YouTube writes it."""
    pieces = [
        _linked(piece) if place % 2 else escape(piece).replace("&#x27;", "&#39;").replace("\n", "<br>")
        for place, piece in enumerate(_MARKED.split(text))
    ]
    return "".join(pieces)


def _linked(mark: str) -> str:
    found = f"http://www.youtube.com/results?search_query=%23{escape(mark[1:])}" if mark[0] == "#" else escape(mark)
    return f'<a href="{found}">{escape(mark)}</a>'


def _name(kind: str, number: object, size: int) -> str:
    return _digest(f"{kind} {number}", size)


def _digest(text: str, size: int) -> str:
    found = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
    return urlsafe_b64encode(found).decode().rstrip("=")

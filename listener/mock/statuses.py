"""Posts as a Mastodon server writes them. Pure: the same posts, the same bodies."""

import re
from collections.abc import Callable
from html import escape
from typing import Any

from listener.mock.world import Account, Said
from rules.instant import DAY, Instant, Span, moment

_TAG = re.compile(r"#(\w+)")
_MARKED = re.compile(r"#(?P<tag>\w+)|@(?P<user>[\w.]+(?:@[\w.-]+\w)?)|(?P<url>https?://[^\s<]+)|(?P<end>\n\n?)")
Find = Callable[[int | None], Said | None]


def id_of(post: Said) -> str:
    """A post's id: its time in milliseconds and its number, as Mastodon makes them."""
    return str((max(0, post.at // 1_000) << 16) + post.key)


def written(at: Instant, longest: Span = 400_000 * DAY) -> str:
    """An instant as Mastodon writes it."""
    return moment(min(max(at, 0), longest)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tags_of(post: Said) -> list[str]:
    """The tags of a post, as they are compared."""
    return list(dict.fromkeys(tag.lower() for tag in _TAG.findall(post.text)))


def status(post: Said, find: Find, url: str) -> dict[str, Any]:
    """A post as the server at `url` writes it; `find` gives others by key."""
    shown, answered = find(post.repost_of), find(post.reply_to)
    host, user = _home(post.author, url)
    uri = f"{host}/users/{user}/statuses/{id_of(post)}"
    return {
        "id": id_of(post),
        "created_at": written(post.at),
        "in_reply_to_id": id_of(answered) if answered else None,
        "in_reply_to_account_id": _number(answered.author) if answered else None,
        "sensitive": bool(post.title),
        "spoiler_text": post.title,
        "visibility": "public",
        "language": post.language,
        "uri": f"{uri}/activity" if shown else uri,
        "url": f"{host}/@{user}/{id_of(post)}",
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": post.likes,
        "quotes_count": 0,
        "edited_at": None if post.edited_at is None else written(post.edited_at),
        "content": "" if shown else _html(post.text, url),
        "reblog": status(shown, find, url) if shown else None,
        "account": _account(post.author, url),
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": tag, "url": f"{url}/tags/{tag}"} for tag in tags_of(post)],
        "emojis": [],
        "tagged_collections": [],
        "quote": None,
        "card": None,
        "poll": None,
        "quote_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
        "filtered": [],
    }


def instance(url: str, here: str) -> dict[str, Any]:
    """What the server at `url`, reached at `here`, says of itself (`/api/v2/instance`)."""
    return {
        "domain": _domain(url),
        "title": "Mock",
        "version": "4.5.0",
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "",
        "languages": ["en"],
        "configuration": {"urls": {"streaming": f"ws{here.removeprefix('http')}"}, "statuses": {"max_characters": 500}},
        "registrations": {"enabled": False, "approval_required": False},
        "rules": [],
    }


def _domain(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _home(author: Account, url: str) -> tuple[str, str]:
    """Where an account lives, and its name there."""
    user, _, elsewhere = author.handle.partition("@")
    return (f"https://{elsewhere}" if elsewhere else url), user


def _number(author: Account) -> str:
    return str(100_000_000_000_000_000 + sum(ord(sign) * 131**place for place, sign in enumerate(author.handle[:8])))


def _account(author: Account, url: str) -> dict[str, Any]:
    host, user = _home(author, url)
    missing = f"{host}/avatars/original/missing.png"
    own = {} if "@" in author.handle else {"noindex": False, "roles": []}
    return {
        "id": _number(author),
        "username": user,
        "acct": author.handle,
        "display_name": author.name,
        "locked": False,
        "bot": author.bot,
        "discoverable": True,
        "indexable": True,
        "group": False,
        "created_at": "2020-01-01T00:00:00.000Z",
        "note": "",
        "url": f"{host}/@{user}",
        "uri": f"{host}/users/{user}",
        "avatar": missing,
        "avatar_static": missing,
        "avatar_description": "",
        "header": missing,
        "header_static": missing,
        "header_description": "",
        "followers_count": author.followers,
        "following_count": 0,
        "statuses_count": 1,
        "last_status_at": "2026-01-01",
        "hide_collections": False,
        "show_media": True,
        "show_media_replies": True,
        "show_featured": True,
        "emojis": [],
        "fields": [],
        **own,
    }


def _html(text: str, url: str) -> str:
    def mark(found: re.Match[str]) -> str:
        if tag := found["tag"]:
            return f'<a href="{url}/tags/{tag.lower()}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
        if user := found["user"]:
            link = f'<a href="{url}/@{user}" class="u-url mention">@<span>{user.partition("@")[0]}</span></a>'
            return f'<span class="h-card" translate="no">{link}</span>'
        if link := found["url"]:
            scheme, _, rest = link.partition("://")
            shown = f'<span class="invisible">{scheme}://</span><span class="">{rest}</span>'
            return f'<a href="{link}" rel="nofollow noopener" target="_blank">{shown}</a>'
        return "</p><p>" if found["end"] == "\n\n" else "<br>"

    return f"<p>{_MARKED.sub(mark, escape(text, quote=False))}</p>"

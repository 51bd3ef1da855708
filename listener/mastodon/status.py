"""What a Mastodon server says of one post, as a mention."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from listener.feeds.dates import read_date
from listener.feeds.html import LONGEST_TEXT, plain, text_of
from rules.mention import Author, Kind, Mention

_COUNTS = {
    "replies_count": "replies",
    "reblogs_count": "reposts",
    "favourites_count": "likes",
    "quotes_count": "quotes",
}
_LONGEST_KEY, _LONGEST_MARKUP = 500, 200_000
_SHOWN = frozenset({"public", "unlisted"})
_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
_URI = re.compile(r"https?://([^/\s]+)/(?:ap/)?users/[^/\s]+/statuses/([0-9A-Za-z]+)(?:/activity)?")


class UnreadableError(ValueError):
    """It has not the shape of a post."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where posts are read: `host` of the server, and `domain`, the one in the handles of its members."""

    source: str
    host: str
    domain: str

    def key(self, status_id: str) -> str:
        """The identity of a post that was made on this server."""
        return f"{self.host}/{status_id}"


def id_of(value: object) -> str:
    """An id, which is opaque. Raises UnreadableError when it is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _ID.fullmatch(text):
        raise UnreadableError("a post without an id")
    return text


def rank(status_id: str) -> tuple[int, str]:
    """Ids sorted by this are in order of time."""
    return len(status_id), status_id


def is_told(status: Mapping[str, Any], *, by_tag: bool) -> bool:
    """Whether everybody may read it, and its author has not asked to be left out: by `noindex`; where it was not found
    by a tag, which its author put there to be found, also by not being `indexable`. A reblog asks both authors.
    """
    reblog = _object(status, "reblog")
    return _is_open(status, by_tag=by_tag) and (not reblog or _is_open(reblog, by_tag=by_tag))


def revision_of(status: Mapping[str, Any]) -> str:
    """Tells the versions of a post apart, and sorts them; "" is the first."""
    edited = _moment(status, "edited_at")
    return edited.isoformat(timespec="milliseconds") if edited else ""


def mention_of(status: Mapping[str, Any], home: Home, observed_at: datetime) -> Mention:
    """A post as a mention. A field that is missing or of a wrong type is left out. Raises UnreadableError when it has
    no id, or nothing at all that could be read.
    """
    name = id_of(status.get("id"))
    reblog = _object(status, "reblog")
    shown = reblog or status
    if not isinstance(shown.get("content"), str):
        raise UnreadableError("a post without content")
    return Mention(
        id=name,
        source=home.source,
        platform="mastodon",
        key=_key(status, name, home),
        kind=_kind(status),
        url=_address(status, "url") or _address(shown, "url") or _address(status, "uri"),
        author=_author(status, home),
        text=_words(shown),
        language=_text(shown, "language"),
        created_at=_moment(status, "created_at"),
        observed_at=observed_at,
        parent_id=_id(status, "in_reply_to_id"),
        repost_of=_id(reblog, "id"),
        counts=counts_of(status),
        revision=revision_of(status),
    )


def deletion_of(name: str, key: str, home: Home, observed_at: datetime) -> Mention:
    """That a post was taken away."""
    return Mention(
        id=name,
        source=home.source,
        platform="mastodon",
        key=key,
        op="delete",
        observed_at=observed_at,
        revision="deleted",
    )


def _is_open(status: Mapping[str, Any], *, by_tag: bool) -> bool:
    account, visibility = _object(status, "account"), status.get("visibility", "public")
    hidden = account.get("noindex") is True or (not by_tag and account.get("indexable") is False)
    return isinstance(visibility, str) and visibility in _SHOWN and not hidden


def _key(status: Mapping[str, Any], name: str, home: Home) -> str:
    uri = (_text(status, "uri") or "").encode("utf-8", "backslashreplace").decode()
    made = _URI.fullmatch(uri)
    if not uri:
        return home.key(name)
    if made:
        return f"{made[1].lower()}/{made[2]}"
    return uri if len(uri) <= _LONGEST_KEY else f"sha256:{sha256(uri.encode()).hexdigest()}"


def _kind(status: Mapping[str, Any]) -> Kind:
    if _object(status, "reblog"):
        return "repost"
    if _object(status, "quote"):
        return "quote"
    return "reply" if _id(status, "in_reply_to_id") else "post"


def _author(status: Mapping[str, Any], home: Home) -> Author:
    account = _object(status, "account")
    name, acct = _id(account, "id"), _text(account, "acct") or _text(account, "username")
    followers = account.get("followers_count")
    return Author(
        id=_text(account, "uri") or _text(account, "url") or (f"{name}@{home.host}" if name else None),
        handle=acct if acct is None or "@" in acct else f"{acct}@{home.domain}",
        name=_text(account, "display_name") or _text(account, "username"),
        followers=followers if _is_count(followers) else None,
    )


def _words(status: Mapping[str, Any]) -> str:
    warning, content = plain(_text(status, "spoiler_text") or ""), text_of(str(status.get("content"))[:_LONGEST_MARKUP])
    return f"{warning}\n{content}".strip()[:LONGEST_TEXT]


def counts_of(status: Mapping[str, Any]) -> dict[str, int | float]:
    """What the server counts of a post, in our words."""
    return {ours: status[theirs] for theirs, ours in _COUNTS.items() if _is_count(status.get(theirs))}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _text(holder: Mapping[str, Any], name: str) -> str | None:
    value = holder.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _address(holder: Mapping[str, Any], name: str) -> str | None:
    value = _text(holder, name)
    return value if value and value.lower().startswith(("https://", "http://")) else None


def _id(holder: Mapping[str, Any], name: str) -> str | None:
    value = holder.get(name)
    try:
        return None if value is None else id_of(value)
    except UnreadableError:
        return None


def _moment(holder: Mapping[str, Any], name: str) -> datetime | None:
    found = read_date(_text(holder, name))
    return found.astimezone(UTC) if found else None

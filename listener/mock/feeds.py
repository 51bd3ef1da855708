"""Posts as feeds: RSS 2.0, Atom 1.0 and JSON Feed 1.1. Pure: the same entries, the same bytes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape

from rules.instant import Instant, moment


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A post. `link` and `author_page` are absolute addresses; `updated` is None for what was never edited."""

    guid: str
    at: Instant
    updated: Instant | None = None
    language: str | None = None
    author: str
    author_page: str
    title: str
    text: str
    link: str


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A feed: `home` is the address of its site, `here` its own, `hub` that of its WebSub hub."""

    title: str
    home: str
    here: str
    hub: str


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a feed is written."""

    content_type: str
    write: Callable[[Channel, Sequence[Entry]], bytes]


def write_rss(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """RSS 2.0, the text as escaped HTML; what RSS has no element for by Dublin Core and Atom."""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">',
        f"<channel>{_tag('title', channel.title)}{_tag('link', channel.home)}{_tag('description', channel.title)}",
        f'<atom:link href="{escape(channel.here)}" rel="self" type="application/rss+xml"/>',
        f'<atom:link href="{escape(channel.hub)}" rel="hub"/>',
        *(_rss_item(entry) for entry in entries),
        "</channel></rss>",
    ]
    return "\n".join(parts).encode()


def write_atom(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """Atom 1.0, the text plain, the author with a page, each entry in its own language."""
    latest = _rfc3339(max((entry.updated or entry.at for entry in entries), default=0))
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"{_tag('title', channel.title)}{_tag('id', channel.here)}{_tag('updated', latest)}",
        f'<link rel="self" href="{escape(channel.here)}"/><link href="{escape(channel.home)}"/>',
        f'<link rel="hub" href="{escape(channel.hub)}"/>',
        *(_atom_entry(entry) for entry in entries),
        "</feed>",
    ]
    return "\n".join(parts).encode()


def write_json(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """JSON Feed 1.1, each item in its own language."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.home,
        "feed_url": channel.here,
        "hubs": [{"type": "WebSub", "url": channel.hub}],
        "items": [_json_item(entry) for entry in entries],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


FORMATS = {
    "rss": Format(content_type="application/rss+xml", write=write_rss),
    "atom": Format(content_type="application/atom+xml", write=write_atom),
    "json": Format(content_type="application/feed+json", write=write_json),
}


def _rss_item(entry: Entry) -> str:
    parts = [
        _tag("title", entry.title) if entry.title else "",
        _tag("link", entry.link),
        f'<guid isPermaLink="false">{escape(entry.guid)}</guid>',
        _tag("pubDate", format_datetime(moment(entry.at), usegmt=True)),
        _tag("atom:updated", _rfc3339(entry.updated)) if entry.updated else "",
        _tag("dc:creator", entry.author),
        _tag("dc:language", entry.language) if entry.language else "",
        _tag("description", f"<p>{escape(entry.text)}</p>"),
    ]
    return f"<item>{''.join(parts)}</item>"


def _atom_entry(entry: Entry) -> str:
    language = f' xml:lang="{escape(entry.language)}"' if entry.language else ""
    parts = [
        _tag("id", entry.guid),
        _tag("title", entry.title),
        _tag("published", _rfc3339(entry.at)),
        _tag("updated", _rfc3339(entry.updated or entry.at)),
        f"<author>{_tag('name', entry.author)}{_tag('uri', entry.author_page)}</author>",
        f'<link href="{escape(entry.link)}"/>',
        f'<content type="text">{escape(entry.text)}</content>',
    ]
    return f"<entry{language}>{''.join(parts)}</entry>"


def _json_item(entry: Entry) -> dict[str, object]:
    item: dict[str, object] = {
        "id": entry.guid,
        "url": entry.link,
        "title": entry.title,
        "language": entry.language,
        "date_published": _rfc3339(entry.at),
        "date_modified": entry.updated and _rfc3339(entry.updated),
        "authors": [{"name": entry.author, "url": entry.author_page}],
        "content_text": entry.text,
    }
    return {name: value for name, value in item.items() if value}


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>"


def _rfc3339(at: Instant) -> str:
    return moment(at).isoformat().replace("+00:00", "Z")

"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from listener.errors import FetchError
from listener.feeds.dates import read_date
from listener.feeds.entry import MOST_ENTRIES, Entry, Feed, language_code, web_address
from listener.feeds.html import line_of, plain, text_of
from rules.mention import Author


def parse_json(text: str, base: str) -> Feed:
    """The feed in `text`; addresses are relative to `base`. Raises FetchError when it is no JSON Feed."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FetchError("the document is no JSON", code="not_a_feed") from error
    items = document.get("items") if isinstance(document, dict) else None
    if isinstance(items, dict):
        items = [items]  # some converters from XML write a list of one that way
    if not isinstance(items, list):
        raise FetchError("the JSON document is no JSON Feed", code="not_a_feed")
    skipped = Counter({"beyond the limit": max(0, len(items) - MOST_ENTRIES)})
    entries = []
    for item in items[:MOST_ENTRIES]:
        if isinstance(item, dict):
            entries.append(_entry(item, document, base))
        else:
            skipped["not an object"] += 1
    return Feed(entries=entries, skipped=+skipped)


def _entry(item: Mapping[str, Any], feed: Mapping[str, Any], base: str) -> Entry:
    html, text = _string(item, "content_html"), _string(item, "content_text")
    body = text_of(html) if html else plain(text or _string(item, "summary") or "")
    return Entry(
        id=_id(item.get("id")),
        url=web_address(_string(item, "url") or _string(item, "external_url"), base),
        title=line_of(_string(item, "title") or "") or None,
        text=body,
        created_at=read_date(_string(item, "date_published")) or read_date(_string(item, "date_modified")),
        author=_author(item) or _author(feed) or Author(),
        language=language_code(item.get("language")) or language_code(feed.get("language")),
    )


def _id(value: object) -> str | None:
    # 1.0 asks readers to turn numbers into strings
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return _whole(str(value)) or None


def _author(holder: Mapping[str, Any]) -> Author | None:
    listed = holder.get("authors")
    people = listed if isinstance(listed, list) else [holder.get("author")]
    known = [person for person in people if isinstance(person, dict)]
    names = [name for person in known if (name := line_of(_string(person, "name") or ""))]
    where = _string(known[0], "url") if len(known) == 1 else None
    return Author(name=", ".join(dict.fromkeys(names)), id=where) if names else None


def _string(holder: Mapping[str, Any], key: str) -> str | None:
    value = holder.get(key)
    return _whole(value) if isinstance(value, str) else None


def _whole(text: str) -> str:
    # JSON can hold half a character, which nothing after us could store
    return text.encode("utf-8", "ignore").decode()

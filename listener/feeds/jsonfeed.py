"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from listener.errors import FetchError
from listener.feeds.charset import unmangled
from listener.feeds.dates import read_date
from listener.feeds.entry import MOST_ENTRIES, Entry, Feed, is_universal, language_code, web_address
from listener.feeds.html import line_of, loose, text_of, title_of
from listener.feeds.lenient import mended
from rules.mention import Author


def parse_json(text: str, base: str) -> Feed:
    """The feed in `text`; addresses are relative to `base`. Raises FetchError when it is no JSON Feed."""
    document = _document(text)
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


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        text = mended(text)
    try:
        return json.loads(text, strict=False)  # line breaks in strings
    except (ValueError, RecursionError) as error:
        raise FetchError("the document is no JSON", code="not_a_feed") from error


def _entry(item: Mapping[str, Any], feed: Mapping[str, Any], base: str) -> Entry:
    name = _id(item.get("id"))
    links = (_string(item, "url"), _string(item, "external_url"), name if name and is_universal(name) else None)
    return Entry(
        id=name,
        url=next(filter(None, (web_address(link, base) for link in links)), None),
        title=unmangled(title_of(_string(item, "title") or "")) or None,
        text=unmangled(_text(item)),
        created_at=read_date(_string(item, "date_published")) or read_date(_string(item, "date_modified")),
        author=_author(item) or _author(feed) or Author(),
        language=language_code(item.get("language")) or language_code(feed.get("language")),
    )


def _text(item: Mapping[str, Any]) -> str:
    html = text_of(_string(item, "content_html") or "")
    return html or loose(_string(item, "content_text") or "") or loose(_string(item, "summary") or "")


def _id(value: object) -> str | None:
    # 1.0 asks readers to turn numbers into strings
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return _whole(str(value)) or None


def _author(holder: Mapping[str, Any]) -> Author | None:
    listed = holder.get("authors") or holder.get("author")
    people = [_person(person) for person in (listed if isinstance(listed, list) else [listed])]
    known = [person for person in people if person.name or person.id]
    names = dict.fromkeys(person.name for person in known if person.name)
    alone = known[0].id if len(known) == 1 else None
    return Author(name=", ".join(names) or None, id=alone) if names or alone else None


def _person(said: object) -> Author:
    if isinstance(said, str):
        said = {"name": said}
    if not isinstance(said, dict):
        return Author()
    return Author(name=line_of(_string(said, "name") or "") or None, id=_string(said, "url") or None)


def _string(holder: Mapping[str, Any], key: str) -> str | None:
    value = holder.get(key)
    return _whole(value) if isinstance(value, str) else None


def _whole(text: str) -> str:
    # JSON can hold half a character, which nothing after us could store
    return text.encode("utf-8", "ignore").decode()

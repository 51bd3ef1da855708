"""RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, through feedparser."""

import re
import xml.parsers.expat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import feedparser

from listener.errors import FetchError
from listener.feeds.authors import author_of
from listener.feeds.belonging import own
from listener.feeds.bounds import bounded
from listener.feeds.charset import unmangled
from listener.feeds.closing import closed, is_cut, without_nameless_end
from listener.feeds.dates import read_date
from listener.feeds.discovery import feed_of
from listener.feeds.entry import MOST_ENTRIES, Entry, Feed, language_code, web_address
from listener.feeds.html import line_of, loose, text_of, title_of
from listener.feeds.repair import repaired
from rules.mention import Author, Kind

# feedparser takes up to 4 us for a piece of work, its lenient parser ten times as long; and nobody can stop its thread
_MOST_WORK, _MOST_WORK_BROKEN = 1_500_000, 150_000
_LARGEST_BROKEN = 2 * 1024 * 1024
_PLAIN = "text/plain"
_PAGE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+)?html\b", re.IGNORECASE)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ALTERNATE = ("alternate", "http://www.iana.org/assignments/relation/alternate")
_HEADERS = {"content-type": "application/xml; charset=utf-8"}


def parse_xml(text: str, base: str) -> Feed:
    """The feed in `text`; addresses are relative to `base`. Raises FetchError when it is no feed."""
    page = _PAGE.match(text)
    document = None if page else repaired(text)
    if document is None:
        raise FetchError(_page(text, base) if page else "the document is no feed", code="not_a_feed")
    whole = not is_cut(document)
    document, beyond = bounded(document if whole else without_nameless_end(document), _MOST_WORK)
    if not _well_formed(document):
        if len(document) > _LARGEST_BROKEN:
            raise FetchError("the feed is not well-formed XML, and too large to be read leniently", code="too_large")
        document, more = bounded(document, _MOST_WORK_BROKEN)
        beyond += more
        document = closed(document)
    feed = _feed(_read(own(document).encode()), document, base, beyond)
    return feed if whole else replace(feed, entries=_without_repeated_end(feed.entries), whole=False)


def _without_repeated_end(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries without one that breaks off and stands there whole too: it would look like another one."""
    others = entries[:-1]
    return others if any(entry.id == entries[-1].id for entry in others) else entries


def _page(text: str, base: str) -> str:
    feed = feed_of(text, base)
    way_out = f"its feed is: {feed}" if feed else "look for its RSS link"
    return f"a web page instead of a feed; {way_out}"


def _read(body: bytes) -> Any:
    try:
        return feedparser.parse(body, response_headers=_HEADERS, sanitize_html=False, resolve_relative_uris=False)
    # its lenient parser lets through whatever hostile input provokes in it
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise FetchError("the feed is broken beyond reading", code="not_a_feed") from error


def _well_formed(document: str) -> bool:
    try:
        xml.parsers.expat.ParserCreate().Parse(document, True)
    except xml.parsers.expat.ExpatError:
        return False
    return True


def _feed(parsed: Any, document: str, base: str, beyond: int) -> Feed:
    if not (parsed.get("version") or parsed.entries or parsed.feed):
        raise FetchError("the document is no feed", code="not_a_feed")
    found, head = parsed.entries, _Channel(parsed, base)
    beyond += max(0, len(found) - MOST_ENTRIES)
    return Feed(
        entries=[_entry(entry, head) for entry in found[:MOST_ENTRIES]],
        ttl=_minutes(_get(parsed.feed, "ttl")),
        quiet_hours=frozenset(hour % 24 for hour in map(int, _listed(document, "skipHours", r"\d{1,2}"))),
        quiet_days=frozenset(_DAYS.index(day) for day in _listed(document, "skipDays", "[A-Za-z]+") if day in _DAYS),
        skipped={"beyond the limit": beyond} if beyond else {},
    )


class _Channel:
    """What entries inherit from their feed."""

    def __init__(self, parsed: Any, base: str) -> None:
        self.base = base
        self.atom = parsed.get("version", "").startswith("atom")
        self.language = language_code(_get(parsed.feed, "language"))
        # only Atom says that an entry without author is the feed's author's (RFC 4287 4.2.1)
        self.author = author_of(parsed.feed) if self.atom else Author()
        generator = str(_get(parsed.feed, "generator") or "")
        self.google_news = generator.startswith("NFE/") or urlsplit(base).netloc == "news.google.com"


def _entry(entry: dict[str, Any], channel: _Channel) -> Entry:
    title, identifier = _title(entry), _get(entry, "id") or None
    author = author_of(entry)
    if channel.google_news:
        author = Author(name=_source(entry))
    elif channel.atom and author == Author():
        author = author_of(_get(entry, "source") or {})
    return Entry(
        id=identifier,
        url=_link(entry, channel),
        title=title,
        text=_without_headline(_text(entry), title) if channel.google_news else _text(entry),
        created_at=_date(entry),
        author=author if author != Author() else channel.author,
        language=_language(entry) or channel.language,
        kind=_kind(identifier, _link(entry, channel)),
        counts=_counts(entry),
    )


def _get(entry: dict[str, Any], key: str) -> Any:
    # feedparser's own lookup maps keys onto each other, and warns
    return dict.get(entry, key)


def _title(entry: dict[str, Any]) -> str | None:
    kind = (_get(entry, "title_detail") or {}).get("type", _PLAIN)
    value = _get(entry, "title") or _get(entry, "dc_asidetitle") or _get(entry, "itunes_title")
    if not isinstance(value, str):
        return None
    return unmangled(title_of(value, markup=kind != _PLAIN)) or None


def _text(entry: dict[str, Any]) -> str:
    """The content where there is one with words in it, else the summary."""
    contents = [_rendered(part) for part in _get(entry, "content") or [] if _readable(part)]
    summary = _rendered(_get(entry, "summary_detail") or {"value": _get(entry, "summary")})
    return max(contents, key=len, default="") or summary or next(_asides(entry), "")


def _asides(entry: dict[str, Any]) -> Iterator[str]:
    for key in ("dc_asidedescription", "itunes_asidesummary", "itunes_summary", "media_asidedescription", "subtitle"):
        value = _get(entry, key)
        text = text_of(value) if isinstance(value, str) else ""
        if text:
            yield text


def _readable(part: Mapping[str, Any]) -> bool:
    kind = str(part.get("type") or "text/html")
    if kind == "application/octet-stream":
        # feedparser leaves base 64 as it is where it says no text; then there are no words either
        lines = str(part.get("value") or "").splitlines()
        return any(" " in line.strip() or "<" in line for line in lines) and all(map(str.isprintable, lines))
    return kind.startswith("text/") or kind.endswith(("xml", "html"))


def _rendered(part: Mapping[str, Any]) -> str:
    value = part.get("value") or ""
    return unmangled(loose(value) if part.get("type") == _PLAIN else text_of(value))


def _without_headline(text: str, title: str | None) -> str:
    """Google News repeats the headline, and then those of related stories."""
    seen = _letters(title or "")
    return "\n".join(line for line in text.split("\n") if _letters(line) != seen)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def _link(entry: dict[str, Any], channel: _Channel) -> str | None:
    links = [
        link
        for link in _get(entry, "links") or []
        if (link.get("rel") or "alternate") in _ALTERNATE and link.get("href")
    ]
    pages = [link for link in links if "html" in str(link.get("type", "html"))]
    said = [link["href"] for link in (*pages, *links)] if channel.atom else []
    for candidate in (*_original(entry), *said, *_single_link(entry)):
        address = web_address(candidate, channel.base)
        if address:
            return address
    return None


def _original(entry: dict[str, Any]) -> list[str]:
    """The address that FeedBurner and its like replaced by one that counts clicks."""
    return [link for key, link in entry.items() if key.endswith("_origlink") and isinstance(link, str)]


def _single_link(entry: dict[str, Any]) -> Iterator[str]:
    link, identifier = _get(entry, "link"), _get(entry, "id") or ""
    is_address = identifier.startswith(("http://", "https://", "/"))
    # feedparser offers the id where there is no link; an id that is no address is no link either
    if link and (link != identifier or is_address):
        yield link
    if link == "" and is_address:
        yield identifier


def _date(entry: dict[str, Any]) -> Any:
    for key in ("published", "created", "updated"):
        found = read_date(_get(entry, key))
        if found:
            return found
    return None


def _language(entry: dict[str, Any]) -> str | None:
    details = [*(_get(entry, "content") or []), _get(entry, "summary_detail"), _get(entry, "title_detail")]
    inherited = (detail.get("language") for detail in details if detail)
    said = [_get(entry, "language"), *inherited, _get(entry, "asidelanguage")]
    return next(filter(None, map(language_code, said)), None)


def _source(entry: dict[str, Any]) -> str | None:
    source = _get(entry, "source")
    return line_of(str(source.get("title") or "")) or None if source else None


def _kind(identifier: str | None, url: str | None) -> Kind:
    identifier = identifier or ""
    if identifier.startswith("yt:video:"):
        return "video"
    reddit = url and urlsplit(url).netloc.endswith("reddit.com")
    return "comment" if reddit and identifier.startswith("t1_") else "article"


def _counts(entry: dict[str, Any]) -> dict[str, int | float]:
    statistics, rating = _get(entry, "media_statistics"), _get(entry, "media_starrating")
    said = {
        "views": statistics.get("views") if isinstance(statistics, dict) else None,
        "likes": rating.get("count") if isinstance(rating, dict) else None,
        "replies": _get(entry, "slash_comments") or _get(entry, "thr_total"),
    }
    return {name: int(value) for name, value in said.items() if re.fullmatch(r"[0-9]{1,15}", str(value))}


def _minutes(value: object) -> int:
    text = str(value or "").strip()
    return int(text) if re.fullmatch(r"\d{1,6}", text) else 0


def _listed(document: str, element: str, word: str) -> list[str]:
    start = document.find(f"<{element}>")
    end = document.find(f"</{element}>", start, start + 4000) if start >= 0 else -1
    return [found.lower() for found in re.findall(rf">\s*({word})\s*<", document[start:end])] if end > 0 else []

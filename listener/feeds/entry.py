"""What one feed says, in our words, before it becomes mentions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urljoin, urlsplit

from rules.mention import Author, Kind

MOST_ENTRIES = 5_000
"""Entries read of one document; the rest is counted as skipped."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry. `id` is verbatim what the feed calls it, None when it does not; `url` is absolute http(s)."""

    id: str | None
    url: str | None
    title: str | None
    text: str
    created_at: datetime | None
    author: Author = field(default_factory=Author)
    language: str | None = None
    kind: Kind = "article"
    counts: Mapping[str, int | float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A document that was read. `ttl` is in minutes; `quiet_hours` (0 to 23, UTC) and `quiet_days` (Monday is 0) are
    when the publisher asks not to be read; `skipped` counts what is missing from `entries`, by reason; one that is not
    `whole` breaks off, and what was to follow is not known.
    """

    entries: Sequence[Entry]
    ttl: int = 0
    quiet_hours: frozenset[int] = frozenset()
    quiet_days: frozenset[int] = frozenset()
    skipped: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True


def web_address(link: str | None, base: str) -> str | None:
    """`link` as an absolute http(s) address, resolved against `base` and unwrapped; None when it is none."""
    if not link or not link.strip():
        return None
    link = "".join(link.split()) if "\n" in link else link.strip()
    try:
        address = urljoin(base, f"http://{link}" if link.lower().startswith("www.") else link)
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
        return None
    return _unwrapped(address)


def _unwrapped(address: str) -> str:
    """The page that a Google Alerts link leads to through Google's counter."""
    parts = urlsplit(address)
    host = parts.netloc.lower().removeprefix("www.")
    if not host.startswith("google.") or parts.path != "/url":
        return address
    query = parse_qs(parts.query)
    real = (query.get("url") or query.get("q") or [""])[0]
    return real if real.startswith(("http://", "https://")) else address


def language_code(said: object) -> str | None:
    """The language of a tag such as `fr-FR`: `fr`; None when it says nothing."""
    code = said.strip().replace("_", "-").split("-")[0].lower() if isinstance(said, str) else ""
    return code if 2 <= len(code) <= 3 and code.isascii() and code.isalpha() and code != "und" else None


def is_universal(identifier: str) -> bool:
    """Whether an entry's id tells it from every other entry of the world: a URI of a scheme made for that."""
    scheme, colon, rest = identifier.partition(":")
    if scheme.lower() in {"http", "https"}:
        return rest.startswith("//") and len(rest) > 3
    return bool(colon and rest) and scheme.lower() in {"tag", "urn", "yt", "at", "doi", "ni", "cid", "mid"}

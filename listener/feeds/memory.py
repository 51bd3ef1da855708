"""What is remembered of a feed from one reading to the next: small, bounded, and the cursor of its source."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

from rules.instant import Instant

_FEWEST_KNOWN = 100
_MOST_KNOWN = 10_000
_MOST_TWINS = 500


class Memory(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One feed. `url` is where it moved to for good; `etag` and `modified` are its validators, verbatim; `body` is the
    digest of the last document; `due` when to read it next, `at` when it was read last; `trouble` the code and words
    of its last failure; `known` maps entries to `<edits>-<digest of content>`, longest unlisted first; `twins` are ids
    that several entries of one document share.
    """

    url: str = ""
    etag: str = ""
    modified: str = ""
    body: str = ""
    due: Instant = 0
    at: Instant = 0
    failures: int = 0
    trouble: tuple[str, str] = ("", "")
    gone: bool = False
    known: dict[str, str] = {}
    twins: list[str] = []

    def worth(self) -> "Memory":
        """What another process must know: all but when it is read and what the last document looked like."""
        return msgspec.structs.replace(self, due=0, at=0, body="", known=dict(self.known), twins=list(self.twins))

    def forget_unlisted(self, listed: Iterable[str]) -> None:
        """Move what the feed lists to the end, and drop the oldest of the rest where there is too much. Most feeds list
        the newest first: those are the last to be forgotten, since a document that was cut off lists too few.
        """
        present = [key for key in listed if key in self.known]
        for key in reversed(present):
            self.known[key] = self.known.pop(key)
        most = min(max(_FEWEST_KNOWN, 2 * len(present)), _MOST_KNOWN)
        for key in list(self.known)[: max(0, len(self.known) - most)]:
            del self.known[key]
        del self.twins[: max(0, len(self.twins) - _MOST_TWINS)]


class _Cursor(msgspec.Struct):
    feeds: dict[str, Memory]


def digest(*parts: str, size: int = 8) -> str:
    """A short name for a text, in hexadecimal."""
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def dump(memories: Mapping[str, Memory]) -> str:
    """Memories by address as a cursor. Addresses may hold tokens, so only their digests are written."""
    feeds = {digest(url): memory for url, memory in memories.items()}
    return msgspec.json.encode(_Cursor(feeds)).decode()


def load(cursor: str | None, urls: Iterable[str]) -> dict[str, Memory]:
    """The memory of each address; an empty one where the cursor holds none or cannot be read."""
    try:
        feeds = msgspec.json.decode(cursor, type=_Cursor).feeds if cursor else {}
    except (msgspec.DecodeError, UnicodeEncodeError):
        feeds = {}
    return {url: feeds.get(digest(url)) or Memory() for url in urls}

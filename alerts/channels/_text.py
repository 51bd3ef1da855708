"""Making words fit a channel: one line, within a limit counted in the channel's own unit."""

import hashlib
import re
import unicodedata
from collections.abc import Callable

_BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_HIDDEN = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "[": "［", "]": "］", "`": "ˋ"})
_LINKED = re.compile(r"[@/.](?=\S)")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def one_line(text: str) -> str:
    """The text on one line without control, bidirectional or zero-width characters; no-break spaces are kept."""
    return _HIDDEN.sub("", _BREAKS.sub(" ", text)).strip(" ")


def defuse(text: str) -> str:
    """The text with its lines, without anything a terminal would obey; each such character becomes U+FFFD."""
    return _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n"))


def unmarked(text: str) -> str:
    """The text on one line for services that pass it on to others, whose markup nobody knows: without what begins a
    mention or a link anywhere. The signs are replaced by others that look alike.
    """
    return one_line(text).translate(_MARKS).replace("://", "：//")


def unlinked(text: str) -> str:
    """The text of which no app makes a link or a mention by itself: a joiner that nobody sees keeps @names, /commands
    and addresses words.
    """
    return _LINKED.sub("\\g<0>\u2060", text)


def utf8(text: str) -> int:
    """Length in bytes of UTF-8."""
    return len(text.encode())


def utf16(text: str) -> int:
    """Length in units of UTF-16: a face counts two."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def cut(text: str, limit: int, size: Callable[[str], int] = len) -> str:
    """The text, or its longest beginning that ends at a word and, with `…`, measures at most `limit`.

    `size` measures in the unit of the channel, after escaping; it must not shrink when text is added.
    """
    if size(text) <= limit:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle] + "…") <= limit else (low, middle - 1)
    kept = text[:low]
    words = kept.rpartition(" ")[0].rstrip(" ")
    # one very long word is better cut than dropped
    return (words if len(words) * 2 > len(kept) else kept) + "…"


def slug(text: str) -> str:
    """A name that is safe in a topic, a host or a header: ASCII letters, digits and hyphens.

    Two names that differ only in what is lost here are told apart by a short hash.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    short = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:48]
    return short if short and short == text else "-".join(filter(None, (short, digest(text)[:6])))


def token(text: str) -> str:
    """The text itself when it is 1 to 64 letters, digits, `-` or `_`, else a hash of it: for ids in other's formats."""
    return text if _TOKEN.fullmatch(text) else digest(text)


def digest(text: str) -> str:
    """24 hexadecimal digits that stand for the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]

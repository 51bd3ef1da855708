"""Keeps the work that one document can cause within bounds, before a parser sees it."""

import re

from listener.errors import FetchError
from listener.feeds.entry import MOST_ENTRIES

_ELEMENT = 10  # the work that an element makes, against a character reference or a CDATA section
_MARK = re.compile(
    r"(?P<text><!\[CDATA\[.*?(?:\]\]>|\Z)|&)|(?P<end></(?:[\w.-]+:)?(?:item|entry)\s*>)|<(?!/)",
    re.IGNORECASE | re.DOTALL,
)
_END = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)


def bounded(document: str, most: int) -> tuple[str, int]:
    """The document with as many of its first entries as make `most` work, and the number of those left out. An
    element is ten pieces of work, a character reference or CDATA section one.

    Raises FetchError (code `too_large`) when even the first is too much. What stands in CDATA is text, not elements.
    """
    if _work_at_most(document) <= most:
        return document, 0
    kept = _kept(document, most)
    if kept == len(document):
        return document, 0
    ends = [match.end() for match in _END.finditer(document, kept)]
    rest = document[ends[-1] if ends else kept :]
    if not kept or _work_at_most(rest) > most:
        raise FetchError("the feed has too many elements to be read in good time", code="too_large")
    return document[:kept] + rest, len(ends)


def _work_at_most(document: str) -> int:
    return document.count("<") * _ELEMENT + document.count("&")


def _kept(document: str, most: int) -> int:
    """Where the last entry within bounds ends; the end of the document when all of it is."""
    work, entries, kept = 0, 0, 0
    for match in _MARK.finditer(document):
        if match["end"]:
            entries, kept = entries + 1, match.end()
        else:
            work += 1 if match["text"] else _ELEMENT
        if work > most or entries == MOST_ENTRIES:
            return kept
    return len(document)

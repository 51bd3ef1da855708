"""Closes what a document leaves open, so that nothing before its end is lost."""

import re
from collections import Counter

_CDATA = r"<!\[CDATA\[.*?(?:\]\]>|\Z)"
_TAG = re.compile(
    rf"""{_CDATA}|<(?P<closing>/?)(?P<name>[A-Za-z_][\w.:-]*+)(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+(?P<empty>(?<=/))?>""",
    re.DOTALL,
)
_PARTIAL = re.compile(r"(?:<[^<>]*|&lt;\??\w{0,20}|&(?:amp;)?#?\w{0,20})\Z")
_DEEPEST = 1_000
# elements that hold only text, and those that may follow them in an item
_TEXTS = "title|link|guid|id|pubDate|published|updated|(?:dc:)?date|(?:dc:)?creator|description|summary"
_UNCLOSED = re.compile(
    rf"{_CDATA}|<(?P<name>{_TEXTS})(?:\s[^<>]*)?(?<!/)>(?P<text>(?:[^<]++|{_CDATA})*+)"
    rf"(?=<(?:{_TEXTS}|author|category|comments|content(?::encoded)?|enclosure|item|entry)[\s/>]|</(?:item|entry)>)",
    re.DOTALL,
)

_ROOT = re.compile(r"<([\w.:-]+)")
_ENTRY = re.compile(r"<(/?)(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_IDENTITY = re.compile(r"</(?:[\w.-]+:)?(?:guid|id)\s*>", re.IGNORECASE)


def closed(document: str) -> str:
    """The document with an end tag for every element that has none: a title or link ends before the next element of
    its item, and everything where the document breaks off. A tag or character reference cut in two
    is dropped.
    """
    document = _UNCLOSED.sub(_ended, _PARTIAL.sub("", document))
    return document + "".join(f"</{name}>" for name in reversed(_open(document)))


def is_cut(document: str) -> bool:
    """Whether a document, which begins with its root element, breaks off before the end of it."""
    root = _ROOT.match(document)
    return root is not None and not document.rstrip().endswith(f"</{root[1]}>")


def without_nameless_end(document: str) -> str:
    """A document that breaks off, without an entry at its end that has no identity yet: read as it is, it would be
    another one than when all of it is there.
    """
    last = None
    for tag in _ENTRY.finditer(document):
        last = tag
    nameless = last is not None and not last[1] and not _IDENTITY.search(document, last.end())
    return document[: last.start()] if last and nameless else document


def _ended(match: re.Match[str]) -> str:
    return f"{match[0]}</{match['name']}>" if match["name"] else match[0]


def _open(document: str) -> list[str]:
    """The elements that are open at the end, outermost first."""
    names: list[str] = []
    counts = Counter[str]()
    for tag in _TAG.finditer(document):
        name = tag["name"]
        if not name or tag["empty"] is not None:
            continue
        if not tag["closing"]:
            names.append(name)
            counts[name] += 1
            if len(names) > _DEEPEST:
                return []
        elif counts[name]:
            while (last := names.pop()) != name:
                counts[last] -= 1
            counts[name] -= 1
    return names

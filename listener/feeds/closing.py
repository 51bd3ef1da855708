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


def closed(document: str) -> str:
    """The document with an end tag for every element that has none: a title or link ends before the next element of
    its item, and everything where the document breaks off. A tag or character reference cut in two
    is dropped.
    """
    document = _UNCLOSED.sub(_ended, _PARTIAL.sub("", document))
    return document + "".join(f"</{name}>" for name in reversed(_open(document)))


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

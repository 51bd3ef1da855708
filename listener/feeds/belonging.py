"""Takes out of an entry what is not the entry's own, which feedparser would take for it: it does not look at depth."""

import re
from collections.abc import Iterator
from functools import lru_cache

_ATTRIBUTES = r"""(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+"""
_CDATA = r"<!\[CDATA\[.*?(?:\]\]>|\Z)"
_ITEM = re.compile(
    rf"{_CDATA}|<(?P<name>(?:[\w.-]+:)?(?:item|entry))(?P<rest>(?=[\s>]){_ATTRIBUTES})>", re.IGNORECASE | re.DOTALL
)
_CHILD = re.compile(
    rf"{_CDATA}|<(?P<closing>/?)(?P<name>[A-Za-z_][\w.:-]*+)(?P<rest>(?=[\s/>]){_ATTRIBUTES})>",
    re.IGNORECASE | re.DOTALL,
)
_LANGUAGE = re.compile(r"""\sxml:lang\s*=\s*["']([\w-]{2,20})["']""")
# children that hold text with markup in it, people, the feed an entry was copied from, or media
_KEPT_NAMES = (
    "title description summary subtitle tagline content encoded body fullitem div section p author contributor creator "
    "publisher source group"
)
_KEPT = frozenset(_KEPT_NAMES.split())
_OWN_NAMES = (
    "title|link|description|summary|subtitle|content|encoded|body|fullitem|id|guid|pubdate|published|updated|issued|"
    "created|modified|date|author|creator|contributor|publisher|name|email|uri|url|language|source|item|entry"
)
_OWN = re.compile(rf"<(?:[\w.-]+:)?(?:{_OWN_NAMES})(?=[\s/>])", re.IGNORECASE)
_MOST_UNCLOSED = 100
_DEEPEST = 20


def own(document: str) -> str:
    """The document without the titles, links, dates and texts that stand within other elements of its entries: those
    of related stories, of the thing an activity is about, of a picture. Of several links of an RSS item the first
    stays. The language of an entry is said in an element `asidelanguage` of its own.
    """
    return "".join(_pieces(document))


def _pieces(text: str) -> Iterator[str]:
    position = kept = 0
    while item := _ITEM.search(text, position):
        position = item.end()
        if not item["name"] or item["rest"].endswith("/"):
            continue
        if language := _LANGUAGE.search(item["rest"]):
            yield f"{text[kept : item.end()]}<asidelanguage>{language[1]}</asidelanguage>"
            kept = item.end()
        for start, end in _foreign(text, position, item["name"]):
            yield text[kept:start]
            kept = position = end
    yield text[kept:]


def _foreign(text: str, position: int, item: str) -> Iterator[tuple[int, int]]:
    """Where something stands in an item that is not its own."""
    unclosed, linked = set[str](), False
    link = item[: -len("item")] + "link" if item.lower().endswith("item") else ""
    while child := _CHILD.search(text, position):
        position, name = child.end(), child["name"]
        if name == item or len(unclosed) > _MOST_UNCLOSED:
            return  # the item ends, or was never closed
        if not name or child["closing"] or name in unclosed or child["rest"].endswith("/"):
            continue
        end = _end(text, child.end(), name, item)
        if end is None:
            unclosed.add(name)
            continue
        position = end
        if name == link and text[child.end() : end].strip():
            if linked:
                yield child.start(), text.index(">", end) + 1
            linked = True
        elif name.rpartition(":")[2].lower() not in _KEPT and _OWN.search(text, child.end(), end):
            yield child.end(), end


def _end(text: str, position: int, name: str, item: str) -> int | None:
    """Where the end tag of an element stands; None when it is not closed within its item."""
    depth = {name: 1, item: 1}
    for tag in _tags(name, item).finditer(text, position):
        if not tag["name"] or tag["rest"].endswith("/"):
            continue
        depth[tag["name"]] += -1 if tag["closing"] else 1
        if not depth[name]:
            return tag.start()
        if not 0 < depth[item] <= _DEEPEST:  # beyond, the search would take quadratic time
            return None
    return None


@lru_cache(maxsize=256)
def _tags(name: str, item: str) -> re.Pattern[str]:
    either = f"{re.escape(name)}|{re.escape(item)}"
    return re.compile(rf"{_CDATA}|<(?P<closing>/?)(?P<name>{either})(?P<rest>(?=[\s/>]){_ATTRIBUTES})>", re.DOTALL)

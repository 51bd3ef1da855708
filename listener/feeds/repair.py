"""Makes almost-XML into XML, so that the strict parser can read most feeds that are not well-formed."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from html.entities import html5

_ROOT = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?(?:rss|rdf|feed|channel))(?=[\s/>])", re.IGNORECASE)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DOUBTFUL = re.compile(r"<(?![A-Za-z_/])|&(#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31})?(;?)")
_OPENER = re.compile(r"<!\[CDATA\[|<!--|<\?")
_CLOSERS = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
# one character beyond the sixteenth bit, written as the two halves that UTF-16 makes of it
_SURROGATES = re.compile(
    r"&#(?:x(d[89ab][0-9a-f]{2})|(5[56]\d{3}));&#(?:x(d[c-f][0-9a-f]{2})|(5[67]\d{3}));", re.IGNORECASE
)
_PREFIX = re.compile(r"[<\s]([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*(?=[\s=/>])")
_DECLARED = re.compile(r"xmlns:([A-Za-z_][\w.-]*)\s*=")
_XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_MOST_PREFIXES = 30
# a text that a document type gives a name; one that refers to others stays a name, however short
_ENTITY = re.compile(r"""<!ENTITY\s+([A-Za-z][\w.-]{0,31})\s+(?:"([^"<%]{1,200})"|'([^'<%]{1,200})')\s*>""")
_REFERENCE = re.compile(r"&[A-Za-z#][\w.-]*;")
_MOST_EXPANDED = 100_000
# Renamed, elements are found only when wanted: a photograph's caption or a podcast's blurb must not be taken for the
# article, and many categories, which nobody here reads, take feedparser quadratic time.
_ASIDE = re.compile(
    r"<(/?)(media:description|dc:title|dc:description|itunes:summary|(?:[\w.-]+:)?(?:category|subject|keywords|tags))(?=[\s/>])([^<>]*)>",
    re.IGNORECASE,
)
# feedparser looks for mail addresses in these, in quadratic time
_NAMED = re.compile(
    r"<((?:[\w.-]+:)?(?:author|contributor|creator|email|managingEditor|name|owner|publisher|webMaster))"
    r"(?=[\s>])[^<>]*(?<!/)>",
    re.IGNORECASE,
)
_NAME = re.compile(r"<(?:[\w.-]+:)?name[\s>]", re.IGNORECASE)
_LONGEST_NAME = 200
_LONGEST_PERSON = 2_000
# feedparser takes quadratic time for the attributes of one element
_TAG = re.compile(r"""<([A-Za-z_][\w.:-]*+)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
_MOST_ATTRIBUTES = 100
# XML makes a blank of a line break in an attribute; in an address it is nothing
_ADDRESS = re.compile(r"""(?<=\s)href\s*=\s*(?:"[^"<]*+"|'[^'<]*+')""", re.IGNORECASE)
# a channel's search form; in an item, its title and link would be taken for the item's, or make feedparser fail
_FORM = re.compile(r"<(/?)textinput(?=[\s/>])[^<>]*(?<!/)>", re.IGNORECASE)
_KNOWN = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "yt": "http://www.youtube.com/xml/schemas/2015",
}


def repaired(text: str) -> str | None:
    """The document from its root element on, or None when there is no root of a feed.

    What stands before the root goes (blank lines, warnings of a script, a document type with all its entities), as
    does what follows it. Stray `&` and `<` are escaped, HTML's named characters and the document's own short texts
    spelt out, characters that XML forbids removed, prefixes nobody declared declared.
    """
    text = _SURROGATES.sub(_joined, text)
    start = _ROOT.search(text)
    if not start:
        return None
    closing = f"</{start[1]}>"
    end = text.rfind(closing)
    body = _ILLEGAL.sub("", text[start.start() : end + len(closing) if end > start.start() else None])
    return _declare(
        _without_forms("".join(_shortened("".join(_mended(body, _named(text[: start.start()], body)))))), len(start[0])
    )


def _named(prologue: str, body: str) -> Mapping[str, str]:
    """The texts that a document type names, by their names; without those that would make the document much longer."""
    named = {match[1]: unescape(match[2] or match[3]) for match in _ENTITY.finditer(prologue[:_MOST_EXPANDED])}
    return {
        name: text
        for name, text in named.items()
        if not _REFERENCE.search(text) and len(text) * body.count(f"&{name};") <= _MOST_EXPANDED
    }


def _mended(text: str, named: Mapping[str, str]) -> Iterator[str]:
    """The pieces of a document; only outside of CDATA, comments and instructions anything is mended."""
    position, absent = 0, set[str]()
    while opener := _OPENER.search(text, position):
        closer = _CLOSERS[opener[0]]
        # a closer once missing stays missing: without this memory, hostile input costs quadratic time
        end = -1 if closer in absent else text.find(closer, opener.end())
        yield _mend(text[position : opener.start()], named)
        if end < 0:
            absent.add(closer)
            yield "&lt;" if closer != "]]>" else ""
            position = opener.start() + (1 if closer != "]]>" else len(opener[0]))
            continue
        position = end + len(closer)
        yield text[opener.start() : position] if closer == "]]>" else ""
    yield _mend(text[position:], named)


def _shortened(text: str) -> Iterator[str]:
    """The pieces of a document, without what is too long to be a name or a person."""
    position, absent = 0, set[str]()
    for opener in _NAMED.finditer(text):
        closer = f"</{opener[1]}>"
        if opener.start() < position or closer in absent:
            continue
        end = text.find(closer, opener.end())
        if end < 0:
            absent.add(closer)
        elif _is_overlong(text, opener.end(), end):
            yield text[position : opener.end()]
            position = end
    rest = text[position:]
    for closer in absent:  # what never ends is no name
        rest = rest.replace(f"<{closer[2:]}", "").replace(f"<{closer[2:-1]} ", "<unended ")
    yield rest


def _is_overlong(text: str, start: int, end: int) -> bool:
    if end - start <= _LONGEST_NAME:
        return False
    return end - start > _LONGEST_PERSON or not _NAME.search(text, start, end)


def _mend(text: str, named: Mapping[str, str]) -> str:
    escaped = _DOUBTFUL.sub(lambda match: _escape(match, named), text)
    return _ASIDE.sub(_set_aside, _TAG.sub(_thinned, escaped))


def _escape(match: re.Match[str], named: Mapping[str, str]) -> str:
    name, semicolon = match[1], match[2]
    if match[0] == "<":
        return "&lt;"
    if not name or not semicolon:
        return "&amp;" + match[0][1:]
    if name.startswith("#"):
        return _character(match[0], name[1:])
    if name in _XML_OWN:
        return match[0]
    meant = named.get(name) or html5.get(f"{name};")
    return "".join(f"&#{ord(character)};" for character in meant) if meant else "&amp;" + match[0][1:]


def _character(whole: str, number: str) -> str:
    code = int(number.lstrip("xX"), 16 if number[0] in "xX" else 10)
    allowed = code < 0x11_0000 and not _ILLEGAL.match(chr(code))
    return whole if allowed else ""


def _joined(match: re.Match[str]) -> str:
    high = int(match[1], 16) if match[1] else int(match[2])
    low = int(match[3], 16) if match[3] else int(match[4])
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return match[0]
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _thinned(match: re.Match[str]) -> str:
    if match[2].count("=") <= _MOST_ATTRIBUTES:
        return _ADDRESS.sub(lambda address: "".join(map(str.strip, address[0].splitlines())), match[0])
    return f"<{match[1]}{'/' if match[2].endswith('/') else ''}>"


def _set_aside(match: re.Match[str]) -> str:
    prefix, colon, name = match[2].rpartition(":")
    return f"<{match[1]}{prefix}{colon}aside{name}{'/' if match[3].endswith('/') else ''}>"


def _without_forms(text: str) -> str:
    kept, position, opened = [], 0, -1
    for tag in _FORM.finditer(text):
        if not tag[1]:
            opened = tag.start()
        elif opened >= position:
            kept.append(text[position:opened])
            position = tag.end()
    return "".join(kept) + text[position:]


def _declare(text: str, at: int) -> str:
    declared = {"xml", "xmlns", *_DECLARED.findall(text)}
    missing = sorted(set(_PREFIX.findall(text)) - declared)[:_MOST_PREFIXES]
    added = "".join(f' xmlns:{name}="{_KNOWN.get(name.lower(), f"urn:undeclared:{name}")}"' for name in missing)
    return text[:at] + added + text[at:]

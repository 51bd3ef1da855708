"""From HTML to the text a reader sees."""

import re
from html import unescape
from html.entities import html5

from lxml.etree import HTMLParser, ParserError, XMLSyntaxError
from lxml.html.defs import tags as known_tags

LONGEST_TEXT = 100_000
"""Characters of text kept of one entry; the rest is cut."""

_LONGEST_MARKUP = 2_000_000
_BLOCK_NAMES = (
    "address article aside blockquote br caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol optgroup option p pre section summary table "
    "tbody tfoot thead tr ul"
)
_HIDDEN_NAMES = (
    "annotation annotation-xml audio head iframe noscript object script select style svg template title video"
)
_BLOCKS, _HIDDEN = frozenset(_BLOCK_NAMES.split()), frozenset(_HIDDEN_NAMES.split())
_SOURCE = frozenset({"script", "style"})
_CELLS = frozenset({"td", "th"})
_NAMES = (
    frozenset(name.lower() for name in known_tags)
    | _BLOCKS
    | _HIDDEN
    | {"html", "body", "font", "frame", "mark", "wbr"}
)
# what office programs leave behind: `<?xml:namespace ...>`, `<![if ...]>`, document types
_DECLARATION = r"<(?:\?[A-Za-z]|!\[(?:end)?if\b|!doctype\b)[^<>]*(?<!--)>"
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9:_-]*(?:\s[^<>]*)?/?>|<!--|<!\[CDATA\[|" + _DECLARATION)
# a `<` that opens a tag: it is closed before the next one, or an attribute follows
_LESS = re.compile(r"<(?!!--)(?:(?=/?([A-Za-z][A-Za-z0-9:_-]*)(?:\s*/?>|\s[^<>]*>|\s+[A-Za-z-]+\s*=))|)")
# a value whose quotation mark is never closed ends with its tag
_UNQUOTED = re.compile(r"""(=\s*(["'])[^"'<>]*)>(?=[^"'<]*+(?:<|\Z))""")
# what is left of a tag that was cut in two
_DANGLING = re.compile(r"<(?:/[A-Za-z0-9]*|[A-Za-z][A-Za-z0-9]*\s+[\w-]*)?\Z")
# words that may stand in a tag without a value; others make it a sentence with signs in it
_FLAG_NAMES = (
    "allowfullscreen async checked compact controls default defer disabled hidden ismap itemscope loop muted noshade "
    "nowrap open readonly required reversed selected"
)
_FLAGS = frozenset(_FLAG_NAMES.split())
_REST = re.compile("[^<>]*")
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DECLARATIONS = re.compile(_DECLARATION, re.IGNORECASE)
_OPENED = re.compile(r"\s*</?([A-Za-z][A-Za-z0-9]*)\b[^<>]*>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_PAIRED = re.compile(r"</[A-Za-z][A-Za-z0-9]*\s*>|<(?:br|p)\s*/?>", re.IGNORECASE)
_INLINE = re.compile(
    r"<br\s*/>|(?<=\S)<br>(?=\S)|<(?:img|a|span|font|p|div)\s[^<>]+>|</(?:script|style|iframe|object|svg)\s*>",
    re.IGNORECASE,
)
_SPACES = re.compile(r"[ \t\r\n\f\v\xa0\u2028\u2029]+")
_INLINE_SPACES = re.compile(r"[ \t\f\v\xa0]+")
_LINES = re.compile(r"\r\n?|[\n\u2028\u2029]")
_HARMLESS = re.compile(
    r"&(?!lt;|gt;|#0*60;|#0*62;|#x0*3c;|#x0*3e;)(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE
)


def text_of(markup: str) -> str:
    """The text of an HTML fragment: blocks, list entries and `<br>` end a line, runs of blanks become one, scripts and
    styles vanish. Never raises; at most LONGEST_TEXT characters.

    Text without a single tag keeps its own lines. Markup that was escaped once too often is read through.
    """
    markup = markup[:_LONGEST_MARKUP]
    if _TAG.search(markup):
        return _cut(_spelt_out(_rendered(markup)))
    text = unescape(markup)
    if text != markup and (is_markup(text) or _BREAK.search(text)):
        return _cut(_spelt_out(_rendered(text)))
    return plain(_spelt_out(text))


def loose(text: str) -> str:
    """Text that is declared plain, and usually is; if it is markup as a whole, it is read as that."""
    return text_of(text) if is_markup(text) or _BREAK.search(text) else plain(_spelt_out(text[:_LONGEST_MARKUP]))


def plain(text: str) -> str:
    """Plain text with its lines kept and blanks tidied; `<` and `&` stand for themselves."""
    lines = (_INLINE_SPACES.sub(" ", line).strip() for line in _LINES.split(text[:_LONGEST_MARKUP]))
    return _cut("\n".join(line for line in lines if line))


def line_of(text: str) -> str:
    """Plain text on one line, for titles: characters that were escaped once too often are read through."""
    return _SPACES.sub(" ", _spelt_out(text[:_LONGEST_MARKUP])).strip()


def title_of(text: str, *, markup: bool = False) -> str:
    """A title on one line. One that is not declared to be markup is read as that only where it must be."""
    if markup or is_markup(text) or _INLINE.search(text):
        text = text_of(text).replace("\n", " ")
    return line_of(text)


def is_markup(text: str) -> bool:
    """Whether a text is markup as a whole, rather than a sentence about markup."""
    first = _OPENED.match(text)
    return bool(first and first[1].lower() in _NAMES and _PAIRED.search(text))


def _spelt_out(text: str) -> str:
    return _HARMLESS.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    known = match[0][1] == "#" or match[0][1:] in html5
    return unescape(match[0]) if known else match[0]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1].rstrip() + "…"


def _rendered(markup: str) -> str:
    closed = {name.lower() for name in re.findall(r"</([A-Za-z][A-Za-z0-9:_-]*)\s*>", markup)}
    markup = _DECLARATIONS.sub("", markup).replace("<![CDATA[", "").replace("]]>", "")
    markup = _DANGLING.sub("", _UNQUOTED.sub(r"\1\2>", markup))

    def less(match: re.Match[str]) -> str:
        name = (match[1] or "").lower()
        rest = _REST.match(markup, match.end(1)) if name in _NAMES else None
        is_tag = rest and ("=" in rest[0] or _FLAGS.issuperset(re.findall("[a-z]+", rest[0].lower())))
        return "<" if is_tag or name in closed or ":" in name else "&lt;"

    reader = _Reader(closed)
    markup = _LESS.sub(less, markup).encode("utf-8", "ignore").decode()  # half characters cannot be parsed
    parser = HTMLParser(target=reader, no_network=True, remove_comments=True, remove_pis=True)
    try:
        parser.feed(f"<div>{markup}\n")
        text: str = parser.close()
    except (ParserError, XMLSyntaxError):
        return reader.close()
    return text


class _Reader:
    """Takes the parser's events one by one, so that no tree is built and no depth is too great."""

    def __init__(self, closed: set[str]) -> None:
        self._closed = closed
        self._lines: list[str] = []
        self._line: list[str] = []
        self._hidden: list[str] = []
        self._kept = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _BLOCKS:
            self._break()
        if self._is_hidden(tag, attributes):
            self._hidden.append(tag)
        elif tag == "pre":
            self._kept += 1
        elif tag in _CELLS:
            self._line.append(" ")

    def end(self, tag: str) -> None:
        if self._hidden and tag == self._hidden[-1]:
            self._hidden.pop()
        elif tag == "pre":
            self._kept -= self._kept > 0
        if tag in _BLOCKS:
            self._break()

    def _is_hidden(self, tag: str, attributes: dict[str, str]) -> bool:
        if self._hidden:
            return tag == self._hidden[-1]
        if tag in _HIDDEN:
            # what is never closed cannot hide all that follows it
            return tag in self._closed or tag in _SOURCE
        return "hidden" in attributes or bool(_INVISIBLE.search(attributes.get("style") or ""))

    def data(self, text: str) -> None:
        if self._hidden:
            return
        if not self._kept:
            self._line.append(text)
            return
        first, *others = _LINES.split(text)
        self._line.append(first)
        for line in others:
            self._break()
            self._line.append(line)

    def close(self) -> str:
        self._break()
        return "\n".join(self._lines)

    def _break(self) -> None:
        line = _SPACES.sub(" ", "".join(self._line)).strip()
        self._line.clear()
        if line:
            self._lines.append(line)

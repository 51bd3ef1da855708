"""From bytes to text, for documents that lie about their encoding."""

import codecs
import re

from charset_normalizer import from_bytes

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SHAPES = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_XML_DECLARATION = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9._:-]{2,40})\s*["']""")
_HTTP_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{2,40})""", re.IGNORECASE)
# what authors write, and the superset they mean
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-8",  # without a byte order mark and not shaped like it: a lie
    "utf-32": "utf-8",
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
    "utf-7": "utf-8",
}
_MANGLED = re.compile(
    "[\u00c3\u00c2][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|\u00e2\u20ac"
)
_TELLING_NAMES = (
    "cp1251 koi8_r koi8_u iso8859_5 mac_cyrillic cp1253 iso8859_7 cp1255 iso8859_8 cp1256 iso8859_6 cp874 tis_620 "
    "big5 big5hkscs gb2312 gbk gb18030 cp932 shift_jis shift_jis_2004 euc_jp cp949 euc_kr"
)
_TELLING = frozenset(_TELLING_NAMES.split())
_SAMPLE = 64 * 1024


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a document, whatever its bytes; never raises.

    A byte order mark wins over the HTTP charset, that over the XML declaration, that over a guess; but bytes that are
    UTF-8 beyond doubt are read as UTF-8, and a declaration the bytes contradict is passed over.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    head = body[:256].lstrip(b" \t\r\n")
    for shape, name in _SHAPES:
        if head.startswith(shape):
            return body[len(body[:256]) - len(head) :].decode(name, "replace")
    return _declared(body, content_type)


def unmangled(text: str) -> str:
    """Text whose UTF-8 was read as windows-1252 somewhere on its way (`Ã©` for `é`), put right; other text as it is."""
    if not _MANGLED.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def _declared(body: bytes, content_type: str) -> str:
    names = _names(body, content_type)
    try:
        # a text of another encoding is practically never valid UTF-8; escape sequences of ISO-2022 are ASCII bytes
        if b"\x1b" not in body or not any(name.startswith(("iso2022", "hz")) for name in names):
            return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for name in names:
        text = _try(body, name)
        if text is not None:
            return text
    return _guess(body, said_utf8="utf-8" in names)


def _names(body: bytes, content_type: str) -> list[str]:
    http = _HTTP_CHARSET.search(content_type)
    xml = _XML_DECLARATION.search(body[:1024])
    said = [http[1] if http else "", xml[1].decode("ascii") if xml else ""]
    names = [name for name in map(_meant, said) if name]
    # many servers call everything Latin; a document that names its alphabet knows better
    return names[::-1] if names[:1] == ["cp1252"] and names[-1].replace("-", "_") in _TELLING else names


def _meant(label: str) -> str:
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return ""
    return _MEANT.get(name, name)


def _try(body: bytes, name: str) -> str | None:
    if name == "cp1252":
        return _latin(body)
    try:
        return body.decode(name)
    except (UnicodeDecodeError, LookupError, AssertionError):
        return None


def _latin(body: bytes) -> str:
    # five bytes are undefined in windows-1252; browsers read them as the control characters of latin-1
    return body.decode("cp1252", "badbuzz.latin")


def _guess(body: bytes, *, said_utf8: bool) -> str:
    lead = sum(0xC2 <= byte <= 0xF4 for byte in body[:_SAMPLE])
    patched = body.decode("utf-8", "badbuzz.latin")
    if said_utf8 and _mostly_utf8(body, lead):
        return patched
    best = from_bytes(body[:_SAMPLE], steps=5, chunk_size=2048).best()
    # among Latin alphabets the detector guesses at random; there, Western is the best guess of all
    text = _try(body, best.encoding) if best and best.encoding in _TELLING else None
    return patched if text is None else text


def _mostly_utf8(body: bytes, lead: int) -> bool:
    """Whether a few stray bytes stand in text that is otherwise UTF-8, or all of it is Western."""
    wrong = body[:_SAMPLE].decode("utf-8", "replace").count("\ufffd")
    return wrong <= max(2, lead // 4) or lead * 20 < len(body[:_SAMPLE])


def _latin_byte(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start : error.start + 1]
    try:
        return byte.decode("cp1252"), error.start + 1
    except UnicodeDecodeError:
        return byte.decode("latin-1"), error.start + 1


codecs.register_error("badbuzz.latin", _latin_byte)

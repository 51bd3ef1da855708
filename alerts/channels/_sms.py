"""Words that fit one SMS: letters of GSM 03.38 where that can be, and no second part to pay for. Pure."""

import re
import unicodedata

from alerts.channels._text import one_line, utf16

SEPTETS, UNITS = 160, 70
"""What one part holds: letters of GSM 03.38, or units of UTF-16 as soon as one is outside."""
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
"""Letters that take two septets."""
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ′`", "'"),
        **dict.fromkeys("“”„«»″", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("·•", "-"),
        "…": "...",
        "œ": "oe",
        "Œ": "OE",
        "×": "x",
        "°": "o",
    }
)
_DRESSED = re.compile(r"([«“„]) | ([»”])")
_ADDRESS = re.compile(r"(?<=\w)\.(?=[^\W\d])|(?<=:)(?=//)")
_SENTENCE = re.compile(r"(?<=[.!?]) ")


def folded(text: str) -> str:
    """The text on one line in letters of GSM 03.38; what has none there is left out when it is a sign or an emoji, and
    kept when it is a letter of another script.
    """
    plain = _DRESSED.sub(r"\1\2", one_line(re.sub(r"[\u00a0\u202f\u2009]", " ", text))).translate(_ALIKE)
    return re.sub(" {2,}", " ", "".join(map(_letter, unicodedata.normalize("NFC", plain)))).strip()


def one_part(text: str, end: str | None) -> str:
    """The text and behind it the end, such as a link, whole, in one part: the first sentence, else its words, and of
    the others those that fit. In the text no phone sees an address of its own.
    """
    tail = f" {end}" if end else ""
    words = _ADDRESS.sub(lambda found: f"{found[0]} ", folded(text))
    kept, *others = _SENTENCE.split(words)
    for sentence in others:
        kept = f"{kept} {sentence}" if _fits(f"{kept} {sentence}{tail}") else kept
    while kept and not _fits(kept + tail):
        shorter = kept.removesuffix("...")
        kept = (shorter.rpartition(" ")[0] or shorter[:-1]).rstrip(" ,;:") + "..."
        kept = "" if kept == "..." else kept
    return (kept + tail).strip()


def _letter(char: str) -> str:
    if char in _BASIC or char in _EXTENDED:
        return char
    bare = "".join(each for each in unicodedata.normalize("NFKD", char) if not unicodedata.combining(each))
    if bare and all(each in _BASIC for each in bare):
        return bare
    return char if unicodedata.category(char)[0] in "LM" else ""


def _fits(text: str) -> bool:
    if all(char in _BASIC or char in _EXTENDED for char in text):
        return len(text) + sum(char in _EXTENDED for char in text) <= SEPTETS
    return utf16(text) <= UNITS

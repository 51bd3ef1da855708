"""The words of a text as queries compare them: by UAX 29, hashtags also by the words they are written in."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from unicode_segmentation_rs import split_word_bounds

from rules.query.tree import Same
from rules.text import BLANK, LONGEST, PICTURE, SIGNED, UNSPACED, Folded, Pieces, Token, fold, folded, token_of

_SIGN = re.compile(r"[#@$]|https?://|www\.")
SIGNS = "#", "@", "$", "://", "www."
"""One of these is in every token that is neither a word nor a number nor an emoji."""
_SIGNED = re.compile(rf"{SIGNED} | (?P<cashtag>(?<![\w$])\$[^\W\d_]{{1,6}}(?:\.[^\W\d_]{{1,2}})?(?![\w$]))", re.VERBOSE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)+")
_PLAIN = re.compile(r"[a-z0-9]+")
_SINGLE = re.compile(rf"[{UNSPACED}][\u3099\u309a]?|[^{UNSPACED}]+")
_EMOJI = re.compile(f"[{PICTURE}]")

_new = tuple.__new__  # a named tuple takes its fields apart once more

_LETTERS = re.compile(r"[^\W\d_]+")
_GREEK_OR_CYRILLIC = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХԌԚԜавеѕіјкмнорстухԁһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικνορτυχ",
    "ABESIJKMHOPCTYXGQWabesijkmhopctyxdhqwABEZHIKMNOPTYXaeikvoptux",
)
_LAST_LATIN = "\u024f"

_MOST_MARKS = 30
"""As the Stream-Safe Text Format of Unicode (UAX 15) allows."""
_OF_YEAR = "\0"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_SMALL_FIRST = re.compile("lm*U")
_PART = re.compile("(?:Um*)+(?=Um*l)|(?:Um*)?(?:lm*)+9*|(?:Um*)+9*|Y+|9+|o+|m+")
BLUESKY = ".bsky.social"


def may_be_masked(text: str) -> bool:
    """Whether any of its letters may look like Latin ones."""
    return bool(_GREEK_OR_CYRILLIC.search(text))


def unmasked(text: str) -> str:
    """The text with words that mix Latin letters and Cyrillic or Greek ones that look like Latin ones in Latin letters;
    as long as it was.
    """
    if text.isascii() or not may_be_masked(text):
        return text
    return _LETTERS.sub(_as_latin, text)


def _as_latin(found: re.Match[str]) -> str:
    word = found[0]
    read = word.translate(_LOOKALIKES)
    return read if read != word and min(word) <= _LAST_LATIN and max(read) <= _LAST_LATIN else word


def composed(text: str) -> str:
    """In NFC. Of more marks on one letter than any language has the rest is left out: putting them in order would take
    the square of their number.
    """
    if len(text) > _MOST_MARKS:
        marks = 0
        kept = []
        for character in text:
            marks = marks + 1 if unicodedata.combining(character) else 0
            if marks <= _MOST_MARKS:
                kept.append(character)
        text = "".join(kept)
    return unicodedata.normalize("NFC", text)


def spelled(text: str, same: Same) -> str:
    """A word as exact terms compare it: without what is invisible, in small letters unless its case counts."""
    if not text.isascii():
        seen = (each for each in text if each not in BLANK and unicodedata.category(each) != "Cf")
        text = composed("".join(seen))
    return text if same == "case" else unicodedata.normalize("NFC", text.lower())


def keys(kind: str, text: str) -> tuple[str, ...]:
    """What finds a token of that kind. A hashtag is also found by its bare word; a handle only with its @, with or
    without its server (`@acme` finds `@acme@fedi.example` and `@acme.bsky.social`), a cashtag with or without the
    letters of its class; a link by nothing.
    """
    match kind:
        case "link":
            return ()
        case "hashtag":
            return text, f"#{text}"
        case "handle":
            name = text.partition("@")[0].removesuffix(BLUESKY)
            return (f"@{text}",) if name == text else (f"@{text}", f"@{name}")
        case "cashtag":
            name = text.partition(".")[0]
            return (f"${text}",) if name == text else (f"${text}", f"${name}")
    return (text,)


def read_words(text: str) -> tuple[str, Folded, list[Token]]:
    """A text unmasked, folded (its first LONGEST characters), and its tokens in order, hashtags whole. UAX 29 words are
    parted further at apostrophes, hyphens, underscores and full stops, numbers are not; a link is one token and holds
    no word; of scripts without spaces every character is a word. Linear in time.
    """
    source = unmasked(text[:LONGEST])
    laid = folded(source)
    return source, laid, PIECES.tokens(laid.text)


def _cut(text: str) -> list[Token]:
    made, at = list[Token](), 0
    for sign in _SIGN.finditer(text):  # few: the pattern that tells them apart is slow
        found = _SIGNED.match(text, sign.start()) if sign.start() >= at else None
        if found:
            token = token_of(found)
            made += words(text[at : token.start], at)
            made.append(token)
            at = token.end
    return made + words(text[at:], at) if at else words(text, 0)


PIECES = Pieces(_cut)
"""Tokens of folded texts, hashtags whole."""


def words(text: str, at: int) -> list[Token]:
    """The words, numbers and emoji of a folded text without signs, which begins at `at`."""
    made: list[Token] = []
    for piece in split_word_bounds(text):
        start, at = at, at + len(piece)
        if piece == " ":
            continue
        if piece.isalnum() and piece.isascii():  # nearly all are
            made.append(_new(Token, (piece, "number" if piece.isdecimal() else "word", start, at)))
        elif piece.isalnum():
            made.extend(_singles(piece, start))
        elif len(piece) > 1:
            made.extend(_parts(piece, start))
        elif piece > "\u2000" and _EMOJI.match(piece):
            made.append(Token(piece, "emoji", start, at))
    return made


def _parts(piece: str, at: int) -> Iterator[Token]:
    """What a UAX 29 word holds that has signs or marks in it; emoji of two characters are one too."""
    if _NUMBER.fullmatch(piece):
        yield Token(piece, "number", at, at + len(piece))
    elif _EMOJI.match(piece):
        yield Token(piece, "emoji", at, at + len(piece))
    elif piece.isascii():
        for found in _PLAIN.finditer(piece):
            yield Token(found[0], "number" if found[0].isdecimal() else "word", at + found.start(), at + found.end())
    else:
        for is_word, run in groupby(piece, _is_of_word):
            part = "".join(run)
            if is_word and any(map(str.isalnum, part)):
                yield from _singles(part, at)
            at += len(part)


def _is_of_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def _singles(word: str, at: int) -> Iterator[Token]:
    for found in _SINGLE.finditer(word):
        part = found[0]
        yield Token(part, "number" if part.isdecimal() else "word", at + found.start(), at + found.end())


@lru_cache(8192)
def parts_of_tag(written: str) -> tuple[Token, ...]:
    """The words of a hashtag without its sign, `written` as in its text, with places in it once it is folded. Those of
    PascalCase (`BoycottAcmeAir`, also `jeSuisAcme`, not `iPhone`) are words, a year at its end is one of its own, and
    underscores part words as anywhere.
    """
    made, at = list[Token](), 0
    for part in _by_case(written):
        laid = fold(part)
        made.extend(words(laid, at))
        at += len(laid)
    return tuple(made)


def _by_case(written: str) -> list[str]:
    if not any(map(str.isupper, written)):
        return [written]
    shape = "".join(map(_shape, _YEAR.sub(_OF_YEAR * 4, written)))
    if _SMALL_FIRST.match(shape):
        return [written]
    return [written[found.start() : found.end()] for found in _PART.finditer(shape)]


def _shape(character: str) -> str:
    """How a character counts where a hashtag is parted: big, small, mark, digit, of a year, or other."""
    if character == _OF_YEAR:
        return "Y"
    if character.isupper():
        return "U"
    if character.islower():
        return "l"
    if character.isdecimal():
        return "9"
    return "m" if unicodedata.category(character)[0] == "M" else "o"

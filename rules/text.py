"""Strangers' text: folded to compare, cut into tokens with places, and made safe and short to show."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, chain
from typing import Literal, NamedTuple

from rules.kept import Kept

LONGEST = 50_000
"""Characters of one field that are read; what comes after is neither matched nor scored."""

TokenKind = Literal["word", "number", "hashtag", "handle", "cashtag", "link", "emoji"]
"""Cashtags are told apart by queries alone."""

_MARKS_PER_CHARACTER = 3
_APOSTROPHES = frozenset("’‘‛ʼʹ´`′‵")
_SPELLED = {"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "þ": "th"}
_SIGNS = frozenset("™®©℠")
# Letters and marks without a shape of their own: they hide a word from a reader's eye, never from ours.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Accents, which folding drops. Marks of scripts that need them (Devanagari, Thai, kana) stay.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u0640\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]"
)


@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    if character in _SIGNS:
        return " "
    if character in BLANK or unicodedata.category(character) == "Cf":
        return ""
    lowered = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(_SPELLED.get(part, part) for part in _ACCENTS.sub("", lowered))


class _Table(dict[int, str]):
    """For str.translate: folds a code point when first met, and forgets all before a hostile text fills memory."""

    def __missing__(self, code: int) -> str:
        if len(self) > 20_000:
            self.clear()
        folded = self[code] = _fold_character(chr(code))
        return folded


_TABLE = _Table()
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
_LONGEST_RUN = 8
"""Characters of a run that is remembered whole: an accented letter or an emoji in a text that is else ASCII."""


_RUNS = Kept(lambda run: run.translate(_TABLE), longest=_LONGEST_RUN)


def fold_whole(text: str) -> str:
    """All of a text as `Folded` has the beginning of one."""
    small = text.lower().replace("`", "'")
    # that folds ASCII, and leaves of other characters what folds to the same
    return small if text.isascii() else _BEYOND_ASCII.sub(_fold_run, small)


def _fold_run(found: re.Match[str]) -> str:
    return _RUNS[found[0]]


class Folded:
    """A text without case, accents, ligatures, compatibility forms and invisible characters, one kind of apostrophe;
    only its first LONGEST characters. Places in `text` map back to the source. Linear in time.
    """

    def __init__(self, source: str) -> None:
        self._source = source[:LONGEST]
        self.text = fold_whole(self._source)

    @cached_property
    def _ends(self) -> list[int]:
        """Where what each character of the source became ends in `text`; nothing where each became one."""
        odd = (len(_fold_character(each)) != 1 for each in "".join(_BEYOND_ASCII.findall(self._source)))
        return list(accumulate(map(len, map(_fold_character, self._source)))) if any(odd) else []

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where text[start:end] (not empty) stands in the source; a character folded in part is taken whole."""
        ends = self._ends
        if not ends:
            return start, end
        return bisect_right(ends, start), max(bisect_right(ends, end - 1) + 1, bisect_right(ends, end))


def fold(text: str) -> str:
    """The form in which texts are compared; see Folded."""
    return Folded(text).text


class Token(NamedTuple):
    """`text` is folded, without the sign of a hashtag or handle; `start` and `end` are places in the folded text."""

    text: str
    kind: TokenKind
    start: int
    end: int


_new = tuple.__new__  # a named tuple takes its fields apart once more

# Marks that \w leaves out although words of their scripts are written with them.
MARK = "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ecd\u1000-\u109d\u17b6-\u17d3"
# Scripts without spaces: every character is a token, so that a word is found as a phrase.
UNSPACED = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
PICTURE = "\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff"
SIGNED = rf"""
      (?P<link>(?<!\w)(?:https?://|www\.)[^\s<>"«»“”]+)
    | (?P<hashtag>(?<!\w)\#(?=[\w{MARK}]*[^\W\d_])[\w{MARK}]+)
    | (?P<handle>(?<![\w@])@\w(?:[\w.\-]{{0,251}}\w)?(?:@\w(?:[\w.\-]{{0,251}}\w)?)?)
"""
"""Pattern (verbose) of what is no word: links, hashtags and handles in a folded text."""
_TOKEN = re.compile(
    rf"""{SIGNED}
    | (?P<number>\d+(?:[.,]\d+)+(?![^\W_]))
    | (?P<single>[{UNSPACED}][\u3099\u309a]?)
    | (?P<word>(?:[^\W_{UNSPACED}]+|[{MARK}])+)
    | (?P<emoji>[{PICTURE}])
    """,
    re.VERBOSE,
)
_TOLD = frozenset({"word", "number", "hashtag"})
_LINK_TAIL = ".,;:!?'\")]}*_…"


def token_of(found: re.Match[str]) -> Token:
    """What a group of a pattern, named as its kind, has found."""
    text, (start, end) = found[0], found.span()
    match found.lastgroup:
        case "word" | "single":
            return Token(text, "number" if text.isdecimal() else "word", start, end)
        case "link":
            text = text.rstrip(_LINK_TAIL)
            return Token(text, "link", start, start + len(text))
        case "hashtag" | "handle" | "cashtag" as kind:
            return Token(text[1:], kind, start, end)
        case "emoji":
            return Token(text, "emoji", start, end)
    return Token(text, "number", start, end)


_LONGEST_PIECE = 24
_ENDS = ".,;:!?)…"  # part of no token behind letters, but for a link that begins with `www.`


def _alone(piece: str) -> tuple[Token] | None:
    """The token of a piece that is one ASCII word or number, whatever ends a sentence behind it: most new ones are."""
    word = piece.rstrip(_ENDS)
    if not (word.isalnum() and word.isascii()) or word == "www":
        return None
    return (_new(Token, (word, "number" if word.isdecimal() else "word", 0, len(word))),)


class Pieces(Kept[tuple[Token, ...]]):
    """The tokens of what stands between two spaces, with places in it. No token goes beyond a space, and people say the
    same words over and over, so each piece is `cut` when first met, but for one plain ASCII word.
    """

    def __init__(self, cut: Callable[[str], Iterable[Token]]) -> None:
        super().__init__(lambda piece: _alone(piece) or tuple(cut(piece)), longest=_LONGEST_PIECE)

    def loose(self, text: str) -> "Loose":
        """The tokens of a text, cheaper where only a few places matter."""
        return Loose(self, text)

    def tokens(self, text: str) -> list[Token]:
        """The tokens of a text in order."""
        made: list[Token] = []
        at = 0
        for piece in text.split(" "):
            for word, kind, start, end in self[piece]:
                made.append(_new(Token, (word, kind, at + start, at + end)))
            at += len(piece) + 1
        return made


class Loose:
    """The `tokens` of a text in order, whose own places are of no use: `place` works out where one stands."""

    def __init__(self, pieces: Pieces, text: str) -> None:
        self._pieces = text.split(" ")
        self._found = list(map(pieces.__getitem__, self._pieces))
        self.tokens = list(chain.from_iterable(self._found))

    @cached_property
    def _ends(self) -> tuple[list[int], list[int]]:
        """Up to which token each piece goes, and up to where in the text."""
        return list(accumulate(map(len, self._found))), list(accumulate(map(len, self._pieces), initial=0))

    def place(self, at: int) -> tuple[int, int]:
        """Where the token of that number stands in the text."""
        tokens, letters = self._ends
        piece = bisect_right(tokens, at)
        before, token = letters[piece] + piece, self.tokens[at]
        return before + token.start, before + token.end


def _cut(piece: str) -> Iterator[Token]:
    return map(token_of, _TOKEN.finditer(piece))


_PIECES = Pieces(_cut)


def tokens(folded: Folded) -> list[Token]:
    """The tokens in order. Apostrophes, hyphens and underscores part words, so `l'Acme` holds the word `acme` and
    `wi-fi` is two words; a link is one token and holds no word. Linear in time.
    """
    return _PIECES.tokens(folded.text)


def told(folded: Folded) -> list[str]:
    """What the tokens say that are words, numbers or hashtags: what copies of a text keep, with no `RT` before it."""
    found = _PIECES.loose(folded.text).tokens
    said = [text for text, kind, _, _ in found if kind in _TOLD]
    return said[1:] if found and found[0][:2] == ("rt", "word") else said


folded = lru_cache(maxsize=2)(Folded)
"""A text folded. The last ones are remembered: a title and a text are asked for their letters before their words."""


@lru_cache(maxsize=1)
def read(text: str) -> tuple[Folded, Sequence[Token]]:
    """A text folded, and its tokens. The last one is remembered: queries, packs and label models ask in turn."""
    return folded(text), tokens(folded(text))


_BREAK = re.compile(r"\r\n?|[\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[ \t\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]+")
_JOINER, _PICTURED = "\u200d", "\ufe0f"


def _is_picture(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk") and character > "\u2000"


def _survives(text: str, at: int) -> bool:
    character, category = text[at], unicodedata.category(text[at])
    if character in (_JOINER, _PICTURED):
        # They hold an emoji together; anywhere else they only hide.
        before = text[at - 1] if at else ""
        joined = before != "" and (_is_picture(before) or before == _PICTURED or before in "0123456789#*")
        return joined and (character == _PICTURED or (at + 1 < len(text) and _is_picture(text[at + 1])))
    if character in BLANK or "\ufe00" <= character <= "\ufe0e" or "\U000e0100" <= character <= "\U000e01ef":
        return False
    return category not in ("Cc", "Cf", "Cs", "Co", "Cn")


def _cap_marks(characters: Iterator[str]) -> Iterator[str]:
    run = 0
    for character in characters:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run <= _MARKS_PER_CHARACTER:
            yield character


def _defuse_line(line: str) -> str:
    kept = (line[at] for at in range(len(line)) if line[at] == "\t" or _survives(line, at))
    return _SPACES.sub(" ", "".join(_cap_marks(kept))).strip()


def defuse(text: str, *, lines: bool = False) -> str:
    """Strangers' text made safe to show: no control, bidirectional, zero-width or unassigned character, at most three
    marks on a letter, single spaces, no line breaks (with `lines`, single ones stay). Escaping for a channel is not
    done here. Linear in time; the same again when applied again.
    """
    cleaned = map(_defuse_line, _BREAK.split(text))
    return ("\n" if lines else " ").join(filter(None, cleaned))


_SENTENCE = re.compile(r"""(?:(?<=\w\w)|(?<=[»”"’)%]))\s?[.!?…]+(?:\s?[»”"’)])?(?=\s)""")
_SPACE = re.compile(r"(?<=\S)[ \n](?=\S)")
_CLOSING = {"«": "»", "“": "”", '"': '"'}


def _splits_grapheme(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == _JOINER or after in (_JOINER, _PICTURED) or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if "\U0001f1e6" <= after <= "\U0001f1ff":
        flags = re.search("[\U0001f1e6-\U0001f1ff]*$", text[max(0, at - 64) : at])
        return flags is not None and len(flags.group()) % 2 == 1
    return unicodedata.category(after).startswith("M") or "\U000e0020" <= after <= "\U000e007f"


def _holds_together(text: str, at: int) -> bool:
    """The space at `at` belongs to a number (40 000), a unit (12 %) or French punctuation (« oui » !)."""
    before, after = text[at - 1], text[at + 1]
    return (before.isdigit() and (after.isdigit() or after in "%€$£°")) or after in "!?:;»" or before == "«"


def _open_quotation(text: str) -> tuple[int, str] | None:
    """Where the last quotation opens that `text` does not close, and its closing mark."""
    opened: tuple[int, str] | None = None
    for at, character in enumerate(text):
        if opened and character == opened[1]:
            opened = None
        elif not opened and character in _CLOSING:
            opened = at, _CLOSING[character]
    return opened


def _word_end(text: str, limit: int) -> int:
    """The last place at or before `limit` where a word ends; when the first word is too long, inside it, but never in
    a grapheme, number or link (then 0).
    """
    for found in reversed(list(_SPACE.finditer(text, 0, min(len(text), limit + 2)))):
        if found.start() <= limit and not _holds_together(text, found.start()):
            return found.start()
    if re.match(r"\W*(?:https?://|www\.|\d)", text):
        return 0
    while limit > 0 and (_splits_grapheme(text, limit) or (text[limit - 1].isdigit() and text[limit].isdigit())):
        limit -= 1
    return limit


def _trim(text: str) -> str:
    return text.rstrip(" \n\u00a0\u202f,;:-–—([«“")


def shorten(text: str, limit: int) -> str:
    """At most `limit` (>= 1) characters: whole sentences when they fill half of it, else whole words and `…`. Never
    cut inside a number, link or emoji; a quotation cut short is left out or closed again.
    """
    if len(text) <= limit:
        return text
    ends = [found.end() for found in _SENTENCE.finditer(text, 0, limit + 1) if found.end() <= limit]
    for end in reversed(ends):
        if end * 2 >= limit and _open_quotation(text[:end]) is None:
            return text[:end]
    end = _word_end(text, limit - 1)
    opened = _open_quotation(text[:end])
    if opened and opened[0] * 2 >= limit:
        end, opened = _word_end(text, opened[0]), None
    if opened:
        tail = "… »" if opened[1] == "»" else "…" + opened[1]
        body = _trim(text[: _word_end(text, max(0, limit - len(tail)))])
        if _open_quotation(body):
            return body + tail
        end = len(body)
    return _trim(text[:end]) + "…"

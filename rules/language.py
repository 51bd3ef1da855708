"""Which language a text is written in: what the platform says, else what its words look like among a brand's own."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, repeat
from operator import add

from babel.core import get_global

from rules.kept import Kept
from rules.text import fold

Guess = Callable[[str, tuple[str, ...]], str | None]
"""Which language a text of Latin script is written in, among any; a brand's own, given in their order, win where it is
not clear. None when nothing tells.
"""

_READ = 2_000  # characters: enough to tell, and cheap
_FORMER: Mapping[str, str] = get_global("language_aliases")
"""Codes of three letters, and such as have been replaced, by what is written now."""
_NOT_A_LANGUAGE = frozenset({"xx", "un", "qq", "zz"})

_SCRIPTS = {"ar": "ARABIC", "el": "GREEK", "he": "HEBREW", "hi": "DEVANAGARI", "ja": "HIRAGANA KATAKANA CJK",
            "ko": "HANGUL", "ru": "CYRILLIC", "uk": "CYRILLIC", "zh": "CJK"}  # fmt: skip
_BEYOND_LATIN = re.compile(r"[^\W\d_\u0000-\u024f]")  # a letter of another script, or of rare Latin
_WORD = re.compile(r"(?:https?\b|www\.)\S*|@\w+|([^\W\d_]+)")
_LISTED = (100, 100, 80, 65, 50, 40, 35, 30)
"""What a word says for each of the languages that list it, by how many these are: in hundredths of a plain word."""
_PIECE = (0, 25, 20, 15, 10, 7, 5, 0)
"""The same of a piece of a word that no language lists."""
_LETTER = (80,) * len(_LISTED)
_LONGEST_WORD, _REMEMBERED = 24, 30_000
_LANE = 24
"""What is said for all languages is one number, so that a text's words are summed at once: each language has so many
bits of it, room for 160,000 plain words.
"""
_ALL = (1 << _LANE) - 1
_LEAD = 30  # what a brand's second language must say more than its first
_LEAST, _CLEAR, _RATIO = 60, 40, 1.15
"""What must speak for a language that is none of the brand's: so much, more by so much, and so many times as much."""
_DECIDED = 250
"""Where listed words alone say so much more for one language, and _RATIO times as much, pieces are not asked. So it is
with half of all tweets; of 11,034 of UMSAB's training parts one is then told otherwise.
"""


@cache
def little_words(language: str) -> frozenset[str]:
    """The most frequent words of a language, folded, that say nothing alone; none for one that is not known here."""
    return frozenset(_data().get(language, {"words": ""})["words"].split())


@lru_cache(1024)
def normalise(tag: str | None) -> str | None:
    """The code of a tag (`fr-FR`, `fra`, `fr_CA`), of two letters where there is one, `he` for the former `iw`.
    None for no tag and for `und` and its like.
    """
    code = re.split(r"[-_]", (tag or "").strip().lower())[0]
    code = _FORMER.get(code, code).partition("_")[0]
    private = code in _NOT_A_LANGUAGE or (code.startswith("q") and len(code) == 3)  # as X tags what holds no words
    if not re.fullmatch(r"[a-z]{2,3}", code) or code in ("und", "mul", "mis", "zxx", "art") or private:
        return None
    return code


def identify(text: str, tag: str | None, candidates: Sequence[str], guess: Guess | None = None) -> str | None:
    """The language of a text: the platform's tag; else the one of its script; else what `guess` (words, when not given)
    makes of its beginning; else the first of `candidates`, a brand's languages. None when no language is known.
    """
    said = normalise(tag)
    if said:
        return said
    known = tuple(filter(None, map(normalise, candidates)))
    script = _script(text[:_READ])
    if script != "LATIN" and script:
        return next((code for code in known if script in _SCRIPTS.get(code, "")), None) or _of_script(script)
    latin = tuple(code for code in known if code not in _SCRIPTS)
    told = (guess or by_words)(text[:_READ], latin if known else ("fr", "en"))
    return told or next(iter(latin), None)


def by_words(text: str, known: tuple[str, ...]) -> str | None:
    """A `Guess` by frequent words; where they leave doubt, by pieces of words and accents too. Linear in time."""
    words, found = _words(), written(text.lower())
    signs = words.apart(sum(map(words.listed.get, found, repeat(0))))
    second, first = sorted(signs.values())[-2:] if signs else (0, 0)
    if first >= second * _RATIO + _DECIDED:
        return max(signs, key=signs.__getitem__)
    signs = words.apart(sum(map(words.__getitem__, found)))
    if not signs:
        return None
    best = max(signs, key=lambda code: (signs[code], code in known))
    if not known:
        return best
    likely = max(known, key=lambda code: signs.get(code, 0) + (_LEAD if code == known[0] else 0))
    said = signs.get(likely, 0)
    return best if best not in known and signs[best] >= max(_LEAST, said + _CLEAR, said * _RATIO) else likely


def written(text: str) -> list[str]:
    """The words of a text as they stand there; links and handles, which are of no language, left out."""
    return [word for word in _WORD.findall(unicodedata.normalize("NFC", text)) if word]


def _of_script(script: str) -> str | None:
    codes = [code for code, names in _SCRIPTS.items() if script in names]
    return codes[0] if len(codes) == 1 else None


def _script(text: str) -> str:
    """The script most letters belong to; LATIN or "" when there are none."""
    if text.isascii() or not _BEYOND_LATIN.search(text):
        return "LATIN"
    counts: dict[str, int] = {}
    for character in text:
        if character.isalpha():
            name = unicodedata.name(character, "").split(" ")[0]
            counts[name] = counts.get(name, 0) + 1
    return max(counts, key=lambda name: counts[name]) if counts else ""


class _Words(Kept[int]):
    """What a word says for all languages, by its beginning."""

    def __init__(self, data: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(self._says, _REMEMBERED, _LONGEST_WORD)
        self._lanes = tuple((code, at * _LANE) for at, code in enumerate(data))
        self.listed = self._said_by({code: data[code]["words"].split() for code in data}, _LISTED)
        self._pieces = self._said_by({code: data[code]["pieces"].split() for code in data}, _PIECE)
        self._letters = self._said_by({code: data[code]["letters"] for code in data}, _LETTER)

    def _says(self, word: str) -> int:
        short = word[:_LONGEST_WORD]
        folded = short if short.isascii() else fold(short)
        said = self.listed.get(folded)
        if said is None:
            said = sum(map(self._pieces.get, _parts(f"^{folded}$"), repeat(0)))
        if folded is not short:
            said += sum(map(self._letters.get, short, repeat(0)))
        return said

    def apart(self, said: int) -> dict[str, int]:
        """What is said for each language; none when nothing is."""
        return {code: said >> lane & _ALL for code, lane in self._lanes} if said else {}

    def _said_by(self, listed: Mapping[str, Iterable[str]], shares: Sequence[int]) -> dict[str, int]:
        """For everything that languages list, what it says for them."""
        owners: dict[str, set[int]] = {}
        for code, lane in self._lanes:
            for entry in listed[code]:
                owners.setdefault(entry, set()).add(lane)
        return {entry: sum(shares[len(lanes)] << lane for lane in lanes) for entry, lanes in owners.items()}


def _parts(word: str) -> Iterator[str]:
    """Two and three letters anywhere, and up to six at the ends."""
    pairs = list(map(add, word, word[1:]))
    ends = (word[:4], word[-4:], word[:5], word[-5:], word[:6], word[-6:])
    return chain(pairs, map(add, pairs, word[2:]), ends)


@cache
def _words() -> _Words:
    """What words say for the languages that can be told by them."""
    return _Words(_data())


@cache
def _data() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("rules") / "languages.toml").read_text(encoding="utf-8"))

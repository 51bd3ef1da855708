"""Which language a text is written in: what the platform says, else what its words look like among a brand's own."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files

from rules.text import fold

Guess = Callable[[str, tuple[str, ...]], str | None]
"""Which language a text of Latin script is written in, among any; a brand's own, given in their order, win where it is
not clear. None when nothing tells.
"""

_READ = 2_000  # characters: enough to tell, and cheap
_THREE_LETTERS = {
    "ara": "ar", "deu": "de", "dut": "nl", "ell": "el", "eng": "en", "fra": "fr", "fre": "fr", "ger": "de", "gre": "el",
    "heb": "he", "hin": "hi", "ita": "it", "jpn": "ja", "kor": "ko", "nld": "nl", "pol": "pl", "por": "pt", "rus": "ru",
    "spa": "es", "tur": "tr", "zho": "zh", "chi": "zh",
}  # fmt: skip
_NOT_A_LANGUAGE = frozenset({"xx", "un", "qq", "zz"})

_SCRIPTS = {"ar": "ARABIC", "el": "GREEK", "he": "HEBREW", "hi": "DEVANAGARI", "ja": "HIRAGANA KATAKANA CJK",
            "ko": "HANGUL", "ru": "CYRILLIC", "uk": "CYRILLIC", "zh": "CJK"}  # fmt: skip
_BEYOND_LATIN = re.compile(r"[^\W\d_\u0000-\u024f]")  # a letter of another script, or of rare Latin
_WORD = re.compile(r"(?:https?\b|www\.)\S*|@\w+|([^\W\d_]+)")
_LISTED = (1.0, 1.0, 0.8, 0.65, 0.5, 0.4, 0.35, 0.3)
"""What a word says for each of the languages that list it, by how many these are."""
_PIECE = (0.0, 0.25, 0.2, 0.15, 0.1, 0.07, 0.05, 0.0)
"""The same of a piece of a word that no language lists."""
_LETTER = 0.8
_LONGEST_WORD, _REMEMBERED = 24, 30_000
_LEAD = 0.3  # what a brand's second language must say more than its first
_LEAST, _CLEAR, _RATIO = 0.6, 0.4, 1.15
"""What must speak for a language that is none of the brand's: so much, more by so much, and so many times as much."""


@cache
def little_words(language: str) -> frozenset[str]:
    """The most frequent words of a language, folded, that say nothing alone; none for one that is not known here."""
    return frozenset(_data().get(language, {"words": ""})["words"].split())


@lru_cache(1024)
def normalise(tag: str | None) -> str | None:
    """The two- or three-letter code of a tag (`fr-FR`, `fra`, `fr_CA`), None for none and for `und` and its like."""
    code = re.split(r"[-_]", (tag or "").strip().lower())[0]
    code = _THREE_LETTERS.get(code, code)
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
    """A `Guess` by frequent words, pieces of words and accents. Linear in time."""
    codes, words = _words()
    columns = zip(*map(words.__getitem__, written(text.lower())), strict=True)
    signs = dict(zip(codes, map(sum, columns), strict=False))
    if not any(signs.values()):
        return None
    best = max(signs, key=lambda code: (signs[code], code in known))
    if not known:
        return best
    likely = max(known, key=lambda code: signs.get(code, 0.0) + (_LEAD if code == known[0] else 0.0))
    said = signs.get(likely, 0.0)
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


class _Words(dict[str, tuple[float, ...]]):
    """What a word says for each language, found out when first met; bounded in entries and in their length."""

    def __init__(self, data: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__()
        codes = tuple(data)
        self._nothing = (0.0,) * len(codes)
        self._listed = _said_by(codes, {code: data[code]["words"].split() for code in codes}, _LISTED)
        self._pieces = _said_by(codes, {code: data[code]["pieces"].split() for code in codes}, _PIECE)
        self._letters = _said_by(codes, {code: data[code]["letters"] for code in codes}, [_LETTER] * len(_LISTED))

    def __missing__(self, word: str) -> tuple[float, ...]:
        if len(self) >= _REMEMBERED:
            self.clear()
        short = word[:_LONGEST_WORD]
        said = self._said(short, short) if word.isascii() else self._said(short, fold(short))
        if short == word:
            self[word] = said
        return said

    def _said(self, word: str, folded: str) -> tuple[float, ...]:
        listed = self._listed.get(folded)
        pieces = self._pieces
        found = [listed] if listed else [pieces[part] for part in _parts(f"^{folded}$") if part in pieces]
        if word is not folded:
            found += [self._letters[letter] for letter in word if letter in self._letters]
        return tuple(map(sum, zip(*found, strict=True))) if found else self._nothing


def _parts(word: str) -> list[str]:
    """Two and three letters anywhere, and up to six at the ends."""
    inside = [word[at : at + length] for length in (2, 3) for at in range(len(word) - length + 1)]
    return inside + [part for length in (4, 5, 6) for part in (word[:length], word[-length:])]


def _said_by(
    codes: Sequence[str], listed: Mapping[str, Iterable[str]], shares: Sequence[float]
) -> dict[str, tuple[float, ...]]:
    """For everything that languages list, what it says for each."""
    owners: dict[str, set[str]] = {}
    for code, entries in listed.items():
        for entry in entries:
            owners.setdefault(entry, set()).add(code)
    return {entry: tuple(shares[len(own)] if code in own else 0.0 for code in codes) for entry, own in owners.items()}


@cache
def _words() -> tuple[tuple[str, ...], _Words]:
    """The languages that can be told by their words, in the order in which the words say so."""
    data = _data()
    return tuple(data), _Words(data)


@cache
def _data() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("rules") / "languages.toml").read_text(encoding="utf-8"))

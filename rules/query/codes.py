"""Codes of countries and languages, and the names and other codes they go by."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal

from babel import Locale
from babel.core import get_global

from rules.language import normalise
from rules.text import fold

_NAMED_IN = ("en", "fr")
_NO_COUNTRY = frozenset({"ea", "cq", "ez", "ic", "qo", "un", "xa", "xb", "zz"})
_CALLED: Mapping[str, str] = {
    "uk": "gb", "great britain": "gb", "england": "gb", "angleterre": "gb", "grande-bretagne": "gb",
    "usa": "us", "united states of america": "us", "holland": "nl", "turkey": "tr", "czech republic": "cz",
}  # fmt: skip


def country(written: str) -> str | None:
    """The two letters of ISO 3166, small, of a country's code of two or three letters or its name in English or French;
    None for what is none.
    """
    return _countries().get(fold(written.strip()))


def language(written: str) -> str | None:
    """The code that mentions of a language have, of its code of two or three letters, with or without a region, or its
    name in English or French; None for what is none.
    """
    bare = written.strip()
    named = _languages().get(fold(bare))
    return named or _languages().get(normalise(bare) or "")


@cache
def _countries() -> Mapping[str, str]:
    named = list(_names("territories"))
    known = {code: code for _, code in named if len(code) == len("fr") and code not in _NO_COUNTRY}
    aliases = get_global("territory_aliases")
    longer = {code.lower(): to[0].lower() for code, to in aliases.items() if code.isalpha() and len(to) == 1}
    longer = {code: to for code, to in longer.items() if len(code) == len("fra") and to in known}
    return {**{name: code for name, code in named if code in known}, **longer, **known, **_CALLED}


@cache
def _languages() -> Mapping[str, str]:
    named = [(name, code) for name, code in _names("languages") if normalise(code) == code]
    return {**dict(named), **{code: code for _, code in named}}


def _names(kind: Literal["territories", "languages"]) -> Iterator[tuple[str, str]]:
    """Each name, folded, and its code."""
    for spoken in _NAMED_IN:
        for code, name in getattr(Locale(spoken), kind).items():
            yield fold(name), code.lower()

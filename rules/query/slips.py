"""What stands in a query as a word, and was probably meant as an operator."""

import re
from collections.abc import Iterator

from rules.query.filters import FILTERS
from rules.query.reading import PLAIN, QUOTED

_MEANT = {"and": "AND", "et": "AND", "or": "OR", "ou": "OR", "not": "NOT", "sauf": "NOT"}
_PIECE = re.compile(rf"{QUOTED.pattern}|(?P<word>{PLAIN.pattern})")
_OPERATOR = re.compile(r"O?NEAR(?:/\d+f?)?|ATLEAST/\d+|AND|OR|NOT")
_NEAR = re.compile(r"(o?near)(?:[/:]?(\d+)(f?))?", re.IGNORECASE)
_ATLEAST = re.compile(r"atleast[/:]?(\d*)", re.IGNORECASE)
_JOINED = re.compile(r"(.+?)(\|\|?|&&)(.+)")
_COMPARED = re.compile(r"([a-z]+)([<>≤≥]=?|=)(.+)", re.IGNORECASE)
_DENIED = re.compile(r"(?:[!—¬]|[-–−]{2,})(?=\w)")
_GLUED = re.compile(r".*\w[-–−]")
_LIST = re.compile(r"([-–−]?(?:\w+:)?@)lists?(?::(.*))?", re.IGNORECASE)
_SINGLE = re.compile(r"['‘‚‹`](\w[^\"()]*?\s[^\"()]*?)['’‘›`](?![^\s)])")
_OPENS = tuple('("“„«')


def slips(query: str) -> Iterator[str]:
    """Sentences, of a query that can be read."""
    before = ""
    for found in _PIECE.finditer(query):
        word = found["word"]
        if word and not _OPERATOR.fullmatch(word):
            yield from _slip(word, before, query, found)
        before = word or ""


def _slip(word: str, before: str, query: str, found: re.Match[str]) -> Iterator[str]:
    if said := meant(word):
        yield f"'{word}' is looked for as a word: write {said} for the operator"
    elif word.isdecimal() and re.fullmatch("O?NEAR", before):
        yield f"'{word}' after {before} is looked for as a word: write {before}/{word} for the distance"
    elif joined := _JOINED.fullmatch(word):
        operator = "AND" if joined[2] == "&&" else "OR"
        yield f"'{word}' is looked for as a phrase: write {joined[1]} {operator} {joined[3]}"
    elif (compared := _COMPARED.fullmatch(word)) and compared[1].lower() in FILTERS:
        yield f"'{word}' is looked for as words: write {compared[1].lower()}:{compared[2].lstrip('=')}{compared[3]}"
    elif sign := _DENIED.match(word):
        bare = word[sign.end() :]
        yield f"'{word}' finds {bare}: write -{bare} to leave it out"
    elif _GLUED.fullmatch(word) and query.startswith(_OPENS, found.end()):
        yield f"what follows '{word}' must be there as well: write a space before the - to leave it out"
    elif named := _LIST.fullmatch(word):
        yield f"'{word}' names no list: write {named[1]}list({named[2] or 'name'})"
    elif single := _SINGLE.match(query, found.start()):
        yield f'{single[0]} is no phrase: write "{single[1]}"'


def meant(word: str) -> str | None:
    """The operator that a word was probably meant as, if any."""
    if near := _NEAR.fullmatch(word):
        return f"{near[1].upper()}/{near[2]}{near[3]}" if near[2] else near[1].upper()
    if often := _ATLEAST.fullmatch(word):
        return f"ATLEAST/{often[1] or 3}"
    return _MEANT.get(word.lower())

"""From a word or phrase as it is written in a query to the forms that are looked for."""

import re
from collections.abc import Iterator

from rules.query.errors import QueryError
from rules.query.tree import Form, Same, Term
from rules.query.words import read_words, spelled
from rules.text import UNSPACED, Folded, Token

SHORTEST_STEM = 3
"""Letters before a wildcard."""
SHORTEST_FUZZY = {1: 5, 2: 8}
"""Letters of a word that may differ in so many."""
MOST_SLACK = 100
_MOST_WORDS = 30  # of a phrase
_WRITTEN = re.compile(
    r"(?P<plus>\+{0,2})(?P<open>[\"“„«])?(?P<body>.*?)(?P<close>[\"”“»])?(?:~(?P<tail>\w*))?", re.DOTALL
)
_SAME: dict[str, Same] = {"": "folded", "+": "accents", "++": "case"}
_ANY_LETTER = "\u01c2"  # a letter that nobody writes stands for `?` while words are told apart
_INSIDE = re.compile(r"(?<=\w)\?(?=\w)")
_STAR = re.compile(r"\*(?!\w)")
_MEANT = {"|": "write OR", "||": "write OR", "&&": "write AND", "&": "write AND", "+": "write AND", "!": "write NOT"}
_UNSPACED = re.compile(f"[{UNSPACED}]")
_SIGNS = {"hashtag": "#", "handle": "@", "cashtag": "$"}


def term(written: str, at: int = 0, query: str = "", *, plural: bool = False) -> Term:
    """Of `word`, `"a phrase"`, `#hashtag`, `@handle`, `$CASHTAG`, `stem*`, `wom?n`, `word~1`, `"a phrase"~3`,
    `+"accents"` or `++"Case"`. Raises QueryError when there is nothing to look for or a sign is misplaced.
    """
    found = _WRITTEN.fullmatch(written)
    assert found  # everything may be missing
    quoted = found["open"] is not None
    body = found["body"].strip() if quoted else found["body"]
    forms = tuple(_forms(body, at, query, same=_SAME[found["plus"]], plural=plural))
    if not forms:
        behind = 'write it right behind the quotation mark: "late again"~3' if written[:1] == "~" else None
        hint = behind or _MEANT.get(written, 'write a word, a "phrase", a #hashtag or an @handle')
        raise QueryError(
            "an empty phrase" if quoted and not body else f"nothing to look for in '{written}'", at, hint, query
        )
    if len(forms) > _MOST_WORDS:
        raise QueryError(f"a phrase of {len(forms)} words", at, f"use at most {_MOST_WORDS}", query)
    if found["tail"] is None:
        return Term(written, forms, at=at)
    number = _number(found["tail"], at, query)
    if quoted:
        return Term(written, forms, _slack(number, forms, at, query), at)
    return Term(written, (_fuzzy(forms, number, at, query),), at=at)


def phrase(words: str, at: int = 0, query: str = "") -> Term:
    """An entry of a list: words that follow each other, without quotation marks; else as `term`."""
    bare = words.strip()
    return term(f'"{bare}"' if len(bare.split()) > 1 and '"' not in bare else bare, at, query)


def _forms(body: str, at: int, query: str, *, same: Same, plural: bool) -> Iterator[Form]:
    source, folded, tokens = read_words(_INSIDE.sub(_ANY_LETTER, body))
    stars = 0
    for token in tokens:
        star = _STAR.match(folded.text, token.end) is not None
        stars += star
        prefix = star and not _UNSPACED.match(token.text)  # there each character is a word: anything may follow
        yield _form(token, _as_written(source, folded, token, same), at, query, prefix=prefix, same=same, plural=plural)
    if folded.text.count("*") != stars:
        raise QueryError("`*` stands only at the end of a word", at, "such as boycott*, or wom?n for one letter", query)


def _form(token: Token, key: str, at: int, query: str, *, prefix: bool, same: Same, plural: bool) -> Form:
    if token.kind == "link":
        hint = "look for a word of the text, or write link:example.org"
        raise QueryError("links are not searched", at, hint, query)
    stem = key.partition("?")[0]
    if (prefix or stem != key) and len(stem.lstrip("#@$")) < SHORTEST_STEM:
        hint = f"a wildcard needs at least {SHORTEST_STEM} letters before it"
        raise QueryError(f"'{key}{'*' * prefix}' would match almost everything", at, hint, query)
    return Form(key, prefix, same, plural=plural and token.kind == "word")


def _as_written(source: str, folded: Folded, token: Token, same: Same) -> str:
    sign = _SIGNS.get(token.kind, "")
    start, end = folded.origin(token.start + len(sign), token.end)
    word = token.text if same == "folded" else spelled(source[start:end], same)
    return sign + word.replace(_ANY_LETTER, "?")


def _number(tail: str, at: int, query: str) -> int:
    if not tail.isdecimal() or len(tail) > 3:
        raise QueryError(f"'~{tail}' is no number", at, 'such as Acmé~1 or "late again"~3', query)
    return int(tail)


def _slack(number: int, forms: tuple[Form, ...], at: int, query: str) -> int:
    if number > MOST_SLACK:
        raise QueryError(f"~{number} reaches too far", at, f"use at most ~{MOST_SLACK}", query)
    if len(forms) == 1:
        raise QueryError(f"~{number} stands behind one word", at, "write it without quotation marks: boycott~1", query)
    return number


def _fuzzy(forms: tuple[Form, ...], edits: int, at: int, query: str) -> Form:
    form, shortest = forms[0], SHORTEST_FUZZY.get(edits)
    if shortest is None:
        raise QueryError(f"~{edits} reaches too far", at, "one or two letters may differ: ~1 or ~2", query)
    if len(forms) > 1 or form.prefix or "?" in form.key or form.key[0] in "@$" or form.same != "folded":
        raise QueryError(f"~{edits} stands behind a single whole word only", at, "such as boycott~1", query)
    if len(form.key.lstrip("#")) < shortest:
        hint = f"a word needs at least {shortest} letters for ~{edits}: list its spellings with OR"
        raise QueryError(f"'{form.key}' is too short to look for what is like it", at, hint, query)
    return Form(form.key, edits=edits)

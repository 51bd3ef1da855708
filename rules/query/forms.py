"""What a form of a term is equal to, and which letters must stand where it is found."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extract

from rules.query.tree import Form
from rules.text import fold

_SHORTEST = 3
"""Letters of a word without its ending."""
_SIGNS = "#@$"


@lru_cache(2048)
def plurals(word: str) -> tuple[str, ...]:
    """A word, its plurals by the rules of French and English (-s, -x, -es, -aux for -al, -ies for -y), and what it is
    the plural of by the same rules; some are no words. Of words of one or two letters there is no other.
    """
    if len(word) < _SHORTEST:
        return (word,)
    more = [word, f"{word}s", f"{word}x", f"{word}es"]
    if word.endswith("al"):
        more.append(f"{word[:-2]}aux")
    if word.endswith("y"):
        more.append(f"{word[:-1]}ies")
    endings = (("s", ""), ("x", ""), ("es", ""), ("aux", "al"), ("ies", "y"))
    single = (word.removesuffix(ending) + instead for ending, instead in endings if word.endswith(ending))
    return tuple(dict.fromkeys([*more, *(each for each in single if len(each) >= _SHORTEST)]))


@lru_cache(2048)
def _pattern(key: str, prefix: bool) -> Callable[[str], object]:
    tail = ".*" if prefix else ""
    return re.compile(re.escape(key).replace(r"\?", ".") + tail, re.DOTALL).fullmatch


def written_keys(form: Form) -> tuple[str, ...]:
    """The key of a form in all its endings; of a prefix that is the one it has."""
    return plurals(form.key) if form.plural and not form.prefix else (form.key,)


def is_plain(form: Form) -> bool:
    """Whether the form is found by its `written_keys` and nothing else."""
    return not (form.prefix or form.edits or "?" in form.key)


def among(form: Form, known: Iterable[str]) -> Iterator[str]:
    """Those of the keys that the form, which is not plain, is found by. No hashtag with underscores is like a word: its
    words may be.
    """
    if form.edits:
        sign = form.key[0] if form.key[0] in _SIGNS else ""
        like = [key for key in known if (key[0] == sign if sign else key[0] not in _SIGNS) and "_" not in key]
        found = extract(form.key, like, scorer=Levenshtein.distance, score_cutoff=form.edits, limit=None)
        yield from (key for key, _, _ in found)
        return
    fits = [_pattern(key, form.prefix) for key in written_keys(form)]
    yield from (key for key in known if any(fit(key) for fit in fits))


def stem(form: Form) -> str:
    """With what every key begins that the form, which has no edits, is found by."""
    return _shared(written_keys(form)).partition("?")[0]


def _shared(words: Sequence[str]) -> str:
    """With what all of them begin."""
    low, high = min(words), max(words)
    return low[: next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))]


def letters(form: Form) -> tuple[str, ...]:
    """Runs of folded letters; in every folded text that holds the form stands one of them."""
    if form.same == "folded" and not (form.plural or form.edits or "?" in form.key):
        return (form.key,)  # nearly all are so
    if form.edits:
        bare = form.key.lstrip(_SIGNS)
        bounds = [len(bare) * part // (form.edits + 1) for part in range(form.edits + 2)]
        return tuple(bare[begin:end] for begin, end in pairwise(bounds))
    run = max(_shared(written_keys(form)).split("?"), key=len)
    return (run if form.same == "folded" else fold(run),)

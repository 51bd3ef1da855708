"""Words that set what is said now apart from what was said before: counted, never invented."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log, sqrt
from typing import NamedTuple

MOST_DISTINCT = 4
"""Words that are told."""
_AUTHORS = 3  # fewer may be one person and two friends
_PART = 0.1  # of what is said now
_APART = 2.5  # standard errors
_PRIOR = 0.5
_MIDDLE = 5  # texts, fewer have no middle
_WORDS = 3  # of a text that can be quoted for all
_KNOWN = 100  # texts from before, without which nothing is called new


class Said(NamedTuple):
    """One text: `words` maps each of its terms to the form it has there, `author` is "" when unknown."""

    author: str
    words: Mapping[str, str]


class Distinct(NamedTuple):
    """A word, in the form that most give it, how many `texts` hold it, and whether none of those before did."""

    word: str
    texts: int
    new: bool


def distinct(now: Sequence[Said], before: Sequence[Said]) -> list[Distinct]:
    """The few terms that surely stand in a larger part of the texts now than of those before (log-odds with a prior of
    half a text), and that several authors use; what is most surely so first.
    """
    held, usual = _counted(now), _counted(before)
    found = []
    for term, count in held.items():
        score = _apart(count, len(now), usual[term], len(before))
        if score >= _APART and count >= _PART * len(now) and _authors(term, now) >= _AUTHORS:
            found.append((-score, term))
    return [
        Distinct(_form(term, now), held[term], len(before) >= _KNOWN and not usual[term])
        for _, term in sorted(found)[:MOST_DISTINCT]
    ]


def typical(texts: Sequence[Said], candidates: Iterable[int]) -> int | None:
    """Which of the candidates says most of what all of them say: the one nearest to their middle, words weighed by how
    many texts hold them (cosine to the centroid); the first of equals. None where too few texts say anything to have a
    middle, or where none of the candidates shares a word with another text.
    """
    held = _counted(texts)
    if sum(1 for text in texts if text.words) < _MIDDLE:
        return None
    near = {number: _nearness(texts[number], held) for number in candidates}
    best = max(near, key=near.__getitem__, default=None)
    return best if best is not None and near[best] > 0 else None


def _nearness(text: Said, held: Mapping[str, int]) -> float:
    shared = sum(held[term] - 1 for term in text.words)
    # of one word nothing can be read
    return shared / sqrt(len(text.words)) if len(text.words) >= _WORDS else 0.0


def _counted(texts: Sequence[Said]) -> Counter[str]:
    return Counter(term for text in texts for term in text.words)


def _apart(now: int, of_now: int, before: int, of_before: int) -> float:
    odds = log((now + _PRIOR) / (of_now - now + _PRIOR)) - log((before + _PRIOR) / (of_before - before + _PRIOR))
    return odds / sqrt(1 / (now + _PRIOR) + 1 / (before + _PRIOR))


def _authors(term: str, texts: Sequence[Said]) -> int:
    """Who is not known is one for each text."""
    authors = [text.author for text in texts if term in text.words]
    return len(set(authors) - {""}) + authors.count("")


def _form(term: str, texts: Sequence[Said]) -> str:
    forms = Counter(text.words[term] for text in texts if term in text.words)
    return min(forms, key=lambda form: (-forms[form], form))

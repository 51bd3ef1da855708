"""What the label model sees of a text: words, pairs of words and pieces of words, as places in a table."""

from functools import lru_cache
from zlib import crc32

from rules.text import read
from rules.tone import LONGEST_SCORED

PLACES = 1 << 15
"""Places in the table; what falls on the same one shares a weight."""

_LONGEST_WORD = 40
_PIECES = (3, 4)  # characters
_STANDS_FOR = {"link": "://", "handle": "@", "number": "0"}
_SPREAD = 0x9E3779B1  # of Knuth's multiplicative hashing: neighbours fall far apart


def words(text: str) -> list[str]:
    """The folded words of the beginning that a pack scores, a sign in the place of each link, handle and number."""
    return [_STANDS_FOR.get(token.kind, token.text[:_LONGEST_WORD]) for token in read(text[:LONGEST_SCORED])[1]]


def features(text: str) -> tuple[int, ...]:
    """The places of a text's features, each once, in order. Linear in time; the same on every machine."""
    found: set[int] = set()
    before = 0
    for word in words(text):
        code, pieces = _pieces(word)
        found.update(pieces)
        found.add((before * 31 + code) * _SPREAD % (1 << 32) % PLACES)
        before = code
    return tuple(sorted(found))


# Bounded in entries and, by _LONGEST_WORD, in bytes.
@lru_cache(maxsize=8192)
def _pieces(word: str) -> tuple[int, tuple[int, ...]]:
    """The code of a word, and the places of it and of its pieces."""
    code, bounded = crc32(word.encode()), f"<{word}>"
    pieces = {bounded[at : at + size] for size in _PIECES for at in range(len(bounded) - size + 1)}
    return code, (code % PLACES, *(crc32(piece.encode(), 1) % PLACES for piece in sorted(pieces)))

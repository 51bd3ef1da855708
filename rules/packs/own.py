"""What words mean to a brand's public, whatever the language says of them."""

from collections.abc import Iterator

import msgspec

from rules.packs.lexicon import Lexicon, Meaning, parted
from rules.text import Folded, tokens

_REMEMBERED = 1_024  # thousands of brands may have words of their own
_VALENCE = 4.0  # that of the worst and best words, so that it decides


class ToneWords(msgspec.Struct, frozen=True, kw_only=True):
    """Words and phrases; `word*` has any ending. Case and accents make no difference."""

    negative: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()

    def compile(self) -> Lexicon | None:
        """None when there are none. Raises ValueError when one of them holds no word."""
        if self == ToneWords():
            return None
        lexicon = Lexicon({}, {}, _REMEMBERED)
        for entries, valence in ((self.negative, -_VALENCE), (self.positive, _VALENCE), (self.neutral, 0.0)):
            for entry in entries:
                ending = "*" if entry.endswith("*") else ""
                words = (token.text for token in tokens(Folded(entry)) if token.kind != "link")
                lexicon.add(" ".join(words) + ending, Meaning(valence))
        return lexicon


def take_out(text: str, own: Lexicon) -> tuple[str, list[tuple[str, float]]]:
    """A text without what `own` knows, for a scorer that has words of its own; and that, as written, with its valence.
    Only the beginning that `Folded` reads. Linear in time.
    """
    folded = Folded(text)
    kept, said, at = [], [], 0
    for first, last, valence in _places(folded, own):
        start, end = folded.origin(first, last)
        kept.append(text[at:start])
        said.append((text[start:end], valence))
        at = end
    return "".join([*kept, text[at:]]), said


def _places(folded: Folded, own: Lexicon) -> Iterator[tuple[int, int, float]]:
    found = list(parted(token for token in tokens(folded) if token.kind != "link"))
    search, stop = own.search([token.text for token in found]), 0
    for at in search.places:
        known = search.find(at) if at >= stop else None
        if known:
            stop = known[1]
            yield found[at].start, found[stop - 1].end, known[0].valence

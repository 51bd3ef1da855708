"""Which of very many posts may concern a brand, told before anything is made of them."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

from rules.mention import Mention
from rules.query.content import Content
from rules.query.filtering import names
from rules.query.index import Index
from rules.query.words import BLUESKY, unmasked
from rules.text import LONGEST, fold, fold_whole

_AT_ONCE = 200
"""Texts that are looked at as one."""


class Sieve:
    """Made of the index of all brands. `bare` is a mention as its source hands it over, without words and author. Where
    `open`, every mention of the source may concern somebody, by what `bare` has or by what it answers.
    """

    def __init__(self, index: Index, bare: Mention) -> None:
        self.index = index
        self.open = bool(index.candidates(Content(bare)) or index.known("thread"))
        self.authors = index.known("author")

    def places(self, texts: Sequence[str]) -> set[int]:
        """The numbers of the texts that may concern somebody by their words: title and text of a mention, or all that
        they are made of, apart from each other by line breaks.
        """
        # the end of a longer text is cut off, and what is left of a word there may be another one
        found = {number for number, text in enumerate(texts) if len(text) > LONGEST}
        for begun in range(0, len(texts), _AT_ONCE):
            some = [_laid(text) + " " for text in texts[begun : begun + _AT_ONCE]]
            ends = list(accumulate(map(len, some)))
            found.update(begun + bisect_right(ends, place) for place in self.index.places("".join(some)))
        return found

    def knows(self, author: str, handle: str | None) -> bool:
        """Whether somebody asks for what an author says, by id or handle."""
        if (author if author.islower() and author.isascii() else fold(author)) in self.authors:
            return True
        return handle is not None and not self.authors.isdisjoint(names(handle))

    def called(self, handles: Mapping[str, str]) -> set[str]:
        """Those of many people, by id, by whose handle somebody asks for them."""
        wanted = self.authors.union(f"{author}{BLUESKY}" for author in self.authors)
        return {
            person
            for person, handle in handles.items()
            if handle in wanted or not (_is_plain(handle) or self.authors.isdisjoint(names(handle)))
        }

    def lets(self, mention: Mention) -> bool:
        """Whether a mention may concern somebody."""
        return bool(self.index.candidates(Content(mention)))


def _laid(text: str) -> str:
    """A text as a field of a mention is folded."""
    return fold_whole(text) if text.isascii() else fold_whole(unmasked(text))


def _is_plain(handle: str) -> bool:
    """Whether it has no names but itself, and what it is without Bluesky's own server."""
    return handle.islower() and handle.isascii() and "@" not in handle

"""Which of very many posts may concern a brand, told before anything is made of them."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate

from rules.mention import Mention
from rules.query.compiled import Query
from rules.query.content import Content
from rules.query.filtering import names
from rules.query.forms import letters
from rules.query.index import Index
from rules.query.laying import APART, laid, signs
from rules.query.needs import may_hold
from rules.query.tree import Form
from rules.query.words import BLUESKY
from rules.text import LONGEST, fold

_ADD_ONE = (1).__add__
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
        found = set[int]()
        if max(map(len, texts), default=0) > LONGEST:
            found.update(number for number, text in enumerate(texts) if len(text) > LONGEST)
        for begun in range(0, len(texts), _AT_ONCE):
            whole = laid(texts[begun : begun + _AT_ONCE])
            found.update(begun + number for number in self._heard(whole))
        return found

    def _heard(self, whole: str) -> Iterator[int]:
        """Which of the texts that were laid may concern somebody."""
        ends = list(accumulate(map(_ADD_ONE, map(len, whole.split(APART)))))
        asked = dict[int, list[Query]]()
        for place, query in self.index.asked(whole):
            asked.setdefault(bisect_right(ends, place), []).append(query)
        for number, queries in asked.items():
            shows = [partial(_shows, whole[ends[number - 1] if number else 0 : ends[number]])]
            if any(may_hold(query.root, shows) for query in queries):
                yield number

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


def _shows(text: str, form: Form) -> bool:
    """Whether what the form cannot do without stands in a text that is laid."""
    return any(signs(run) in text for run in letters(form))


def _is_plain(handle: str) -> bool:
    """Whether it has no names but itself, and what it is without Bluesky's own server."""
    return handle.islower() and handle.isascii() and "@" not in handle

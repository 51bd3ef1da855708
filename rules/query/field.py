"""A title or text laid out once for all queries: its words, where each stands, its sentences."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, count, islice, takewhile
from operator import itemgetter
from typing import NamedTuple

from unicode_segmentation_rs import graphemes, unicode_sentences

from rules.query.forms import among, is_plain, letters, stem, written_keys
from rules.query.tree import Form, Node, Raw, Same
from rules.query.words import PIECES, SIGNS, composed, keys, parts_of_tag, spelled, unmasked
from rules.text import LONGEST, Loose, Token, folded

Place = tuple[int, int]
"""First and last token. What stands between two tokens, as a sign may, has the one after it as its first and the one
before it as its last.
"""
MOST_PLACES = 5_000
"""Places of a term, or of what is made of terms, that are followed in one field: the first ones."""

_NOWHERE: list[Place] = []
_FIRST = itemgetter(0)
_QUESTION = "?؟"  # fullwidth ones are folded
_SIGNED = frozenset({"hashtag", "handle", "cashtag"})


class Tag(NamedTuple):
    """A hashtag and the place of its words."""

    token: Token
    place: Place


_NO_TAGS: Mapping[int, Tag] = {}


class Index:
    """Where each key of a field stands."""

    def __init__(self, entries: Iterable[tuple[str, Place]]) -> None:
        self._places: dict[str, list[Place]] = {}
        for key, place in entries:
            self._places.setdefault(key, []).append(place)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._places)

    def places(self, form: Form) -> list[Place]:
        """All places of a form, in order."""
        if is_plain(form) and not form.plural:
            return self._places.get(form.key, _NOWHERE)
        found = written_keys(form) if is_plain(form) else among(form, self._known(form))
        return sorted({place for key in found for place in self._places.get(key, _NOWHERE)})

    def _known(self, form: Form) -> Iterator[str]:
        if form.edits:
            return iter(self._places)
        begin, begins = bisect_left(self._sorted, stem(form)), stem(form)
        return takewhile(lambda key: key.startswith(begins), islice(self._sorted, begin, None))


class Field:
    """One text, of which the first LONGEST characters are read. `asked` is where answers about nodes are remembered, by
    the identity of the node that is held beside them.
    """

    def __init__(self, text: str) -> None:
        self.text = text[:LONGEST]
        self.source = unmasked(self.text)
        self.folded = folded(self.source)
        self.asked: dict[int, tuple[Node, list[Place]]] = {}
        self._indices: dict[Same, Index] = {}

    @cached_property
    def _loose(self) -> Loose:
        return PIECES.loose(self.folded.text)

    @cached_property
    def _laid(self) -> tuple[list[Token], dict[int, Tag]]:
        """The tokens, and of hashtags that are not one word alone, by the number of their first token."""
        laid, tags = list[Token](), dict[int, Tag]()
        for token in PIECES.tokens(self.folded.text):
            parts = self._parts(token) if token.kind == "hashtag" else ()
            if parts:
                tags[len(laid)] = Tag(token, (len(laid), len(laid) + len(parts) - 1))
                laid.extend(parts)
            else:
                laid.append(token)
        return laid, tags

    def _parts(self, token: Token) -> list[Token]:
        """The words of a hashtag; none when it is one word, or has none of its own."""
        parts = parts_of_tag(self.source[slice(*self.folded.origin(token.start + 1, token.end))])
        if len(parts) == 1 and parts[0].text == token.text:
            return []
        at = token.start + 1
        return [Token(part.text, part.kind, at + part.start, at + part.end) for part in parts]

    @property
    def tokens(self) -> list[Token]:
        """In order; of a hashtag in several words each word is one."""
        return self._laid[0]

    @property
    def tags(self) -> Mapping[int, Tag]:
        """The hashtags that are not one word alone, by the number of their first token."""
        return self._laid[1] if "#" in self.folded.text else _NO_TAGS

    def links(self) -> Iterator[str]:
        """The links in it, folded."""
        return (token.text for token in self.tokens if token.kind == "link")

    def asks(self) -> bool:
        """Whether a question mark stands outside its links."""
        signs = sum(map(self.folded.text.count, _QUESTION))
        return signs > sum(link.count(sign) for link in self.links() for sign in _QUESTION) if signs else False

    def shows(self, form: Form) -> bool:
        """Whether what the form cannot do without stands anywhere, if only inside a word; costs next to nothing."""
        text = self.folded.text
        return any(run in text for run in letters(form))

    def index(self, same: Same) -> Index:
        """Where words stand, told apart as `same` says."""
        known = self._indices.get(same)
        if known is None:
            known = self._indices[same] = Index(self._entries(same))
        return known

    def _entries(self, same: Same) -> Iterable[tuple[str, Place]]:
        if same != "folded" or self.tags:
            return self._entries_of(self.tokens, same)
        loose, text = self._loose.tokens, self.folded.text
        if any(sign in text for sign in SIGNS):
            return self._entries_of(loose, same)
        return zip(map(_FIRST, loose), zip(count(), count()), strict=False)

    def _entries_of(self, laid: Sequence[Token], same: Same) -> list[tuple[str, Place]]:
        made: list[tuple[str, Place]] = []
        tags, folded = self.tags, same == "folded"
        for at, token in enumerate(laid):
            text, kind, _, _ = token
            if folded and kind == "word":
                made.append((text, (at, at)))  # nearly all are
            else:
                made.extend((key, (at, at)) for key in keys(kind, self._written(token, same)))
            if at in tags:
                tag, place = tags[at]
                made.extend((key, place) for key in keys(tag.kind, self._written(tag, same)))
        return made

    def _written(self, token: Token, same: Same) -> str:
        if same == "folded":
            return token.text
        start, end = self.folded.origin(token.start + (token.kind in _SIGNED), token.end)
        return spelled(self.source[start:end], same)

    @cached_property
    def _origins(self) -> list[tuple[int, int]]:
        return [self.folded.origin(token.start, token.end) for token in self.tokens]

    def origin(self, place: Place) -> tuple[int, int]:
        """Where a place that holds tokens is in the text; a whole hashtag with its sign."""
        first, last = place
        tag = self.tags.get(first)
        if tag and tag.place == place:
            return self.folded.origin(tag.token.start, tag.token.end)
        start, end = self._origin(first)
        return start, end if first == last else self._origin(last)[1]

    def _origin(self, at: int) -> tuple[int, int]:
        if self.tags:
            token = self.tokens[at]
            return self.folded.origin(token.start, token.end)
        return self.folded.origin(*self._loose.place(at))

    def parts(self, place: Place) -> list[tuple[int, int]]:
        """Where each of its tokens is in the text; of a whole hashtag the hashtag."""
        tag = self.tags.get(place[0])
        return (
            [self.origin(place)]
            if tag and tag.place == place
            else list(map(self._origin, range(place[0], place[1] + 1)))
        )

    @cached_property
    def _sentences(self) -> list[int]:
        """The sentence of each token, by number; what lies between two without a letter or digit is one of its own."""
        bounds, at = list[int](), 0
        for sentence in unicode_sentences(self.source):
            at = self.source.index(sentence, at)
            bounds += (at, at := at + len(sentence))
        return [bisect_right(bounds, start) for start, _ in self._origins]

    def sentences(self, place: Place) -> list[Place]:
        """First and last token of the sentence in which all of a place stands, if any; of signs between two sentences,
        of either.
        """
        first, last = place
        told = self._sentences
        if first > last:
            numbers = sorted(set(told[max(last, 0) : first + 1]))
        else:
            numbers = [told[first]] if told[first] == told[last] else []
        return [(bisect_left(told, number), bisect_right(told, number) - 1) for number in numbers]

    def raw(self, node: Raw) -> list[tuple[int, int]]:
        """Where its letters stand in the text as they are written, apart from each other: the first MOST_PLACES."""
        text, starts, sources = self._composed
        wanted, at, found = unicodedata.normalize("NFC", node.letters), 0, list[tuple[int, int]]()
        while len(found) < MOST_PLACES and (at := text.find(wanted, at)) >= 0:
            end = at + len(wanted)
            if starts:
                found.append((sources[bisect_right(starts, at) - 1], sources[bisect_left(starts, end)]))
            else:
                found.append((at, end))
            at = end
        return found

    @cached_property
    def _composed(self) -> tuple[str, list[int], list[int]]:
        """The text in NFC; where its characters begin there, and in the text. Of a text that is in NFC, nothing."""
        if unicodedata.is_normalized("NFC", self.text):
            return self.text, [], []
        pieces = graphemes(self.text, is_extended=True)
        written = [composed(piece) for piece in pieces]
        starts, sources = (list(accumulate(map(len, each), initial=0)) for each in (written, pieces))
        return "".join(written), starts, sources

    def touched(self, start: int, end: int) -> Place:
        """The tokens of which something stands in text[start:end]."""
        first = bisect_right(self._origins, start, key=itemgetter(1))
        return first, bisect_left(self._origins, end, key=_FIRST) - 1

"""What a query looks for, and a mention's words laid out so that it is found at once."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import takewhile

import msgspec

from rules.mention import Mention
from rules.query.tree import FieldName, Form, Term
from rules.stories import sketch
from rules.text import Token, defuse, folded, read

FIELDS: tuple[FieldName, ...] = ("title", "text")
_PLACES = 20  # of one term in one field: enough to show why, and a hostile text cannot make the answer large
_LONGEST_SAID = 30  # characters of what is kept of a text


class Span(msgspec.Struct, frozen=True, order=True):
    """mention.<field>[start:end] is what the term, as the query writes it, was found in."""

    field: FieldName
    start: int
    end: int
    term: str


def keys(token: Token) -> tuple[str, ...]:
    """What finds a token. A hashtag is also found by its bare word; a handle only with its @, with or without its
    server (`@acme` finds `@acme@fedi.example` and `@acme.bsky.social`); a link by nothing.
    """
    match token.kind:
        case "link":
            return ()
        case "hashtag":
            return token.text, f"#{token.text}"
        case "handle":
            name = f"@{token.text.split('@')[0].removesuffix('.bsky.social')}"
            return (name,) if name == f"@{token.text}" else (name, f"@{token.text}")
    return (token.text,)


class _Field:
    def __init__(self, text: str) -> None:
        self.source, self.folded = text, folded(text)

    @cached_property
    def tokens(self) -> Sequence[Token]:
        return read(self.source)[1]

    @cached_property
    def index(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for at, token in enumerate(self.tokens):
            for key in keys(token):
                index.setdefault(key, []).append(at)
        return index

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.index)

    def _positions(self, form: Form) -> list[int]:
        if not form.prefix:
            return self.index.get(form.key, [])
        begin = bisect_left(self._sorted, form.key)
        found = takewhile(
            lambda key: key.startswith(form.key), (self._sorted[i] for i in range(begin, len(self._sorted)))
        )
        return sorted({at for key in found for at in self.index[key]})

    def _is(self, at: int, form: Form) -> bool:
        if at >= len(self.tokens):
            return False
        own = keys(self.tokens[at])
        return any(key.startswith(form.key) for key in own) if form.prefix else form.key in own

    def places(self, term: Term) -> list[tuple[int, int]]:
        """First and last token of where the term stands, at most _PLACES of them."""
        found: list[tuple[int, int]] = []
        # From the rarest word on, so that a text that repeats the common ones costs no more than its length.
        anchor, positions = min(enumerate(map(self._positions, term.forms)), key=lambda entry: len(entry[1]))
        for at in positions:
            first = at - anchor
            if first >= 0 and all(self._is(first + step, form) for step, form in enumerate(term.forms)):
                found.append((first, first + len(term.forms) - 1))
                if len(found) == _PLACES:
                    break
        return found

    def said(self, first: int, last: int) -> str:
        """The tokens as they are written, in lower case."""
        places = (self.origin(at, at) for at in range(first, last + 1))
        return defuse(" ".join(self.source[start:end] for start, end in places)).lower()

    def origin(self, first: int, last: int) -> tuple[int, int]:
        return self.folded.origin(self.tokens[first].start, self.tokens[last].end)


class Content:
    """The title and text of one mention, folded and indexed once for all queries. Remembers what was asked."""

    def __init__(self, mention: Mention) -> None:
        self.mention = mention
        self._fields = {name: _Field(value) for name in FIELDS if (value := getattr(mention, name))}
        self._asked: dict[tuple[Form, ...], dict[FieldName, list[tuple[int, int]]]] = {}

    def _places(self, term: Term) -> dict[FieldName, list[tuple[int, int]]]:
        known = self._asked.get(term.forms)
        if known is None:
            letters = max([form.key for form in term.forms], key=len)
            told = [(name, field) for name, field in self._fields.items() if letters in field.folded.text]
            found = {name: field.places(term) for name, field in told}
            known = self._asked[term.forms] = {name: places for name, places in found.items() if places}
        return known

    @property
    def folded(self) -> Iterator[str]:
        """The letters of title and text, in which whatever is looked for stands."""
        return (field.folded.text for field in self._fields.values())

    def shows(self, letters: Iterable[str]) -> bool:
        """Whether one of these runs of letters stands anywhere, if only inside a word; costs next to nothing."""
        return any(each in field.folded.text for each in letters for field in self._fields.values())

    @cached_property
    def story(self) -> int:
        """What near copies of it share; see `stories.sketch`."""
        return sketch(self._words())

    def tokens(self) -> Iterator[Token]:
        """All tokens, of the title and then of the text."""
        for field in self._fields.values():
            yield from field.tokens

    def _words(self) -> Iterator[str]:
        """What copies keep: no handles, links and pictures, and no `RT` that begins them."""
        for field in self._fields.values():
            for at, token in enumerate(field.tokens):
                if token.kind in ("word", "number", "hashtag") and (at, token.text) != (0, "rt"):
                    yield token.text

    def holds(self, term: Term) -> bool:
        """Whether the term stands anywhere."""
        return bool(self._places(term))

    def said(self, term: Term) -> Iterator[str]:
        """How the mention says the term: its own words where a `*` lets them differ, unless they are very long."""
        written = term.written.strip('"')
        if not any(form.prefix for form in term.forms):
            yield written
            return
        for name, places in self._places(term).items():
            for place in places:
                word = self._fields[name].said(*place)
                yield word if len(word) <= _LONGEST_SAID else written.replace("*", "")

    def spans(self, term: Term) -> list[Span]:
        """Where it stands, in order, the first of each field."""
        return [
            Span(name, *self._fields[name].origin(first, last), term.written)
            for name, places in self._places(term).items()
            for first, last in places
        ]

"""A mention's words laid out so that queries find them at once."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice

import msgspec

from rules.language import Guess, by_words, identify
from rules.mention import Mention
from rules.query.field import Field, Place
from rules.query.forms import is_plain
from rules.query.placing import places
from rules.query.tree import FieldName, Raw, Term
from rules.stories import sketch
from rules.text import Token, defuse, folded, read, told

FIELDS: tuple[FieldName, ...] = ("title", "text")
MOST_SHOWN = 20
"""Places of one term in one field that are shown: enough to tell why, and a hostile text makes no long answer."""
_LONGEST_SAID = 30  # characters of what is kept of a text


class Span(msgspec.Struct, frozen=True, order=True):
    """mention.<field>[start:end] is what the term, as the query writes it, was found in."""

    field: FieldName
    start: int
    end: int
    term: str


class Content:
    """The title and text of one mention, folded and indexed once for all queries. Remembers what was asked. `guess`
    tells the language of a mention that does not say its own.
    """

    def __init__(self, mention: Mention, guess: Guess = by_words) -> None:
        self.mention, self._guess = mention, guess
        self.fields: Mapping[FieldName, Field] = {
            name: Field(value) for name in FIELDS if (value := getattr(mention, name))
        }

    @cached_property
    def folded(self) -> str:
        """All of it as terms are looked for in it, each field on a line of its own."""
        return "\n".join([field.folded.text for field in self.fields.values()])

    @cached_property
    def language(self) -> str | None:
        """The mention's own, else the one its words look like."""
        words = "\n".join(field.text for field in self.fields.values())
        return identify(words, self.mention.language, (), self._guess)

    @cached_property
    def story(self) -> int:
        """What near copies of it share; see `stories.sketch`."""
        return sketch([word for field in self.fields.values() for word in told(folded(field.text))])

    def tokens(self) -> Iterator[Token]:
        """All tokens as packs of tone read them, of the title and then of the text."""
        for field in self.fields.values():
            yield from read(field.text)[1]

    def holds(self, term: Term) -> bool:
        """Whether the term stands anywhere."""
        return any(places(term, field) for field in self.fields.values())

    def said(self, term: Term) -> Iterator[str]:
        """How the mention says the term: its own words where they may differ from it, unless they are very long."""
        written = term.written.strip('"')
        if all(is_plain(form) and not form.plural for form in term.forms):
            yield written
            return
        for field in self.fields.values():
            for place in _widest(places(term, field)):
                word = " ".join(defuse(field.source[slice(*each)]) for each in field.parts(place)).lower()
                yield word if len(word) <= _LONGEST_SAID else written.replace("*", "")

    def spans(self, leaf: Term | Raw, name: FieldName, wanted: Collection[Place] | None = None) -> Iterator[Span]:
        """Where it stands in a field (of `wanted` alone, where given), in order: the first, and of some within each
        other the widest.
        """
        field = self.fields[name]
        found: Iterable[tuple[int, int]]
        if isinstance(leaf, Raw):
            found = (each for each in field.raw(leaf) if wanted is None or field.touched(*each) in wanted)
        else:
            stands = places(leaf, field)
            found = map(field.origin, _widest(stands if wanted is None else filter(wanted.__contains__, stands)))
        return (Span(name, start, end, leaf.written) for start, end in islice(found, MOST_SHOWN))


def _widest(found: Iterable[Place]) -> list[Place]:
    """Without those that are within another, of places in order; at most MOST_SHOWN."""
    kept: list[Place] = []
    for first, last in found:
        if kept and last <= kept[-1][1]:
            continue
        if kept and first == kept[-1][0]:
            kept.pop()
        if len(kept) == MOST_SHOWN:
            break
        kept.append((first, last))
    return kept

"""All brands in one: which of them a mention may concern, in time that hardly grows with their number."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rules.query.automaton import LEFT, RIGHT, Letters, mark
from rules.query.compiled import Query
from rules.query.content import Content
from rules.query.laying import signs
from rules.query.misspelt import Misspelt
from rules.query.needs import EDITS, Kind, Likely, Need, likely, met, needs
from rules.query.tree import Term, leaves

_EDGES = {"word": LEFT | RIGHT, "start": LEFT, "inside": 0}
_SHARED = 0.004
"""How likely each brand that names it makes a word: what is called so by nobody else is seldom said."""
_MOST_LIKELY = 0.2


class _Part:
    """Some brands, by the numbers of their names."""

    __slots__ = ("_always", "_kinds", "_known", "_letters", "_misspelt", "names", "queries")

    def __init__(self, queries: Mapping[str, Query]) -> None:
        self.queries, self.names = dict(queries), tuple(queries)
        share, always = _share(queries.values()), list[int]()
        letters: dict[str, array[int]] = {}
        misspelt, known = list[tuple[str, int, int]](), dict[Need, list[int]]()
        for owner, query in enumerate(queries.values()):
            wanted = needs(query.root, share)
            if wanted is None:
                always.append(owner)
            for need in wanted or ():
                if need.kind in _EDGES:
                    found = mark(owner, _EDGES[need.kind], need.key)
                    letters.setdefault(signs(need.key), array("I")).append(found)
                elif need.kind in EDITS:
                    misspelt.append((need.key, EDITS[need.kind], owner))
                else:
                    known.setdefault(need, []).append(owner)
        self._misspelt, self._known, self._always = Misspelt(misspelt), known, always
        for piece in self._misspelt.pieces:
            letters.setdefault(piece, array("I")).append(mark(len(self.names), 0, piece))
        self._letters = Letters(letters)
        self._kinds = frozenset(need.kind for need in known)

    def owners(self, content: Content) -> set[int]:
        found = set(self._always)
        for field in content.fields.values():
            found.update(owner for _, owner in self.asked(signs(field.folded.text)))
        found.update(owner for need in met(content, self._kinds) for owner in self._known.get(need, ()))
        return found

    def known(self, kind: Kind) -> Iterator[str]:
        return (need.key for need in self._known if need.kind == kind)

    def asked(self, text: str) -> Iterator[tuple[int, int]]:
        for place, owner in self._letters.found(text):
            if owner < len(self.names):
                yield place, owner
            else:
                for each in self._misspelt.owners(text, place):
                    yield place, each


def _share(queries: Iterable[Query]) -> Likely:
    """What is likely by the brands too: a word that several of them name is one of the language, and common."""
    named = Counter[str]()
    for query in queries:
        named.update({form.key for leaf in leaves(query.root) if isinstance(leaf, Term) for form in leaf.forms})
    common = {key: min(count * _SHARED, _MOST_LIKELY) for key, count in named.items() if count > 1 and key.isalpha()}
    return lambda need: max(likely(need), common.get(need.key, 0))


@dataclass(frozen=True, slots=True)
class Index:
    """All brands. It never changes: other brands are another index, which shares what it can with this one."""

    whole: _Part
    late: _Part
    gone: frozenset[str]
    order: Mapping[str, int] | None

    def candidates(self, content: Content) -> list[str]:
        """The names of the brands whose queries may be true of a mention, among them all whose are, in their order."""
        found = self.whole.owners(content)
        if self.order is None:
            return [self.whole.names[owner] for owner in sorted(found)]
        names = {self.whole.names[owner] for owner in found} - self.gone
        names.update(self.late.names[owner] for owner in self.late.owners(content))
        return sorted(names, key=self.order.__getitem__)

    def asked(self, text: str) -> Iterator[tuple[int, Query]]:
        """Where in a text that is laid words begin that may concern somebody, and by which query, in no order."""
        for part, gone in (self.whole, self.gone), (self.late, frozenset[str]()):
            for place, owner in part.asked(text):
                if (name := part.names[owner]) not in gone:
                    yield place, part.queries[name]

    def known(self, kind: Kind) -> frozenset[str]:
        """What somebody asks for of that kind, which is none of words: authors as their filters name them."""
        return frozenset((*self.whole.known(kind), *self.late.known(kind)))

    def changed(self, queries: Mapping[str, Query]) -> "Index":
        """The index of these brands, soon as long as most of their queries are the very same."""
        before = self.whole.queries
        gone = frozenset(name for name, query in before.items() if queries.get(name) is not query)
        late = {name: query for name, query in queries.items() if before.get(name) is not query}
        return Index(self.whole, _Part(late), gone, {name: number for number, name in enumerate(queries)})

    def merged(self) -> "Index":
        """The same with all brands in one part, as fast as if nothing had changed. It takes seconds where there are
        many, in any thread.
        """
        if self.order is None:
            return self
        both = {**self.whole.queries, **self.late.queries}
        return index_of({name: both[name] for name in self.order})


def index_of(queries: Mapping[str, Query]) -> Index:
    """The index of brands by their names."""
    return Index(_Part(queries), _Part({}), frozenset(), None)

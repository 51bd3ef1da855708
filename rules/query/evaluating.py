"""Whether a tree is true of a mention, and which of its words decide that."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, tzinfo

from rules.facts import Tone
from rules.query.content import FIELDS, Content, Span
from rules.query.field import Field, Place
from rules.query.filtering import holds as filter_holds
from rules.query.filtering import tone_holds
from rules.query.filters import BY_TONE
from rules.query.placing import pairs, places, together
from rules.query.tree import AtLeast, FieldName, Filter, Group, Near, Node, Not, Raw, Term, Within

Hearing = Callable[[], Tone]
"""Tells the tone of a mention."""


class Evaluation:
    """Asks trees of one mention; hours and days are those of `zone`. `hear` is asked at most once, and only where the
    tone decides; without it no tone is known, and filters that ask for it do not hold.
    """

    def __init__(self, content: Content, zone: tzinfo = UTC, hear: Hearing | None = None) -> None:
        self.content, self.zone, self._hear = content, zone, hear
        self.tone: Tone | None = None

    def holds(self, node: Node) -> bool:
        """Whether it is true of the mention."""
        found = self.truth(node)
        if found is None:
            self.listen()
            found = self.truth(node)
        return bool(found)

    def listen(self) -> None:
        """Asks for the tone, if it was not asked for yet."""
        if self._hear:
            self.tone, self._hear = self._hear(), None

    def truth(self, node: Node, parts: Collection[FieldName] = FIELDS) -> bool | None:
        """Whether it is true of these parts; None where that is up to a tone that was not asked for yet."""
        match node:
            case Term() | Raw() | Near():
                return self._stands(node, parts)
            case Group():
                return self._of_group(node, parts)
            case Not():
                found = self.truth(node.child, parts)
                return None if found is None else not found
            case Within():
                return self.truth(node.child, (node.part,) if node.part in parts else ())
            case AtLeast():
                return self.count(node, parts) >= node.times
        return self._of_filter(node)

    def _stands(self, node: Node, parts: Collection[FieldName]) -> bool:
        for name, field in self.content.fields.items():  # noqa: SIM110  # a generator takes longer than the answer
            if name in parts and places(node, field):
                return True
        return False

    def _of_group(self, node: Group, parts: Collection[FieldName]) -> bool | None:
        decides, unsure = node.operator == "OR", False
        for child in node.children:
            found = self.truth(child, parts)
            if found is decides:
                return decides
            unsure = unsure or found is None
        return None if unsure else not decides

    def _of_filter(self, node: Filter) -> bool | None:
        if node.name not in BY_TONE:
            return filter_holds(node, self.content, self.zone)
        if self._hear:
            return None
        return self.tone is not None and tone_holds(node, self.tone)

    def count(self, node: AtLeast, parts: Collection[FieldName] = FIELDS) -> int:
        """At how many places that do not overlap the child stands."""
        return sum(_apart(places(node.child, field)) for _, field in self.fields(parts))

    def fields(self, parts: Collection[FieldName]) -> Iterator[tuple[FieldName, Field]]:
        """Those of the parts that the mention has."""
        return ((name, field) for name, field in self.content.fields.items() if name in parts)

    def spans(self, node: Node) -> Iterator[Span]:
        """Where the words stand that help `node` to be true, which it is; those of NEAR where they are near."""
        return self._deciding(node, FIELDS, wanted=True)

    def _deciding(self, node: Node, parts: Collection[FieldName], *, wanted: bool) -> Iterator[Span]:
        match node:
            case Not():
                yield from self._deciding(node.child, parts, wanted=not wanted)
            case Within():
                yield from self._deciding(node.child, (node.part,) if node.part in parts else (), wanted=wanted)
            case Group():
                for child in node.children:
                    if self.truth(child, parts) is wanted:
                        yield from self._deciding(child, parts, wanted=wanted)
            case Term() | Raw() | Near() | AtLeast() if wanted:
                for name, field in self.fields(parts):
                    yield from self.stands(node, name, field, None)

    def stands(self, node: Node, name: FieldName, field: Field, wanted: Collection[Place] | None) -> Iterator[Span]:
        """The words of what stands in a field, at the places `wanted`, at all when None."""
        match node:
            case Term() | Raw():
                yield from self.content.spans(node, name, wanted)
            case AtLeast():
                yield from self.stands(node.child, name, field, wanted)
            case Group():
                for child in node.children:
                    yield from self.stands(child, name, field, wanted)
            case Near():
                near = [pair for pair in pairs(node, field) if wanted is None or together(*pair) in wanted]
                yield from self.stands(node.first, name, field, {one for one, _ in near})
                yield from self.stands(node.second, name, field, {other for _, other in near})


def _apart(found: Collection[Place]) -> int:
    """How many of the places do not overlap, at most."""
    count, until = 0, -1
    for first, last in sorted(found, key=lambda place: place[1]):
        if first > until:
            count += 1
            until = max(until, last) if first <= last else until
    return count

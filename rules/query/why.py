"""Why a query is true of a mention or not, term by term."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from rules.query.content import FIELDS, Span
from rules.query.evaluating import Evaluation
from rules.query.field import Field, Place
from rules.query.filtering import Value, known
from rules.query.filters import BY_TONE
from rules.query.placing import places
from rules.query.tree import AtLeast, FieldName, Filter, Form, Near, Node, Raw, Term, Within, children
from rules.text import fold


@dataclass(frozen=True, slots=True)
class Why:
    """Of one node whether it holds, and what says so. `spans` are where a term or raw letters stand, whatever stands
    beside them, and where NEAR and SENTENCE hold. `has` is what the mention has where a filter asks; `count` at how
    many places that of ATLEAST stands; `apart` how many words are at least between two that should be near, in one
    field and in the order asked for, None where they never stand so. Of what stands nowhere, `alike` is where it stands
    in other letters, and `backwards` whether it stands in the other order, whatever the distance.
    """

    node: Node
    holds: bool
    spans: tuple[Span, ...] = ()
    has: tuple[Value, ...] = ()
    count: int | None = None
    apart: int | None = None
    alike: tuple[Span, ...] = ()
    backwards: bool = False
    parts: tuple["Why", ...] = ()


def why(evaluation: Evaluation, node: Node, fields: Collection[FieldName] = FIELDS) -> Why:
    """Of a node and all below it; the tone is asked for where a filter asks for it."""
    if isinstance(node, Filter) and node.name in BY_TONE:
        evaluation.listen()
    inner = [each for each in fields if each == node.part] if isinstance(node, Within) else fields
    parts = tuple(why(evaluation, child, inner) for child in children(node))
    told = partial(Why, node, bool(evaluation.truth(node, fields)), parts=parts)
    match node:
        case Term() | Raw():
            spans = tuple(_spans(evaluation, node, fields))
            return told(spans=spans, alike=() if spans else tuple(_alike(evaluation, node, fields)))
        case Near():
            return _of_near(told, evaluation, node, fields)
        case AtLeast():
            return told(count=evaluation.count(node, fields))
        case Filter():
            return told(has=tuple(_has(evaluation, node)))
    return told()


def _of_near(told: Callable[..., Why], evaluation: Evaluation, node: Near, fields: Collection[FieldName]) -> Why:
    apart = _apart(evaluation, node, fields)
    either = Near(node.first, node.second, node.distance)
    backwards = apart is None and _apart(evaluation, either, fields) is not None
    return told(spans=tuple(_spans(evaluation, node, fields)), apart=apart, backwards=backwards)


def _alike(evaluation: Evaluation, node: Term | Raw, fields: Collection[FieldName]) -> Iterator[Span]:
    if isinstance(node, Term) and any(form.same != "folded" for form in node.forms):
        forms = tuple(Form(fold(form.key), form.prefix) for form in node.forms)
        yield from _spans(evaluation, Term(node.written, forms, node.slack), fields)


def _spans(evaluation: Evaluation, node: Node, fields: Collection[FieldName]) -> Iterator[Span]:
    for name, field in evaluation.fields(fields):
        yield from evaluation.stands(node, name, field, None)


def _has(evaluation: Evaluation, node: Filter) -> Iterator[Value]:
    if node.name not in BY_TONE:
        yield from dict.fromkeys(known(node.name, evaluation.content, evaluation.zone))
    elif evaluation.tone:
        yield evaluation.tone.label if node.name == "sentiment" else evaluation.tone.confidence


def _apart(evaluation: Evaluation, node: Near, fields: Collection[FieldName]) -> int | None:
    return min((gap for _, field in evaluation.fields(fields) for gap in _gaps(node, field)), default=None)


def _gaps(node: Near, field: Field) -> Iterator[int]:
    """The least words between each place of the first and one of the second."""
    one, other = places(node.first, field), places(node.second, field)
    by_end: Sequence[Place] = sorted(other, key=itemgetter(1))
    for first, last in one:
        after = bisect_right(other, last, key=itemgetter(0))
        if after < len(other):
            yield other[after][0] - last - 1
        before = bisect_left(by_end, first, key=itemgetter(1))
        if before and not node.ordered:
            yield first - by_end[before - 1][1] - 1

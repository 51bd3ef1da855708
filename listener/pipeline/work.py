"""What the writer can be asked to do."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.delivery import Outcome, Outgoing
from listener.collector import FULL, weight_of
from listener.errors import SourceState
from listener.pipeline.setup import Setup
from listener.store.marks import ModelRow
from rules.classify import Classified, Classifier
from rules.instant import Instant
from rules.labelling.model import LabelModel
from rules.mention import Mention


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What `by` found of the mentions of one reading by their words, in their order; None where nothing was asked.
    `spared` were left out of the reading: nobody lives to tell what they say.
    """

    by: Classifier
    found: Sequence[list[Classified] | None]
    spared: int = 0


@dataclass(frozen=True, kw_only=True)
class Read:
    """Mentions of one source, with the cursor to go on from once they are committed (None: unchanged). `heard` is
    False when there was no answer, and the cursor only remembers when to ask again. What was said since `missed` and
    is not among the mentions can no longer be read. Once `judged`, the mentions are fit to be kept. `taken` are those
    that it brought besides, which others have.
    """

    source: str
    mentions: Sequence[Mention] = ()
    cursor: str | None = None
    skipped: int = 0
    heard: bool = True
    missed: Instant | None = None
    events: Mapping[str, int] = field(default_factory=dict)
    judged: Classification | None = None
    taken: int = 0


BULK = 200_000
"""Characters of what mentions of one transaction say, about, beside their weight."""


def portions(mentions: Sequence[Mention]) -> Iterator[Sequence[Mention]]:
    """The mentions in order, in portions of one transaction each; a single empty one when there are none."""
    start = bulk = weight = 0
    for place, mention in enumerate(mentions):
        said, weighs = bulk_of(mention), weight_of(mention)
        if place > start and (weight + weighs > FULL or bulk + said > BULK):
            yield mentions[start:place]
            start, bulk, weight = place, 0, 0
        bulk += said
        weight += weighs
    yield mentions[start:]


def bulk_of(mention: Mention) -> int:
    """Characters of what a mention says."""
    return len(mention.text) + len(mention.title or "")


@dataclass(frozen=True, kw_only=True)
class Recount:
    """What is counted of mentions by now, which is all that changes of them: each has the `op` counts."""

    source: str
    mentions: Sequence[Mention]


@dataclass(frozen=True, kw_only=True)
class SourceChange:
    """A source came up, went down, or was given up. Of one that is up, `share` is heard, 0 to 1; of one that is
    starved, `since` is the moment of its last post.
    """

    source: str
    state: SourceState
    code: str = ""
    detail: str = ""
    share: float = 1.0
    since: Instant | None = None


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What came of a delivery, what must be delivered instead when it was parked, and the end of its incident when
    that was over before: also where it was given up. `others` are settled with it or not at all.
    """

    outcome: Outcome
    instead: Sequence[Outgoing] = ()
    end: Outgoing | None = None
    others: Sequence["Settled"] = ()


@dataclass(frozen=True, kw_only=True)
class Reload:
    """A new configuration."""

    setup: Setup


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What was learnt from the marks of a brand: its row, but for the stamp, and the model it holds."""

    row: ModelRow
    model: LabelModel | None


@dataclass(frozen=True, kw_only=True)
class Canary:
    """A made-up mention that is to come through as a delivery to its own channel, and to these."""

    mention: Mention
    channels: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Tell:
    """Something to be told that nothing in the log says."""

    outgoing: Sequence[Outgoing]


@dataclass(frozen=True, kw_only=True)
class Dated:
    """What others heard, as they wrote it down: all of it happened `at` that moment, to these `brands`, or to any when
    None.
    """

    at: Instant
    brands: Sequence[str] | None
    works: Sequence["Read | SourceChange"]


@dataclass(frozen=True, kw_only=True)
class Happened:
    """Some of that, in the order in which it was written, in one transaction with where it is read on from."""

    dated: Sequence[Dated]
    offset: int


Work = Read | Recount | SourceChange | Settled | Reload | Taught | Canary | Tell | Happened


def mentions_of(work: Work) -> Sequence[Mention]:
    """All mentions in a piece of work."""
    match work:
        case Read() | Recount():
            return work.mentions
        case Happened():
            reads = [each for dated in work.dated for each in dated.works if isinstance(each, Read)]
            return [mention for read in reads for mention in read.mentions]
        case _:
            return ()


@dataclass(eq=False)
class Ticket:
    """A piece of work and the promise that it will have been committed."""

    work: Work
    done: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

"""What the writer can be asked to do."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerts.delivery import Outcome, Outgoing
from listener.errors import SourceState
from listener.pipeline.setup import Setup
from rules.instant import Instant
from rules.mention import Mention


@dataclass(frozen=True, kw_only=True)
class Read:
    """Mentions of one source, with the cursor to go on from once they are committed (None: unchanged). `heard` is
    False when there was no answer, and the cursor only remembers when to ask again. What was said since `missed` and
    is not among the mentions can no longer be read.
    """

    source: str
    mentions: Sequence[Mention] = ()
    cursor: str | None = None
    skipped: int = 0
    heard: bool = True
    missed: Instant | None = None
    events: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SourceChange:
    """A source came up, went down, or was given up."""

    source: str
    state: SourceState
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What came of a delivery, and what must be delivered instead when it was parked."""

    outcome: Outcome
    instead: Sequence[Outgoing] = ()


@dataclass(frozen=True, kw_only=True)
class Reload:
    """A new configuration."""

    setup: Setup


Work = Read | SourceChange | Settled | Reload


@dataclass(eq=False)
class Ticket:
    """A piece of work and the promise that it will have been committed."""

    work: Work
    done: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

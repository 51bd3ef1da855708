"""What people ask of the daemon, as rows that wait for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alerts.drill import DrillFor
from alerts.silence import HushFor
from listener.store.marks import Wish
from rules.inputs import Imported
from rules.instant import Instant
from rules.transition import Ending


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a person asked for. `verb` is ack, unack (who took it did not mean to), resolve, note, hold, release (the
    hold), retry, label, import, silence, expire or drill; `target` an incident id or number, a delivery id, the
    identity of a mention, of which `wish` says more, a brand, of which `history` is brought, or the number of a
    silence; `ending` is what an incident was, `hush` what is to be quiet, `drill` what is to be tried.
    """

    id: int
    at: Instant
    verb: str
    target: str
    by: str
    because: str | None = None
    wish: Wish | None = None
    history: tuple[Imported, ...] = ()
    ending: Ending | None = None
    hush: HushFor | None = None
    drill: DrillFor | None = None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a person says that an incident was, which is over."""

    incident: str
    ending: Ending
    by: str
    because: str | None = None


@dataclass(frozen=True, kw_only=True)
class Split:
    """A command for several parts is left to each of them, for what of it is its own."""

    command: int
    target: str
    part: int


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A command that was carried out, or refused with `refusal` in words for its author."""

    id: int
    at: Instant
    refusal: str = ""


class Asking(Protocol):
    """Leaves commands for the writer, and tells what came of them: all that the reading side writes."""

    async def ask(
        self,
        verb: str,
        target: str,
        by: str,
        at: Instant,
        because: str | None = None,
        *,
        ending: Ending | None = None,
        once: str | None = None,
    ) -> int:
        """Leave a command; returns its id."""

    async def asked_before(self, once: str) -> int | None:
        """The first command that was left with that mark, `once`; None where there is none."""

    async def ask_silence(self, wish: HushFor, because: str, by: str, at: Instant, *, once: str | None = None) -> int:
        """Leave a `silence` command; returns its id."""

    async def ask_history(self, brand: str, history: Sequence[Imported], by: str, at: Instant) -> int:
        """Leave an `import` command; returns its id."""

    async def ask_labels(self, wishes: Sequence[tuple[str, Wish]], by: str, at: Instant) -> int:
        """Leave a `label` command for each (identity, wish), all of them or none; returns the id of the last."""

    async def asked_labels(self, limit: int = 10_000) -> list[Command]:
        """The `label` commands not yet answered, oldest first."""

    async def answer(self, command: int) -> Answered | None:
        """What came of a command; None while nobody took it."""

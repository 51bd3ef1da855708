"""What people ask of the daemon, as rows that wait for it."""

from dataclasses import dataclass

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

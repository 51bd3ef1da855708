"""What spans all brands: reports, drills, hand-overs, and deliveries that find nobody."""

from collections.abc import Mapping

from alerts.delivery import CANARY
from alerts.outbox import PASS_ON
from config.settings import Settings
from listener.pipeline.digests import Digests
from listener.pipeline.drills import Drills
from listener.pipeline.lives import LiveReports
from listener.pipeline.notify import homeless
from listener.pipeline.turn import Turn
from listener.pipeline.undelivered import Undelivered
from listener.pipeline.watches import Watches
from listener.pipeline.watching import Digest
from listener.pipeline.work import Settled
from listener.store.asking import Answered, Command
from listener.store.port import Commit, SourceRow, Store, Views
from rules.engine import GRID
from rules.instant import MINUTE, Instant, Span

STRAYS = 1_000
"""Deliveries of channels that are no more, parked in one transaction; the next one goes on."""
_RELOADING: Span = 2 * MINUTE
"""So long another process may plan for a channel that is not known here: the configuration may be on its way."""


class Desk:
    """Puts into each transaction what is due of it. `load` first, and again whenever a transaction was not committed;
    `committed` once it was. `shared` where other processes plan deliveries too. Each method raises StoreError.
    """

    def __init__(self, store: Store, views: Views, watches: Watches, *, shared: bool = False) -> None:
        self._store, self._views, self._watches, self._shared = store, views, watches, shared
        self._undelivered = Undelivered(views)
        self._digest, self._digests, self._drills = Digest(views), Digests(), Drills(views)
        self._lives = LiveReports()
        self._looked: Instant = 0
        self._passed: frozenset[str] = frozenset()
        self._strays = False

    async def load(self, settings: Settings, advanced: Instant) -> None:
        """Go on from what was committed last, at that instant."""
        self._looked, self._passed = 0, frozenset()
        self._digest.begin(settings, advanced)
        self._lives.begin(advanced)
        await self._drills.load(advanced)
        self._digests.begin(advanced)

    async def pass_on(self, turn: Turn, *, anew: bool) -> None:
        """What waits for a channel that is no more, where channels may be others now, and what one cannot deliver."""
        if anew or self._strays:
            await self.rehome(turn)
        await self._pass_on(turn)

    async def obey(self, command: Command, turn: Turn) -> Answered | None:
        """Carry out a command that is about drills or a watch; None for others."""
        if self._drills.is_meant(command):
            return self._drills.obey(command, turn)
        if self._watches.is_meant(command):
            return await self._watches.obey(command, turn)
        return None

    async def report(self, turn: Turn, sources: Mapping[str, SourceRow], after: Instant) -> None:
        """What people are told at set times, of all that became due after an instant."""
        turn.commit.outgoing += await self._digest.due(turn.setup.settings, after, turn.at)
        turn.commit.outgoing += self._lives.due(turn.setup, after, turn.at)
        await self._drills.go_on(turn)
        await self._watches.hand_over(turn, sources, after)
        turn.commit.outgoing += self._digests.due(turn.setup.settings, after, turn.at)

    def committed(self, commit: Commit, settings: Settings) -> None:
        """Remember what is committed."""
        # the next channel of an alert may have gone since it was routed
        self._strays |= any(each.channel not in (CANARY, *settings.channels) for each in commit.outgoing)
        self._passed -= {outcome.delivery for outcome in commit.outcomes if outcome.state != "retry"}

    async def rehome(self, turn: Turn, patience: Span = 0) -> None:
        """Park what waits for a channel that is no more, so that it is seen, and told elsewhere if it is critical."""
        found = await self._views.deliveries(state="due", besides=(CANARY, *turn.setup.settings.channels), limit=STRAYS)
        strays = [each for each in found if turn.at - each.created >= patience]
        for delivery in strays:
            outcome, settings = homeless(delivery, turn.at), turn.setup.settings
            critical = delivery.critical and await self._undelivered.instead(
                delivery, turn.at, outcome.detail, settings
            )
            turn.settle(Settled(outcome=outcome, instead=critical or []))
        self._strays = bool(strays)  # there may be more, and what takes their place may be as homeless

    async def _pass_on(self, turn: Turn) -> None:
        """What is critical does not wait for the next attempt of a channel that fails, nor behind what fails."""
        if turn.at - self._looked < GRID:
            return
        self._looked = turn.at
        if self._shared:
            await self.rehome(turn, _RELOADING)
        for delivery in await self._store.overdue(turn.at - PASS_ON, besides=self._passed):
            turn.pass_on(await self._undelivered.instead(delivery, turn.at, delivery.detail, turn.setup.settings))
            self._passed |= {delivery.id}

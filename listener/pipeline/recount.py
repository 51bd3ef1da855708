"""Asks a source again how its youngest and hottest posts are received, seldom and few at a time."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import structlog

from listener.clock import Clock
from listener.collector import Collector, Recounts
from listener.errors import FetchError
from listener.pipeline.ledger import Ledger
from listener.pipeline.outlive import outlive
from listener.pipeline.work import Recount
from listener.pipeline.writer import Writer
from listener.store.port import Views
from rules.instant import MINUTE, Instant, Span, moment, span
from rules.mention import Mention
from rules.reactions import LIFE

MOST = 10
"""Posts asked for in one round: with a round a minute, a small part of what any platform allows."""
_PAUSE: Span = 5 * MINUTE
"""After a failure, when the platform does not ask for longer: counts are worth no trouble."""

log = structlog.get_logger("sources")


class Recounting:
    """Asks for the posts of one source that brands follow. What fails is left to a later round: a source is heard or
    not by what its collector reads, whatever becomes of this. Errors go through `hide`, which takes secrets out.
    """

    def __init__(
        self,
        name: str,
        collector: Collector,
        writer: Writer,
        ledger: Ledger,
        views: Views,
        clock: Clock,
        hide: Callable[[str], str] = str,
    ) -> None:
        self._name, self._collector, self._hide = name, collector, hide
        self._writer, self._ledger, self._views, self._clock = writer, ledger, views, clock
        self._asked: dict[str, Instant] = {}

    async def run(self) -> None:
        """A round each minute, until the task is cancelled; at once over where the source counts nothing."""
        while isinstance(self._collector, Recounts):
            await self._clock.sleep(MINUTE)
            error = await outlive(self.round(self._collector), source=self._name)
            if error is not None:
                log.info("recount_failed", source=self._name, error=self._hide(str(error)))
                asked = error.retry_after if isinstance(error, FetchError) else None
                await self._clock.sleep(max(_PAUSE, span(asked or timedelta())))

    async def round(self, collector: Recounts) -> None:
        """Ask for those that are due now. Raises FetchError, StoreError."""
        now = self._clock.now()
        self._asked = {mention: at for mention, at in self._asked.items() if at > now - LIFE * MINUTE}
        due = self._ledger.due(self._name, now, self._asked)[:MOST]
        if not due:
            return
        self._asked |= dict.fromkeys(due, now)  # also what does not answer is not asked again at once
        mentions = [stored.mention for stored in await self._views.mentions(identities=due)]
        counted = await collector.recount(mentions)
        told = [self._counts(mention, counted[mention.id]) for mention in mentions if mention.id in counted]
        if told:
            await self._writer.submit(Recount(source=self._name, mentions=told))

    def _counts(self, mention: Mention, counts: dict[str, int | float]) -> Mention:
        now = moment(self._clock.now())
        return msgspec.structs.replace(mention, op="counts", counts=counts, title=None, text="", observed_at=now)

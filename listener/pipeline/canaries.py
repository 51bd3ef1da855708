"""Sends canaries, and looks that each comes through in time: else the operator hears of it."""

import asyncio
from collections.abc import Callable

import structlog

from alerts.alert import Notice, Topic
from alerts.delivery import Outgoing
from config.settings import Settings
from config.watchdog import Canary as Options
from listener.clock import Clock
from listener.observe.vigil import Vigil
from listener.pipeline.canary import canary, thread_of
from listener.pipeline.notify import to_operator
from listener.pipeline.work import Canary, Tell
from listener.pipeline.writer import Writer
from listener.signal import Signal
from listener.store.port import StoreError, Views
from rules.instant import Instant, moment, span

LOOK_AGAIN = 5.0
"""Seconds between looks at the configuration while it asks for no canary."""

log = structlog.get_logger("canary")


class Canaries:
    """Runs until cancelled. `committed` fires when something was written, and so may have come through."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        writer: Writer,
        views: Views,
        committed: Signal,
        clock: Clock,
        vigil: Vigil,
    ) -> None:
        self._settings, self._writer, self._views = settings, writer, views
        self._committed, self._clock, self._vigil = committed, clock, vigil
        self._lost: Instant | None = None
        self._came: Instant | None = None
        self._is_told = False

    def sick(self, at: Instant) -> str:
        """Why alerts may not pass; empty when the last canary came through, lately, or none is asked for."""
        options = self._settings().canary
        if options is None:
            return ""
        if self._came is None:
            return "no canary has come through yet"
        late = self._lost is not None or at - self._came > 2 * span(options.every) + span(options.within)
        return "the last canary did not come through" if late else ""

    async def run(self) -> None:
        while True:
            options = self._settings().canary
            if options is None:
                self._vigil.no_canary()
                self._came = self._lost = None
                await asyncio.sleep(LOOK_AGAIN)
                continue
            began = self._clock.now()
            await self._send(began, options)
            await self._clock.sleep(began + span(options.every) - self._clock.now())

    async def _send(self, at: Instant, options: Options) -> None:
        through = None
        try:
            async with asyncio.timeout(options.within.total_seconds() / self._clock.speed):
                through = await self._through(at, options)
        except (TimeoutError, StoreError) as error:
            log.error("canary_lost", error=str(error) or "no answer in time")  # noqa: TRY400  # no bug: no traceback
        if through is None:
            self._lost = at if self._lost is None else self._lost
            self._vigil.canary_lost()
        else:
            self._came = at
            self._vigil.canary_came(at, through - at)
        await self._tell(options, through)

    async def _through(self, at: Instant, options: Options) -> Instant:
        """When the last of its deliveries was made. Raises StoreError."""
        await self._writer.submit(Canary(mention=canary(at), channels=options.to))
        while True:
            made = await self._views.deliveries(thread=thread_of(at))
            if made and all(each.state == "sent" and each.finished for each in made):
                return max(each.finished or at for each in made)
            await self._committed.wait(1.0)

    async def _tell(self, options: Options, through: Instant | None) -> None:
        """The operator hears of the first that is lost, and of the first after it that is not; where that cannot be
        written, once it can.
        """
        lost = self._lost
        if lost is None or (through is None and self._is_told):
            return
        if through is not None:
            self._lost = None
        if through is None or self._is_told:
            topic: Topic = "canary_lost" if through is None else "canary_back"
            name, now = f"{topic}-{lost}", moment(self._clock.now())
            notice = Notice(id=name, topic=topic, at=now, subject="badbuzz", since=moment(lost))
            await self._leave(to_operator(notice, self._settings().operator.to, self._clock.now()), options)
        self._is_told = through is None and self._is_told

    async def _leave(self, outgoing: list[Outgoing], options: Options) -> None:
        try:
            async with asyncio.timeout(options.within.total_seconds() / self._clock.speed):
                await self._writer.submit(Tell(outgoing=outgoing))
        except (TimeoutError, StoreError) as error:
            log.warning("operator_not_told", error=str(error) or "no answer in time")
        else:
            self._is_told = True

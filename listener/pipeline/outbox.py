"""The outbox as dispatchers see it: what waits in a queue, with words from the describer."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog

from alerts.alert import Alert, Language, Notice
from alerts.channel import CHANNELS, SendError
from alerts.delivery import CANARY, Delivery, Outcome, of_one_thread
from alerts.links import Links
from alerts.message import Message
from alerts.render import render, render_notice
from alerts.render_digest import render_digest
from alerts.veiled import veiled
from config.settings import Settings
from listener.clock import Clock
from listener.observe.metrics import Metrics
from listener.pipeline.describe import Describer
from listener.pipeline.linking import linked, recipient
from listener.pipeline.lives import counted
from listener.pipeline.outlive import outlive
from listener.pipeline.pending import is_moot
from listener.pipeline.queued import LostError, Queue
from listener.pipeline.undelivered import Undelivered
from listener.pipeline.wording import in_own_words
from listener.pipeline.work import Settled
from listener.reporting.digest import Digests
from listener.reporting.periods import named
from listener.signal import Signal
from listener.store.port import StoreError
from rules.instant import Instant, instant

LOOK_AGAIN = 1.0
"""Seconds after which a waiting channel looks by itself: a retry may have become due."""

SETTLING = 1.5
"""Seconds that a cancelled dispatcher waits for the commit of an outcome: the daemon has 10 s to end."""

T = TypeVar("T")

log = structlog.get_logger("outbox")


class ChannelOutbox:
    """The outbox of one channel, in its language and time zone. A store that does not answer is waited for: what was
    sent is then not sent again, and nothing is given up. `hide` takes secrets out of what is kept of a failure.
    """

    def __init__(
        self,
        queue: Queue,
        describer: Describer,
        news: Signal,
        clock: Clock,
        metrics: Metrics,
        links: Links,
        hide: Callable[[str], str] = str,
    ) -> None:
        self._queue, self._describer, self._links = queue, describer, links
        self._news, self._clock, self._metrics, self._hide = news, clock, metrics, hide
        self._undelivered = Undelivered(describer.views)

    async def due(self, channel: str, at: Instant) -> Sequence[Delivery]:
        return await _insist(lambda: self._queue.take(channel, at), channel)

    async def message(self, deliveries: Sequence[Delivery]) -> Message | None:
        """Raises SendError when it cannot be put into words, which is a bug: the others are still delivered."""
        first, last = deliveries[0], max(deliveries, key=lambda each: each.step)
        saying = self._words(last) if of_one_thread(deliveries) else self._listed(deliveries)
        words = await outlive(saying, channel=first.channel, delivery=first.id)
        if isinstance(words, Exception):
            raise SendError(f"{type(words).__name__} in its words", reason="other") from words
        # the last thing before it is sent: whoever stood still may have a successor that sends it
        try:
            await _insist(lambda: self._queue.assure(deliveries), first.channel)
        except LostError:
            return None  # what comes of it is refused
        return veiled(words) if words and self._is_private(first.channel) else words

    async def _words(self, delivery: Delivery) -> Message | None:
        language, zone = self._taste(delivery.channel)
        if delivery.notice is not None and delivery.notice.digest is not None:
            return await _insist(partial(self._digest, delivery.notice, language), delivery.channel)
        if delivery.notice is not None:
            told = await _insist(partial(self._counted, delivery.notice), delivery.channel)
            if told is None:
                return None
            notice = linked(self._describer.notice(told), self._links, self._settings, delivery.channel)
            shipped = render_notice(notice, language, zone)
            return await in_own_words(shipped, delivery.channel, self._settings, zone)
        alert = await _insist(lambda: self._alert(delivery), delivery.channel)
        if alert is None or is_moot(alert):
            return None
        message = render(linked(alert, self._links, self._settings, delivery.channel), language, zone)
        return await in_own_words(message, delivery.channel, self._settings, zone)

    async def _counted(self, notice: Notice) -> Notice | None:
        told = await counted(notice, self._describer.views, self._settings)
        return await self._undelivered.counted(told, self._clock.now(), self._settings)

    async def _alert(self, delivery: Delivery) -> Alert | None:
        pictures = CHANNELS.spec(self._settings.channels[delivery.channel].kind).pictures
        now = self._clock.now()
        if await self._describer.is_overtaken(delivery):
            return None
        return await self._describer.alert(delivery.transition or "", delivery.id, now, pictures=pictures)

    async def _digest(self, notice: Notice, language: Language) -> Message:
        settings, told = self._settings, notice.digest
        assert told
        # midnights are those of the configuration, whoever reads
        zone = ZoneInfo(settings.daemon.time_zone)
        reading = Digests(self._describer.views, settings)
        made = reading.of(notice.subject, named(told.period, zone), instant(notice.at), told.against)
        return render_digest(await made, notice, language, zone)

    async def _listed(self, deliveries: Sequence[Delivery]) -> Message | None:
        language, zone = self._taste(deliveries[0].channel)
        notice = await _insist(lambda: self._describer.several(deliveries, self._clock.now()), deliveries[0].channel)
        if notice is None:
            return None
        return render_notice(linked(notice, self._links, self._settings, deliveries[0].channel), language, zone)

    async def settle(self, deliveries: Sequence[Delivery], outcome: Outcome) -> None:
        outcome, channel = replace(outcome, detail=self._hide(outcome.detail)), deliveries[0].channel
        settled = await _insist(lambda: self._all_settled(deliveries, outcome), channel)
        try:
            await _insist(lambda: _seen_through(self._queue.settle(settled)), channel)
        except LostError:
            log.warning("outcome_refused", channel=channel, delivery=outcome.delivery, state=outcome.state)
            return
        if outcome.state == "sent":
            self._metrics.delivered(channel)
        elif outcome.state != "cancelled":
            self._metrics.delivery_failed(channel, outcome.reason)

    async def changed(self) -> None:
        await self._news.wait(LOOK_AGAIN)

    @property
    def _settings(self) -> Settings:
        return self._describer.settings

    def _is_private(self, channel: str) -> bool:
        """Whether it shows on the locked screen of somebody who wants no brand there."""
        owners = [each for each in self._settings.people.values() if channel in each.call_by]
        if channel == CANARY:
            return False
        spec = CHANNELS.spec(self._settings.channels[channel].kind)
        return spec.people and spec.wakes != "no" and any(each.lock_screen == "private" for each in owners)

    def _taste(self, channel: str) -> tuple[Language, ZoneInfo]:
        who = recipient(channel, self._settings)
        return who.language, ZoneInfo(who.time_zone)

    async def _all_settled(self, deliveries: Sequence[Delivery], outcome: Outcome) -> Settled:
        each = [replace(outcome, delivery=one.id, attempt=one.attempts + 1) for one in deliveries]
        first, *others = [await self._settled(*pair) for pair in zip(deliveries, each, strict=True)]
        return replace(first, others=others)

    async def _settled(self, delivery: Delivery, outcome: Outcome) -> Settled:
        match outcome.state:
            case "parked":
                instead = await self._undelivered.instead(delivery, outcome.at, outcome.detail, self._settings)
                return Settled(outcome=outcome, instead=instead)
            case "sent":
                return Settled(outcome=outcome, end=await self._undelivered.end(delivery, outcome.at))
            case _:
                return Settled(outcome=outcome)


async def _insist(ask: Callable[[], Awaitable[T]], channel: str) -> T:
    """What the store answers, asked until it does."""
    while True:
        try:
            return await ask()
        except StoreError as error:
            log.warning("outbox_waits", channel=channel, error=str(error))
        await asyncio.sleep(LOOK_AGAIN)


async def _seen_through(work: Coroutine[Any, Any, None]) -> None:
    """Do `work`, also when cancelled: the cancellation follows, lest whoever takes over finds as due what was sent."""
    task = asyncio.get_running_loop().create_task(work, name="settle")
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=SETTLING)
        task.add_done_callback(_look_at)
        task.cancel()
        raise


def _look_at(task: "asyncio.Task[None]") -> None:
    if not task.cancelled():
        task.exception()  # nobody else hears it: the cancellation was raised instead

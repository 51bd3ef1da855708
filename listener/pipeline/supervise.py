"""Keeps every source read and every channel served: each is started again when it fails, whatever the failure."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from random import Random
from typing import Protocol

import structlog

from alerts.channel import Channel, SendError
from alerts.message import Message
from listener.clock import Clock
from listener.collector import Batch, Collector
from listener.errors import PARTLY, FetchError, SourceState
from listener.pipeline.clean import whole
from listener.pipeline.outlive import outlive
from listener.pipeline.pulse import Pulse
from listener.pipeline.turn import PATIENCE
from listener.pipeline.work import Read, SourceChange, Work, portions
from listener.store.port import SourceRow, StoreError
from rules.instant import DAY, MINUTE, SECOND, Instant, Span, span

LONGEST_PAUSE: Span = 5 * MINUTE
LONGEST_WISH: Span = DAY
"""No platform keeps us away longer than this."""
HEALTHY: Span = MINUTE
"""A collector that ran this long starts again with the shortest pause."""
SERVE_AGAIN = 5.0
"""Seconds until a channel whose connection ended by a bug is served again."""

log = structlog.get_logger("sources")


class Taking(Protocol):
    """Where what was read goes."""

    async def submit(self, work: Work) -> None:
        """Return when it is kept. Raises StoreError when it is not."""
        ...


class Knowing(Protocol):
    """What tells where a source is read on from, and how it was last."""

    def source(self, name: str) -> SourceRow: ...


class Supervisor:
    """Runs one collector for as long as the daemon lives. A source that needs a person (`gone`, `auth_failed`) is left
    alone until the configuration changes; a `parked` one is tried again after the time its platform asks for. What is
    kept of its failures goes through `hide`, which takes secrets out of a text.
    """

    def __init__(
        self,
        name: str,
        collector: Collector,
        writer: Taking,
        ledger: Knowing,
        clock: Clock,
        hide: Callable[[str], str] = str,
    ) -> None:
        self.name, self._hide = name, hide
        self.collector, self._writer, self._ledger, self._clock = collector, writer, ledger, clock
        self._random = Random(name)
        self._pulse = Pulse(clock.now())
        self._share = 1.0

    async def run(self) -> None:
        """Read until the source is finished, given up, or the task is cancelled."""
        attempt, again = 0, True
        while again:
            begun = self._clock.now()
            error = _as_fetched(await outlive(self._read(), source=self.name))
            if error is None:
                await self._tell("live", detail="everything was read")
                return
            attempt = 1 if self._clock.now() - begun > HEALTHY else attempt + 1
            again = error.state not in {"gone", "auth_failed"}
            await self._tell(_follows(error), error.code, str(error))
            if again:
                await self._clock.sleep(self._pause(attempt, error))

    async def _read(self) -> None:
        row = self._ledger.source(self.name)
        self._pulse.resume(self._clock.now())
        async with aclosing(self.collector.batches(row.cursor)) as batches:
            async for batch in batches:
                await self._take(batch)

    async def _take(self, batch: Batch) -> None:
        parts = list(portions(list(batch.mentions)))
        for number, mentions in enumerate(parts, 1):
            last = number == len(parts)
            read = Read(
                source=self.name,
                mentions=mentions,
                cursor=batch.cursor if last else None,
                skipped=sum((batch.skipped or {}).values()) if last else 0,
                heard=batch.heard,
                missed=batch.missed if number == 1 else None,
                events=_events(batch) if last else {},
                taken=batch.taken if last else 0,
            )
            if batch.heard or batch.cursor is not None:
                await self._writer.submit(read)
        for reason, count in (batch.skipped or {}).items():
            log.warning("entries_skipped", source=self.name, reason=reason, count=count)
        if batch.heard and batch.events is not None and self._is_starved(batch.events):
            await self._tell("starved", "starved", "the stream is open and brings no posts", since=self._pulse.last)
        elif batch.heard:
            partly = batch.problems or batch.share < 1
            await self._tell("live", PARTLY if partly else "", _in_one(batch.problems), share=round(batch.share, 2))
        elif batch.problems:
            worst = batch.problems[0]
            await self._tell(_follows(worst), worst.code, str(worst))

    def _is_starved(self, events: Mapping[str, int]) -> bool:
        now, posts = self._clock.now(), events.get("create", 0)
        self._pulse.take(now, posts, sum(events.values()) - posts)
        return self._pulse.is_starved(now)

    async def _tell(
        self,
        state: SourceState,
        code: str = "",
        detail: str = "",
        *,
        share: float = 1.0,
        since: Instant | None = None,
    ) -> None:
        row, detail = self._ledger.source(self.name), whole(self._hide(detail))
        if (row.state, row.code, row.detail, self._share) == (state, code, detail, share):
            return
        change = SourceChange(source=self.name, state=state, code=code, detail=detail, share=share, since=since)
        try:
            await self._writer.submit(change)
            self._share = share
        except StoreError as error:
            log.warning("source_state_not_stored", source=self.name, error=str(error))

    def _pause(self, attempt: int, error: FetchError) -> Span:
        if error.retry_after is not None:
            return min(span(error.retry_after), LONGEST_WISH)
        longest = min(LONGEST_PAUSE, SECOND * 2 ** min(attempt, 20))
        return int(longest * self._random.uniform(0.5, 1.0))


class Supervised:
    """A channel of which no bug gets out: a message that breaks it is tried again like any other, then parked."""

    def __init__(self, name: str, channel: Channel, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._name, self._channel, self._pause = name, channel, pause

    async def send(self, message: Message, receipt: str = "", /) -> str | None:
        """Raises SendError and nothing else."""
        sent = await outlive(self._channel.send(message, receipt), channel=self._name)
        if isinstance(sent, SendError):
            raise sent
        if isinstance(sent, Exception):
            raise SendError(f"{type(sent).__name__} in the channel", reason="other") from sent
        return sent

    async def serve(self) -> None:
        """Until the channel has nothing to keep, or the task is cancelled."""
        while await outlive(self._channel.serve(), channel=self._name):
            await self._pause(SERVE_AGAIN)


def _as_fetched(error: Exception | None) -> FetchError | None:
    if error is None or isinstance(error, FetchError):
        return error
    if isinstance(error, StoreError):
        return FetchError(f"could not be stored: {error}", code="store")
    return FetchError(f"{type(error).__name__} in the collector", code="bug")


def _follows(error: FetchError) -> SourceState:
    """What follows from a failure: who asks for a long pause gets it, and the operator need not wait for its end."""
    asked = error.retry_after or timedelta()
    return "parked" if error.state == "reconnecting" and span(asked) >= PATIENCE else error.state


def _events(batch: Batch) -> Mapping[str, int]:
    return Counter(mention.op for mention in batch.mentions) if batch.events is None else batch.events


def _in_one(problems: Sequence[FetchError]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}" if problems else ""

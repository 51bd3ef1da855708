"""Signs of life for a watchdog elsewhere, only while all is truly well: it rings when they stay away."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import aiohttp
import structlog

from config.settings import Settings
from config.watchdog import Heartbeat as Options
from listener.clock import Clock
from listener.observe.vigil import Vigil
from listener.shares import DESK
from listener.store.port import StoreError, Views
from listener.store.reached import Position
from rules.instant import MINUTE, Instant, Span, moment

LOOK_AGAIN = 5.0
"""Seconds between looks at the configuration while nobody is to be told."""
PATIENCE = 10.0
"""Seconds that the watchdog has to answer."""
WRITTEN: Span = MINUTE
"""What is in the store must not be older: the writer commits every ten seconds, whether or not anything happens."""
JUDGED: Span = 3 * MINUTE
"""Nor must what was judged of a part by other processes: the time of a part is half a minute late at the most."""
_HELD = 3
"""Alertmanager takes the alert for over when so many signs of life have not come."""

log = structlog.get_logger("heartbeat")


class Heartbeat:
    """Runs until cancelled. `sick` says what is wrong at a moment, empty when nothing is; the time between signs is
    that of the wall, as the watchdog's is. `parts` is in how many parts others judge, if they do.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        sick: Callable[[Instant], str],
        views: Views,
        http: aiohttp.ClientSession,
        clock: Clock,
        vigil: Vigil,
        parts: int = 0,
    ) -> None:
        self._settings, self._sick, self._views, self._parts = settings, sick, views, parts
        self._http, self._clock, self._vigil = http, clock, vigil

    async def run(self) -> None:
        while True:
            options = self._settings().heartbeat
            if options is not None:
                await self._beat(options)
            await asyncio.sleep(options.every.total_seconds() if options else LOOK_AGAIN)

    async def _beat(self, options: Options) -> None:
        wrong = self._sick(self._clock.now()) or await self._unwritten()
        if wrong:
            log.warning("heartbeat_withheld", why=wrong)
            self._vigil.sign("withheld")
            return
        try:
            async with asyncio.timeout(PATIENCE):
                failure = await self._send(options)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            failure = type(error).__name__  # what an error says may hold the address, which is a secret
        if failure:
            log.warning("heartbeat_failed", why=failure)
        self._vigil.sign("failed" if failure else "sent")

    async def _unwritten(self) -> str:
        """Whether what was committed last can be read, and is of now."""
        try:
            positions = await self._views.positions()
        except StoreError:
            return "the store cannot be read"
        if self._is_late(positions.get(DESK), WRITTEN):
            return "nothing has been written for a while"
        late = [f"{part}" for part in range(1, self._parts + 1) if self._is_late(positions.get(part), JUDGED)]
        return f"not judged for a while: part {', '.join(late)}" if late else ""

    def _is_late(self, position: Position | None, most: Span) -> bool:
        return position is None or self._clock.now() - position.advanced > most * self._clock.speed

    async def _send(self, options: Options) -> str:
        """What went wrong; empty when the watchdog took it."""
        url, method = options.url.get_secret_value(), "GET" if options.by == "get" else "POST"
        told = _firing(self._clock.wall(), options.every) if options.by == "alertmanager" else None
        if told is not None:
            url = f"{url.rstrip('/')}/api/v2/alerts"
        async with self._http.request(method, url, json=told, allow_redirects=False) as response:
            return "" if response.ok and response.status < 300 else f"answered {response.status}"


def _firing(now: Instant, every: timedelta) -> list[dict[str, object]]:
    """An alert that fires while signs of life come."""
    ends = moment(now) + _HELD * every
    return [
        {
            "labels": {"alertname": "BadbuzzAlive", "severity": "none"},
            "annotations": {"summary": "badbuzz is well: it is what ends this alert that is wrong"},
            "endsAt": ends.isoformat(timespec="seconds"),
        }
    ]

"""One receiver of pushes as the platform sees it: whether it may be trusted, and what it is still to be told."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from io import BytesIO
from typing import Literal

import aiohttp
from yarl import URL

from listener.mock.faults import Faults
from listener.mock.push_requests import Json, Press, Push, Told, Vendor, Wanted
from rules.instant import Instant

MOST_WAITING = 1_000
"""Requests that wait for one receiver; the oldest is lost when there are more."""
FLOOD = 100
"""Handshakes at once, from strangers."""
_REMEMBERED = 20
_MOST_READ = 64 * 1024


@dataclass(kw_only=True, eq=False)
class Receiver:
    """`failed` counts handshakes in a row that went wrong, and a receiver that is `blocked` is told nothing; `last` is
    the status of its latest answer to a request, None when there was none. `patience` is in real seconds.
    """

    number: int
    wanted: Wanted
    vendor: Vendor
    faults: Faults
    http: aiohttp.ClientSession = field(repr=False)
    patience: float
    state: Literal["verified", "blocked"] = "blocked"
    checked: int = 0
    failed: int = 0
    delivered: int = 0
    lost: int = 0
    last: int | None = None

    def __post_init__(self) -> None:
        self._press = Press(self.vendor, self.wanted, self.faults)
        self._check_at: Instant | None = None
        self._waiting = list[Push]()
        self._taken = deque[Push](maxlen=_REMEMBERED)

    def status(self) -> Json:
        """What everybody may know of it."""
        names = ("state", "checked", "failed", "delivered", "lost", "last")
        told = {name: getattr(self, name) for name in names}
        return {"id": self.number, "callback": self.wanted.callback, "waiting": len(self._waiting), **told}

    def tell(self, told: Sequence[Told], now: Instant) -> None:
        """Have it told of changes, as soon as it is served."""
        if self.state == "verified":
            self._keep(self._press.pushes(told, now, self._taken))

    def tell_event(self, event: Json, now: Instant) -> None:
        """The same of something that no change stands for."""
        if self.state == "verified":
            self._keep([self._press.of_events([event], now)])

    async def serve(self, now: Instant) -> None:
        """Do what is due, until it gives no answer any more."""
        if self.state == "verified" and self._check_at is not None and now >= self._check_at:
            await self.check(now)
        due = [push for push in self._waiting if push.due <= now]
        if due and self.faults.strikes("challenge-flood"):
            await self._flood()
        for push in due:
            if self.state == "blocked" or not await self._send(push, now):
                break

    async def check(self, now: Instant) -> None:
        """Repeat the handshake."""
        met = await self._is_met(self.wanted)
        self.checked += 1
        self.failed = 0 if met else self.failed + 1
        self._check_at = None if self.vendor.renew is None else now + self.vendor.renew
        if met:
            self.state = "verified"
        elif self.failed >= self.vendor.strikes:
            self.state = "blocked"

    def _keep(self, pushes: Sequence[Push]) -> None:
        self._waiting += pushes
        self.lost += max(0, len(self._waiting) - MOST_WAITING)
        del self._waiting[:-MOST_WAITING]

    async def _send(self, push: Push, now: Instant) -> bool:
        """Try a request. Returns whether there was any answer."""
        wait = self.vendor.pause * self.vendor.growth**push.tries
        push.tries += 1
        self.last, _ = await self._ask("POST", body=push.body, headers=push.headers)
        taken = self.last in self.vendor.accepted
        if taken:
            self._taken.append(push)
        if not push.once and (push.deaf or not taken) and now + wait - push.made <= self.vendor.longest:
            push.due = now + wait
        else:
            self._waiting.remove(push)
            self.delivered += taken
            self.lost += not (taken or push.once)
        return self.last is not None

    async def _is_met(self, wanted: Wanted) -> bool:
        challenge = self.vendor.challenge(wanted, self.faults.random)
        status, body = await self._ask("GET", query=challenge.query)
        return status == HTTPStatus.OK and challenge.is_met(body)

    async def _flood(self) -> None:
        """Handshakes from strangers, whose answers count for nothing."""
        secret, token = f"not {self.wanted.secret}", f"not {self.wanted.verify_token}"
        strangers = replace(self.wanted, secret=secret, verify_token=token)
        async with asyncio.TaskGroup() as group:
            for _ in range(FLOOD):
                group.create_task(self._is_met(strangers), name="a stranger's handshake")

    async def _ask(
        self,
        method: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int | None, bytes]:
        """What it answers; None when it does not, in time."""
        asked = self.http.request(
            method,
            URL(self.wanted.callback),
            params=query,
            data=None if body is None else BytesIO(body),
            headers=headers,
            allow_redirects=False,  # they could lead away from this machine
            timeout=aiohttp.ClientTimeout(total=self.patience),
        )
        try:
            async with asked as answer:
                return answer.status, await _beginning(answer.content)
        except (aiohttp.ClientError, TimeoutError):
            return None, b""


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """A body, as far as one needs to look."""
    body = b""
    while len(body) < _MOST_READ and (chunk := await content.read(_MOST_READ)):
        body += chunk
    return body

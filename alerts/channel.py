"""The port every channel implements, and what a channel may rely on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

import aiohttp

from alerts.acts import Act, Acted
from alerts.alert import Language
from alerts.message import Message
from config.model import Label, Model, TimeZone
from config.spec import Catalog, Spec
from rules.instant import Instant

RECEIPT = 1_000
"""Longest receipt that is kept."""

Reason = Literal["authError", "rateLimited", "clientError", "serverError", "contextDeadlineExceeded", "other"]


class SendError(Exception):
    """One delivery did not succeed. `permanent`: trying again cannot help, somebody must act (park it); otherwise try
    again, not before `retry_after` when the service said so. `reason` labels the metric. Holds no secret.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Reason,
        permanent: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.reason, self.permanent, self.retry_after = reason, permanent, retry_after


async def _on_trial(_act: Act) -> Acted:
    return Acted(words="this channel is only tried", done=False)


class ChannelOptions(Model):
    """What every channel accepts."""

    name: Label | None = None
    """What people call it, in alerts; its key in the configuration when not given."""
    language: Language | None = None
    """Language of the messages; the daemon's when not given."""
    time_zone: TimeZone | None = None
    """Time zone of the messages, such as Europe/Paris; the daemon's when not given."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What the program lends a channel. `installation` names the store behind the alerts, the same for its whole life,
    and tells nothing of the machine; `now` is the daemon's clock (it may run faster than the wall clock); `passing`
    channels live for one message and leave no word of themselves behind. `act` asks the program for something and
    returns what came of it, or will. `language` is what the program speaks where a channel has none of its own.
    """

    http: aiohttp.ClientSession
    now: Callable[[], Instant]
    installation: str
    name: str
    passing: bool = False
    language: Language = "en"
    act: Callable[[Act], Awaitable[Acted]] = _on_trial


class Channel(Protocol):
    """Delivers messages. Built without I/O; safe to build when the service is down.

    `send` returns when the service has taken the message, else raises SendError; it is cancelled at the dispatcher's
    deadline. The same `message.id` may come twice after a crash and must not show twice where the service can tell.
    What it returns, where the service names what it took, is kept (RECEIPT characters at most): it is the `receipt` of
    the next message of the same thread, empty for the first.
    `serve` runs for the life of the channel under supervision, for those that keep a connection (an MQTT last will);
    it returns at once when there is nothing to keep, and is cancelled at the end: say goodbye there.
    """

    async def send(self, message: Message, receipt: str = "", /) -> str | None: ...

    async def serve(self) -> None: ...


@dataclass(frozen=True)
class Identity:
    """What a service knows somebody by and nobody else can be known by: `like` this, and by a `pattern`."""

    like: str
    pattern: str


@dataclass(frozen=True, kw_only=True)
class ChannelSpec(Spec[ChannelOptions]):
    """What a channel can: one `thread` an incident, `edit` messages sent, take an `ack` with options that are
    `answerable`, show `pictures`, `wakes` a sleeper.

    `knows` is what people are known by who act there, None where that is nothing. `gathers`: what comes within a minute
    may stand in one message, as `people` would have it; False where incidents are kept apart. `people` read it, not
    programs or whoever sits at the machine; `remembers`: what it told it goes on telling, or asks about, so that of
    several processes one delivers for it; `deadline` bounds one attempt.
    """

    build: Callable[[Any, Tools], Channel]
    thread: bool = False
    edit: bool = False
    ack: bool = False
    pictures: bool = False
    answerable: Callable[[Any], bool] = lambda _: True
    wakes: Literal["yes", "no", "depends"] = "no"
    knows: Identity | None = None
    people: bool = True
    gathers: bool = True
    remembers: bool = False
    deadline: timedelta = timedelta(seconds=30)


CHANNELS = Catalog("channel", "alerts.channels", "badbuzz.channels", ChannelSpec)

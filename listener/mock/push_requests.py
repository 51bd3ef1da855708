"""Signed requests as platforms push them: what differs between platforms, and how changes become requests."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, NamedTuple, Protocol

from listener.mock.faults import Faults
from listener.mock.spoil import twisted
from listener.mock.world import Change, Said
from rules.instant import DAY, Instant, Span

FAULTS = (
    "bad-clock",
    "bad-signature",
    "challenge-flood",
    "duplicate",
    "huge",
    "malformed",
    "out-of-order",
    "redelivery",
    "replay",
    "unknown-field",
    "unsigned",
    "wrong-shape",
)
"""What can happen to any push."""
FORGED = "forged: "
"""How a text begins that no platform sent."""
CROWD = 1_000
"""Events of a request, when it is a crowd."""
_ELSE = 10**9
"""Added to the number of a post, makes that of one which nobody wrote."""
_LARGE = 2_000_000
_FAR = (0, 47_117 * DAY)
"""1970 and 2099."""
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a receiver asks for: the address that is called, the secret that requests are signed with, what a handshake
    must show, and of which kind of `object` it wants to hear; of the platform's first when it does not say.
    """

    callback: str
    secret: str = field(repr=False)
    verify_token: str = field(default="", repr=False)
    object: str = ""


@dataclass(frozen=True)
class Challenge:
    """A handshake: what a receiver is asked, and whether an answer's body is right."""

    query: Mapping[str, str]
    is_met: Callable[[bytes], bool]


class Told(NamedTuple):
    """A change, the post at the beginning of its conversation, and the one that is answered or passed on, if any."""

    change: Change
    root: Said
    about: Said | None


class Vendor(Protocol):
    """A platform's kind of push. A request holds at most `batch` events; an answer counts within `patience`, in real
    seconds, when its status is among those `accepted`. A request that failed is repeated after a `pause` which then
    grows by `growth`, until it is older than `longest`. Handshakes are repeated after `renew`, and as many that fail in
    a row as `strikes` block the receiver.
    """

    batch: int
    patience: float
    accepted: Container[int]
    pause: Span
    growth: int
    longest: Span
    renew: Span | None
    strikes: int

    def challenge(self, wanted: Wanted, random: Random) -> Challenge: ...

    def event(self, told: Told) -> Json | None:
        """What is said of a change; None when the platform is silent about it."""

    def filler(self, number: int, /) -> Json | None:
        """An event that is no mention; None when such are not sent together with others."""

    def body(self, events: Sequence[Json]) -> bytes: ...

    def sign(self, secret: str, body: bytes) -> Mapping[str, str]:
        """The headers that prove where a body comes from."""


@dataclass(kw_only=True, eq=False)
class Push:
    """One request, first and next `due`. It is not repeated when it goes `once`, and until the platform gives up when
    that is `deaf` to the answers.
    """

    body: bytes
    headers: Mapping[str, str]
    made: Instant
    due: Instant
    once: bool = False
    deaf: bool = False
    tries: int = 0


class Press:
    """Makes requests of changes for one receiver, and what its faults draw beside them: what should not be taken comes
    as a request of its own, about posts that nobody wrote, so that all that was said arrives nevertheless.
    """

    def __init__(self, vendor: Vendor, wanted: Wanted, faults: Faults) -> None:
        self._vendor, self._wanted, self._faults = vendor, wanted, faults
        self._fillers = 0

    def pushes(self, told: Sequence[Told], now: Instant, sent: Sequence[Push]) -> list[Push]:
        """The requests that tell of these changes, in order; `sent` are earlier ones."""
        heard = [each for each in told if self._vendor.event(each)]
        if self._faults.strikes("out-of-order"):
            heard.reverse()
        size = self._vendor.batch
        parts = [heard[start : start + size] for start in range(0, len(heard), size)]
        return [push for part in parts for push in self._part(part, now, sent)]

    def of_events(self, events: Sequence[Json], now: Instant) -> Push:
        """A request with events, as it should be."""
        return self._signed(self._vendor.body(events), now)

    def _part(self, part: Sequence[Told], now: Instant, sent: Sequence[Push]) -> list[Push]:
        strikes = self._faults.strikes
        spoilt = self._spoilt(part[0], now)
        if sent and strikes("replay"):
            spoilt.append(replace(self._faults.random.choice(sent), due=now, once=True, deaf=False, tries=0))
        if strikes("bad-clock"):
            at = self._faults.random.choice(_FAR)
            part = [_changed(each._replace(change=each.change._replace(at=at)), at=at) for each in part]
        events = [event for each in part if (event := self._vendor.event(each))]
        if strikes("unknown-field"):
            events = [_novel(event) for event in events]
        if strikes("crowd"):
            events += self._crowd(CROWD - len(events))
        push = self.of_events(events, now)
        push.deaf = strikes("redelivery")
        return [*spoilt, push, *([replace(push, once=True, deaf=False)] if strikes("duplicate") else [])]

    def _spoilt(self, told: Told, now: Instant) -> list[Push]:
        """What comes before a request and should do no harm."""
        strikes, random = self._faults.strikes, self._faults.random
        forged = self._body(_nobodys(told, FORGED + told.change.post.text))
        found = []
        if strikes("bad-signature"):
            headers = self._vendor.sign(f"not {self._wanted.secret}", forged)
            found.append(Push(body=forged, headers=headers, made=now, due=now))
        if strikes("unsigned"):
            found.append(Push(body=forged, headers={}, made=now, due=now))
        if strikes("malformed"):
            middle = random.randrange(1, len(forged))
            found.append(self._signed(random.choice([forged[:middle], forged[:-1] + b"\0", b"\xff" + forged]), now))
        if strikes("huge"):
            found.append(self._signed(self._body(_nobodys(told, "x" * _LARGE)), now))
        if strikes("wrong-shape"):
            event = self._vendor.event(_nobodys(told, told.change.post.text)) or {}
            found.append(self.of_events([twisted(event, random)], now))
        return [replace(push, once=True) for push in found]

    def _body(self, told: Told) -> bytes:
        return self._vendor.body([self._vendor.event(told) or {}])

    def _signed(self, body: bytes, now: Instant) -> Push:
        return Push(body=body, headers=self._vendor.sign(self._wanted.secret, body), made=now, due=now)

    def _crowd(self, size: int) -> list[Json]:
        self._fillers += size
        fillers = (self._vendor.filler(self._fillers - number) for number in range(size))
        return [filler for filler in fillers if filler]


def _changed(told: Told, **post: Any) -> Told:
    return told._replace(change=told.change._replace(post=replace(told.change.post, **post)))


def _nobodys(told: Told, text: str) -> Told:
    """The same of a post that nobody wrote."""
    change, key = told.change, told.change.post.key + _ELSE
    other = _changed(told._replace(change=change._replace(number=change.number + _ELSE)), key=key, text=text)
    return other._replace(root=other.change.post) if told.root.key == change.post.key else other


def _novel(value: Any) -> Any:
    """The same with a field everywhere that nobody has heard of."""
    if not isinstance(value, dict):
        return value
    return {**{name: _novel(inner) for name, inner in value.items()}, "novelty": {"since": 2027, "of": [None]}}

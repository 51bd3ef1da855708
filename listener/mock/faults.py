"""What goes wrong on platforms, as switches: named, seeded, on for good or for a while, drawn when it could happen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from config.model import format_duration, parse_duration
from config.problems import closest
from rules.instant import HOUR, MINUTE, SECOND, Span, duration, span

FAULTS: Mapping[str, str] = {
    "close": "a stream is closed by the platform, in order",
    "reset": "a connection is reset in the middle of a message",
    "stall": "a stream stays open and says nothing more, not even that it is alive",
    "starve": "a stream says that it is alive, and brings no posts",
    "rate-limit": "429, with a wait in one of the shapes that platforms use, or none",
    "server-error": "502 and 503 with a page of HTML, a few in a row",
    "wrong-type": "200 with a page of HTML instead of data",
    "unauthorised": "401: the token has expired or was revoked",
    "quota": "403 or 429 until the next day: what may be asked a day is spent",
    "token-expiry": "a token expires while it is used: the stream just ends, then it is refused for half a minute",
    "redirect-loop": "an address that leads to itself",
    "redirect-private": "an address that leads into the reader's own network",
    "slow": "an answer that comes byte by byte",
    "duplicate": "the same event or page twice",
    "out-of-order": "events in another order than they were made in",
    "malformed": "an event that is cut off, holds NUL, or half a character",
    "wrong-shape": "a field that is missing, null, or of another type; an event of an unknown type",
    "huge": "an event or a body far larger than any real one",
    "cursor-loss": "a cursor that is too old, or was never given out",
    "bad-clock": "posts dated 1970 or 2099",
    "bad-signature": "a request with a signature of something else",
    "unsigned": "a request without a signature",
    "replay": "a request that was taken long ago, once more",
    "redelivery": "a request that is repeated for hours, whatever is answered",
    "crowd": "a thousand events in one request",
    "unknown-field": "fields that nobody has heard of",
    "challenge-flood": "a hundred handshakes at once, from strangers",
    "surge": "five to ten times as much is said, for a minute",
    "flood": "the same words from dozens of accounts at once",
}
"""Each with what happens; a platform draws those that can happen to it."""
SOME = 0.1
"""How often something goes wrong where nothing is said about it: with one answer in ten."""


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A fault that is on from `begin` to `end` (None: for good), counted from the start; then it strikes with
    `chance`.
    """

    name: str
    chance: float = 1.0
    begin: Span = 0
    end: Span | None = None

    def is_on(self, passed: Span) -> bool:
        return self.begin <= passed and (self.end is None or passed < self.end)

    def __str__(self) -> str:
        if self.chance < 1:
            return f"{self.name} ({self.chance:.1%})"
        begin, end = (format_duration(duration(at // SECOND * SECOND)) for at in (self.begin, self.end or 0))
        return f"{self.name}@{begin}..{'' if self.end is None else end}"


class Faults:
    """Draws, from a seed, whether a fault happens now: each of `names` with `chance`, and each of `switches` while
    `passed`, the time since the start, lies in its span. Only what is in `names` strikes, which may be changed.
    """

    def __init__(
        self,
        names: Collection[str] = (),
        *,
        seed: int = 0,
        chance: float = SOME,
        switches: Collection[Switch] = (),
        passed: Callable[[], Span] = lambda: 0,
    ) -> None:
        self._switches = [*(Switch(name=name, chance=chance) for name in names), *switches]
        self.names = frozenset(switch.name for switch in self._switches)
        if unknown := self.names - FAULTS.keys():
            raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
        self._passed = passed
        self.random = Random(seed)
        self.struck: dict[str, int] = {}

    def strikes(self, name: str) -> bool:
        """Whether the fault happens now; `struck` counts how often each did."""
        if name not in self.names:
            return False
        passed = self._passed()
        chances = [each.chance for each in self._switches if each.name == name and each.is_on(passed)]
        if self.random.random() >= max(chances, default=0.0):
            return False
        self.struck[name] = self.struck.get(name, 0) + 1
        return True


def read_faults(text: str, known: Sequence[str], random: Random) -> list[Switch]:
    """The switches of a list such as `reset,stall@10m..12m,surge@1h..`. One without times strikes with one answer in
    ten; one with times whenever it can in between. `all` is every known one, `random` a drawing. Raises ValueError with
    the way out.
    """
    written = [part.strip() for part in text.split(",") if part.strip()]
    if written == ["random"]:
        return drawn_faults(known, random, HOUR)
    if written == ["all"]:
        written = list(known)
    return [_switch(part, known, SOME / len(written)) for part in written]


def drawn_faults(known: Sequence[str], random: Random, within: Span) -> list[Switch]:
    """A drawing: some of the known faults, half of them now and then, half for a while `within` which they rule."""
    switches = []
    for name in random.sample(known, random.randint(min(2, len(known)), len(known))):
        begin = random.randrange(within)
        now_and_then = Switch(name=name, chance=random.choice([0.003, 0.01, 0.03]))
        for_a_while = Switch(name=name, begin=begin, end=begin + random.randrange(5 * SECOND, MINUTE))
        switches.append(random.choice([now_and_then, for_a_while]))
    return switches


def _switch(part: str, known: Sequence[str], chance: float) -> Switch:
    name, timed, times = part.partition("@")
    if name in {"all", "random"}:
        raise ValueError(f"`{name}` stands alone: without other faults, and without times")
    if name not in known:
        close = closest(name, known)
        raise ValueError(f"unknown fault: {name}; {f'did you mean {close}?' if close else _ways(known)}")
    if not timed:
        return Switch(name=name, chance=chance)
    begin, _, end = times.partition("..")
    switch = Switch(name=name, begin=_time(part, begin), end=_time(part, end) if end else None)
    if switch.end is not None and switch.end <= switch.begin:
        raise ValueError(f"{part}: this is never on; both times count from the start, such as {name}@10m..12m")
    return switch


def _ways(known: Sequence[str]) -> str:
    return f"there are all, random, {', '.join(known)}; name them, or give times: reset,stall@10m..12m"


def _time(part: str, text: str) -> Span:
    try:
        passed = parse_duration(text)
        return span(passed) if isinstance(passed, timedelta) else 0
    except (ValueError, OverflowError):
        raise ValueError(f"{part}: {text!r} is no time from the start; write it like stall@10m..12m") from None

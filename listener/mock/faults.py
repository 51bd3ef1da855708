"""What goes wrong on platforms, as switches: named, seeded, and drawn each time somebody could be hit."""

from collections.abc import Collection, Mapping
from random import Random

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
}
"""Each with what happens; a platform draws those that can happen to it."""


class Faults:
    """Draws whether a fault happens now: each of `names` with `chance`, from a seed."""

    def __init__(self, names: Collection[str] = (), *, seed: int = 0, chance: float = 0.1) -> None:
        unknown = set(names) - FAULTS.keys()
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
        self.names, self._chance = frozenset(names), chance
        self.random = Random(seed)
        self.struck: dict[str, int] = {}

    def strikes(self, name: str) -> bool:
        """Whether the fault happens now; `struck` counts how often each did."""
        if name not in self.names or self.random.random() >= self._chance:
            return False
        self.struck[name] = self.struck.get(name, 0) + 1
        return True

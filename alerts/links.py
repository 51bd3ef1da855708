"""Links that open one incident for one recipient until a moment, and that nobody can make up. Pure."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2s

from rules.instant import DAY, HOUR, Instant, Span

LIFE: Span = 7 * DAY
"""How long a link is good, from the step on that it is sent with."""
TOKEN = r"[A-Za-z0-9_-]{32}"  # noqa: S105  # what one looks like
"""As a pattern. So short that an SMS has room for words beside it."""
_NUMBER, _HOURS, _WHO, _SEAL = 4, 3, 4, 13  # bytes: 24, that are 32 letters without padding


@dataclass(frozen=True)
class Link:
    """What a token stands for: the number of an incident, a mark of the recipient's name, and until when."""

    number: int
    mark: bytes
    until: Instant


def mark_of(recipient: str) -> bytes:
    """What stands for a recipient in a token."""
    return blake2s(recipient.encode(), digest_size=_WHO).digest()


class Links:
    """Makes and reads tokens with a secret key: who has that can act on any incident."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, number: int, recipient: str, at: Instant) -> str:
        """For `recipient`, of a message about what was at `at`: the same message, the same token."""
        hours = (at + LIFE) // HOUR + 1
        said = number.to_bytes(_NUMBER) + hours.to_bytes(_HOURS) + mark_of(recipient)
        return urlsafe_b64encode(said + self._seal(said)).decode()

    def page(self, base: str, number: int, recipient: str, at: Instant) -> str:
        """The address of such a token on the site at `base`."""
        return f"{base.rstrip('/')}/i/{self.token(number, recipient, at)}"

    def read(self, token: str) -> Link | None:
        """None for one that was not made with this key. Whether it is still good is for the caller to see."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii"))
        except ValueError:
            return None
        said, seal = raw[:-_SEAL], raw[-_SEAL:]
        if not hmac.compare_digest(self._seal(said), seal):
            return None
        hours = int.from_bytes(said[_NUMBER : _NUMBER + _HOURS])
        return Link(int.from_bytes(said[:_NUMBER]), said[_NUMBER + _HOURS :], hours * HOUR)

    def _seal(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")[:_SEAL]

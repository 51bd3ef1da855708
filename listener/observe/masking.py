"""Known secrets never reach a log, an error shown to a person, or an answer over HTTP."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST = 4
"""Shorter values are left alone: hiding them everywhere would garble the text and so give them away."""


def _shapes(secret: str) -> set[str]:
    """A secret as it may appear: plain, inside a URL, inside a repr."""
    return {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), repr(secret)[1:-1]}


class Masking:
    """Replaces every known secret in a text. Secrets are learnt, never forgotten: a reload may drop one that an error
    still carries.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._shapes: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(secrets)

    def __repr__(self) -> str:
        return f"Masking({len(self._shapes)} shapes)"

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these too, from now on."""
        for secret in secrets:
            self._shapes |= {shape for shape in _shapes(secret) if len(shape) >= SHORTEST}
        longest_first = sorted(self._shapes, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def hide(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text

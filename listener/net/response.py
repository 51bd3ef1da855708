"""An answer over HTTP, as collectors and channels see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer that is no redirect. `url` is where it came from; `moved` where the first address has moved to for
    good, through unbroken permanent redirects; header names are lower case; `retry_after` what the server asks for.
    """

    status: int
    url: str
    moved: str | None
    headers: Mapping[str, str]
    body: bytes
    retry_after: timedelta | None = None

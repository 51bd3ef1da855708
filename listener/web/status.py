"""What the page asks of the running daemon, beside what the store keeps."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web

from alerts.alert import Language
from config.model import Secret
from config.problems import Problem
from listener.errors import SourceState
from listener.store.port import Views
from rules.instant import Instant, Span


@dataclass(frozen=True, kw_only=True)
class SourceStatus:
    """A configured source. `code` and `detail` say what is wrong; the detail is our own text or a masked error."""

    name: str
    kind: str
    state: SourceState
    last_event: Instant | None = None
    last_mention: Instant | None = None
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class RuleStatus:
    """A rule of a brand as last judged: `value` mentions of `of` in the last `window`, `usual` there are expected."""

    rule: str
    of: str
    value: float
    window: Span
    usual: float | None = None
    learning: bool = False


@dataclass(frozen=True, kw_only=True)
class BrandStatus:
    """A configured brand. `unsupported` are its languages whose tone cannot be judged."""

    name: str
    rules: Sequence[RuleStatus] = ()
    unsupported: Sequence[str] = ()


class Status(Protocol):
    """The daemon's present state; every method answers at once, from memory."""

    @property
    def version(self) -> str: ...

    @property
    def started(self) -> Instant: ...

    def sick(self) -> str:
        """Why the daemon should be restarted, "" while it is well. Nothing remote counts."""
        ...

    def waiting(self) -> str:
        """Why the daemon is not ready for work, "" when it is."""
        ...

    def brands(self) -> Sequence[BrandStatus]: ...

    def sources(self) -> Sequence[SourceStatus]: ...


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the configuration in force says about the page. `local`: only this machine can reach it."""

    language: Language
    time_zone: str
    local: bool
    token: Secret | None = None
    external_url: str | None = None

    @property
    def own_host(self) -> str | None:
        """The name under which people reach the page."""
        return urlsplit(self.external_url).hostname if self.external_url else None

    @property
    def encrypted(self) -> bool:
        return (self.external_url or "").startswith("https://")


@dataclass(frozen=True, kw_only=True)
class Site:
    """Everything the page is built on.

    `settings` is asked at every request, so a reload counts at once. `key` signs forms and sessions and outlives a
    restart. `reload` raises ConfigError when nothing was changed, and returns the warnings otherwise. `inbound` gives
    the routes of a source, none when there is no such source. `exposition` answers an Accept header with metrics.
    """

    settings: Callable[[], Settings]
    views: Views
    status: Status
    now: Callable[[], Instant]
    key: bytes
    reload: Callable[[], Awaitable[Sequence[Problem]]]
    inbound: Callable[[str], Sequence[web.RouteDef]]
    exposition: Callable[[str], tuple[bytes, str]]
    hide: Callable[[str], str] = str
    """Takes known secrets out of a text; see Masking.hide."""

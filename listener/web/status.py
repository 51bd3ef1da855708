"""What the page asks of the running daemon, beside what the store keeps."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from aiohttp import web

from alerts.alert import Language
from alerts.links import Links
from config.model import Secret
from config.problems import Problem
from listener.errors import SourceState
from listener.signal import Signal
from listener.store.port import IncidentRow, Views
from rules.instant import Instant, Span
from rules.transition import Share, Unit


@dataclass(frozen=True, kw_only=True)
class SourceStatus:
    """A configured source, which people call `label` if that is not "". It is heard, or not, since `since`. `code`
    and `detail` say what is wrong; the detail is our own text or a masked error.
    """

    name: str
    label: str = ""
    kind: str
    state: SourceState
    since: Instant | None = None
    last_event: Instant | None = None
    last_mention: Instant | None = None
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class RuleStatus:
    """A rule of a brand as last judged: `value` mentions of `of` in the last `window`, `usual` there are expected. The
    rest is as in `rules.transition.Evidence`.
    """

    rule: str
    of: str
    value: float
    window: Span
    usual: float | None = None
    usual_high: float | None = None
    learning: bool = False
    unit: Unit = "mentions"
    share: Share | None = None


class Rate(NamedTuple):
    """Mentions of a brand in one minute, and how many of them are negative."""

    posts: int
    negative: int


@dataclass(frozen=True, kw_only=True)
class BrandStatus:
    """A configured brand. `rates` are its last minutes, the open one last; `unsupported` its languages whose tone
    cannot be judged. Where it is judged `elsewhere`, how its rules stand is not known.
    """

    name: str
    rules: Sequence[RuleStatus] = ()
    rates: Sequence[Rate] = ()
    unsupported: Sequence[str] = ()
    elsewhere: bool = False


class Status(Protocol):
    """The daemon's present state, from memory. A method that is not a coroutine answers at once, also where there are
    thousands of brands.
    """

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

    def brand(self, name: str) -> BrandStatus | None:
        """None for one that is not configured."""
        ...

    def brand_names(self) -> Mapping[str, str]:
        """What people call each brand, by its name in the configuration, in the order there."""
        ...

    async def loudest(self) -> Sequence[str]:
        """The names of all brands, those that matter most now first."""
        ...

    def sources(self) -> Sequence[SourceStatus]: ...

    def channels(self) -> Mapping[str, str]:
        """What people call each channel, by its name in the configuration."""
        ...

    def called(self, person: str) -> str:
        """What people call somebody, by their name in the configuration."""
        ...

    def held(self, incident: IncidentRow) -> bool:
        """Whether nobody was told of it, as its brand or rule is only watched."""
        ...


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Who is sent links: what people call them, how they read, and the `only` brands they may see, None for all."""

    label: str
    language: Language
    time_zone: str
    only: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the configuration in force says about the page. `local`: only this machine can reach it. `recipients` are
    those of links, by the mark that stands for them in one.
    """

    language: Language
    time_zone: str
    local: bool
    token: Secret | None = None
    external_url: str | None = None
    recipients: Mapping[bytes, Recipient] = field(default_factory=dict)

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
    `news` fires when there may be something else to show. `links` are those that messages carry.
    """

    settings: Callable[[], Settings]
    views: Views
    status: Status
    news: Signal
    now: Callable[[], Instant]
    key: bytes
    links: Links
    reload: Callable[[], Awaitable[Sequence[Problem]]]
    inbound: Callable[[str], Sequence[web.RouteDef]]
    exposition: Callable[[str], Awaitable[tuple[bytes, str]]]
    hide: Callable[[str], str] = str
    """Takes known secrets out of a text; see Masking.hide."""

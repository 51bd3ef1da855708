"""What an operator may set. Component options are the components' own: here they are only carried."""

import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    SerializeAsAny,
)

from config.calendar import Entry
from config.digest import DigestPlan
from config.drill import Drill
from config.hours import Hours
from config.kafka import Kafka
from config.model import Duration, Folder, Label, Model, Secret, TimeZone, Until, writable_name
from config.oncall import ONCALL, OnCall
from config.people import Person
from config.playbooks import Playbook
from config.values import Language, LanguageCode, Listed, OneOrMore, Severity, Text
from config.watchdog import Canary, Heartbeat

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
"""Names become MQTT topics, URLs and metric labels."""

SHORTEST_RETENTION = timedelta(hours=1)
"""What is too old is removed once an hour."""

SHORTEST_LEASE = timedelta(seconds=3)
"""A busy machine may not get to renew a shorter one."""

Detection = Literal["built-in", "py3langid"]


def split_address(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:9465`, `[::1]:9465` or `:9465` (every interface: host is empty).

    Raises ValueError with the way out.
    """
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:\s/]*)):(\d{1,5})", text)
    if not match or int(match[3]) > 65_535:
        raise ValueError("not an address to listen on: write host:port, such as 127.0.0.1:9465")
    return match[1] or match[2], int(match[3])


def _address(text: str) -> str:
    split_address(text)
    return text


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", text):
        raise ValueError("not a web address: it starts with http:// or https://")
    return text.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


class Daemon(Model):
    """The program itself."""

    data: Annotated[Path, AfterValidator(writable_name)] = Path("badbuzz-data")
    """Folder of everything badbuzz remembers; a relative one is beside the configuration file."""
    listen: Address = "127.0.0.1:9465"
    """Where the page, the metrics and pushed mentions are served; anything but this machine demands a token."""
    external_url: WebAddress | None = None
    """How people reach the page, for links in alerts: each opens its incident alone, for a week, without a log-in."""
    language: Language = "en"
    """Language of alerts, unless a channel has its own."""
    time_zone: TimeZone = "UTC"
    """Time zone of alerts, unless a channel has its own; such as Europe/Paris."""
    templates: Folder | None = None
    """Folder of your own templates of messages, such as `line.fr.jinja`; a relative one is beside the configuration."""
    detection: Detection = "built-in"
    """Who tells the language of a post that does not say its own; `py3langid` needs `badbuzz[language]`."""
    workers: Annotated[int, Field(ge=0, le=64)] | Literal["auto"] = "auto"
    """Processes beside the daemon that classify mentions while there is much to do, at most; `auto`: one for each core
    of several, up to 4; 0: none."""
    retention: Annotated[Duration, Field(ge=SHORTEST_RETENTION)] = timedelta(days=90)
    """How long mentions are kept, unless a source has its own."""
    token: Secret | None = None
    """What the page and its interfaces ask for; needed when `listen` is not this machine alone."""
    database: Secret | None = None
    """PostgreSQL address, postgresql://user:password@host/name; SQLite in `data` when not given."""
    lease: Annotated[Duration, Field(ge=SHORTEST_LEASE)] = timedelta(seconds=15)
    """How long another machine with the same `database` waits for a sign of the active one before it takes over, or of
    the one that delivers something."""
    kafka: Kafka | None = None
    """The Kafka between `badbuzz run --role listen` and `--role judge`; without a role nothing uses it."""
    log: Literal["text", "json"] = "text"
    """How log lines are written."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least serious log line that is written."""

    @property
    def host(self) -> str:
        """Where to listen; empty is every interface."""
        return split_address(self.listen)[0]

    @property
    def port(self) -> int:
        """The port to listen on; 0 is any free one."""
        return split_address(self.listen)[1]

    @property
    def is_local(self) -> bool:
        """Only this machine can reach `listen`."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


class Operator(Model):
    """Who hears about badbuzz itself."""

    to: Listed[str] = ()
    """Channels that are told of undelivered alerts, and of sources that only a person can mend."""


class ToneWords(Model):
    """What a brand's public means by its words, whatever the language says of them."""

    negative: Listed[Text] = ()
    """Words and phrases that blame; `word*` has every ending."""
    positive: Listed[Text] = ()
    """Words and phrases that praise."""
    neutral: Listed[Text] = ()
    """Words and phrases that say nothing: names of products, technical terms."""


class Brand(Model):
    """What is watched: a company, product, person, event or hashtag."""

    name: Label | None = None
    """What people call it, in alerts and on the page; its key in the configuration when not given."""
    client: Label | None = None
    """Whose brand it is, where a house works for several: no message holds brands of two clients."""
    query: Text
    """What a mention of the brand looks like, in the words of docs/query.md: ("Acme Air" OR @acmeair) -job."""
    languages: OneOrMore[LanguageCode] = ("en", "fr")
    """Languages people write in about it, as two-letter codes."""
    own_accounts: Listed[Text] = ()
    """Accounts of the brand itself: kept, never counted."""
    tone: ToneWords = ToneWords()
    """Words whose tone is the brand's own."""
    watch_only: Until | None = None
    """`until 2026-12-03`: before that day only critical incidents ring; once a day it is told what would have."""


class Route(Model):
    """Who is told of what; the first route that fits wins."""

    severity: OneOrMore[Severity] | None = None
    """Only these severities; all when not given."""
    brand: OneOrMore[str] | None = None
    """Only these brands; all when not given."""
    language: OneOrMore[LanguageCode] | None = None
    """Only when a quarter of the mentions or more are in one of these languages; any when not given."""
    source: OneOrMore[str] | None = None
    """Only when some of the mentions come from one of these sources; any when not given."""
    hours: OneOrMore[Hours] | None = None
    """Only then, such as `Mon-Fri 19:00-08:00`, `Fri 19:00 - Mon 08:00` or `Sat-Sun`; always when not given."""
    time_zone: TimeZone | None = None
    """Time zone of `hours`; that of the program when not given."""
    to: OneOrMore[str]
    """Channels and people that are told; `oncall` is whoever has the watch."""
    go_on: bool = Field(default=False, alias="continue")
    """Look at the following routes as well."""
    quiet_while_critical: bool = False
    """What opens beside an open critical incident of the same brand rings in no channel that was told of that one."""


class Component(Model):
    """A source, rule or channel: `options` are an instance of its kind's options model; `auto` are those of a source as
    they are written, where some of them follow from what its brands ask for.
    """

    name: str
    kind: str
    options: SerializeAsAny[Model] = Field(repr=False)
    auto: SerializeAsAny[Model] | None = Field(default=None, repr=False, exclude=True)

    @property
    def label(self) -> str:
        """What people call it."""
        return getattr(self.options, "name", None) or self.name


class Settings(Model):
    """The whole configuration, valid in itself. Maps keep the order of the file."""

    daemon: Daemon = Daemon()
    operator: Operator = Operator()
    lists: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Words, phrases, #hashtags, @handles or sites that a query names as `@list(name)`."""
    brands: dict[str, Brand]
    sources: dict[str, Component]
    rules: dict[str, Component]
    channels: dict[str, Component]
    routes: tuple[Route, ...]
    calendar: tuple[Entry, ...] = ()
    people: dict[str, Person] = Field(default_factory=dict)
    oncall: OnCall | None = None
    playbooks: dict[str, Playbook] = Field(default_factory=dict)
    drill: Drill = Drill()
    canary: Canary | None = None
    heartbeat: Heartbeat | None = None
    digest: tuple[DigestPlan, ...] = ()

    def reached_by(self, name: str) -> tuple[str, ...]:
        """The channels that a name in a route may come to, whenever that is: one channel, those of a person, or of all
        who can have the watch. Empty for an unknown name.
        """
        if name in self.people:
            return tuple(each for each in self.people[name].call_by if each in self.channels)
        if name == ONCALL and self.oncall:
            named = (*self.oncall.everybody, *self.oncall.otherwise)
            return tuple(dict.fromkeys(channel for each in named for channel in self.reached_by(each)))
        return (name,) if name in self.channels else ()

"""Everything around the daemon in a demonstration: platforms to hear, inboxes to tell, a folder and a configuration."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from aiomqtt import MqttError

from listener.clock import Clock
from listener.mock.broker import Broker, BrokerError, broker, find_mosquitto, free_port
from listener.mock.inboxes import Inbox, mail_inbox, mqtt_inbox, new_inbox, slack_inbox
from listener.mock.platforms import PLACES, Platforms, serving
from listener.mock.story import OFFICIAL, Language, Post

KINDS: Mapping[str, str] = {"team": "slack", "boss": "email", "home": "mqtt"}
"""The channels of the demonstration and their kinds."""
BASE = "badbuzz"
"""Where the MQTT topics begin."""
ZONE = "Europe/Paris"

_CONFIGURATION = """\
# The configuration of this demonstration; the addresses are those of its own servers.
daemon:
  data: {data}
  listen: 127.0.0.1:{port}
  external_url: http://127.0.0.1:{port}
  language: {language}
  time_zone: {zone}
operator: {{to: [team]}}
brands:
  acme-air:
    name: Acme Air
    query: '"Acme Air" OR @acmeair OR #acmeair OR #AcmeAirAbandon OR 4218'
    languages: [fr, en]
    own_accounts: {own}
sources:
{sources}
rules:
  bad-buzz:
    kind: spike
    of: negative
    budget: 1 per week
    at_least: {{posts: 8, authors: 5}}
    severity: warning
    critical_when: {{times_usual: 11}}
    calm_for: 10m
  boycott:
    kind: keyword
    any: [boycott*]
    window: 15m
    at_least: {{posts: 5, authors: 5}}
    severity: critical
    calm_for: 10m
channels:
  team: {{kind: slack, webhook: !secret {slack}}}
  boss:
    kind: email
    to: [lead@agency.example]
    from: badbuzz@agency.example
    smtp: smtp://127.0.0.1:{mail}
    tls: none            # on purpose: the mail server is in the same process
  home: {{kind: mqtt, broker: "mqtt://127.0.0.1:{mqtt}", base: {base}, protocol: "{protocol}"}}
routes:
  - {{to: [team, boss, home]}}
"""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What is set up: `page` is the address of the daemon's page, `subscribed` says that MQTT is read."""

    folder: Path
    config: Path
    data: Path
    page: str
    broker: Broker
    platforms: Platforms
    inbox: Inbox
    subscribed: asyncio.Event

    @property
    def log(self) -> Path:
        """Where the daemon's log lines go."""
        return self.folder / "daemon.log"

    async def read_mqtt(self) -> None:
        """Read the broker until cancelled. Raises BrokerError when it ends before."""
        try:
            await mqtt_inbox(self.inbox, self.broker.port, BASE, self.subscribed)
        except MqttError as error:
            raise BrokerError(f"{self.broker.name} ended: {error}") from error


@asynccontextmanager
async def set_up(story: Sequence[Post], clock: Clock, language: Language) -> AsyncIterator[Stage]:
    """The stage, taken down with the block. Raises OSError, BrokerError, and ImportError when the extra is missing."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="badbuzz-demo-", ignore_cleanup_errors=True)))
        inbox, port = new_inbox(), free_port()
        platforms = await stack.enter_async_context(serving(Platforms(story=story, now=clock.now, origin=clock.origin)))
        slack = await stack.enter_async_context(slack_inbox(inbox))
        mail = await stack.enter_async_context(mail_inbox(inbox))
        running = await stack.enter_async_context(broker(folder, find_mosquitto()))
        stage = Stage(
            folder=folder,
            config=folder / "badbuzz.yaml",
            data=folder / "data",
            page=f"http://127.0.0.1:{port}",
            broker=running,
            platforms=platforms,
            inbox=inbox,
            subscribed=asyncio.Event(),
        )
        secret = folder / "slack-webhook"
        secret.touch(mode=0o600)
        secret.write_text(slack, "utf-8")
        stage.config.write_text(_configuration(stage, port, f"file:{secret}", mail, language), "utf-8")
        yield stage


def _configuration(stage: Stage, port: int, slack: str, mail: int, language: Language) -> str:
    sources = [
        f"  {name}: {{kind: feed, urls: [{stage.platforms.feed_url(name)}], every: 1m, allow_private: true}}"
        for name in PLACES
    ]
    return _CONFIGURATION.format(
        data=_quoted(str(stage.data)),
        port=port,
        language=language,
        zone=ZONE,
        own=_quoted([f"@{OFFICIAL}", *stage.platforms.pages_of(OFFICIAL)]),
        sources="\n".join(sources),
        slack=_quoted(slack),
        mail=mail,
        mqtt=stage.broker.port,
        base=BASE,
        protocol=stage.broker.protocol,
    )


def _quoted(value: object) -> str:
    """As JSON, which is YAML too."""
    return msgspec.json.encode(value).decode()

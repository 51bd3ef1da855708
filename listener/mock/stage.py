"""Everything around the daemon in a demonstration: platforms to hear, inboxes to tell, a folder and a configuration."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from secrets import token_urlsafe
from tempfile import TemporaryDirectory

import msgspec
from aiomqtt import MqttError

from listener.clock import Clock
from listener.mock.bluesky import Jetstream
from listener.mock.broker import Broker, BrokerError, broker, find_mosquitto, free_port
from listener.mock.inboxes import Inbox, mail_inbox, mqtt_inbox, new_inbox, slack_inbox
from listener.mock.mastodon import Mastodon
from listener.mock.press import Press
from listener.mock.script import Cue, Player
from listener.mock.server import Server, serving
from listener.mock.story import OWN, PLATFORMS, Language, small_talk
from listener.mock.world import World
from rules.instant import MINUTE, Instant, Span

KINDS: Mapping[str, str] = {"team": "slack", "boss": "email", "home": "mqtt"}
"""The channels of the demonstration and their kinds."""
BASE = "badbuzz"
"""Where the MQTT topics begin."""
ZONE = "Europe/Paris"
KEEP_ALIVE = 15.0
"""Seconds of the story between two signs of life of the mock Mastodon."""
PAUSE: Span = 2 * MINUTE
"""Between two things that are said about anything else."""
_MOST_SMALL_TALK = 100

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
  mastodon:
    kind: mastodon
    name: Mastodon
    server: {mastodon}
    token: !secret {token}
    tags: [acmeair, acmeairabandon]
    public: true
    allow_private: true
  bluesky: {{kind: bluesky, name: Bluesky, server: {bluesky}, back: 36h, allow_private: true}}
  press: {{kind: feed, name: {press}, urls: [{feed}], every: 1m, allow_private: true}}
rules:
  bad-buzz:
    kind: spike
    of: negative
    budget: 1 per day
    at_least: {{posts: 10, authors: 5}}
    severity: warning
    critical_when: {{times_usual: 7, posts: 15}}
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
    worlds: Mapping[str, World]
    player: Player
    inbox: Inbox
    subscribed: asyncio.Event

    @property
    def log(self) -> Path:
        """Where the daemon's log lines go."""
        return self.folder / "daemon.log"

    async def act(self, clock: Clock, begin: Instant) -> None:
        """Play the story and talk about anything else, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.player.play(clock, begin), name="story")
            # on what nobody writes to any more, badbuzz would rightly call a stream starved
            for name in ("mastodon", "bluesky"):
                group.create_task(_talk(self.worlds[name], clock), name=f"small talk on {name}")

    async def read_mqtt(self) -> None:
        """Read the broker until cancelled. Raises BrokerError when it ends before."""
        try:
            await mqtt_inbox(self.inbox, self.broker.port, BASE, self.subscribed)
        except MqttError as error:
            raise BrokerError(f"{self.broker.name} ended: {error}") from error


@asynccontextmanager
async def set_up(story: Sequence[Cue], clock: Clock, language: Language) -> AsyncIterator[Stage]:
    """The stage, with all that was said before the story, taken down with the block. Raises OSError, BrokerError, and
    ImportError when the extra is missing.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="badbuzz-demo-", ignore_cleanup_errors=True)))
        inbox, port, token = new_inbox(), free_port(), token_urlsafe(16)
        worlds = {name: World(clock.now) for name in PLATFORMS}
        player = Player(story, worlds)
        player.past(clock.now())
        server = await stack.enter_async_context(serving(_platforms(worlds, clock, token)))
        slack = await stack.enter_async_context(slack_inbox(inbox))
        mail = await stack.enter_async_context(mail_inbox(inbox))
        running = await stack.enter_async_context(broker(folder, find_mosquitto()))
        stage = Stage(
            folder=folder,
            config=folder / "badbuzz.yaml",
            data=folder / "data",
            page=f"http://127.0.0.1:{port}",
            broker=running,
            worlds=worlds,
            player=player,
            inbox=inbox,
            subscribed=asyncio.Event(),
        )
        secrets = {"slack": slack, "token": token}
        told = {name: _quoted(_kept(folder / name, secret)) for name, secret in secrets.items()}
        ports = {"port": port, "mail": mail, "mqtt": running.port}
        stage.config.write_text(_configuration(stage, server, language, **told, **ports), "utf-8")
        yield stage


def _platforms(worlds: Mapping[str, World], clock: Clock, token: str) -> dict[str, Mastodon | Jetstream | Press]:
    """Each keeps to the clock of the story."""
    return {
        "mastodon": Mastodon(world=worlds["mastodon"], tokens={token}, keep_alive=KEEP_ALIVE / clock.speed),
        "bluesky": Jetstream(worlds["bluesky"], clock=clock),
        "feed": Press(worlds["feed"], clock=clock, title="Presse et blogs · Press and blogs"),
    }


async def _talk(world: World, clock: Clock) -> None:
    """Say something now and then; what is old goes."""
    keys = list[int]()
    for cue in cycle(small_talk()):
        await clock.sleep(PAUSE)
        keys.append(world.say(cue.text, cue.author, language=cue.language).key)
        if len(keys) > _MOST_SMALL_TALK:
            world.delete(keys.pop(0))


def _kept(file: Path, secret: str) -> str:
    """A secret in a file of its owner's, as a configuration names it."""
    file.touch(mode=0o600)
    file.write_text(secret, "utf-8")
    return f"file:{file}"


def _configuration(stage: Stage, server: Server, language: Language, **places: object) -> str:
    mastodon, bluesky, press = (server.of(name) for name in PLATFORMS)
    own = [
        f"@{OWN['mastodon'].handle}@mastodon.example",
        OWN["bluesky"].handle,
        f"{press}/@{OWN['feed'].handle}",
    ]
    return _CONFIGURATION.format(
        data=_quoted(str(stage.data)),
        language=language,
        zone=ZONE,
        own=_quoted(own),
        mastodon=mastodon,
        bluesky=bluesky,
        feed=f"{press}/json",
        press={"fr": "Presse", "en": "Press"}[language],
        base=BASE,
        protocol=stage.broker.protocol,
        **places,
    )


def _quoted(value: object) -> str:
    """As JSON, which is YAML too."""
    return msgspec.json.encode(value).decode()

"""A private Kafka for tests: brokers in KRaft mode on loopback, gone with the test that asked for them."""

import base64
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.servers import PASSWORD, USER, Authority, await_port, lasting_port

JARS = Path(__file__).parents[1] / ".servers/kafka"
_HASTY = "-XX:TieredStopAtLevel=1"
"""Compiled well is compiled too late for what lives for seconds."""
_SETTINGS = """\
process.roles=broker,controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=INSIDE
auto.create.topics.enable=false
background.threads=1
broker.heartbeat.interval.ms=200
broker.session.timeout.ms=2000
controller.quorum.election.backoff.max.ms=100
controller.quorum.election.timeout.ms=300
controller.quorum.fetch.timeout.ms=1000
group.initial.rebalance.delay.ms=0
log.cleaner.enable=false
num.io.threads=2
num.network.threads=1
num.recovery.threads.per.data.dir=1
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
replica.lag.time.max.ms=2000
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
"""
"""A broker that is lost is missed after 2 s, and not after 9."""
_LOGIN = "listener.name.outside.{}.sasl.jaas.config=org.apache.kafka.common.security.{} required"


def _java(*options: str) -> Sequence[str]:
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return "java", "-Xmx256m", "-Xss512k", "-XX:+UseSerialGC", *options, quiet, "-cp", f"{JARS}/*"


@dataclass(frozen=True)
class Place:
    """Where a broker runs: its address, what its command begins with, and the port that clients are told where that is
    not its own.
    """

    host: str = "127.0.0.1"
    prefix: Sequence[str] = ()
    relayed: int = 0


@dataclass
class Broker:
    """One broker; `port` is where it listens to clients. One that is `lasting` takes its time to be fast."""

    number: int
    folder: Path
    place: Place = Place()
    lasting: bool = False
    port: int = field(default_factory=lasting_port)
    controller: int = field(default_factory=lasting_port)
    inside: int = field(default_factory=lasting_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def name(self) -> str:
        return f"broker {self.number}"

    @property
    def server(self) -> str:
        """Where clients reach it."""
        return f"{self.place.host}:{self.place.relayed or self.port}"

    @property
    def _config(self) -> Path:
        return self.folder / "server.properties"

    def format(self, cluster: str, settings: str) -> None:
        self.folder.mkdir()
        host = self.place.host
        inside = f"INSIDE://{host}:{self.inside}"
        self._config.write_text(
            f"{settings}node.id={self.number}\nlog.dirs={self.folder / 'data'}\n"
            f"listeners=OUTSIDE://{host}:{self.port},{inside},CONTROLLER://{host}:{self.controller}\n"
            f"advertised.listeners=OUTSIDE://{self.server},{inside}\n"
        )
        users = (f"SCRAM-SHA-{bits}=[name={USER},password={PASSWORD}]" for bits in (256, 512))
        scram = (word for user in users for word in ("--add-scram", user))
        tool = (*_java(_HASTY), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._config), *scram)
        subprocess.run(tool, check=True, capture_output=True)

    def start(self) -> None:
        """Start it; `await_up` tells when it answers."""
        with (self.folder / "log").open("ab") as log:
            java = _java() if self.lasting else _java(_HASTY)
            command = [*self.place.prefix, *java, "kafka.Kafka", str(self._config)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def await_up(self) -> None:
        assert self.process
        await_port(self.port, self.process, self.folder / "log", patience=60, host=self.place.host)

    def kill(self) -> None:
        """End it as the loss of its machine would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        assert self.process
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


def _unique() -> str:
    """An id as Kafka writes it. One that begins with a dash would be taken for an option."""
    return "b" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]


def _pkcs8(key: Path) -> bytes:
    """The only form of a key that Java reads."""
    loaded = load_pem_private_key(key.read_bytes(), password=None)
    return loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _settings(brokers: Sequence[Broker], trust: Authority | None, *, password: bool, folder: Path) -> str:
    outside = ("SASL_" if password else "") + ("SSL" if trust else "PLAINTEXT")
    voters = ",".join(f"{each.number}@{each.place.host}:{each.controller}" for each in brokers)
    lines = [
        f"controller.quorum.voters={voters}",
        f"listener.security.protocol.map=OUTSIDE:{outside},INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
        *(f"{topic}.replication.factor={len(brokers)}" for topic in ("offsets.topic", "transaction.state.log")),
        f"transaction.state.log.min.isr={min(len(brokers), 2)}",
    ]
    if trust:
        both = folder / "both.pem"
        both.write_bytes(_pkcs8(trust.key_file) + trust.cert_file.read_bytes())
        lines += ["ssl.keystore.type=PEM", f"ssl.keystore.location={both}"]
    if password:
        plain = _LOGIN.format("plain", "plain.PlainLoginModule")
        lines += [f'{plain} user_{USER}="{PASSWORD}";']
        lines += [f"{_LOGIN.format(f'scram-sha-{bits}', 'scram.ScramLoginModule')};" for bits in (256, 512)]
    return _SETTINGS + "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Kafka:
    """Brokers that make one cluster."""

    brokers: Sequence[Broker]

    @property
    def servers(self) -> str:
        """What a client is given."""
        return ",".join(each.server for each in self.brokers)


@contextmanager
def cluster(
    count: int = 3,
    *,
    trust: Authority | None = None,
    password: bool = False,
    places: Sequence[Place] = (),
    lasting: bool = False,
) -> Iterator[Kafka]:
    """A new cluster of so many brokers: with TLS by `trust`, a password for USER, in `places`, for minutes where they
    are `lasting`. Skips the test where Kafka was not fetched.
    """
    if shutil.which("java") is None or not JARS.is_dir():
        pytest.skip("Kafka not found: run `make servers`")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bb-kafka-", ignore_cleanup_errors=True)))
        there = places or [Place()] * count
        brokers = [Broker(number, folder / str(number), place, lasting) for number, place in enumerate(there, 1)]
        settings, name = _settings(brokers, trust, password=password, folder=folder), _unique()
        for broker in brokers:
            stack.callback(broker.kill)
            broker.format(name, settings)
            broker.start()
        for broker in brokers:
            broker.await_up()
        yield Kafka(brokers)

"""Real servers for tests: each on a free port of loopback, ended with the test that asked for it."""

import asyncio
import getpass
import grp
import json
import os
import pwd
import random
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from listener.net.loopback import served

USER, PASSWORD = "badbuzz", "corr3ct-horse"


def free_port() -> int:
    """A port of loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lasting_port() -> int:
    """A port like that which no outgoing connection takes either: for a server that goes and comes back."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, lowest)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


@dataclass(frozen=True)
class Authority:
    """A certificate authority that only tests trust, and a certificate of it for loopback."""

    ca_file: Path
    cert_file: Path
    key_file: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.cert_file, self.key_file)
        return context


def authority(folder: Path, *names: str) -> Authority:
    """A new authority with a certificate for `names` (localhost and 127.0.0.1 when none is given)."""
    made, files = trustme.CA(), Authority(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    issued = made.issue_cert(*(names or ("localhost", "127.0.0.1")))
    made.cert_pem.write_to_path(files.ca_file)
    issued.private_key_pem.write_to_path(files.key_file)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(files.cert_file, append=True)
    return files


# --- HTTP -------------------------------------------------------------------------------------------------------------


@dataclass
class Service:
    """A fake service at `url`; sets `news` whenever something happened there."""

    url: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, so: Callable[[], bool], patience: float = 20) -> None:
        """Wait for something to be so."""
        async with asyncio.timeout(patience):
            while not so():
                self.news.clear()
                if not so():
                    await self.news.wait()


@dataclass
class Posted:
    """One request as a fake service received it; `query` as it was written."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[Posted], web.Response]


@dataclass
class HttpFake:
    """Answers every request by `answer` and keeps what it received."""

    url: str = ""
    answer: Answer = field(default=lambda _posted: web.Response(text="ok"))
    received: list[Posted] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        posted = Posted(
            request.method,
            request.path,
            dict(request.headers),
            await request.read(),
            request.raw_path.partition("?")[2],
        )
        self.received.append(posted)
        return self.answer(posted)


@asynccontextmanager
async def http_fake(answer: Answer | None = None, port: int = 0) -> AsyncIterator[HttpFake]:
    """An HTTP server on loopback that answers as `answer` says, on any free port unless one is given."""
    fake = HttpFake() if answer is None else HttpFake(answer=answer)
    app = web.Application(client_max_size=10**7)
    app.router.add_route("*", "/{path:.*}", fake.handle)
    async with served(app, port=port) as fake.url:
        yield fake


def slack_answer(posted: Posted) -> web.Response:
    """What Slack's incoming webhook answers, within its documented limits."""
    body = posted.json
    if not body.get("text") and not body.get("blocks"):
        return web.Response(status=400, text="no_text")
    problem = slack_problem(body)
    return web.Response(status=400, text="invalid_blocks") if problem else web.Response(text="ok")


def slack_problem(body: dict[str, Any]) -> str:
    """Which documented limit of Slack's Block Kit a body breaks; empty when none."""
    blocks = body.get("blocks", [])
    texts = list(_slack_texts(blocks))
    if len(blocks) > 50:
        return "more than 50 blocks"
    if sum(len(text) for _, text in texts) > 13_200:
        return "more than 13,200 characters"
    limits = {"header": 150, "section": 3_000, "field": 2_000, "context": 2_000, "rich": 3_000}
    for kind, text in texts:
        if not 1 <= len(text) <= limits[kind]:
            return f"a {kind} of {len(text)} characters"
        if kind not in ("header", "rich") and re.sub(
            r"&(amp|lt|gt);", "", re.sub(r"<https?://[^<>|]+\|[^<>|]+>", "", text)
        ).count("<"):
            return "something else than a link"
    return "too many fields" if any(len(block.get("fields", [])) > 10 for block in blocks) else ""


def _slack_texts(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if "text" in block:
            yield block["type"], block["text"]["text"]
        yield from (("field", part["text"]) for part in block.get("fields", []))
        if block["type"] == "rich_text":
            parts = [part for section in block["elements"] for part in section["elements"]]
            yield from (("rich", part[key]) for part in parts for key in ("text", "url") if key in part)
        else:
            yield from (("context", part["text"]) for part in block.get("elements", []))


def ntfy_answer(posted: Posted) -> web.Response:
    """What an ntfy server answers to JSON, within its documented limits."""
    if posted.method == "GET":
        return web.json_response({"username": "*", "role": "anonymous"})
    body = posted.json
    problem = ntfy_problem(body)
    if problem:
        return web.json_response({"code": 40_000, "http": 400, "error": problem}, status=400)
    return web.json_response({"id": "sPs71M8A2T", "event": "message", "topic": body["topic"]})


def ntfy_problem(body: dict[str, Any]) -> str:
    """Which documented rule of ntfy's JSON a body breaks; empty when none."""
    if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", body["topic"]):
        return "topic invalid"
    if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", body["sequence_id"]):
        return "sequence ID invalid"
    if len(body["message"].encode()) > 4_096:
        return "message becomes an attachment"
    for action in body.get("actions", []):
        if action["action"] not in {"http", "view"} or not action["label"] or not action["url"]:
            return "actions invalid"
    if len(body.get("actions", [])) > 3:
        return "only 3 actions allowed"
    return "" if body["priority"] in {1, 2, 3, 4, 5} else "priority invalid"


# --- broken servers ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def tcp_server(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[int]:
    """A TCP server that behaves as `talk` says; gives its port."""
    # connections are ended by the test's end, whatever the peer does
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            await talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take everything, answer nothing."""
    while await reader.read(65_536):
        pass


async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take the connection and end it."""


async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer in no known protocol."""
    writer.write(b"\x00\xff garbage \r\n\r\n" * 20)
    await writer.drain()


# --- SMTP -------------------------------------------------------------------------------------------------------------


@dataclass
class Inbox:
    """What an SMTP server took, and what it refuses: maps a recipient to the answer it gets."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    answer: str = "250 OK"
    logins: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - same
        if self.answer.startswith("250"):
            self.taken.append(envelope)
        return self.answer

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(right)
        return AuthResult(success=right, handled=right)

    @property
    def mails(self) -> list[EmailMessage]:
        return [BytesParser(policy=default).parsebytes(envelope.content) for envelope in self.taken]


@asynccontextmanager
async def smtp_server(
    trust: Authority | None = None, *, tls: bool = False, auth: bool = False, **options: Any
) -> AsyncIterator[Inbox]:
    """An SMTP server: plain; STARTTLS with `trust`; TLS from the first byte with `trust` and `tls`."""
    inbox, context = Inbox(), trust.server() if trust else None
    # it looks at all that its handler has, once a connection
    taking = SimpleNamespace(handle_RCPT=inbox.handle_RCPT, handle_DATA=inbox.handle_DATA)
    if auth:
        options |= {"authenticator": inbox.authenticate, "auth_required": True, "auth_require_tls": not tls}

    def factory() -> SMTP:
        with warnings.catch_warnings():
            # it does not know that TLS from the first byte is TLS, and warns
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(taking, hostname="mail.test", tls_context=None if tls else context, **options)

    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=context if tls else None)
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        server.close()


# --- IMAP -------------------------------------------------------------------------------------------------------------


DOVECOT = """\
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
ssl = required
ssl_cert = <{cert}
ssl_key = <{key}
mail_location = maildir:{folder}/mail
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}
}}
"""


@contextmanager
def dovecot(trust: Authority) -> Iterator[int]:
    """An IMAP server with a mailbox for USER, over TLS by `trust`; gives its port."""
    program = shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    if program is None:
        pytest.skip("dovecot not found: run `make servers`")
    # it keeps no mail for root, and nobody else may look into the folders of pytest
    with tempfile.TemporaryDirectory() as name:
        folder, port, user = Path(name), free_port(), "nobody" if os.geteuid() == 0 else getpass.getuser()
        known = pwd.getpwnam(user)
        os.chown(folder, known.pw_uid, known.pw_gid)
        words = {"user": user, "group": grp.getgrgid(known.pw_gid).gr_name, "password": PASSWORD}
        words |= {"cert": str(trust.cert_file), "key": str(trust.key_file)}
        (folder / "conf").write_text(DOVECOT.format(folder=folder, port=port, **words))
        running = subprocess.Popen([program, "-F", "-c", str(folder / "conf")])
        try:
            await_port(port, running, folder / "log")
            yield port
        finally:
            running.terminate()
            running.wait(20)


def await_port(
    port: int, running: subprocess.Popen[bytes], log: Path, patience: float = 20, host: str = "127.0.0.1"
) -> None:
    """Wait until a server listens there. Raises AssertionError with its log when it ends or takes too long."""
    until = time.monotonic() + patience
    while time.monotonic() < until and running.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"{running.args} does not listen: {log.read_text() if log.exists() else ''}")


# --- MQTT -------------------------------------------------------------------------------------------------------------


@dataclass
class Broker:
    """A Mosquitto that can be ended and started again on the same port."""

    program: str
    port: int
    config: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return when it listens."""
        command = [self.program, "-c", str(self.config)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)
        assert self.process.stderr is not None
        said = iter(self.process.stderr.readline, b"")
        assert any(b" running" in line for line in said), "mosquitto ended at once"

    def stop(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def mosquitto_program() -> str:
    """Where Mosquitto is; skips the test when it is not installed."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin")
    if program is None:
        pytest.skip("mosquitto not found: run `make servers`")
    return program


@contextmanager
def mosquitto(
    folder: Path, *, trust: Authority | None = None, password: bool = False, rules: str = ""
) -> Iterator[Broker]:
    """A Mosquitto on a free port: with TLS by `trust`, a password for USER, access rules (an ACL file)."""
    program, port = mosquitto_program(), free_port()
    lines = [f"listener {port} 127.0.0.1", f"allow_anonymous {str(not password).lower()}", "persistence false"]
    lines += [f"user {getpass.getuser()}", "log_dest stderr", "log_type information", "log_type error"]
    if trust:
        lines += [f"certfile {trust.cert_file}", f"keyfile {trust.key_file}"]
    if password:
        secrets = folder / "passwords"
        secrets.touch(mode=0o600)
        tool = shutil.which("mosquitto_passwd") or "mosquitto_passwd"
        subprocess.run([tool, "-b", str(secrets), USER, PASSWORD], check=True, capture_output=True)
        lines.append(f"password_file {secrets}")
    if rules:
        (folder / "acl").write_text(rules)
        (folder / "acl").chmod(0o600)
        lines.append(f"acl_file {folder / 'acl'}")
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n")
    broker = Broker(program, port, config)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


# --- Alertmanager -----------------------------------------------------------------------------------------------------


@contextmanager
def alertmanager(folder: Path, port: int) -> Iterator[str]:
    """A real Alertmanager on a port of loopback that tells nobody; gives its address. It keeps no alert on disk."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("Alertmanager not found: run `make servers`")
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    command = [program, f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        assert any(b"Listening on" in line for line in process.stderr), "Alertmanager ended at once"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()

"""An MQTT broker for a demonstration: Mosquitto where it is installed, else one inside this process."""

import asyncio
import getpass
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/sbin")
_ATTEMPTS = 3
_PATIENCE = 5.0


class BrokerError(Exception):
    """There is no broker; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Broker:
    """A broker that listens on `port` of loopback. `name` is for people; `protocol` the version to speak to it."""

    name: str
    port: int
    protocol: str


def free_port() -> int:
    """A port of loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_mosquitto() -> str | None:
    """Where Mosquitto is, also when its folder is not on the path of ordinary users."""
    return shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), *_PLACES]))


@asynccontextmanager
async def broker(folder: Path, program: str | None) -> AsyncIterator[Broker]:
    """A broker that ends with the block: the Mosquitto `program`, or the embedded one when there is none.

    Raises BrokerError when it does not start, ImportError when amqtt is needed and missing.
    """
    async with _mosquitto(folder, program) if program else _embedded() as running:
        yield running


@asynccontextmanager
async def _mosquitto(folder: Path, program: str) -> AsyncIterator[Broker]:
    process, port = await _started(folder, program)
    try:
        yield Broker(name="Mosquitto", port=port, protocol="auto")
    finally:
        await _end(process)


async def _started(folder: Path, program: str) -> tuple[asyncio.subprocess.Process, int]:
    """A Mosquitto that listens. Its port may be taken between choice and use: then another one is tried."""
    said = ""
    for _ in range(_ATTEMPTS):
        port, config = free_port(), folder / "mosquitto.conf"
        config.write_text(_configuration(port), "utf-8")
        process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us alone: we end it when everything is said
        )
        said = await _until_running(process)
        if not said:
            return process, port
        await _end(process)
    raise BrokerError(f"Mosquitto did not start: {said}")


def _configuration(port: int) -> str:
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", f"user {_user()}"]
    return "\n".join([*lines, "log_dest stderr", "log_type information", "log_type error"]) + "\n"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run us under a number that has no name
        return "mosquitto"


async def _until_running(process: asyncio.subprocess.Process) -> str:
    """Return "" once it listens, else its last words."""
    assert process.stderr is not None
    last = b"it said nothing"
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while line := await process.stderr.readline():
                if b" running" in line:
                    return ""
                last = line
    return last.decode(errors="replace").strip()


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_PATIENCE):
            await process.communicate()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@asynccontextmanager
async def _embedded() -> AsyncIterator[Broker]:
    from amqtt import broker as amqtt  # noqa: PLC0415 - an extra, needed only without Mosquitto

    port = free_port()
    running = amqtt.Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    try:
        await running.start()
    except amqtt.BrokerError as error:
        raise BrokerError(f"the embedded MQTT broker did not start: {error}") from error
    try:
        yield Broker(name="amqtt", port=port, protocol="3.1.1")
    finally:
        await running.shutdown()

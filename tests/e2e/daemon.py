"""The installed program as a process: started, waited for by /-/ready, asked, reloaded, and ended by SIGTERM."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

PROGRAM = str(Path(sys.executable).with_name("badbuzz"))
PATIENCE = 60.0
"""Seconds that anything awaited here may take; all of it takes far less unless something is broken."""
END = 10.0
"""Seconds in which the daemon promises to end."""


async def until(what: str, holds: Callable[[], Awaitable[Any]] | Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true value of `holds`; fails when there is none within `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        value = holds()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        assert loop.time() < deadline, f"within {seconds} s not: {what}"
        await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Ran:
    """What a command of the program came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [msgspec.json.decode(line) for line in self.out.splitlines()]


@dataclass
class Daemon:
    """A badbuzz of its own. All that it and its commands ever said is kept, to look for what must not stand there."""

    config: Path
    port: int
    secrets: Mapping[str, str]
    http: aiohttp.ClientSession
    token: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    said: list[str] = field(default_factory=list)
    _lines: list[dict[str, Any]] = field(default_factory=list)
    _read: int = 0

    @property
    def stderr(self) -> Path:
        return self.config.with_suffix(".stderr")

    @property
    def log(self) -> str:
        return self.stderr.read_text(encoding="utf-8")

    def logged(self, event: str, **facts: object) -> list[dict[str, Any]]:
        """The lines of a JSON log about an event, with these facts."""
        self._read_on()
        return [line for line in self._lines if line["msg"] == event and facts.items() <= line.items()]

    def _read_on(self) -> None:
        """What is asked for again and again is decoded once."""
        with self.stderr.open("rb") as log:
            log.seek(self._read)
            whole = log.read().rpartition(b"\n")
        self._read += len(whole[0]) + len(whole[1])
        self._lines += map(msgspec.json.decode, whole[0].splitlines())

    async def start(self) -> None:
        """Start it and return when it is ready."""
        with self.stderr.open("ab") as err, self.config.with_suffix(".stdout").open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                PROGRAM, "run", str(self.config), stdout=out, stderr=err, env=self._environ
            )
        await until("ready", self._is_ready)

    async def stop(self, within: float = PATIENCE) -> int:
        """Ask it to end; its exit status. Fails when it takes longer than `within` seconds."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), within)

    def hang_up(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    async def kill(self) -> None:
        """End it at once, if it still runs."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def get(self, path: str, *, status: int = 200, **headers: str) -> str:
        """The body of a page, answered with `status`."""
        return await self._ask("GET", path, status, headers)

    async def reload(self, *, status: int = 200) -> str:
        """What POST /-/reload says, answered with `status`."""
        return await self._ask("POST", "/-/reload", status, {})

    async def metrics(self) -> dict[str, float]:
        """Each sample of /metrics by its name and labels."""
        rows = [line.rpartition(" ") for line in (await self.get("/metrics")).splitlines() if line[0] != "#"]
        return {name: float(value) for name, _, value in rows}

    async def run(self, *arguments: str) -> Ran:
        """A command of the program, on the same configuration."""
        process = await asyncio.create_subprocess_exec(
            *(PROGRAM, *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environ | {"BADBUZZ_CONFIG": str(self.config), "COLUMNS": "200"},
        )
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode is not None
        ran = Ran(process.returncode, out.decode(), err.decode())
        self.said += [ran.out, ran.err]
        return ran

    def leaks(self) -> set[str]:
        """The names of secrets that stand in anything that was said."""
        files = [self.stderr, self.config.with_suffix(".stdout")]
        everything = "\n".join([*self.said, *(file.read_text(encoding="utf-8") for file in files)])
        return {name for name, value in self.secrets.items() if value in everything}

    @property
    def _environ(self) -> dict[str, str]:
        return dict(os.environ) | dict(self.secrets) | dict(self.environ)

    async def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log
        try:
            async with self.http.get(self._url("/-/ready")) as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False

    async def _ask(self, method: str, path: str, status: int, headers: Mapping[str, str]) -> str:
        credentials = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(method, self._url(path), headers={**credentials, **headers}) as answer:
            body = await answer.text()
        assert status == answer.status, body
        self.said.append(body)
        return body

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def daemon(
    config: Path, port: int, secrets: Mapping[str, str], *, token: str = "", environ: Mapping[str, str] | None = None
) -> AsyncIterator[Daemon]:
    """A daemon that runs, and that has said no secret when the block ends."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as http:
        running = Daemon(config, port, secrets, http, token, environ or {})
        try:
            await running.start()
            yield running
        finally:
            await running.kill()
    assert running.leaks() == set()

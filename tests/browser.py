"""Chromium for tests, driven by its own protocol: no library, no network."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
DEADLINE = 60
"""Seconds for whatever a page is waited for."""
_GONE = "Inspected target navigated or closed"


class GoneError(Exception):
    """The page was left while it was asked."""


@dataclass
class Tab:
    """One page. What it wrote to its console as an error is in `errors`."""

    socket: aiohttp.ClientWebSocketResponse
    errors: list[str] = field(default_factory=list)
    _ids: count = field(default_factory=lambda: count(1))

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol, and its answer."""
        number = next(self._ids)
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(DEADLINE):
            while True:
                said = await self.socket.receive_json()
                if said.get("method") == "Log.entryAdded":
                    self.errors.append(said["params"]["entry"]["text"])
                if said.get("id") == number:
                    if said.get("error", {}).get("message") == _GONE:
                        raise GoneError(_GONE)
                    assert "error" not in said, said["error"]
                    return said["result"]

    async def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        said = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    async def until(self, condition: str) -> None:
        """Return when an expression is true, looked at whenever the page changes, or another takes its place."""
        script = f"""new Promise((done) => {{
            const look = () => ({condition}) && done();
            const changes = {{ subtree: true, childList: true, attributes: true, characterData: true }};
            new MutationObserver(look).observe(document, changes);
            look();
        }})"""
        while True:
            try:
                await self.run(script)
            except GoneError:
                continue
            return

    async def open(self, url: str) -> None:
        """Go to an address, and return when the page is there."""
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState !== 'loading' && location.href !== 'about:blank'")


@asynccontextmanager
async def browser(folder: Path, *flags: str) -> AsyncIterator[Tab]:
    """A browser with one empty tab, its profile in `folder`; skips the test when Chromium is not installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium not found: run `make servers`")
    command = [program, *_FLAGS, *flags, f"--user-data-dir={folder}", "--remote-debugging-port=0", "about:blank"]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(DEADLINE):
            while not (line := await process.stderr.readline()).startswith(b"DevTools listening on "):
                assert line, "chromium ended at once"
        host = line.decode().split("/")[2]
        async with aiohttp.ClientSession() as http:
            pages = await (await http.get(f"http://{host}/json/list")).json()
            target = next(page for page in pages if page["type"] == "page")
            async with http.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                tab = Tab(socket)
                for domain in ("Page", "Runtime", "Log"):
                    await tab.call(f"{domain}.enable")
                yield tab
    finally:
        process.terminate()
        await process.communicate()

"""The command line, run inside the test's own process."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from listener.cli.main import main


class _Keyboard(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Run:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Badbuzz = Callable[..., Run]


@pytest.fixture
def badbuzz(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Badbuzz:
    """Runs a command line; `answers` are typed at its prompts."""

    def run(*args: object, answers: str = "", at_a_terminal: bool = False) -> Run:
        monkeypatch.setattr("sys.argv", ["badbuzz", *map(str, args)])
        monkeypatch.setattr("sys.stdin", (_Keyboard if at_a_terminal else io.StringIO)(answers))
        monkeypatch.setattr("getpass.getpass", lambda _: next(sys.stdin).rstrip("\n"))  # or it opens /dev/tty
        monkeypatch.setattr("typer.getchar", lambda: sys.stdin.read(1))  # the same
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        return Run(code, *capsys.readouterr())

    return run


FEED = """<rss version="2.0"><channel><title>News</title>
<item><guid>1</guid><title>Acme Air late again</title></item>
<item><guid>2</guid><title>Acme Air on time</title></item>
</channel></rss>"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = {"/feed.xml": FEED, "/v1/account": "{}"}.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body or "")))
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def web() -> Iterator[str]:
    """A web server on this machine with a feed of two entries at /feed.xml, which also answers like ntfy."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), name="web")
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()

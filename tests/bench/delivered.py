"""How long from a mention to its alert: `python -m tests.bench.delivered [--brands N] [--rate POSTS] [--often N]`.

A real `badbuzz run`, its store on disk with `synchronous=FULL`, a firehose of the mock in a process of its own, and a
webhook receiver that answers at once. Each brand is named once, by a post with the one word that its rule rings for, so
that no rule waits for its grid or for more posts, and each post makes an incident. From when the post was to be sent
until it can be read in the store, and until the receiver has the whole alert.
"""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from listener.clock import Clock
from listener.mock.bluesky_firehose import post, strangers
from rules.instant import SECOND, Instant
from tests.bench.daemon import show
from tests.bench.latency import WARM, waits
from tests.bench.load import Load, Seen, listening, watched

CONFIG = """
daemon: {{data: data, listen: "127.0.0.1:0", log: json}}
operator: {{to: [desk]}}
sources:
  sky: {{kind: bluesky, server: "{server}", version: 1, compress: false, allow_private: true}}
rules:
  recall: {{kind: keyword, any: [boycott*], at_least: {{posts: 1, authors: 1}}, severity: critical}}
channels:
  desk: {{kind: webhook, url: "{desk}", secret: only-for-this-bench, allow_private: true}}
routes:
  - {{to: [desk]}}
brands:
{brands}
"""


class Desk:
    """Takes alerts, and remembers when the first of each brand came."""

    def __init__(self) -> None:
        self.came: dict[str, Instant] = {}
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[None]:
        """Is there for the time of the block."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()
        server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        came, clock = self.came, Clock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                labels = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["commonLabels"]
                came.setdefault(labels.get("brand", ""), clock.now())
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def named(brands: int, often: int) -> list[bytes]:
    """Strangers' posts, and one in so many names the next brand."""
    others = strangers(0)
    said = [others[number % len(others)] for number in range(brands * often)]
    said[::often] = [post(f"Boycott marque{each}, maintenant !", "fr", each) for each in range(brands)]
    return said


def configured(desk: str, brands: int, folder: Path, server: str) -> Path:
    config = folder / "badbuzz.yaml"
    each = "\n".join(f"  marque{number}: {{query: marque{number}, languages: [fr, en]}}" for number in range(brands))
    config.write_text(CONFIG.format(server=server, desk=desk, brands=each), encoding="utf-8")
    return config


def main(arguments: argparse.Namespace) -> None:
    brands, rate, often = arguments.brands, arguments.rate, arguments.often
    desk = Desk()
    with desk.open(), TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        load = Load(partial(named, brands, often), partial(configured, desk.url, brands))
        with listening(load, rate, folder) as (_, begun):
            seen = watched(folder / "data/badbuzz.db", brands * often / rate)
            told = [
                Seen(begun + number * often * SECOND // rate, desk.came[f"marque{number}"])
                for number in range(brands)
                if f"marque{number}" in desk.came
            ]
    warm = [each for each in told if each.sent >= begun + WARM * SECOND]
    rows = [
        ("alerts a second, of posts", f"{rate / often:g}, {rate:,}"),
        ("from the post to its verdict: p50, p99, longest", waits(seen)),
        (f"to the alert, {len(warm)} of {brands} (the first seconds left out)", waits(warm)),
    ]
    show("from a mention to its alert", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brands", type=int, default=300)
    parser.add_argument("--rate", type=int, default=1_500)
    parser.add_argument("--often", type=int, default=500, help="one post in so many names a brand")
    parser.add_argument("--folder", type=Path, help="where the store is made: on the disk that is meant")
    main(parser.parse_args())

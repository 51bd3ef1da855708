"""How long `badbuzz run` takes to be ready, what it weighs when idle, and which imports that comes from."""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import packages_distributions
from statistics import median
from threading import Thread

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.bench.daemon import ROOT, Daemon, airline, show, texts, write_mentions

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

ROUNDS = 5
WAITING = "  few: {kind: push, secrets: [bench]}\n"
EVERYTHING = (
    "import listener.service\nfrom listener.catalogs import CATALOGS as c\n"
    "for kinds in (c.sources, c.rules, c.channels): [kinds.spec(kind) for kind in kinds.kinds()]"
)
WEIGH = "import re; print(int(re.search(r'VmRSS:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 1024)"


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served_feed() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(ROOT / "tests/data/feeds")))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/wordpress.xml"
    server.shutdown()
    thread.join()
    server.server_close()


def test_start_up_and_idle_memory(tmp_path):
    write_mentions(tmp_path / "few.jsonl", [*texts("fr", 20), *texts("en", 20)])
    first, again, idle, reading, judging = [], [], [], [], []
    with served_feed() as feed:
        few = f"  few: {{kind: file, path: {tmp_path}/few.jsonl}}\n"
        press = f"  press: {{kind: feed, urls: [{feed}], allow_private: true}}\n"
        for number in range(ROUNDS):
            folder = tmp_path / str(number)
            folder.mkdir()
            with Daemon(airline(folder, "fr, en", WAITING)) as daemon:
                first.append(daemon.ready)
            with Daemon(airline(folder, "fr, en", WAITING)) as daemon:
                again.append(daemon.ready)
                daemon.metrics()
                idle.append(daemon.resident())
            with Daemon(airline(folder, "fr, en", press)) as daemon:
                daemon.wait_for("source_state", source="press", state="live")
                reading.append(daemon.resident())
            with Daemon(airline(folder, "fr, en", press + few)) as daemon:
                daemon.wait_for("source_state", source="few", detail="everything was read")
                daemon.metrics()
                judging.append(daemon.resident())
    rows = (
        ("from the command to ready, first start (the store is made)", f"{median(first):.2f} s"),
        ("from the command to ready, later starts", f"{median(again):.2f} s"),
        ("resident once ready, a push source that waits", f"{median(idle):.0f} MiB"),
        ("... with a feed read instead (feedparser, lxml)", f"{median(reading):.0f} MiB"),
        ("... and mentions judged in French and English", f"{median(judging):.0f} MiB"),
        ("a bare Python, for comparison", f"{weigh(''):.0f} MiB"),
    )
    show(f"`badbuzz run`, median of {ROUNDS} processes", rows)
    assert min(idle) > 0


def test_what_the_imports_cost():
    bare, whole, own = weigh(""), weigh(EVERYTHING), import_times()
    ours = sum(own[name] for name in ("config", "rules", "alerts", "listener"))
    alone = {name: (seconds(f"import {name}"), weigh(f"import {name}") - bare) for name in direct_dependencies()}
    dearest = sorted(alone, key=lambda name: -alone[name][1])[:12]
    rows = (
        ("everything the daemon can need, together", f"{seconds(EVERYTHING) * 1e3:.0f} ms, {whole - bare:.0f} MiB"),
        ("of that, modules of badbuzz itself", f"{ours / own.total():.0%} of the time"),
        *((f"`{name}` alone", f"{alone[name][0] * 1e3:.0f} ms, {alone[name][1]:.0f} MiB") for name in dearest),
    )
    show("imports, over a bare Python (what they share counts in each)", rows)
    assert whole > bare


def import_times() -> Counter[str]:
    """Microseconds in modules of each top-level package, when everything is imported."""
    ran = python("-X", "importtime", "-c", EVERYTHING)
    own: Counter[str] = Counter()
    for time, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", ran.stderr):
        own[name.partition(".")[0]] += int(time)
    return own


def direct_dependencies() -> list[str]:
    """The packages that the distributions of pyproject.toml are imported by."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    owners = packages_distributions()
    found = (name for name in owners if asked & set(map(canonicalize_name, owners[name])))
    return [
        name for name in found if name.isidentifier() and not name.startswith("_") and name != "slack"
    ]  # as slack_sdk


def weigh(code: str) -> float:
    """MiB resident after running some code."""
    return float(python("-c", f"{code}\n{WEIGH}").stdout)


def seconds(code: str) -> float:
    """Seconds that some code takes in a fresh Python, its own start left out."""
    clock = f"from time import perf_counter as now; t = now()\n{code}\nprint(now() - t)"
    return median(float(python("-c", clock).stdout) for _ in range(3))


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)

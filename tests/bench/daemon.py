"""`badbuzz run` in a process of its own, followed through what it logs."""

import json
import os
import subprocess
import sys
import tomllib
import urllib.request
from collections import deque
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Self

from prometheus_client.parser import text_string_to_metric_families as families

from tests.processes import children

ROOT = Path(__file__).parents[2]
CONFIG = """
daemon: {{data: data, listen: "127.0.0.1:0", log: json}}
operator: {{to: [screen]}}
brands:
  acme: {{query: '"Acme Air" OR @acmeair OR #acmeair* OR acme', languages: [{language}]}}
sources:
{sources}
rules:
  bad-buzz: {{kind: spike, of: negative, at_least: {{posts: 8, authors: 5}}, critical_when: {{times_usual: 10}}}}
  recall: {{kind: keyword, any: [boycott*, "rappel produit", "fuite de données", "data breach"], severity: critical}}
  crowd: {{kind: threshold, of: posts, window: 15m, at_least: {{posts: 200, authors: 50}}, severity: info}}
channels:
  screen: {{kind: console}}
routes:
  - {{to: [screen]}}
"""


def texts(language: str, count: int) -> list[str]:
    """What people say about the airline of the demonstration, over and over."""
    posts = tomllib.loads((ROOT / f"listener/mock/acme.{language}.toml").read_text(encoding="utf-8"))["post"]
    said = [post["text"] for post in posts if "acme" in post.get("text", "").lower()]
    return list(islice(cycle(said), count))


def write_mentions(path: Path, said: list[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(said):
            author = {"id": f"author-{number % 5_000}", "handle": f"@author{number % 5_000}", "followers": number % 997}
            file.write(json.dumps({"id": f"m{number}", "author": author, "text": text}, ensure_ascii=False) + "\n")


def airline(folder: Path, language: str, sources: str) -> Path:
    """A configuration about the airline of the demonstration."""
    config = folder / "badbuzz.yaml"
    config.write_text(CONFIG.format(language=language, sources=sources), encoding="utf-8")
    return config


class Daemon:
    """A running daemon. Use as a context manager; it is stopped and waited for at the end."""

    def __init__(self, config: Path) -> None:
        self._begun = perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "listener.cli.main", "run", str(config)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.address, self.ready = "", 0.0
        self._draining: Thread | None = None

    def __enter__(self) -> Self:
        addresses = self.wait_for("listening")["addresses"]
        self.address = f"http://{addresses[0]}"
        self.wait_for("started")
        self.ready = perf_counter() - self._begun
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        if self._draining:
            self._draining.join()
        self._process.communicate()

    def wait_for(self, event: str, **facts: str) -> dict:
        """The next log line of that event with these facts."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            said = json.loads(line) if line.startswith("{") else {}
            if said.get("msg") == event and facts.items() <= said.items():
                return said
        raise AssertionError(f"the daemon ended before it said {event}")

    def be_heard_by_nobody(self) -> None:
        """Let go of what it logs from here on, lest it wait for a reader."""
        assert self._process.stderr is not None
        self._draining = Thread(target=deque, args=(self._process.stderr, 0))
        self._draining.start()

    def resident(self) -> float:
        """MiB of memory that is the daemon's alone or shared (VmRSS)."""
        return _resident(self._process.pid)

    def resident_of_workers(self) -> float:
        """The same of the processes beside it, together."""
        return sum(map(_resident, children(self._process.pid)))

    def processor(self) -> float:
        """Seconds of processor time used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metrics(self) -> dict[tuple[str, str], float]:
        """Every sample by name and the label `le` ("" without)."""
        with urllib.request.urlopen(f"{self.address}/metrics", timeout=10) as answer:
            body = answer.read().decode()
        samples = (sample for family in families(body) for sample in family.samples)
        found: dict[tuple[str, str], float] = {}
        for sample in samples:
            key = (sample.name, sample.labels.get("le", ""))
            found[key] = found.get(key, 0) + sample.value
        return found


def _resident(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:  # it has just ended
        return 0.0
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def quantile(metrics: dict[tuple[str, str], float], name: str, share: float) -> float:
    """A quantile of a histogram, as Prometheus works it out: linear inside a bucket."""
    buckets = sorted((float(le), count) for (each, le), count in metrics.items() if each == f"{name}_bucket")
    wanted, lower, below = share * buckets[-1][1], 0.0, 0.0
    for upper, count in buckets:
        if count >= wanted:
            return lower if upper == float("inf") else lower + (upper - lower) * (wanted - below) / (count - below)
        lower, below = upper, count
    return lower


def show(title: str, rows: Iterable[tuple[str, str]]) -> None:
    print(f"\n\n| {title} | |\n|---|---|")  # noqa: T201  # the figures are the point
    for name, figure in rows:
        print(f"| {name} | {figure} |")  # noqa: T201  # same

"""A daemon with more to do than one core takes: its workers come, may be killed, and never outlive it."""

import json
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from tests.e2e.daemon import END, daemon, until
from tests.processes import children
from tests.servers import free_port

SECRETS = {"PAGE_TOKEN": "token-for-the-page-77c"}
CONFIG = """
daemon: {{data: data, listen: 127.0.0.1:{port}, log: json, token: !secret env:PAGE_TOKEN, workers: 2}}
brands:
  acme: {{query: acme, languages: [fr, en]}}
  beta: {{query: beta -acme, languages: [fr, en]}}
sources:
  lines: {{kind: file, path: "{folder}/in.jsonl", follow: true}}
rules:
  many: {{kind: threshold, of: posts, window: 1d, at_least: {{posts: 5}}}}
channels:
  out: {{kind: console}}
routes:
  - {{to: [out]}}
"""
WORDS = """
acme beta je ne suis pas content du tout c'est nul et en retard de trois heures « bravo » merci quelle honte! the flight
was late and nobody cared, I hate this but she loves it . vraiment affreux ? not bad at all great service horrible
""".split()  # noqa: SIM905
LINES = 8_000


def write(folder: Path, count: int, seed: int) -> int:
    """Append so many; returns how many concern a brand."""
    random, concern = Random(seed), 0
    with (folder / "in.jsonl").open("a", encoding="utf-8") as file:
        for number in range(count):
            said = random.choices(WORDS, k=25)
            concern += "acme" in said or "beta" in said
            file.write(json.dumps({"id": f"{seed}-{number}", "text": " ".join(said)}, ensure_ascii=False) + "\n")
    return concern


def workers_of(pid: int) -> list[int]:
    return [child for child in children(pid) if b"listener.pool.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


def surroundings_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text(encoding="utf-8")


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@asynccontextmanager
async def running(folder: Path):
    port = free_port()
    config = folder / "badbuzz.yaml"
    config.write_text(CONFIG.format(port=port, folder=folder), encoding="utf-8")
    async with daemon(config, port, SECRETS, token=SECRETS["PAGE_TOKEN"]) as badbuzz:
        yield badbuzz


async def kept(badbuzz) -> int:
    taken = await badbuzz.metrics()
    return sum(int(value) for name, value in taken.items() if name.startswith("badbuzz_mentions_ingested_total"))


async def test_workers_come_go_on_when_one_is_killed_and_end_with_the_daemon(tmp_path):
    concern = write(tmp_path, LINES, 1)
    async with running(tmp_path) as badbuzz:
        pid = badbuzz.process.pid
        working = await until("workers", lambda: workers_of(pid))
        assert SECRETS["PAGE_TOKEN"] not in surroundings_of(working[0])
        os.kill(working[0], signal.SIGKILL)
        await badbuzz.reload()

        async def all_kept():
            return await kept(badbuzz) == concern

        await until("all is heard", all_kept)
        metrics = await badbuzz.metrics()
        assert metrics["badbuzz_quarantined_mentions"] == 0
        write(tmp_path, LINES, 2)
        working = await until("workers", lambda: workers_of(pid))
        assert await badbuzz.stop(END) == 0
    assert not any(map(is_there, working))


async def test_workers_end_with_a_daemon_that_is_killed(tmp_path):
    write(tmp_path, LINES, 1)
    async with running(tmp_path) as badbuzz:
        working = await until("workers", lambda: workers_of(badbuzz.process.pid))
        await badbuzz.kill()
        await until("no worker", lambda: not any(map(is_there, working)))
        await badbuzz.start()

        async def all_kept():
            told = await badbuzz.run("sources", "--json")
            return told.lines[0]["mentions"] == LINES

        await until("all is heard", all_kept)

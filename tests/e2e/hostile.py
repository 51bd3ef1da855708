"""What tests of a hostile world share: a healthy source beside it, and what the daemon takes meanwhile."""

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

MIB = 1024 * 1024


def memory(running, field):
    """Bytes of the daemon, as the kernel counts them."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) * 1024


def rows(folder, query):
    with closing(sqlite3.connect(f"file:{folder}/data/badbuzz.db?mode=ro", uri=True)) as store:
        return store.execute(query).fetchall()


async def speak(folder, heard, stop):
    """The healthy source goes on, a line every half second."""
    with (folder / "healthy.jsonl").open("a") as file:
        while not stop.is_set():
            heard.append(f"file:h{len(heard)}")
            file.write(json.dumps({"id": heard[-1][5:], "text": "acme is well"}) + "\n")
            file.flush()
            await asyncio.sleep(0.5)


async def watch(running, peaks, stop):
    while not stop.is_set():
        await running.get("/-/ready")
        await running.get("/-/healthy")
        peaks.append(memory(running, "VmHWM"))
        await asyncio.sleep(0.5)


def said_all(folder, heard):
    return set(heard) <= {name for (name,) in rows(folder, "select identity from mentions where source = 'healthy'")}

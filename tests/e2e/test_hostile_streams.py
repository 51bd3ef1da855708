"""Streams that do all that a stream should not, endlessly and to one daemon at once: it stays small, and hears the
others.
"""

import asyncio
from base64 import b64encode
from contextlib import AsyncExitStack
from hashlib import sha1
from pathlib import Path

import pytest
from zstandard import ZstdCompressionDict, ZstdCompressor

from listener.bluesky.inflate import FIRST, shipped
from tests.e2e.daemon import daemon, until
from tests.e2e.hostile import MIB, said_all, speak, watch
from tests.servers import free_port, tcp_server

BOUND = 400 * MIB
"""What the daemon may take at most: half of it was seen."""
ENOUGH = 15
"""Times that each attack is written, unless it ends before."""
CONFIG = """
daemon: {{data: data, listen: "127.0.0.1:{port}", log: json}}
brands: {{acme: {{query: acme, languages: [en]}}}}
sources:
  healthy: {{kind: file, path: {folder}/healthy.jsonl, follow: true}}
{sources}
rules: {{many: {{kind: threshold, of: posts, at_least: {{posts: 1000000}}}}}}
channels: {{here: {{kind: console}}}}
routes: [{{to: [here]}}]
"""


def frame(opcode, data, *, fin=True):
    """A WebSocket frame as servers send it."""
    size = len(data)
    length = (
        bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65_536 else b"\x7f" + size.to_bytes(8)
    )
    return bytes([fin << 7 | opcode]) + length + data


def bomb():
    """50 MB in a frame of some hundred bytes."""
    return ZstdCompressor(dict_data=ZstdCompressionDict(shipped(FIRST))).compress(b" " * 50 * MIB)


MESSAGES = {
    "bombs": (b"", frame(2, bomb()) * 10),
    "deep": (b"", frame(1, b"[" * 100_000)),
    "tiny": (b"", frame(1, b"{}") * 3_000),
    "fragments": (frame(1, b"x", fin=False), frame(0, b"x" * MIB, fin=False)),
    "nothings": (frame(1, b"x", fin=False), frame(0, b"", fin=False) * 10_000),
    "pings": (b"", frame(9, b"p" * 100) * 1_000),
    "endless": (b"\x82\x7f" + (2**62).to_bytes(8), b"x" * MIB),
}
EVENTS = {
    "line": (b"data: ", b"x" * MIB),
    "lines": (b"", b"data: %s\n" % (b"x" * 60_000) * 10),
    "events": (b"", b"event: update\ndata: 1\n\n" * 1_000),
    "nested": (b"", b"event: update\ndata: %s\n\n" % (b"[" * 100_000)),
    "unpacked": (b"", b"event: update\r\rdata\r: \r" * 10_000),
}
TROUBLES = {"loop": "redirect", "fragments": "too_large", "endless": "too_large"}


class Attack:
    """A server whose stream is `first`, then `again` and again. `written` counts how often."""

    def __init__(self, first, again):
        self.first, self.again, self.written, self.ended = first, again, 0, 0

    async def serve(self, reader, writer):
        asked = await reader.readuntil(b"\r\n\r\n")
        path = asked.split()[1]
        if b"/instance" in path or b"/timelines/" in path:
            body = b"{}" if b"/instance" in path else b"[]"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n" + body)
            await writer.drain()
            return
        writer.write(self.head(asked) + (self.first))
        try:
            while True:
                writer.write(self.again)
                await writer.drain()
                self.written += 1
        finally:
            self.ended += 1

    def head(self, asked):
        if b"Sec-WebSocket-Key" not in asked:
            return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        key = asked.partition(b"Sec-WebSocket-Key: ")[2].split()[0]
        accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        return upgrade + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"

    def is_enough(self):
        return self.written >= ENOUGH or self.ended


class Loop(Attack):
    def head(self, asked):
        return b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 9999999\r\n\r\n" % asked.split()[1]


class Loris(Attack):
    """Headers that never end."""

    async def serve(self, reader, writer):
        self.written = ENOUGH
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n")
        while not reader.at_eof():
            writer.write(self.again)
            await writer.drain()
            await asyncio.sleep(0.2)


def attacks():
    """(name, the options of the source that meets it, the attack)"""
    listens = "kind: bluesky, server: 'ws://127.0.0.1:{}', version: 1, allow_private: true"
    follows = "kind: mastodon, server: 'http://127.0.0.1:{}', public: true, token: t, allow_private: true"
    for name, (first, again) in MESSAGES.items():
        yield name, listens, Attack(first, again)
    for name, (first, again) in EVENTS.items():
        yield name, follows, Attack(first, again)
    yield "messages", f"{follows}, stream: websocket", Attack(b"", MESSAGES["deep"][1])
    yield "loop", follows, Loop(b"", b"x" * 1_000)
    yield "loris", listens, Loris(b"", b"X-More: more\r\n")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc: run it on Linux")
async def test_hostile_streams_harm_nobody_but_themselves(tmp_path):
    (tmp_path / "healthy.jsonl").touch()
    port, heard, peaks, stop, met = free_port(), [], [], asyncio.Event(), {}
    async with AsyncExitStack() as stack:
        lines = []
        for name, options, attack in attacks():
            met[name] = attack
            lines.append(f"  {name}: {{{options.format(await stack.enter_async_context(tcp_server(attack.serve)))}}}")
        config = tmp_path / "badbuzz.yaml"
        config.write_text(CONFIG.format(folder=tmp_path, port=port, sources="\n".join(lines)))
        async with daemon(config, port, {}) as running:
            async with asyncio.TaskGroup() as group:
                group.create_task(speak(tmp_path, heard, stop))
                group.create_task(watch(running, peaks, stop))
                await until("all attacked enough", lambda: all(each.is_enough() for each in met.values()), seconds=60)

                async def told():
                    found = {row["source"]: row for row in (await running.run("sources", "--json")).lines}
                    return found if {name: found[name]["code"] for name in TROUBLES} == TROUBLES else None

                await until("every trouble is shown", told, seconds=45)
                stop.set()
            await until("the last line is heard", lambda: said_all(tmp_path, heard), seconds=45)
            assert await running.stop() == 0
            said = running.log
    assert "Traceback" not in said
    assert max(peaks) < BOUND, f"{max(peaks) // MIB} MiB at most"

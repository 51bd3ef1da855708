"""Ways from processes to servers that can be cut: whoever is cut off sends no byte to any server and hears of none."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_PEER = "3i"
"""What a socket of this machine tells of its other end: process, user, group."""


class Relays:
    """Carries what processes and servers say to each other. What is said while one of the two is cut off arrives once
    it is not, as after a cable was put back. `processes` tells the names of processes by their ids.
    """

    def __init__(self, processes):
        self._processes = processes
        self._cut, self._healed = set(), asyncio.Event()
        self._healed.set()
        self._tasks = set()

    def cut(self, *ends):
        self._cut.update(ends)
        self._healed.clear()

    def heal(self):
        self._cut.clear()
        self._healed.set()

    @asynccontextmanager
    async def to_port(self, name, port, relayed):
        """The way to a server on a port of loopback, from another one."""

        async def accept(reader, writer):
            owner = _owner(writer.get_extra_info("peername")[1], relayed, self._processes())
            await self._relay({name, owner}, reader, writer, asyncio.open_connection("127.0.0.1", port))

        async with await asyncio.start_server(accept, "127.0.0.1", relayed):
            try:
                yield
            finally:
                await self._end()

    @asynccontextmanager
    async def to_socket(self, name, path, relayed):
        """The way to a server that listens on a socket of the file system."""

        async def accept(reader, writer):
            told = writer.get_extra_info("socket").getsockopt(
                socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_PEER)
            )
            process, *_ = struct.unpack(_PEER, told)
            await self._relay(
                {name, self._processes().get(process)}, reader, writer, asyncio.open_unix_connection(path)
            )

        async with await asyncio.start_unix_server(accept, relayed):
            try:
                yield
            finally:
                await self._end()

    async def _relay(self, ends, reader, writer, opening):
        self._tasks.add(asyncio.current_task())
        try:
            await self._passable(ends)
            with suppress(OSError):
                there, to_there = await opening
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._carry(ends, reader, to_there))
                    group.create_task(self._carry(ends, there, writer))
        except asyncio.CancelledError:
            opening.close()
        finally:
            writer.transport.abort()
            self._tasks.discard(asyncio.current_task())

    async def _carry(self, ends, reader, writer):
        data = b"more"
        while data:
            try:
                data = await reader.read(65_536)
            except OSError:
                data = b""
            await self._passable(ends)
            with suppress(OSError):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _passable(self, ends):
        while self._cut & ends:
            await self._healed.wait()

    async def _end(self):
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _owner(port, relayed, processes):
    """The name of the process that speaks from a port to another one."""
    wanted = f"{port:04X}", f"{relayed:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if (words[1].partition(":")[2], words[2].partition(":")[2]) == wanted:
            return next((name for process, name in processes.items() if words[9] in _sockets(process)), None)
    return None


def _sockets(process):
    """The sockets that a process has, by their numbers."""
    folder, found = Path(f"/proc/{process}/fd"), set()
    with suppress(OSError):
        for each in folder.iterdir():
            with suppress(OSError):
                found.add(each.readlink().name.removeprefix("socket:[").removesuffix("]"))
    return found

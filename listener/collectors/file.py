"""JSON Lines from a file or from standard input, as `badbuzz listen` prints them."""

import asyncio
import os
import stat
import sys
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from io import FileIO
from pathlib import Path
from typing import Annotated

import msgspec
from aiohttp import web
from pydantic import BeforeValidator, ValidationInfo

from config.model import Model, beside
from listener.collector import Batch, CollectorSpec, SourceOptions, Tools
from listener.errors import FetchError
from listener.lines import BOM, LineError, read_line
from rules.instant import SECOND, moment
from rules.mention import Mention

_BATCH = 500
_CHUNK = 64 * 1024
_LONGEST_LINE = 1024 * 1024
_HEAD = 256
_MOST_NAMED = 5
_PAUSE = SECOND

_Read = Callable[[], Awaitable[bytes]]


def _beside(value: object, info: ValidationInfo) -> object:
    return value if value == "-" else beside(value, info)


class FileOptions(SourceOptions):
    path: Annotated[str, BeforeValidator(_beside)]
    """A file of JSON Lines, or `-` for standard input; a relative one is beside the configuration file."""
    follow: bool = False
    """Wait for more at the end of the file, and notice when it is replaced."""


class _Place(Model):
    """A cursor: up to `offset` and `line` the file `inode` on `device` was read; `head` is the digest of its first
    `headed` bytes, for an inode that is used again and a file that is written anew.
    """

    offset: int = 0
    line: int = 0
    inode: int = 0
    device: int = 0
    head: str = ""
    headed: int = 0


@dataclass
class _Lines:
    """Cuts a stream into lines without ever holding more than one of the allowed length. `head` are the first bytes of
    the stream, as many as were seen of `_HEAD`.
    """

    offset: int
    line: int
    head: bytes = b""
    rest: bytearray = field(default_factory=bytearray)
    dropping: bool = False

    def take(self, chunk: bytes) -> list[tuple[int, int, bytes | None]]:
        """Complete lines as (line number, offset behind it, bytes or None when too long)."""
        if len(self.head) < _HEAD:
            self.head += chunk[len(self.head) - self.offset :][: _HEAD - len(self.head)]
        found, start = [], 0
        while (end := chunk.find(b"\n", start)) >= 0:
            found.append(self._finish(chunk[start:end], 1))
            start = end + 1
        self._keep(chunk[start:])
        return found

    def last(self) -> list[tuple[int, int, bytes | None]]:
        """What is left at the end of the file: a line without its end."""
        return [self._finish(b"", 0)] if self.rest or self.dropping else []

    def _finish(self, part: bytes, ending: int) -> tuple[int, int, bytes | None]:
        self._keep(part)
        whole = None if self.dropping else bytes(self.rest)
        self.line, self.offset, self.dropping = self.line + 1, self.offset + ending, False
        self.rest.clear()
        return self.line, self.offset, whole

    def _keep(self, part: bytes) -> None:
        self.offset += len(part)
        if self.dropping or len(self.rest) + len(part) > _LONGEST_LINE:
            self.dropping = True
            self.rest.clear()
        else:
            self.rest += part


class FileCollector:
    """Reads a file from where it stopped. A file that shrank, was replaced, rotated or written anew is read from its
    beginning.

    Without `follow` it ends at the end of the file. A line that is too long (over 1 MiB), is no JSON or no mention is
    skipped, counted, and named by its number.
    """

    def __init__(self, options: FileOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools

    def routes(self) -> Sequence[web.RouteDef]:
        return ()

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        if self._options.path == "-":
            async with _standard_input() as read:
                async for batch in self._tell(read, _Place(), _Lines(0, 0), last=True):
                    yield batch
            return
        place = _load(cursor)
        while True:
            async for batch in self._file(place):
                place = _load(batch.cursor)
                yield batch
            if not self._following:
                return

    @property
    def _following(self) -> bool:
        return self._options.follow and not self._tools.once

    async def _file(self, place: _Place) -> AsyncGenerator[Batch, None]:
        """From `place` to the end of the file, or until another file stands in its place."""
        path = self._options.path
        try:
            file = await asyncio.to_thread(_open, path)
        except (OSError, ValueError) as error:
            words = error.strerror if isinstance(error, OSError) else "is no name of a file"
            raise FetchError(f"{path} cannot be read: {words}", code="unreadable") from error
        with file:
            place, head = await asyncio.to_thread(_where, file, place)
            lines, replaced = _Lines(place.offset, place.line, head), False
            yield Batch(cursor=place.model_dump_json())
            while True:
                # whatever was written before the file was moved away is read after that was noticed
                last = replaced or not self._following
                async for batch in self._tell(lambda: asyncio.to_thread(file.read, _CHUNK), place, lines, last=last):
                    yield batch
                if last:
                    return
                await self._tools.clock.sleep(_PAUSE)
                if await asyncio.to_thread(_rewritten, file, lines):
                    async for batch in self._tell(_nothing, place, lines, last=True):
                        yield batch
                    yield Batch(cursor=_Place().model_dump_json())
                    return
                replaced = await asyncio.to_thread(_replaced, path, file)

    async def _tell(self, read: _Read, place: _Place, lines: _Lines, *, last: bool) -> AsyncGenerator[Batch, None]:
        part = _Part()
        while chunk := await read():
            for number, offset, line in lines.take(chunk):
                self._add(part, number, offset, line)
                if len(part.mentions) >= _BATCH:
                    yield part.batch(place, lines.head)
                    part = _Part()
        if last:
            for number, offset, line in lines.last():
                self._add(part, number, offset, line)
        if part.offset:
            yield part.batch(place, lines.head)

    def _add(self, part: "_Part", number: int, offset: int, line: bytes | None) -> None:
        part.offset, part.line = offset, number
        if line is None:
            part.skip(number, f"longer than {_LONGEST_LINE // 1024} KiB", "too long")
        elif line.removeprefix(BOM).strip():
            now = moment(self._tools.clock.now())
            try:
                part.mentions.append(read_line(line, source=self._tools.name, platform="file", now=now))
            except LineError as error:
                part.skip(number, str(error), "malformed")


@dataclass
class _Part:
    """A batch in the making."""

    mentions: list[Mention] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)
    offset: int = 0
    line: int = 0

    def skip(self, number: int, words: str, reason: str) -> None:
        self.skipped[reason] += 1
        if len(self.named) < _MOST_NAMED:
            self.named.append(
                f"line {number} is {words}" if words.startswith(("not ", "longer")) else f"line {number}: {words}"
            )

    def batch(self, place: _Place, head: bytes) -> Batch:
        total = self.skipped.total()
        more = f" and {total - len(self.named)} more" if total > len(self.named) else ""
        problem = FetchError(f"skipped: {'; '.join(self.named)}{more}", state="live", code="skipped")
        here = {"offset": self.offset, "line": self.line, "head": _digest(head), "headed": len(head)}
        return Batch(
            mentions=self.mentions,
            cursor=place.model_copy(update=here).model_dump_json(),
            problems=(problem,) if total else (),
            skipped=dict(self.skipped) or None,
        )


def _load(cursor: str | None) -> _Place:
    try:
        return _Place.model_validate(msgspec.json.decode(cursor)) if cursor else _Place()
    except (ValueError, UnicodeEncodeError):
        return _Place()


def _open(path: str) -> FileIO:
    # a pipe nobody writes to would block the open itself
    file = FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(0, "is no regular file")
    return file


async def _nothing() -> bytes:
    return b""


def _where(file: FileIO, place: _Place) -> tuple[_Place, bytes]:
    """Where to go on in `file`, which is left standing there: at `place` if it is the same file, else at 0; and the
    beginning of it.
    """
    status, head = os.fstat(file.fileno()), _head(file)
    same = (status.st_ino, status.st_dev) == (place.inode, place.device) and status.st_size >= place.offset
    same = same and _digest(head[: place.headed]) == place.head
    found = _Place(
        offset=place.offset if same else 0,
        line=place.line if same else 0,
        inode=status.st_ino,
        device=status.st_dev,
        head=_digest(head),
        headed=len(head),
    )
    file.seek(found.offset)
    return found, head


def _head(file: FileIO) -> bytes:
    return os.pread(file.fileno(), _HEAD, 0)


def _rewritten(file: FileIO, lines: _Lines) -> bool:
    """Whether an open file was cut short, or begins with something else than what was read of it."""
    return os.fstat(file.fileno()).st_size < lines.offset or not _head(file).startswith(lines.head)


def _replaced(path: str, file: FileIO) -> bool:
    """Whether `path` now names another file than the open one."""
    mine = os.fstat(file.fileno())
    try:
        there = Path(path).stat()
    except OSError:
        return False  # being rotated at this very moment
    return (there.st_ino, there.st_dev) != (mine.st_ino, mine.st_dev)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


@asynccontextmanager
async def _standard_input() -> AsyncIterator[_Read]:
    """A way to read standard input that can be cancelled: through the loop where it is a pipe or a terminal."""
    inner = sys.stdin.buffer
    if stat.S_ISREG(os.fstat(inner.fileno()).st_mode):
        yield lambda: asyncio.to_thread(os.read, inner.fileno(), _CHUNK)
        return
    reader = asyncio.StreamReader(limit=_CHUNK)
    loop = asyncio.get_running_loop()
    # a copy, so that closing the transport leaves standard input itself open
    pipe = FileIO(os.dup(inner.fileno()))
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        yield lambda: reader.read(_CHUNK)
    finally:
        transport.close()


SPEC = CollectorSpec(
    kind="file",
    summary="JSON Lines from a file or standard input, one mention a line; `id` and `text` suffice",
    options=FileOptions,
    example={"path": "/var/lib/badbuzz/mentions.jsonl", "follow": True},
    build=FileCollector,
)

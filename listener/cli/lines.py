"""Lines in and out for commands that answer line by line: bounded, in order, and never stopped by a bad line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import typer

from listener.cli.terminal import say
from listener.lines import EXAMPLE

LONGEST_LINE = 10_000_000
"""Bytes of one line; a longer one is an error and its rest is skipped."""

_NO_TEXT = {
    b"\x1f\x8b": "packed with gzip: unpack it first",
    b"PK\x03\x04": "a zip file or a workbook: unpack it, or save it as text, first",
    b"\x28\xb5\x2f\xfd": "packed with zstd: unpack it first",
    b"\xff\xfe": "UTF-16: save it as UTF-8 first",
    b"\xfe\xff": "UTF-16: save it as UTF-8 first",
}


@dataclass(frozen=True)
class LineError:
    """A line that cannot be used: said on standard error, answered in its place so that answers stay aligned."""

    number: int
    message: str
    id: Any = None

    def answer(self) -> dict[str, Any]:
        """The line that stands in its place."""
        return {"id": self.id, "error": self.message}


def read_lines(stream: BinaryIO) -> Iterator[dict[str, Any] | LineError]:
    """The objects of a stream that hold `id` and `text`, or what is wrong, one for each line that is not blank."""
    if stream.isatty():
        say(f"waiting for lines such as {EXAMPLE}; Ctrl-D ends them")
    for number, raw in raw_lines(stream, LONGEST_LINE):
        entry = LineError(number, f"longer than {LONGEST_LINE} bytes") if raw is None else _read(raw, number)
        if isinstance(entry, LineError):
            say(f"line {number}: {entry.message}")
        yield entry


def raw_lines(stream: BinaryIO, longest: int) -> Iterator[tuple[int, bytes | None]]:
    """The lines that are not blank with their numbers, None for one of more bytes than `longest`; each is given before
    the next is read. Raises typer.BadParameter when it is no text at all.
    """
    number = 0
    while raw := stream.readline(longest + 1):
        number += 1
        if number == 1:
            _refuse_what_is_no_text(raw, getattr(stream, "name", "-"))
        too_long = len(raw) > longest
        while too_long and raw and not raw.endswith(b"\n"):
            raw = stream.readline(longest)
        if raw.strip() or too_long:
            yield number, None if too_long else raw


def _refuse_what_is_no_text(head: bytes, name: object) -> None:
    kind = next((kind for mark, kind in _NO_TEXT.items() if head.startswith(mark)), None)
    if kind:
        raise typer.BadParameter(f"{name} is {kind}")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file, or standard input for `-`. Raises typer.BadParameter, which says why it cannot be read."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"cannot read {path}: {error.strerror}") from error
    with stream:
        yield stream


def shown(lines: Iterator[dict[str, Any] | LineError]) -> Iterator[dict[str, Any] | LineError]:
    """The same lines, and how far they are where somebody sees only standard error."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        return lines
    from listener.cli.progress import followed  # noqa: PLC0415 - takes a while, and pipes do not need it

    return followed(lines)


def _read(raw: bytes, number: int) -> dict[str, Any] | LineError:
    try:
        entry = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return LineError(number, f"not JSON: write {EXAMPLE}" if _is_utf8(raw) else "not UTF-8: save it as UTF-8")
    if not isinstance(entry, dict):
        return LineError(number, f"not an object: write {EXAMPLE}")
    if "id" not in entry:
        return LineError(number, "no `id`")
    if not isinstance(entry.get("text"), str):
        return LineError(number, "no `text`, or one that is not a string", entry.get("id"))
    return entry


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def write_line(value: object) -> None:
    """One line of JSON on standard output, at once."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()

"""Server-sent events, as the HTML standard describes their text (section 9.2.6), from bytes as they come."""

from typing import NamedTuple

LONGEST_LINE = 1024 * 1024
"""Bytes of a line; a longer one is dropped, with its event."""
LARGEST_EVENT = 4 * 1024 * 1024
"""Bytes of an event."""
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its type (`message` when none is given) and its data, lines joined by line feeds."""

    name: str
    data: str


class Decoder:
    """Takes chunks in and gives the events that they complete. What is not whole when the connection ends is dropped
    with the decoder. `skipped` counts the events that were too large.
    """

    def __init__(self) -> None:
        self.skipped = 0
        self._rest = bytearray()
        self._begun = self._after_return = self._dropping = False
        self._name, self._data, self._size, self._spoilt = "", list[str](), 0, False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that end within the chunk."""
        events = []
        for line in self._lines(chunk):
            if not line:
                events += self._dispatch()
            else:
                self._take(line)
        return events

    def _lines(self, chunk: bytes) -> list[bytearray]:
        if self._after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]  # the other half of a line end that was cut in two
        if chunk:
            self._after_return = chunk.endswith(b"\r")
        self._rest += chunk
        if b"\n" not in chunk and b"\r" not in chunk:
            lines, rest = list[bytearray](), self._rest  # a line that comes byte by byte is not looked at each time
        else:
            *lines, rest = self._rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        if lines and not self._begun:
            lines[0], self._begun = lines[0].removeprefix(_BOM), True
        if lines and self._dropping:
            lines[0], self._dropping, self._spoilt = bytearray(b":"), False, True
        if len(rest) > LONGEST_LINE:
            rest, self._dropping = bytearray(), True
        self._rest = rest
        return lines

    def _take(self, line: bytearray) -> None:
        field, _, value = line.partition(b":")
        self._size += len(line)
        if len(line) > LONGEST_LINE or self._size > LARGEST_EVENT:
            self._spoilt = True
        if self._spoilt:
            self._data.clear()
            return
        text = value.removeprefix(b" ").decode("utf-8", "replace")
        if field == b"data":
            self._data.append(text)
        elif field == b"event":
            self._name = text

    def _dispatch(self) -> list[Event]:
        events = [Event(self._name or "message", "\n".join(self._data))] if self._data else []
        self.skipped += self._spoilt
        self._name, self._data, self._size, self._spoilt = "", [], 0, False
        return events

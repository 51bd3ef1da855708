"""Compressed frames, each one zstd frame made with a dictionary that both sides hold."""

from functools import cache
from importlib.resources import files
from typing import TypeGuard

from zstandard import FRAME_HEADER, ZstdCompressionDict, ZstdDecompressor, ZstdError, get_frame_parameters

from listener.bluesky.wire import Frame, UnreadableError

LARGEST = 2 * 1024 * 1024
"""Bytes of a frame; a record may have 1 MiB at most."""
FIRST, SECOND = 1612007021, 20260811
"""The dictionaries that are shipped: of version 1, and the latest of version 2 when this was written."""
_UNKNOWN = 2**64 - 1


def is_packed(frame: Frame) -> TypeGuard[bytes]:
    """Whether it begins as what zstd has made; a server may also send plain text."""
    return isinstance(frame, bytes) and frame.startswith(FRAME_HEADER)


@cache
def shipped(number: int) -> bytes:
    """A dictionary that is part of this program."""
    return (files("listener.bluesky") / "dictionaries" / f"{number}.zdict").read_bytes()


class Inflater:
    """Unpacks frames made with one dictionary; `number` is its own. Raises ValueError when it is none."""

    def __init__(self, dictionary: bytes) -> None:
        try:
            held = ZstdCompressionDict(dictionary)
            # also says whether it is one, which is else found out at the first frame
            self._inflater = ZstdDecompressor(dict_data=held, max_window_size=8 * LARGEST)
        except ZstdError as error:
            raise ValueError("that is no zstd dictionary") from error
        self.number = held.dict_id()
        if not self.number:
            raise ValueError("that is no zstd dictionary")

    def inflate(self, frame: bytes) -> bytes:
        """What a frame holds, at most `LARGEST` bytes of it in memory. Raises UnreadableError."""
        try:
            size = get_frame_parameters(frame).content_size
            if size != _UNKNOWN and size > LARGEST:
                raise UnreadableError("too large")
            return self._inflater.decompress(frame, max_output_size=LARGEST)
        except ZstdError as error:
            raise UnreadableError("too large" if "size" in str(error) else "malformed") from error

"""What the daemon and a worker say to each other: a length, and so many bytes. An empty one ends what goes before."""

from typing import BinaryIO

LENGTH = 4
"""Bytes that a length is told in."""


def framed(said: bytes) -> bytes:
    """As it is sent."""
    return len(said).to_bytes(LENGTH) + said


def heard(stream: BinaryIO) -> bytes | None:
    """The next one; None when the other side is gone."""
    head = stream.read(LENGTH)
    if len(head) < LENGTH:
        return None
    length = int.from_bytes(head)
    said = stream.read(length)
    return said if len(said) == length else None

"""Bodies as they arrive: counted on the wire, and again after decompression."""

import zlib
from collections.abc import AsyncIterator

from listener.errors import FetchError

CODINGS = "gzip, deflate"
_STEP = 64 * 1024
_GZIP = b"\x1f\x8b"
_MEMBERS = 64


async def read_body(chunks: AsyncIterator[bytes], coding: str, limit: int) -> bytes:
    """The body, decoded from `coding` (a Content-Encoding), and from gzip that nobody declared.

    Memory stays within twice `limit`: more bytes than that, on the wire or unpacked, raise FetchError, as do a coding
    that was never asked for and compressed data that is broken.
    """
    body = await _collect(chunks, limit)
    for name in reversed([part.strip().lower() for part in coding.split(",")]):
        body = _decode(body, name, limit)
    return _gunzip(body, limit) if body.startswith(_GZIP) else body


async def _collect(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _decode(body: bytes, coding: str, limit: int) -> bytes:
    if coding in {"", "identity"} or not body:
        return body
    if coding in {"gzip", "x-gzip"}:
        # a server that declares gzip and sends plain text is wrong, not unreadable
        return _gunzip(body, limit) if body.startswith(_GZIP) else body
    if coding == "deflate":
        return _deflate(body, limit)
    raise FetchError(f"the body is encoded as '{coding[:40]}', which was not asked for", code="encoding")


def _gunzip(body: bytes, limit: int) -> bytes:
    whole = bytearray()
    for _ in range(_MEMBERS):
        body = _inflate(body, zlib.MAX_WBITS | 16, whole, limit)
        if not body.startswith(_GZIP):
            return bytes(whole)
    raise FetchError("the body has too many gzip members", code="too_large")


def _deflate(body: bytes, limit: int) -> bytes:
    # RFC 9110 means zlib's format; some servers send the bare stream
    zlib_header = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    whole = bytearray()
    _inflate(body, zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS, whole, limit)
    return bytes(whole)


def _inflate(body: bytes, window: int, whole: bytearray, limit: int) -> bytes:
    """Append what `body` unpacks to, and return what follows it."""
    unpacker, rest = zlib.decompressobj(window), body
    while rest and not unpacker.eof:
        try:
            whole += unpacker.decompress(rest, _STEP)
        except zlib.error as error:
            raise FetchError(f"the compressed body is broken: {error}", code="encoding") from error
        rest = unpacker.unconsumed_tail
        if len(whole) > limit:
            raise _too_large(limit)
    if not unpacker.eof:
        raise FetchError("the compressed body ends too early", code="encoding")
    return unpacker.unused_data


def _too_large(limit: int) -> FetchError:
    return FetchError(f"the body is larger than {limit // 1_048_576} MiB", code="too_large")

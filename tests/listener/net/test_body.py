import gzip
import zlib
from collections.abc import AsyncIterator

import pytest

from listener.errors import FetchError
from listener.net.body import read_body

LIMIT = 1024 * 1024
TEXT = b"<rss>" + b"words and words " * 100
RAW = zlib.compressobj(wbits=-15)
BARE_DEFLATE = RAW.compress(TEXT) + RAW.flush()


async def pieces(body: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "X-GZIP"),
        (gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:]), "gzip"),
        (gzip.compress(TEXT) + b"\0\0padding", "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (BARE_DEFLATE, "deflate"),
        (gzip.compress(zlib.compress(TEXT)), "deflate, gzip"),
        (gzip.compress(TEXT), ""),
        (gzip.compress(gzip.compress(TEXT)), "gzip"),
        (TEXT, "gzip"),
    ],
    ids=["plain", "identity", "gzip", "x-gzip", "two members", "padded", "zlib", "bare deflate", "both", "undeclared",
         "twice", "declared only"],
)  # fmt: skip
async def test_a_body_is_unpacked_whatever_was_declared(body, coding):
    assert await read_body(pieces(body), coding, LIMIT) == TEXT


@pytest.mark.parametrize(
    ("body", "coding", "code"),
    [
        (b"x" * (LIMIT + 1), "", "too_large"),
        (gzip.compress(b"\0" * 300_000_000, 1)[:LIMIT], "gzip", "too_large"),
        (gzip.compress(b"\0" * (LIMIT + 1)), "", "too_large"),
        (gzip.compress(b"") * 100, "gzip", "too_large"),
        (gzip.compress(TEXT)[:-30], "gzip", "encoding"),
        (gzip.compress(TEXT)[:20] + b"broken broken broken", "gzip", "encoding"),
        (b"\x1f\x8bxx", "", "encoding"),
        (TEXT, "br", "encoding"),
        (TEXT, "zstd", "encoding"),
    ],
    ids=["large", "bomb", "undeclared bomb", "members", "cut", "broken", "not gzip", "brotli", "zstd"],
)
async def test_a_body_that_cannot_be_had_whole_is_a_typed_error(body, coding, code):
    with pytest.raises(FetchError) as caught:
        await read_body(pieces(body, 65536), coding, LIMIT)
    assert caught.value.code == code

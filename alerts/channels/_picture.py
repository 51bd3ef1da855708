"""A chart as a small PNG, without a word in it: the caption says what it shows. Pure."""

import struct
import zlib

from alerts.message import Chart

WIDTH, HEIGHT = 1120, 320
"""Pixels: twice what is shown, for screens that have them."""
_LEAST = 5
"""Mentions that fill the height at least: two are no storm."""
_NOTHING, _BAND, _BAR, _BEYOND, _LINE = range(5)
_COLOURS = bytes((0, 0, 0, 128, 128, 128, 91, 127, 166, 200, 89, 26, 125, 133, 144))
"""Each is seen on white and on black alike: what is behind is the reader's."""
_OPAQUE = bytes((0, 96, 255, 255, 255))
_GROUND, _GAP, _DASH = HEIGHT - 4, 0.2, 16


def picture(chart: Chart) -> bytes:
    """The picture: the usual as a band, a bar for each count, another colour above the band, a line at the first."""
    scale = (_GROUND - 4) / max(_LEAST, chart.top, chart.usual or 0)
    usual = round((chart.usual or 0) * scale)
    columns = [_column(usual, 0, _NOTHING) for _ in range(WIDTH)]
    wide = WIDTH / len(chart.bars)
    for number, bar in enumerate(chart.bars):
        beyond = chart.usual is not None and bar.count > chart.usual
        for x in range(round((number + _GAP / 2) * wide), round((number + 1 - _GAP / 2) * wide)):
            columns[x] = _column(usual, round(bar.count * scale), _BEYOND if beyond else _BAR)
    if chart.first is not None:
        _dash(columns, round(chart.first * (WIDTH - 1)))
    return _png(b"".join(b"\0" + bytes(row) for row in zip(*columns, strict=True)))


def _column(usual: int, height: int, colour: int) -> bytearray:
    """From the top down."""
    column = bytearray(HEIGHT)
    for high, paint in ((usual, _BAND), (height, colour)):
        column[_GROUND - high : _GROUND] = bytes([paint]) * high
    column[_GROUND:] = bytes([_LINE]) * (HEIGHT - _GROUND)
    return column


def _dash(columns: list[bytearray], x: int) -> None:
    for column in columns[max(0, x - 1) : x + 2]:
        for y in range(_GROUND):
            if y // _DASH % 2 == 0:
                column[y] = _LINE


def _png(rows: bytes) -> bytes:
    """PNG with a palette: https://www.w3.org/TR/png-3/."""
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", head),
        (b"PLTE", _COLOURS),
        (b"tRNS", _OPAQUE),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

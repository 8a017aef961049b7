"""PNG pictures made of numbers, without a library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

Pixel = tuple[int, int, int]
_LOW, _HIGH = (247, 251, 255), (8, 48, 107)


def png(rows: Sequence[Sequence[Pixel]]) -> bytes:
    """A picture as a PNG file."""
    raw = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in rows)
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def heat(values: Sequence[Sequence[float]], side: int) -> bytes:
    """A matrix as squares of `side` pixels, 0 light, 1 dark."""
    rows: list[list[Pixel]] = []
    for line in values:
        row = [_shade(value) for value in line for _ in range(side)]
        rows += [row] * side
    return png(rows)


def _shade(value: float) -> Pixel:
    part = min(1.0, max(0.0, value))
    mixed = [round(low + (high - low) * part) for low, high in zip(_LOW, _HIGH, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

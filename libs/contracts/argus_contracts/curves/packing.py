"""Chunks as they lie in `metric_chunk` and `metric_column`: the axis that a chunk's metrics share, and for each metric
its values and its roll-up.

Each payload is one byte of version, one of form, and a zlib stream of columns. A column of numbers is written byte by
byte over all its numbers (first every lowest byte, then every second one, ...), because neighbours share their high
bytes; steps and times are differences first. Nothing is rounded: times are whole microseconds where that loses nothing
and float64 where it would.

    payload   in the stream
    axis      n (u32), steps, times
    values    n rows (u32), n values (u32); form 1: one bit per row, lowest bit first, 1 = has a value; values
    roll-up   n points (u32), n of outline (u32), three counts (u32) of steps that are NaN, +infinity, -infinity;
              these steps; the outline's steps, times, values
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from argus_contracts.curves.rollups import NonFinite, RollUp, Stats
from argus_contracts.curves.rows import Column, Curve, Floats, Steps

VERSION: Final = 1
# What zlib gains beyond its fastest level is a hundredth; the time doubles.
_LEVEL: Final = 1
_PLAIN: Final = 0
_GAPS: Final = 1
_MICROS: Final = 1
_ONE: Final = struct.Struct("<I")
_TWO: Final = struct.Struct("<II")
_FIVE: Final = struct.Struct("<IIIII")
_STATS: Final = struct.Struct("<B?Qdqddqdq")
# Larger times than this are no microseconds that a float64 could tell apart.
_LAST_EXACT_S: Final = 2**53 / 1e6


def pack_axis(steps: Steps, times: Floats) -> bytes:
    """The steps and times of a chunk's rows."""
    form, ticks = _ticks(times)
    return _sealed(form, _ONE.pack(len(steps)), _differences(steps), ticks)


def unpack_axis(payload: bytes) -> tuple[Steps, Floats]:
    """Steps and times.

    Raises:
        ValueError: the payload is damaged, or of an unknown version.
    """
    form, stream = _opened(payload)
    (count,) = _ONE.unpack_from(stream)
    return _summed(stream, 4, count), _times(stream, 4 + 8 * count, count, form)


def pack_column(column: Column, n_rows: int) -> bytes:
    """The values of one metric in a chunk of `n_rows` rows."""
    head = _TWO.pack(n_rows, len(column.values))
    if len(column.values) == n_rows:
        return _sealed(_PLAIN, head, _by_bytes(column.values))
    has = np.zeros(n_rows, dtype=bool)
    has[column.rows] = True
    return _sealed(_GAPS, head, np.packbits(has, bitorder="little").tobytes(), _by_bytes(column.values))


def unpack_column(payload: bytes) -> Column:
    """The values of one metric.

    Raises:
        ValueError: the payload is damaged, or of an unknown version.
    """
    form, stream = _opened(payload)
    n_rows, count = _TWO.unpack_from(stream)
    if form == _PLAIN:
        return Column(np.arange(n_rows, dtype=np.intp), _numbers(stream, 8, count))
    bits = np.frombuffer(stream, np.uint8, (n_rows + 7) // 8, 8)
    rows = np.flatnonzero(np.unpackbits(bits, count=n_rows, bitorder="little"))
    return Column(rows, _numbers(stream, 8 + len(bits), count))


def pack_rollup(rolled: RollUp) -> bytes:
    """A roll-up."""
    form, ticks = _ticks(rolled.outline.times)
    marks = rolled.nonfinite or NonFinite([], [], [])
    head = _FIVE.pack(rolled.n_points, len(rolled.outline.steps), *(len(some) for some in marks))
    named = np.array([step for some in marks for step in some], "<i8").tobytes()
    return _sealed(form, head, named, _differences(rolled.outline.steps), ticks, _by_bytes(rolled.outline.values))


def unpack_rollup(payload: bytes) -> RollUp:
    """A roll-up.

    Raises:
        ValueError: the payload is damaged, or of an unknown version.
    """
    form, stream = _opened(payload)
    n_points, count, *marks = _FIVE.unpack_from(stream)
    named = np.frombuffer(stream, "<i8", sum(marks), _FIVE.size).tolist()
    nan, pos = marks[0], marks[0] + marks[1]
    begin = _FIVE.size + 8 * len(named)
    outline = Curve(
        _summed(stream, begin, count),
        _times(stream, begin + 8 * count, count, form),
        _numbers(stream, begin + 16 * count, count),
    )
    return RollUp(n_points, outline, NonFinite(named[:nan], named[nan:pos], named[pos:]) if named else None)


def pack_stats(known: Stats) -> bytes:
    """Stats, as they lie in `metric_column.stats`: version, whether there are extremes, then the fields in order."""
    extremes = known[4:] if known.min is not None else (0.0, 0, 0.0, 0)
    return _STATS.pack(VERSION, known.min is not None, *known[:4], *extremes)


def unpack_stats(payload: bytes) -> Stats:
    """Stats.

    Raises:
        ValueError: the payload is damaged, or of an unknown version.
    """
    if len(payload) != _STATS.size or payload[0] != VERSION:
        raise ValueError(f"stats of a chunk of unknown version {payload[:1].hex()}")
    _, has_extremes, *fields = _STATS.unpack(payload)
    return Stats._make(fields if has_extremes else [*fields[:4], None, None, None, None])


def _sealed(form: int, *parts: bytes) -> bytes:
    return bytes((VERSION, form)) + zlib.compress(b"".join(parts), _LEVEL)


def _opened(payload: bytes) -> tuple[int, bytes]:
    if len(payload) < 2 or payload[0] != VERSION:
        raise ValueError(f"a chunk of unknown version {payload[:1].hex()}")
    try:
        return payload[1], zlib.decompress(memoryview(payload)[2:])
    except zlib.error as error:
        raise ValueError("a damaged chunk") from error


def _ticks(times: Floats) -> tuple[int, bytes]:
    if np.all(np.abs(times) < _LAST_EXACT_S):
        micros = np.rint(times * 1e6).astype(np.int64)
        if np.array_equal(micros / 1e6, times):
            return _MICROS, _differences(micros)
    return _PLAIN, _by_bytes(times)


def _times(stream: bytes, begin: int, count: int, form: int) -> Floats:
    return _summed(stream, begin, count) / 1e6 if form == _MICROS else _numbers(stream, begin, count)


def _differences(numbers: Steps) -> bytes:
    # Sums wrap around as the differences did, so that steps of any size come back.
    return _by_bytes(np.diff(numbers, prepend=numbers.dtype.type(0)))


def _summed(stream: bytes, begin: int, count: int) -> Steps:
    return np.cumsum(_columns(stream, begin, count).view("<i8").ravel(), dtype=np.int64)


def _numbers(stream: bytes, begin: int, count: int) -> Floats:
    return _columns(stream, begin, count).view("<f8").ravel()


def _by_bytes(numbers: NDArray[Any]) -> bytes:
    little = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, 8).T.tobytes()


def _columns(stream: bytes, begin: int, count: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.frombuffer(stream, np.uint8, 8 * count, begin).reshape(8, count).T)

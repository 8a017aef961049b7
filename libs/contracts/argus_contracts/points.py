"""Metric points as they lie in `metric_block.payload`: packed columns of little-endian numbers, nothing to parse.

`ingest` writes one block per job and flush; `catalog` reads a job's blocks in the order of their ids, and of two points
with one step the later wins.

Version 1, with n points and m names (the names themselves are in the row's column `names`, in this order):

    offset             size         what
    0                  1            version, 1
    1                  1            kind of steps: 0 = epochs (`job_epoch`), 1 = steps (`job_step`)
    2                  2            m, unsigned
    4                  4            n, unsigned
    8                  8 n          steps, signed 64-bit
    8 + 8n             8 n          times, float64, seconds since 1970 (UTC)
    8 + 16n            8 n m        one float64 column per name; what was not sent is NaN here
    8 + 16n + 8nm      m ceil(n/8)  one bit per value, column by column, lowest bit first: 1 = sent

The bits tell a NaN that was sent from a value that was not. Every column of numbers starts at a multiple of 8, so that
a reader may map it without a copy.
"""

import struct
import sys
from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

VERSION: Final = 1

_HEADER: Final = struct.Struct("<BBHI")
_NAN: Final = float("nan")
_IS_BIG_ENDIAN: Final = sys.byteorder == "big"
MAX_NAMES: Final = 65535
EPOCHS: Final = 0
STEPS: Final = 1


class Block(NamedTuple):
    """One unpacked block. A value of a column is None where it was not sent."""

    steps: list[int]
    times: list[float]
    columns: dict[str, list[float | None]]


class Layout(NamedTuple):
    """Where the columns of a block lie in its payload, for readers that map them. Offsets in bytes."""

    n_points: int
    n_names: int
    kind: int
    steps: int
    times: int
    values: int
    presence: int
    presence_size: int


def pack(
    steps: Sequence[int], times: Sequence[float], columns: Sequence[Sequence[float | None]], kind: int = EPOCHS
) -> bytes:
    """Pack points. `columns` are in the order of the names that the row will carry, each as long as `steps`.

    Raises:
        ValueError: the lengths differ, or there are more than 65535 columns.
        OverflowError: a step does not fit into 64 bits.
    """
    count = len(steps)
    if len(times) != count or len(columns) > MAX_NAMES or any(len(column) != count for column in columns):
        raise ValueError("the columns of a block must have one length, and there may be 65535 of them")
    parts = [_HEADER.pack(VERSION, kind, len(columns), count), _bytes("q", steps), _bytes("d", times)]
    parts += [_bytes("d", [_NAN if value is None else value for value in column]) for column in columns]
    parts += [_presence(column) for column in columns]
    return b"".join(parts)


def layout(payload: bytes) -> Layout:
    """Find the columns of a payload.

    Raises:
        ValueError: this is no block, it is cut, or it has a version that is not known.
    """
    if len(payload) < _HEADER.size:
        raise ValueError("too short for a metric block")
    version, kind, names, count = _HEADER.unpack_from(payload)
    if version != VERSION:
        raise ValueError(f"metric block of unknown version {version}")
    times = _HEADER.size + 8 * count
    values = times + 8 * count
    presence = values + 8 * count * names
    size = (count + 7) // 8
    if len(payload) != presence + size * names:
        raise ValueError("a metric block of the wrong length")
    return Layout(count, names, kind, _HEADER.size, times, values, presence, size)


def unpack(payload: bytes, names: Sequence[str]) -> Block:
    """Unpack a payload with the names of its row.

    Raises:
        ValueError: see `layout`; also when the number of names is not the block's.
    """
    at = layout(payload)
    if len(names) != at.n_names:
        raise ValueError(f"a metric block of {at.n_names} columns was given {len(names)} names")
    columns: dict[str, list[float | None]] = {}
    for index, name in enumerate(names):
        values = _doubles(payload, at.values + 8 * at.n_points * index, at.n_points)
        begin = at.presence + at.presence_size * index
        bits = int.from_bytes(payload[begin : begin + at.presence_size], "little")
        columns[name] = [value if bits >> place & 1 else None for place, value in enumerate(values)]
    steps = array("q", payload[at.steps : at.times])
    if _IS_BIG_ENDIAN:
        steps.byteswap()
    return Block(steps.tolist(), _doubles(payload, at.times, at.n_points), columns)


def _bytes(kind: str, values: Sequence[float]) -> bytes:
    packed = array(kind, values)
    if _IS_BIG_ENDIAN:
        packed.byteswap()
    return packed.tobytes()


def _doubles(payload: bytes, begin: int, count: int) -> list[float]:
    values = array("d", payload[begin : begin + 8 * count])
    if _IS_BIG_ENDIAN:
        values.byteswap()
    return values.tolist()


def _presence(column: Sequence[float | None]) -> bytes:
    size = (len(column) + 7) // 8
    if None not in column:
        return ((1 << len(column)) - 1).to_bytes(size, "little")
    bits = 0
    for place, value in enumerate(column):
        if value is not None:
            bits |= 1 << place
    return bits.to_bytes(size, "little")

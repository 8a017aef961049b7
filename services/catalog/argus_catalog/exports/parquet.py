"""Flat tables as Parquet: one row group, one gzipped page a column, values as they are, any of them may be null.

Source: https://parquet.apache.org/docs/file-format/ and its parquet.thrift, by whose numbers the fields below go.
"""

from __future__ import annotations

import gzip
import struct as packing
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from argus_catalog.exports.table import Column, Kind, Table
from argus_catalog.exports.thrift import I64, Value, struct, varint

_MAGIC: Final = b"PAR1"
_OPTIONAL, _PLAIN, _RLE, _GZIP, _DATA_PAGE = 1, 0, 3, 2, 0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Physical(NamedTuple):
    type: int
    converted: int | None
    pack: Callable[[Sequence[Any]], bytes]


def to_parquet(table: Table) -> bytes:
    """The table as a file. Values must be of their column's kind, or None."""
    out = bytearray(_MAGIC)
    chunks: list[Value] = []
    total = 0
    for place, column in enumerate(table.columns):
        page, size = _page(column, [row[place] for row in table.rows])
        chunks.append(_chunk(column, len(out), len(table.rows), len(page), size))
        out += page
        total += size
    schema: list[Value] = [{4: "argus", 5: len(table.columns)}, *(_element(column) for column in table.columns)]
    group: Value = {1: chunks, 2: I64(total), 3: I64(len(table.rows))}
    groups: list[Value] = [group] if table.rows and chunks else []
    footer = struct({1: 1, 2: schema, 3: I64(len(table.rows)), 4: groups, 6: "argus"})
    return bytes(out) + footer + packing.pack("<I", len(footer)) + _MAGIC


def _element(column: Column) -> Value:
    physical = _PHYSICAL[column.kind]
    element: dict[int, Value] = {1: physical.type, 3: _OPTIONAL, 4: column.name}
    return element if physical.converted is None else {**element, 6: physical.converted}


def _chunk(column: Column, offset: int, n_values: int, packed: int, unpacked: int) -> Value:
    encodings: list[Value] = [_PLAIN, _RLE]
    path: list[Value] = [column.name]
    facts: dict[int, Value] = {1: _PHYSICAL[column.kind].type, 2: encodings, 3: path, 4: _GZIP, 5: I64(n_values)}
    sizes: dict[int, Value] = {6: I64(unpacked), 7: I64(packed), 9: I64(offset)}
    return {2: I64(offset), 3: {**facts, **sizes}}


def _page(column: Column, values: Sequence[Any]) -> tuple[bytes, int]:
    """The page with its head, and how long it is unpacked."""
    there = [value for value in values if value is not None]
    levels = _levels([value is not None for value in values])
    body = packing.pack("<I", len(levels)) + levels + _PHYSICAL[column.kind].pack(there)
    packed = gzip.compress(body, mtime=0)
    data: dict[int, Value] = {1: len(values), 2: _PLAIN, 3: _RLE, 4: _RLE}
    head = struct({1: _DATA_PAGE, 2: len(body), 3: len(packed), 5: data})
    return head + packed, len(head) + len(body)


def _levels(are_there: Sequence[bool]) -> bytes:
    """Which values are there: one run of packed bits."""
    packed = _bits(are_there)
    return varint(len(packed) << 1 | 1) + packed


def _bits(values: Sequence[bool]) -> bytes:
    out = bytearray((len(values) + 7) // 8)
    for place, value in enumerate(values):
        if value:
            out[place >> 3] |= 1 << (place & 7)
    return bytes(out)


def _texts(values: Sequence[str]) -> bytes:
    encoded = [value.encode("utf-8", "replace") for value in values]
    return b"".join(packing.pack("<I", len(text)) + text for text in encoded)


def _integers(values: Sequence[int]) -> bytes:
    return packing.pack(f"<{len(values)}q", *values)


def _numbers(values: Sequence[float]) -> bytes:
    return packing.pack(f"<{len(values)}d", *values)


def _times(values: Sequence[datetime]) -> bytes:
    return _integers([(value - _EPOCH) // timedelta(microseconds=1) for value in values])


_UTF8, _TIMESTAMP_MICROS = 0, 10
_PHYSICAL: Final[dict[Kind, _Physical]] = {
    "truth": _Physical(0, None, _bits),
    "integer": _Physical(2, None, _integers),
    "time": _Physical(2, _TIMESTAMP_MICROS, _times),
    "number": _Physical(5, None, _numbers),
    "text": _Physical(6, _UTF8, _texts),
}

"""As much of Thrift's compact protocol as the head of a Parquet file needs: structs of integers, texts, lists, structs.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
_LONG_LIST: Final = 15


@dataclass(frozen=True, slots=True)
class I64:
    """An integer of 64 bits; plain ones have 32."""

    value: int


Value = int | I64 | str | Sequence["Value"] | Mapping[int, "Value"]


def struct(fields: Mapping[int, Value]) -> bytes:
    """A struct of its fields by their numbers, which ascend by less than 16."""
    out, last = bytearray(), 0
    for number, value in sorted(fields.items()):
        out.append((number - last) << 4 | _type(value))
        out += _encoded(value)
        last = number
    out.append(0)
    return bytes(out)


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _type(value: Value) -> int:
    if isinstance(value, int):
        return _I32
    if isinstance(value, I64):
        return _I64
    if isinstance(value, str):
        return _BINARY
    return _STRUCT if isinstance(value, Mapping) else _LIST


def _encoded(value: Value) -> bytes:
    if isinstance(value, int | I64):
        number = value if isinstance(value, int) else value.value
        return varint(number << 1 if number >= 0 else -number * 2 - 1)
    if isinstance(value, str):
        text = value.encode()
        return varint(len(text)) + text
    if isinstance(value, Mapping):
        return struct(value)
    kind, size = _type(value[0]) if value else _I32, len(value)
    head = bytes([size << 4 | kind]) if size < _LONG_LIST else bytes([_LONG_LIST << 4 | kind]) + varint(size)
    return head + b"".join(map(_encoded, value))

"""A reader of flat Parquet files, written from the format's description and independent of the writer."""

import gzip
import struct
from datetime import UTC, datetime, timedelta

import pytest

KINDS = {(0, None): "truth", (2, None): "integer", (2, 10): "time", (5, None): "number", (6, 0): "text"}


class Compact:
    """Thrift's compact protocol as generic structs: {field: value}."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        shift = value = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def signed(self):
        raw = self.varint()
        return (raw >> 1) ^ -(raw & 1)

    def value(self, kind):
        if kind in {5, 6}:
            return self.signed()
        if kind == 8:
            size = self.varint()
            self.at += size
            return bytes(self.data[self.at - size : self.at]).decode()
        if kind == 9:
            head = self.byte()
            size = head >> 4 if head >> 4 < 15 else self.varint()
            return [self.value(head & 15) for _ in range(size)]
        assert kind == 12, kind
        return self.struct()

    def struct(self):
        found, field = {}, 0
        while head := self.byte():
            assert head >> 4, "a field far off"
            field += head >> 4
            found[field] = self.value(head & 15)
        return found


def levels(data, count):
    """Definition levels of one bit: runs of repeated or packed values."""
    reader, found = Compact(data), []
    while len(found) < count:
        head = reader.varint()
        if head & 1:
            for _ in range(head >> 1):
                byte = reader.byte()
                found += [byte >> bit & 1 for bit in range(8)]
        else:
            found += [reader.byte()] * (head >> 1)
    return found[:count]


def values(kind, data, count):
    """PLAIN values."""
    if kind == "truth":
        return [bool(data[i >> 3] >> (i & 7) & 1) for i in range(count)]
    if kind == "text":
        found, at = [], 0
        for _ in range(count):
            (size,) = struct.unpack_from("<I", data, at)
            found.append(data[at + 4 : at + 4 + size].decode())
            at += 4 + size
        return found
    raw = list(struct.unpack(f"<{count}{'d' if kind == 'number' else 'q'}", data[: 8 * count]))
    if kind == "time":
        return [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=one) for one in raw]
    return raw


def read(content):
    """Names and kinds of the columns, and the rows."""
    assert content[:4] == content[-4:] == b"PAR1"
    (size,) = struct.unpack("<I", content[-8:-4])
    meta = Compact(content, len(content) - 8 - size).struct()
    root, *leaves = meta[2]
    assert root[5] == len(leaves)
    columns = [(leaf[4], KINDS[leaf[1], leaf.get(6)]) for leaf in leaves]
    if not meta[4]:
        assert meta[3] == 0
        return columns, []
    (group,) = meta[4]
    found = []
    for (name, kind), chunk in zip(columns, group[1], strict=True):
        facts = chunk[3]
        assert (facts[3], facts[4], facts[5]) == ([name], 2, meta[3])
        reader = Compact(content, facts[9])
        head = reader.struct()
        body = gzip.decompress(content[reader.at : reader.at + head[3]])
        assert len(body) == head[2]
        assert facts[7] == reader.at - facts[9] + head[3]
        (length,) = struct.unpack_from("<I", body)
        there = levels(body[4 : 4 + length], head[5][1])
        plain = iter(values(kind, body[4 + length :], sum(there)))
        found.append([next(plain) if one else None for one in there])
    return columns, list(zip(*found, strict=True))


@pytest.fixture(scope="session")
def read_parquet():
    """What reads a file: names and kinds of its columns, and its rows."""
    return read

"""The bytes of Server-Sent Events.

An event's JSON comes ready from the bus and is never decoded here: a frame is the event's own bytes with an id line,
a name line and, where the contract has it, the channel put in before the closing brace.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from argus_contracts.bus import EventBundle

_ENCODE = msgspec.json.Encoder().encode
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_UNNAMED = b"message"

_names: dict[str, bytes] = {}
_MAX_NAMES = 1000

MEDIA_TYPE = "text/event-stream"


# A place beyond any bundle: everything of that message is known.
WHOLE = 999_999_999


class Control(bytes):
    """A frame about the stream itself (hello, closed, ...). It outlives the dropping of a slow reader's events."""

    __slots__ = ()


class Position(NamedTuple):
    """An event id: the message's sequence in the stream, and the event's place in the bundle."""

    sequence: int
    place: int

    def __str__(self) -> str:
        """The text of the id line."""
        return f"{self.sequence}-{self.place}"


def parse_position(text: str) -> Position | None:
    """Read an event id; None when it is not one of ours."""
    match = re.fullmatch(r"(\d{1,19})-(\d{1,9})", text.strip(), re.ASCII)
    return Position(int(match[1]), int(match[2])) if match else None


def control(name: str, data: Any) -> Control:
    """A frame without an id."""
    return Control(b"event: %s\ndata: %s\n\n" % (name.encode(), _ENCODE(data)))


def retry(delay_ms: int) -> Control:
    """Tells the browser how long to wait before it connects again."""
    return Control(b"retry: %d\n\n" % delay_ms)


def suffix(selector: str | None) -> bytes:
    """What closes an event's JSON and its frame, with the channel if there is one."""
    return b"}\n\n" if selector is None else b',"channel":%s}\n\n' % _ENCODE(selector)


def single(position: Position, name: str, data: dict[str, Any], selector: str) -> bytes:
    """A frame with an id around data made here."""
    return b"%s%s" % (_opening(position, name, _ENCODE(data)), suffix(selector))


class Rendered:
    """One bundle on its way to its readers. Each event is put into bytes once, each channel's chunk is joined once."""

    __slots__ = ("_by_job", "_openings", "bundle", "sequence")

    def __init__(self, sequence: int, bundle: EventBundle) -> None:
        self.sequence = sequence
        self.bundle = bundle
        self._openings: list[bytes] | None = None
        self._by_job: dict[str | None, list[int]] | None = None

    def of_job(self, job_id: str) -> Sequence[int]:
        """Indices of the events of one job."""
        if self._by_job is None:
            self._by_job = {}
            for index, head in enumerate(self.bundle.heads):
                self._by_job.setdefault(head.job_id, []).append(index)
        return self._by_job.get(job_id, ())

    def chunk(self, indices: Sequence[int], closing: bytes) -> bytes:
        """The frames of these events, one after the other."""
        openings = self._openings
        if openings is None:
            openings = self._openings = [
                _opening(Position(self.sequence, index), head.event_type, bytes(raw))
                for index, (head, raw) in enumerate(zip(self.bundle.heads, self.bundle.events, strict=False))
            ]
        if len(indices) == len(openings):
            return closing.join(openings) + closing
        return closing.join([openings[index] for index in indices]) + closing


def _opening(position: Position, name: str, raw: bytes) -> bytes:
    # The envelope is an object with keys, so a key can be added before its last brace. A line break would end a frame.
    if b"\n" in raw or b"\r" in raw or not raw.endswith(b"}"):
        raw = _ENCODE(msgspec.json.decode(raw))
    return b"id: %d-%d\nevent: %s\ndata: %s" % (position.sequence, position.place, _name(name), raw[:-1])


def _name(name: str) -> bytes:
    known = _names.get(name)
    if known is None:
        known = name.encode() if _NAME.fullmatch(name) else _UNNAMED
        if len(_names) < _MAX_NAMES:
            _names[name] = known
    return known

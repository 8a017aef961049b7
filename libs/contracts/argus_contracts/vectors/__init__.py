"""Good and bad events, and request bodies that are refused whole: one truth for decoder, ingest and SDK tests.

Each ``*.jsonl`` file is a group, one case a line; ``bodies.jsonl`` holds the bodies. In ``normalized``, floats that are
not finite stand as the texts "NaN", "Infinity" and "-Infinity" (``events.json_safe``).
"""

from collections.abc import Iterator
from importlib import resources
from typing import Any, Final

import msgspec

GROUPS: Final = ("types", "envelope", "timestamps", "payloads")


class Vector(msgspec.Struct, kw_only=True, frozen=True):
    """One event and what becomes of it.

    The event is ``event``, or ``raw`` where strict JSON cannot write it. A valid one may list the fields of the decoded
    event that are worth comparing (event_id, job_id, at, data); a bad one has its error code and HTTP status.
    """

    name: str
    valid: bool
    event: msgspec.Raw = msgspec.Raw()
    raw: str | None = None
    error_code: str | None = None
    status: int | None = None
    normalized: dict[str, Any] = {}
    group: str = ""

    @property
    def body(self) -> bytes:
        """The event as it is sent alone."""
        return self.raw.encode() if self.raw is not None else bytes(self.event)

    @property
    def batch_body(self) -> bytes:
        """The event as it is sent as the only one of a batch request."""
        return b'{"events":[' + self.body + b"]}"


class BodyVector(msgspec.Struct, kw_only=True, frozen=True):
    """The body of a batch request that is refused whole."""

    name: str
    body: str
    error_code: str
    status: int


def load(group: str | None = None) -> list[Vector]:
    """The vectors of one group, or of all."""
    groups = GROUPS if group is None else (group,)
    return [
        msgspec.structs.replace(msgspec.json.decode(line, type=Vector), group=name)
        for name in groups
        for line in _lines(name)
    ]


def load_bodies() -> list[BodyVector]:
    """The bodies that are refused whole."""
    return [msgspec.json.decode(line, type=BodyVector) for line in _lines("bodies")]


def _lines(name: str) -> Iterator[bytes]:
    yield from resources.files(__name__).joinpath(f"{name}.jsonl").read_bytes().splitlines()

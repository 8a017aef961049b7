"""What goes over the bus, and what a handler may say of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nats.aio.msg import Msg

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError


class BusUnavailable(ArgusError):
    """NATS, or the one who should answer, cannot be reached in time."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(ErrorCode.BUS_UNAVAILABLE, message, headers={"Retry-After": "1"})


class Retry(Exception):
    """A handler asks for the message again, `after_s` seconds from now."""

    def __init__(self, after_s: float = 1.0) -> None:
        super().__init__(f"again in {after_s} s")
        self.after_s = after_s


class Reject(Exception):
    """A handler will never be able to handle this message: log it and do not deliver it again."""


class Unhandled(Exception):
    """Of what a handler was given together it could not handle these now, and they come again; of `rejected` none will.

    The others are handled.
    """

    def __init__(self, messages: Sequence[Message], rejected: Sequence[Message] = ()) -> None:
        super().__init__(f"{len(messages)} of them are to come again")
        self.messages = messages
        self.rejected = rejected


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream as a handler sees it. `sequence` counts within the stream."""

    subject: str
    data: bytes
    headers: dict[str, str]
    sequence: int
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish. `msg_id` makes a second arrival within the stream's window vanish."""

    subject: str
    payload: bytes
    msg_id: str
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Message], Awaitable[None]]
ManyHandler = Callable[[Sequence[Message]], Awaitable[Sequence[Message]]]
"""Returns those of the messages that it will never be able to handle, as `Reject` says it of one. Raises `Unhandled`
where only some could not be handled."""


def message_of(raw: Msg) -> Message:
    """A message of a stream, as it came."""
    metadata = raw.metadata
    return Message(
        subject=raw.subject,
        data=raw.data,
        headers=dict(raw.headers or {}),
        sequence=metadata.sequence.stream,
        timestamp=metadata.timestamp.astimezone(UTC),
    )

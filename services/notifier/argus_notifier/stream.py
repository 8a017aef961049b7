"""The durable consumer of all events: a bundle is taken and decoded once, and every reader is given it.

Each reader with a consumer of its own would cost as much as the reading itself: most of the stream is nothing to any of
them. What they do is theirs: one that fails has the bundle come again, and the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

import msgspec
import structlog

from argus_contracts import bus as wire
from argus_kit.bus import Bus, Message, Unhandled
from argus_kit.database_errors import is_collision, is_outage
from argus_kit.parts import Part

log = structlog.get_logger(__name__)

DURABLE: Final = "notifier-events"
# Each reader had its own.
_BEFORE: Final = ("notifier", "notifier-rules", "notifier-watchdogs", "notifier-file")


class Arrival(NamedTuple):
    """A bundle, and when the stream was given it."""

    bundle: wire.EventBundle
    at: datetime


class Reader(Protocol):
    """Whoever reads all events."""

    name: str

    async def take(self, arrived: Sequence[Arrival]) -> None:
        """Some bundles. Each may come again, in other company, after it was taken too."""


class EventConsumer(Part):
    """Gives its readers all events."""

    name = "events"

    def __init__(self, bus: Bus, readers: Sequence[Reader]) -> None:
        self._bus = bus
        self._readers = readers

    async def start(self) -> None:
        """See Part."""
        await self._bus.consume_many(wire.LIVE_STREAM, DURABLE, [wire.ALL_EVENTS], self.handle, instead_of=_BEFORE)

    async def handle(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Some bundles; returns what is none."""
        return await give(self._readers, messages)


async def give(readers: Sequence[Reader], messages: Sequence[Message]) -> Sequence[Message]:
    """Have readers take what these messages hold. Returns those that are no bundles.

    Raises:
        Unhandled: of some bundles a reader took nothing.
    """
    arrived: list[Arrival] = []
    held: list[Message] = []
    unreadable: list[Message] = []
    for message in messages:
        try:
            arrived.append(Arrival(wire.decode(wire.EventBundle, message.data), message.timestamp))
        except (msgspec.MsgspecError, ValueError) as error:
            log.warning("events.unreadable", subject=message.subject, error=str(error))
            unreadable.append(message)
        else:
            held.append(message)
    if arrived:
        left = set().union(*await asyncio.gather(*(_left(reader, arrived) for reader in readers)))
        if left:
            raise Unhandled([held[number] for number in sorted(left)], unreadable)
    return unreadable


async def _left(reader: Reader, arrived: Sequence[Arrival]) -> set[int]:
    """The numbers of those that the reader could not take."""
    try:
        await reader.take(arrived)
    except Exception as error:
        if len(arrived) == 1 or (is_outage(error) and not is_collision(error)):
            log.exception("events.failed", reader=reader.name, bundles=len(arrived), exc_info=error)
            return set(range(len(arrived)))
        log.warning("events.one_by_one", reader=reader.name, bundles=len(arrived), exc_info=True)
    else:
        return set()
    # One that cannot be taken holds up nobody: what was taken already changes nothing.
    left: set[int] = set()
    for number, one in enumerate(arrived):
        if await _left(reader, [one]):
            left.add(number)
    return left

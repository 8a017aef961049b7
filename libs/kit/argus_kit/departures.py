"""Hearing of people who left: their accounts are deleted, and each service forgets what it keeps of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import msgspec

from argus_contracts import bus as wire
from argus_kit.bus import Bus, Message, Reject, Retry
from argus_kit.clock import now
from argus_kit.parts import Part

# What was on its way when the account ended (a request, a flush, a credential that is remembered for half a minute)
# has arrived by then: whoever heard of the departure earlier looks once more.
SETTLED: Final = timedelta(minutes=1)

Forget = Callable[[wire.PersonDeparted], Awaitable[None]]
"""Deletes what a service keeps of a person; it may be called any number of times."""


class Departures(Part):
    """Calls `forget` for each person who leaves, at least once, and again after a minute."""

    def __init__(self, bus: Bus, service: str, forget: Forget) -> None:
        self.name = f"{service}-departures"
        self._bus = bus
        self._subject = wire.departure_subject(service)
        self._forget = forget

    async def start(self) -> None:
        """See Part."""
        await self._bus.consume(wire.WORK_STREAM, self.name, [self._subject], self.handle)

    async def handle(self, message: Message) -> None:
        """One departure.

        Raises:
            Reject: the message is none.
            Retry: it is so fresh that something may still be on its way.
        """
        try:
            departed = wire.decode(wire.PersonDeparted, message.data)
        except msgspec.DecodeError as error:
            raise Reject(str(error)) from error
        await self._forget(departed)
        if now() - departed.at < SETTLED:
            raise Retry(SETTLED.total_seconds())

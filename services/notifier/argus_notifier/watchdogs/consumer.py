"""The durable consumer of watchdogs.

First it only reads: most of the stream changes nothing that is remembered. What does is looked at again in a
transaction of its own, one at a time over all replicas; requests to ingest are rows of that transaction too. So a crash
between any two steps loses nothing, and what is looked at again finds what it had done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
import structlog

from argus_contracts import bus as wire
from argus_kit.bus import Message
from argus_kit.clock import now
from argus_kit.leases import take_turn
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.alerts.telling import tell
from argus_notifier.settings import NotifierSettings
from argus_notifier.watchdogs import repository
from argus_notifier.watchdogs.folding import Heard, fold, heard_of
from argus_notifier.watchdogs.limits import KnownLimits
from argus_notifier.watchdogs.readings import Reading

log = structlog.get_logger(__name__)

TURN = "notifier.watchdogs"


class WatchdogConsumer(Part):
    """Reads all events and remembers what they mean."""

    name = "watchdog-events"

    def __init__(
        self, platform: Platform, settings: NotifierSettings, limits: KnownLimits, kick: Callable[[], None]
    ) -> None:
        """`kick` is called when ingest is to be asked for something."""
        self._platform = platform
        self._settings = settings
        self._limits = limits
        self._kick = kick

    async def start(self) -> None:
        """See Part."""
        await self._platform.bus.consume_many(wire.LIVE_STREAM, "notifier-watchdogs", [wire.ALL_EVENTS], self.handle)

    async def handle(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Some bundles; returns what is none."""
        heard: list[tuple[wire.EventBundle, datetime, Sequence[Reading]]] = []
        unreadable: list[Message] = []
        for message in messages:
            try:
                heard += heard_of([(wire.decode(wire.EventBundle, message.data), message.timestamp)])
            except (msgspec.MsgspecError, ValueError) as error:
                log.warning("watchdogs.unreadable", subject=message.subject, error=str(error))
                unreadable.append(message)
        if heard:
            await self._take_in(heard)
        return unreadable

    async def _take_in(self, heard: Heard) -> None:
        async with self._platform.database.read() as connection:
            notes = await fold(connection, self._limits, heard, now())
        if notes.is_empty:
            return
        async with self._platform.write("notifier") as transaction:
            await take_turn(transaction.connection, TURN)
            notes = await fold(transaction.connection, self._limits, heard, now())
            await repository.save(transaction.connection, notes)
            await tell(transaction, self._platform, self._settings, notes.occurrences)
        if notes.requests:
            self._kick()

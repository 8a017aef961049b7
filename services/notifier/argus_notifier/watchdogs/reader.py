"""What watchdogs do with events.

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
from argus_kit.clock import now
from argus_kit.leases import take_turn
from argus_kit.platform import Platform
from argus_notifier.alerts.telling import tell
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import Arrival
from argus_notifier.watchdogs import repository
from argus_notifier.watchdogs.folding import Heard, fold, heard_of
from argus_notifier.watchdogs.limits import KnownLimits
from argus_notifier.watchdogs.readings import Reading

log = structlog.get_logger(__name__)

TURN = "notifier.watchdogs"


class Watchdogs:
    """Reads all events and remembers what they mean."""

    name = "watchdogs"

    def __init__(
        self, platform: Platform, settings: NotifierSettings, limits: KnownLimits, kick: Callable[[], None]
    ) -> None:
        """`kick` is called when ingest is to be asked for something."""
        self._platform = platform
        self._settings = settings
        self._limits = limits
        self._kick = kick

    async def take(self, arrived: Sequence[Arrival]) -> None:
        """Some bundles."""
        heard: list[tuple[wire.EventBundle, datetime, Sequence[Reading]]] = []
        for one in arrived:
            try:
                heard += heard_of([one])
            except (msgspec.MsgspecError, ValueError) as error:
                log.warning("watchdogs.unreadable", batch_id=one.bundle.batch_id, error=str(error))
        if heard:
            await self._take_in(heard)

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

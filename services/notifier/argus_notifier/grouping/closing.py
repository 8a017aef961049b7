"""What was counted is told: a moment later in the inbox's row, and at the end of its window by mails and channels."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from argus_kit.clock import now
from argus_kit.leases import LeasedLoop, take_turn
from argus_kit.lull import Lull
from argus_kit.platform import Platform
from argus_notifier.alerts.telling import amend, tell_outside
from argus_notifier.grouping import repository
from argus_notifier.grouping.admission import as_one
from argus_notifier.grouping.counting import shown
from argus_notifier.grouping.rounds import tell_round
from argus_notifier.grouping.stored import restored
from argus_notifier.grouping.waves import is_wave
from argus_notifier.settings import NotifierSettings
from argus_notifier.turns import take_turn_to_tell

_AT_ONCE: Final = 200
# As long as a bundle may come again.
_REMEMBERED: Final = timedelta(hours=1)


class SurgeLoop(LeasedLoop):
    """Looks for surges that have something to tell; each is a transaction of its own."""

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        super().__init__(platform.database, "notifier.surges", every_s=settings.surge_look_s)
        self._platform = platform
        self._settings = settings
        self._lull = Lull(platform.database)
        self._forgot_at = now()

    async def work(self) -> None:
        """One round."""
        at = now()
        if not self._lull.lasts:
            await self._look(at)
        if at - self._forgot_at > _REMEMBERED / 6:
            self._forgot_at = at
            async with self._platform.database.write() as connection:
                await repository.forget(connection, at - _REMEMBERED)

    async def _look(self, at: datetime) -> None:
        writes = self._platform.database.writes
        async with self._platform.database.read() as connection:
            keys = await repository.due(connection, at, _AT_ONCE)
            next_at = None if keys else await repository.next_due(connection)
        for key in keys:
            await self._tell(key)
        if not keys:
            self._lull.begin(writes, next_at)

    async def _tell(self, key: repository.Key) -> None:
        async with self._platform.write("notifier") as transaction:
            connection = transaction.connection
            await take_turn(connection, f"notifier.surge.{key[0]}.{key[1]}")
            found = await repository.of_key(connection, key)
            if found is None or found[0].due_at is None:
                return
            await take_turn_to_tell(connection)
            if is_wave(key):
                await tell_round(transaction, self._platform, self._settings, key=key, found=found, at=now())
                return
            known, is_over = shown(found[0], now())
            first = restored(found[1])
            all_of_it = as_one(first, known, key=first.key)
            if known.shown > found[0].shown:
                await amend(transaction, self._platform, all_of_it)
            if is_over:
                rest = replace(all_of_it, key=f"{first.key}:all")
                await tell_outside(transaction, self._platform, self._settings, [rest])
            await repository.save(connection, key, known, found[1])

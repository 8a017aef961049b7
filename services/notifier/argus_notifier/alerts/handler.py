"""The durable consumer: every bundle passes here once, and of some events people are told.

All that one bundle gives rise to is one transaction, and each row has a key of its own, so a bundle that comes again
after a crash changes nothing.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_kit.bus import Message, Reject
from argus_kit.clock import now
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.alerts.events import is_worth_a_word, leaves, occurrences_of
from argus_notifier.alerts.telling import tell
from argus_notifier.settings import NotifierSettings
from argus_schema import ingest

_AT_ONCE = 200


class AlertConsumer(Part):
    """Reads all events and tells people of some."""

    name = "alerts"

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        self._platform = platform
        self._settings = settings

    async def start(self) -> None:
        """See Part."""
        await self._platform.bus.consume(wire.LIVE_STREAM, "notifier", [wire.ALL_EVENTS], self.handle)

    async def handle(self, message: Message) -> None:
        """One bundle.

        Raises:
            Reject: the message is not a bundle.
        """
        try:
            bundle = wire.decode(wire.EventBundle, message.data)
            found = occurrences_of(bundle) if is_worth_a_word(bundle) else []
        except (msgspec.MsgspecError, ValueError) as error:
            raise Reject(str(error)) from error
        # A machine that was cut off tells late and is heard; weeks that are brought in from elsewhere are history.
        since = now() - timedelta(hours=self._settings.told_within_h)
        occurrences = [one for one in found if one.at >= since]
        for begin in range(0, len(occurrences), _AT_ONCE):
            some = occurrences[begin : begin + _AT_ONCE]
            async with self._platform.write("notifier") as transaction:
                if any(leaves(one) for one in some) and await _others_run(transaction.connection, bundle.batch_key):
                    some = [one for one in some if not leaves(one)]
                await tell(transaction, self._platform, self._settings, some)


async def _others_run(connection: AsyncConnection, batch_key: int) -> bool:
    job = ingest.job.c
    running = sa.select(job.job_no).where(job.batch_key == batch_key, job.status == "running").limit(1)
    return (await connection.execute(running)).first() is not None

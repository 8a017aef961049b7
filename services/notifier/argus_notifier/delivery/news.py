"""Tells open pages what became of deliveries: one message a second at most, however many there were.

A message says only that something is to be read anew, so one that is lost costs a page a moment: it goes to the stream
without a row in the outbox.
"""

from __future__ import annotations

import uuid
from typing import Final

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.bus import BusUnavailable, Outgoing
from argus_kit.clock import now
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform
from argus_schema.ingest import batch

_EVERY_S: Final = 1.0
# Batches that one message names; the rest follows in the next.
_AT_ONCE: Final = 200


class News(Part):
    """What happened since the last message. `note` it after the commit."""

    name = "delivery-news"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._loop = Loop(self.name, self.tell, every_s=_EVERY_S)
        self._batch_ids: dict[str, None] = {}
        self._is_news = False

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        if self._platform.bus.is_connected:
            await self.tell()

    def note(self, batch_id: str | None = None) -> None:
        """Something became of a delivery about this batch, or about none."""
        self._is_news = True
        if batch_id is not None:
            self._batch_ids[batch_id] = None

    async def tell(self) -> None:
        """Publish what was noted; what cannot be published is noted still."""
        if not self._is_news:
            return
        batch_ids = list(self._batch_ids)[:_AT_ONCE]
        keys: list[int] = []
        if batch_ids:
            async with self._platform.database.read() as connection:
                found = sa.select(batch.c.batch_key).where(batch.c.id.in_(batch_ids)).order_by(batch.c.batch_key)
                keys = list((await connection.execute(found)).scalars())
        for one in batch_ids:
            del self._batch_ids[one]
        self._is_news = bool(self._batch_ids)
        news = wire.DeliveryNews(batch_keys=keys, at=now())
        try:
            await self._platform.bus.publish(Outgoing(wire.DELIVERIES, wire.encode(news), uuid.uuid4().hex))
        except BusUnavailable:
            self._is_news = True
            self._batch_ids |= dict.fromkeys(batch_ids)

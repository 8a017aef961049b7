"""Who was given a batch or a project hears of it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_kit.bus import Message, Reject
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.alerts.occurrences import Batch, Occurrence
from argus_notifier.alerts.telling import tell
from argus_notifier.settings import NotifierSettings
from argus_schema import ingest


class ShareConsumer(Part):
    """Takes what catalog says of shares off the bus."""

    name = "share-intake"

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        self._platform = platform
        self._settings = settings

    async def start(self) -> None:
        """See Part."""
        await self._platform.bus.consume(wire.WORK_STREAM, "notifier-shares", [wire.ALL_SHARES], self.handle)

    async def handle(self, message: Message) -> None:
        """One share.

        Raises:
            Reject: the message is none.
        """
        try:
            granted = wire.decode(wire.ShareGranted, message.data)
        except ValueError as error:
            raise Reject(str(error)) from error
        async with self._platform.write("notifier") as transaction:
            batch = await _batch(transaction.connection, granted.batch_id)
            if granted.batch_id is None or batch is not None:
                await tell(transaction, self._platform, self._settings, [_occurrence(granted, batch)])


def _occurrence(granted: wire.ShareGranted, batch: Batch | None) -> Occurrence:
    return Occurrence(
        kind="share_granted",
        key=f"share_granted:{granted.id}",
        severity="info",
        at=granted.at,
        batch=batch,
        data={"shared_by": granted.shared_by, "project": granted.project, "permission": granted.permission},
        to=frozenset({granted.grantee_id}),
    )


async def _batch(connection: AsyncConnection, batch_id: str | None) -> Batch | None:
    """The batch that was shared; None: it is a project that was, or the batch has gone since."""
    batch = ingest.batch.c
    statement = sa.select(batch.batch_key, batch.id, batch.project, batch.owner_id).where(
        batch.id == batch_id, batch.deleted_at.is_(None)
    )
    row = (await connection.execute(statement)).one_or_none() if batch_id is not None else None
    return None if row is None else Batch(row.batch_key, row.id, row.project, row.owner_id)

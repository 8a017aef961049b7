"""What was cut off between two services: a batch was moved or made, and the executor died before it queued a command.

Who asked may ask again, and nothing is done twice. For those who do not, the worker looks.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog

from argus_executor.batches import service
from argus_executor.batches.repository import untold_stop
from argus_executor.commands.deadlines import TAKEN_WITHIN
from argus_executor.transitions import move_batch
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.leases import LeasedLoop
from argus_kit.platform import Platform
from argus_schema.auth import user
from argus_schema.executor import agent, command
from argus_schema.ingest import batch

log = structlog.get_logger(__name__)

# A request that goes on still has queued its command by then.
_LEFT_ALONE: Final = timedelta(seconds=30)
# Who asked for a stop so long ago has found another way.
_FORGOTTEN: Final = timedelta(hours=1)
_EVERY_S: Final = 20.0
_AT_ONCE: Final = 100
_NEVER_QUEUED: Final = "The rerun was cut off before it reached the queue of its host. Ask for it again."


class CutOff(LeasedLoop):
    """Finishes or gives up what was cut off. Runs on one replica."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform.database, "cut-off-requests", every_s=_EVERY_S)
        self._platform = platform

    async def work(self) -> None:
        """One round."""
        if not self._platform.bus.is_connected:
            return
        async with self._platform.database.read() as connection:
            stops = (await connection.execute(_untold_stops())).all()
            reruns = (await connection.execute(_unqueued_reruns())).scalars().all()
        for row in stops:
            await self._tell_host(row)
        for batch_id in reruns:
            log.info("rerun.cut_off", batch_id=batch_id)
            await move_batch(self._platform.bus, batch_id, "fail", reason=_NEVER_QUEUED)

    async def _tell_host(self, row: sa.Row[Any]) -> None:
        asker = Actor(user_id=row.user_id, username=row.username, is_admin=row.is_admin, kind="session", scope="full")
        try:
            await service.stop(self._platform, asker, row.id)
        except ArgusError as error:
            # They may not do so any more, or the batch is gone.
            log.info("stop.cut_off", batch_id=row.id, reason=error.message)


def _untold_stops() -> sa.Select[Any]:
    at = now()
    began = sa.exists().where(command.c.agent_id == agent.c.id, command.c.batch_id == batch.c.id)
    is_its = sa.or_(agent.c.hostname == batch.c.host, began)
    has_agent = sa.exists().where(is_its, agent.c.revoked_at.is_(None))
    asked = batch.c.stop_requested_at.between(at - _FORGOTTEN, at - _LEFT_ALONE)
    return (
        sa.select(batch.c.id, user.c.id.label("user_id"), user.c.username, user.c.is_admin)
        .join_from(batch, user, user.c.username == batch.c.stop_requested_by)
        .where(untold_stop(), asked, has_agent, user.c.is_active.is_(True))
        .order_by(batch.c.stop_requested_at)
        .limit(_AT_ONCE)
    )


def _unqueued_reruns() -> sa.Select[Any]:
    is_queued = sa.exists().where(command.c.batch_id == batch.c.id)
    made = batch.c.created_at < now() - TAKEN_WITHIN
    return (
        sa.select(batch.c.id)
        .where(batch.c.status == "requested", made, batch.c.deleted_at.is_(None), ~is_queued)
        .order_by(batch.c.created_at)
        .limit(_AT_ONCE)
    )

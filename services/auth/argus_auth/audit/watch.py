"""Looks every day whether the audit log's chain is whole, and remembers how far it was seen whole."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
import structlog
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.audit import chain
from argus_auth.audit.schemas import ChainOut
from argus_auth.config import internal
from argus_auth.core import AuthCore
from argus_kit.clock import iso, now
from argus_kit.leases import LeasedLoop
from argus_schema.auth import audit_log

log = structlog.get_logger(__name__)

BROKEN = Gauge("argus_audit_chain_broken", "1 when the audit log's chain was found broken")

SEEN: Final = "audit_chain_seen"
_EVERY_S = 24 * 3600.0
# So many rows a request or a round, and then a new transaction: some hundred milliseconds.
PORTION = 20_000


class ChainWatch(LeasedLoop):
    """Runs on one replica."""

    def __init__(self, core: AuthCore) -> None:
        super().__init__(core.database, "audit-chain", every_s=_EVERY_S)
        self._core = core

    async def work(self) -> None:
        """Walk along the whole chain, and note what was found."""
        after: int | None = 0
        while after is not None:
            after = (await verify(self._core, after, is_whole_walk=True)).next_after


async def verify(core: AuthCore, after: int = 0, most: int = PORTION, *, is_whole_walk: bool = False) -> ChainOut:
    """Look at the next rows of the chain. At its end, what was found is noted.

    Whoever begins in the middle, and does not say that this goes on from the beginning (`is_whole_walk`), has not seen
    that the chain is whole: only a fault is noted then.
    """
    async with core.database.read() as connection:
        found = await chain.walk(connection, after, most)
        broken = found.broken if found.broken is not None else await _lost(connection, found)
    whole = broken is None
    if not whole or (found.is_end and (after == 0 or is_whole_walk)):
        BROKEN.set(0 if whole else 1)
        seen = {"at": iso(now()), "whole": whole, "first_broken": broken, "id": found.last_id, "hash": found.last_hash}
        async with core.database.write() as connection:
            before = await internal.note(connection, SEEN)
            if not whole:
                log.error("audit.chain_broken", first_broken=broken)
                # The last row that was seen in a whole chain stays remembered.
                seen |= {key: before[key] for key in ("id", "hash")} if before else {}
            await internal.put_note(connection, SEEN, seen)
    return ChainOut(
        whole=whole,
        first_broken=broken,
        checked=found.checked,
        last_id=found.last_id,
        next_after=found.last_id if whole and not found.is_end else None,
    )


async def _lost(connection: AsyncConnection, found: chain.Found) -> int | None:
    """The last row of the chain when it was seen whole, if it is gone or another one now."""
    seen: dict[str, Any] | None = await internal.note(connection, SEEN)
    if not found.is_end or seen is None or seen["id"] is None:
        return None
    row = sa.select(audit_log.c.hash).where(audit_log.c.id == seen["id"])
    return None if (await connection.execute(row)).scalar() == seen["hash"] else int(seen["id"])

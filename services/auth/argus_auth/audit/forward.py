"""Sends every audit line to a syslog server, so that a copy lies where whoever breaks in here cannot reach it.

At least once: the id of the last line that is safely away is stored, and what follows is sent again after a failure. A
batch counts as away once the connection still stood at the next round. UDP tells nobody whether anything arrived.
"""

from __future__ import annotations

from typing import Final

import structlog
from prometheus_client import Counter

from argus_auth.audit import repository, syslog
from argus_auth.audit.outlets import Outlet
from argus_auth.config import internal
from argus_auth.core import AuthCore
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part

log = structlog.get_logger(__name__)

FORWARDED = Counter("argus_audit_forwarded_total", "Audit lines that were handed to the syslog server")

CURSOR: Final = "audit_syslog_cursor"
_EVERY_S = 2.0


class Forwarder(Part):
    """Runs on one replica, apart from everything that writes the log: a server that does not answer delays nobody."""

    name = "audit-syslog"

    def __init__(self, core: AuthCore, *, every_s: float = _EVERY_S) -> None:
        self._core = core
        self._outlet = Outlet(core.settings.audit_syslog)
        self._lease = Lease(core.database, "audit-syslog")
        self._loop = Loop(self.name, self.round, every_s=every_s)
        self._away: int | None = None

    async def start(self) -> None:
        """See Part."""
        if self._outlet.address:
            await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        if self._away is not None and self._outlet.is_open():
            await self._keep(self._away)
        self._outlet.close()
        await self._lease.release()

    async def round(self) -> None:
        """Send what is new. What was sent last time is safe if the connection still stands."""
        if not await self._lease.held():
            self._away = None
            return
        if self._away is not None and self._outlet.is_open():
            await self._keep(self._away)
        elif self._away is not None:
            log.warning("audit.syslog_hung_up", address=self._outlet.address)
            self._outlet.close()
        self._away = None
        try:
            await self._send()
        except (OSError, TimeoutError):
            self._outlet.close()
            self._away = None
            raise

    async def _send(self) -> None:
        async with self._core.database.read() as connection:
            reached = int(await internal.note(connection, CURSOR) or 0)
            rows = await repository.after(connection, reached)
        while rows:
            await self._outlet.send([syslog.line(row) for row in rows])
            FORWARDED.inc(len(rows))
            self._away = reached = rows[-1].id
            async with self._core.database.read() as connection:
                rows = await repository.after(connection, reached)

    async def _keep(self, line_id: int) -> None:
        async with self._core.database.write() as connection:
            await internal.put_note(connection, CURSOR, line_id)

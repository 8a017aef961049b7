"""Delivers waiting mails. Of any number of workers one does it; a mail that fails is tried again later and later."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from prometheus_client import Counter, Gauge

from argus_kit.clock import now
from argus_kit.leases import Lease
from argus_kit.outbound import OutboundFailed, OutboundRefused
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform
from argus_notifier.mail import repository
from argus_notifier.mail.reach import connection_to
from argus_notifier.mail.server import current
from argus_notifier.mail.smtp import MailNotSent, MailRefused, compose, send
from argus_notifier.settings import NotifierSettings

log = structlog.get_logger(__name__)

MAILS = Counter("argus_mails_total", "Attempts to deliver a mail", ["outcome"])
WAITING = Gauge("argus_mails_waiting", "Mails that wait to be delivered")

_AT_ONCE = 20
_LONGEST_WAIT_S = 3600.0
_HOUSEKEEPING_S = 60.0


class Delivery(Part):
    """Sends what waits in `outgoing_mail`."""

    name = "mail-delivery"

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        self._database = platform.database
        self._settings = settings
        self._platform = platform
        self._lease = Lease(platform.database, "notifier.mail-delivery")
        self._loop = Loop(self.name, self.round, every_s=settings.mail_every_s)
        self._kept_house_at = float("-inf")

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        await self._lease.release()

    async def round(self) -> None:
        """Send what is due now, if this worker is the one that does."""
        if not await self._lease.held():
            return
        await self._keep_house()
        while True:
            async with self._database.read() as connection:
                rows = await repository.due(connection, _AT_ONCE)
                server = await current(connection, self._settings, self._platform) if rows else self._settings
            if rows and not server.sends_mail:
                return
            for row in rows:
                await self._deliver(row, server)
            if len(rows) < _AT_ONCE:
                return

    async def _deliver(self, row: sa.Row[Any], server: NotifierSettings) -> None:
        # No transaction is open while the mail server takes its time.
        try:
            message = compose(row, server)
            await send(message, server, await connection_to(server, self._settings, self._platform.settings))
        except MailRefused as error:
            await self._note(row, str(error), None)
        except (MailNotSent, OutboundRefused, OutboundFailed) as error:
            await self._note(row, str(error), self._again_at(row.attempts + 1))
        else:
            MAILS.labels("sent").inc()
            async with self._database.write() as connection:
                await repository.mark_sent(connection, row.id)

    async def _note(self, row: sa.Row[Any], error: str, again_at: datetime | None) -> None:
        outcome = "again" if again_at else "given_up"
        MAILS.labels(outcome).inc()
        log.warning("mail.not_sent", mail_id=row.id, event_type=row.event_type, outcome=outcome, error=error)
        async with self._database.write() as connection:
            await repository.mark_failed(connection, row.id, error, again_at)

    def _again_at(self, attempts: int) -> datetime | None:
        if attempts >= self._settings.mail_attempts:
            return None
        wait_s: float = self._settings.mail_retry_s * 2 ** (attempts - 1)
        return now() + timedelta(seconds=min(wait_s, _LONGEST_WAIT_S))

    async def _keep_house(self) -> None:
        if time.monotonic() - self._kept_house_at < _HOUSEKEEPING_S:
            return
        self._kept_house_at = time.monotonic()
        async with self._database.read() as connection:
            WAITING.set(await repository.count_waiting(connection))
        async with self._database.write() as connection:
            await repository.forget(connection, now() - timedelta(days=self._settings.mail_keep_days))

"""The way out by mail: through the server that an administrator configured, else the environment's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.outbound import OutboundFailed, OutboundRefused
from argus_kit.platform import Platform
from argus_notifier.delivery.machine import Backoff, Failed, Outcome, Refused, Sent
from argus_notifier.mail.reach import connection_to
from argus_notifier.mail.server import current
from argus_notifier.mail.smtp import MailNotSent, MailRefused, compose, send
from argus_notifier.settings import NotifierSettings

_LONGEST_WAIT_S = 3600.0


class MailTransport:
    """See Transport."""

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        self._platform = platform
        self._settings = settings
        self._server = settings
        self.backoff = Backoff(
            first_s=settings.mail_retry_s,
            longest_s=_LONGEST_WAIT_S,
            attempts=settings.mail_attempts,
            give_up_after_s=settings.delivery_give_up_h * 3600,
        )

    async def places(self, connection: AsyncConnection) -> int:
        """See Transport. A change of the server is seen here, before each claim."""
        self._server = await current(connection, self._settings, self._platform)
        return self._settings.mail_at_once if self._server.sends_mail else 0

    async def send(self, row: sa.Row[Any]) -> Outcome:
        """See Transport."""
        server = self._server
        try:
            message = compose(row, server)
            await send(message, server, await connection_to(server, self._settings, self._platform.settings))
        except MailRefused as error:
            return Refused(str(error))
        except (MailNotSent, OutboundRefused, OutboundFailed) as error:
            return Failed(str(error))
        return Sent()

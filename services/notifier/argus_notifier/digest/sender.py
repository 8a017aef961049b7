"""Writes digests when they are due: each person's once a day, also when Argus was away at that hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog

from argus_contracts.bus import DigestReply
from argus_kit.bus import BusUnavailable
from argus_kit.clock import now
from argus_kit.leases import LeasedLoop
from argus_kit.platform import Platform
from argus_notifier.digest import repository
from argus_notifier.digest.asking import ask
from argus_notifier.digest.clock import day_of, last_due, next_due
from argus_notifier.digest.letter import is_worth_telling, variables_of
from argus_notifier.mail import repository as mails
from argus_notifier.mail.rendering import render
from argus_notifier.mail.server import current
from argus_notifier.settings import NotifierSettings
from argus_notifier.templates.repository import overrides
from argus_notifier.templates.sources import DIGEST
from argus_notifier.templates.variables import for_reader
from argus_notifier.unsubscribe import links

log = structlog.get_logger(__name__)

_EVERY_S: Final = 60.0
_AT_ONCE: Final = 100
# After an outage one digest tells all that was not told, but no older things than these.
_LONGEST: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


class Digests(LeasedLoop):
    """Looks every minute who has a digest coming."""

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        super().__init__(platform.database, "notifier-digests", every_s=_EVERY_S)
        self._platform = platform
        self._settings = settings

    async def work(self) -> None:
        """One round. Who cannot be told now is due again in the next."""
        async with self._platform.database.read() as connection:
            rows = await repository.due(connection, now(), _AT_ONCE)
        for row in rows:
            try:
                await self._tell(row)
            except (BusUnavailable, ValueError) as error:
                log.warning("digest.not_told", user_id=row.user_id, error=repr(error))

    async def _tell(self, row: sa.Row[Any]) -> None:
        until = last_due(now(), row.hour, row.zone)
        day = day_of(until, row.zone).isoformat()
        then: dict[str, Any] = {"next_at": next_due(now(), row.hour, row.zone)}
        since = max(row.told_until or until - _DAY, until - _LONGEST)
        is_due = row.is_active and row.told_day != day and since < until
        # The time between is told with the next one.
        then |= {"told_until": until, "told_day": day} if is_due else {}
        told = await ask(self._platform.bus, row.user_id, since, until) if is_due else DigestReply()
        async with self._platform.write("notifier") as transaction:
            connection = transaction.connection
            server = await current(connection, self._settings, self._platform)
            if not await repository.settle(connection, row, then):
                return
            if server.sends_mail and is_worth_telling(told):
                await mails.add(connection, [await self._mail(connection, row, told, since, until)])

    async def _mail(
        self, connection: Any, row: sa.Row[Any], told: DigestReply, since: datetime, until: datetime
    ) -> dict[str, Any]:
        base = self._platform.settings.public_url
        path = (await links.paths(connection, DIGEST, [row.user_id]))[row.user_id]
        found = variables_of(told, since=since, until=until, zone=row.zone, locale=row.preferred_locale, base_url=base)
        user = {"id": row.user_id, "username": row.username, "email": row.email}
        variables = for_reader(found, base + path, user)
        made = render(DIGEST, row.preferred_locale, variables, await overrides(connection))
        return {
            "target": row.email,
            "subject": made.subject,
            "body_text": made.body_text,
            "body_html": made.body_html,
            "facts": {links.FACT: base + path},
            "event_type": DIGEST,
            # The mark of a person's day, beside the one in their row.
            "dedupe_key": f"digest:{row.user_id}:{day_of(until, row.zone).isoformat()}",
        }

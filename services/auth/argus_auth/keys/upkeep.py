"""Looks after stored keys: rotates the one that signs when it is old, and puts what an older ARGUS_CONFIG_KEY encrypted
under today's.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.core import AuthCore
from argus_auth.keys.service import rotate_if_due
from argus_kit.leases import LeasedLoop
from argus_kit.secretbox import SecretBox, SecretBoxError
from argus_schema.auth import oidc_provider, signing_secret, system_config

log = structlog.get_logger(__name__)

_EVERY_S = 600.0


class KeyUpkeep(LeasedLoop):
    """Runs on one replica."""

    def __init__(self, core: AuthCore) -> None:
        super().__init__(core.database, "auth-key-upkeep", every_s=_EVERY_S)
        self._core = core

    async def work(self) -> None:
        """One round."""
        if kid := await rotate_if_due(self._core):
            log.info("signing_key.rotated", kid=kid, reason="schedule")
        if self._core.platform.settings.config_key_previous.get_secret_value():
            async with self._core.write() as work:
                renewed = await renew_secrets(work.connection, self._core.platform.secret_box)
            log.info("secrets.renewed", count=renewed, hint="0: ARGUS_CONFIG_KEY_PREVIOUS may be removed")


async def renew_secrets(connection: AsyncConnection, box: SecretBox) -> int:
    """Put every stored secret under the newest key. Returns how many lay under an older one."""
    count = 0
    for column, is_text in (
        (signing_secret.c.private_key_encrypted, False),
        (oidc_provider.c.client_secret_encrypted, False),
        (system_config.c.value, True),
    ):
        table: Any = column.table
        keys = list(table.primary_key.columns)
        found = sa.select(*keys, column.label("sealed")).where(column.is_not(None))
        if is_text:
            found = found.where(table.c.encrypted.is_(True))
        for row in (await connection.execute(found)).all():
            fresh = _renewed(box, row.sealed, [getattr(row, key.name) for key in keys])
            if fresh is not None:
                here = sa.and_(*(key == getattr(row, key.name) for key in keys))
                value = fresh.decode() if is_text else fresh
                await connection.execute(sa.update(table).where(here).values({column.name: value}))
                count += 1
    return count


def _renewed(box: SecretBox, sealed: Any, where: list[Any]) -> bytes | None:
    raw = sealed.encode() if isinstance(sealed, str) else sealed
    if not raw:
        return None
    try:
        return box.renewed(raw)
    except SecretBoxError as error:
        log.warning("secret.unreadable", where=where, error=str(error))
        return None

"""Which mail server is used now: what an administrator configured, else what the environment says.

It is looked up when mail is due, so a change needs no restart.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.environment import InvalidSettingsError
from argus_kit.platform import Platform
from argus_kit.secretbox import SecretBoxError
from argus_notifier.settings import NotifierSettings
from argus_schema import auth as tables

log = structlog.get_logger(__name__)

# Keys of the group `smtp`, and the settings that they stand for.
_FIELDS: Final = {
    "enabled": "enabled",
    "host": "smtp_host",
    "port": "smtp_port",
    "user": "smtp_user",
    "password": "smtp_pass",
    "from": "smtp_from",
    "from_name": "smtp_from_name",
    "use_tls": "smtp_use_tls",
    "use_ssl": "smtp_use_ssl",
}
_C = tables.system_config.c


async def current(connection: AsyncConnection, settings: NotifierSettings, platform: Platform) -> NotifierSettings:
    """The settings with an administrator's word. What cannot be used is passed over, and logged."""
    stored = sa.select(_C.key, _C.value, _C.encrypted).where(_C.group == "smtp", _C.key.in_(_FIELDS))
    changes: dict[str, Any] = {}
    for row in await connection.execute(stored):
        try:
            changes[_FIELDS[row.key]] = _opened(row.value, platform) if row.encrypted else row.value
        except (SecretBoxError, msgspec.DecodeError) as error:
            log.warning("mail.setting_unreadable", key=row.key, error=str(error))
    if changes.pop("enabled", True) is False:
        return settings.model_copy(update={"smtp_host": ""})
    if not changes:
        return settings
    if changes.get("smtp_host", settings.smtp_host) != settings.smtp_host:
        # The environment's password is for the environment's server: it goes to no other that somebody names.
        changes = {"smtp_pass": ""} | changes
    try:
        return NotifierSettings(**(settings.model_dump() | changes))
    except InvalidSettingsError as error:
        log.warning("mail.settings_unusable", faults=error.faults)
        return settings


def _opened(value: Any, platform: Platform) -> Any:
    # An empty secret is stored as it is: there is nothing to hide.
    return msgspec.json.decode(platform.secret_box.decrypt(value.encode())) if value else ""

"""Reads and writes the mail server as one thing, by the same rules as its single settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.config import repository
from argus_auth.config import service as config
from argus_auth.config.catalogue import CATALOGUE, from_environment
from argus_auth.config.schemas import ConfigUpdate
from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.errors import FieldInvalid
from argus_auth.mail_server.schemas import MailServerIn, MailServerOut
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor

_GROUP: Final = "smtp"
_PASSWORD: Final = "password"
# Settings and the fields that they are on the wire. The host comes first: a new one forgets the password of the old.
_FIELDS: Final = {
    "host": "smtp_host",
    "enabled": "enabled",
    "port": "smtp_port",
    "user": "smtp_username",
    "from": "smtp_from_address",
    "from_name": "smtp_from_name",
    "use_tls": "use_tls",
    "use_ssl": "use_ssl",
}


async def read(connection: AsyncConnection) -> MailServerOut:
    """The mail server that is used now: what is stored, else what the environment says."""
    stored = await repository.of_group(connection, _GROUP)
    known = {key: stored[key].value if key in stored else _unstored(key) for key in (*_FIELDS, _PASSWORD)}
    newest = max(stored.values(), key=lambda row: row.updated_at.timestamp() if row.updated_at else 0.0, default=None)
    return MailServerOut(
        **{field: known[key] for key, field in _FIELDS.items() if known[key] != ""},
        has_password=_has_password(stored),
        updated_at=newest.updated_at if newest else None,
        updated_by_user_id=newest.updated_by if newest else None,
    )


async def replace(core: AuthCore, work: Work, actor: Actor, wanted: MailServerIn, origin: Origin) -> MailServerOut:
    """Store what differs from what is used now, each setting with its line in the audit log.

    Raises:
        FieldInvalid: config.value_invalid (422), with the field.
        ArgusError: auth.interactive_required (403).
    """
    values = {key: "" if (value := getattr(wanted, field)) is None else value for key, field in _FIELDS.items()}
    values |= {key: CATALOGUE[_GROUP][key].default for key in ("from", "from_name") if values[key] == ""}
    for key, value in values.items():
        problem = CATALOGUE[_GROUP][key].rule.check(value)
        if problem is not None:
            raise FieldInvalid(ErrorCode.CONFIG_VALUE_INVALID, _FIELDS[key], f"{_FIELDS[key]} {problem}.")
    stored = await repository.of_group(work.connection, _GROUP)
    changed = {k: v for k, v in values.items() if v != (stored[k].value if k in stored else _unstored(k))}
    password = wanted.smtp_password.get_secret_value() if wanted.smtp_password else ""
    if password != config.MASK and (password or _has_password(stored)):
        changed[_PASSWORD] = password
    for key, value in changed.items():
        update = ConfigUpdate(value=value)
        await config.put(core, work, actor, group=_GROUP, key=key, update=update, origin=origin)
    return await read(work.connection)


def _has_password(stored: Mapping[str, Any]) -> bool:
    if _PASSWORD in stored:
        return bool(stored[_PASSWORD].value)
    # The environment's password is for the environment's server alone.
    is_elsewhere = "host" in stored and stored["host"].value != _unstored("host")
    return bool(_unstored(_PASSWORD)) and not is_elsewhere


def _unstored(key: str) -> Any:
    setting = CATALOGUE[_GROUP][key]
    value = from_environment(setting)
    return setting.default if value is None else value

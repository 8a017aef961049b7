"""Reading and changing runtime configuration.

A stored secret is the Fernet text of its JSON, under ARGUS_CONFIG_KEY.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.config import repository
from argus_auth.config.catalogue import CATALOGUE, FLAGS, Setting, from_environment, group_of
from argus_auth.config.schemas import ConfigItem, ConfigUpdate, FlagOut
from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.errors import FieldInvalid
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.policy import Permission, require

MASK: Final = "***"
# Where mails go, and who vouches for people: whoever turns these to a server of their own gets into any account, and a
# leaked token of an administrator must not be enough for that.
_BY_SESSION_ONLY: Final = frozenset({"smtp", "oauth"})
_KEY = re.compile(r"[a-z0-9_]{1,64}")
_LARGEST_VALUE = 16_384


async def list_flags(connection: AsyncConnection) -> Sequence[FlagOut]:
    """All flags by key, with defaults where nothing is stored."""
    stored = await repository.of_group(connection, FLAGS)
    return [_flag(key, stored.get(key)) for key in sorted({*CATALOGUE[FLAGS], *stored})]


async def set_flag(work: Work, actor: Actor, key: str, value: Any, origin: Origin) -> FlagOut:
    """Set a flag.

    Raises:
        ArgusError: flag.key_invalid (400), flag.value_invalid (422).
    """
    if _KEY.fullmatch(key) is None:
        raise ArgusError(ErrorCode.FLAG_KEY_INVALID)
    _check(CATALOGUE[FLAGS].get(key), key, value, ErrorCode.FLAG_VALUE_INVALID)
    await repository.put(work.connection, FLAGS, key, updated_by=actor.user_id, value=value, encrypted=False)
    work.config_changed(FLAGS, key)
    work.audit("feature_flag_update", actor.user_id, target=("feature_flag", key), ip=origin.ip, value=value)
    return _flag(key, await repository.find(work.connection, FLAGS, key))


async def list_groups(connection: AsyncConnection) -> Mapping[str, Sequence[ConfigItem]]:
    """Every group with its settings."""
    return {group: await list_group(connection, group) for group in CATALOGUE}


async def list_group(connection: AsyncConnection, group: str) -> Sequence[ConfigItem]:
    """The settings of a group: known ones first, then what else is stored.

    Raises:
        ArgusError: config.group_unknown (404).
    """
    known = group_of(group)
    stored = await repository.of_group(connection, group)
    keys = [*known, *(key for key in stored if key not in known)]
    return [_item(key, known.get(key), stored.get(key)) for key in keys]


async def put(
    core: AuthCore, work: Work, actor: Actor, *, group: str, key: str, update: ConfigUpdate, origin: Origin
) -> ConfigItem:
    """Set a setting.

    Raises:
        ArgusError: config.group_unknown (404), config.value_invalid (422; 400 for a mask with nothing behind it),
            flag.key_invalid (400), flag.value_invalid (422), auth.interactive_required (403).
    """
    setting = group_of(group).get(key)
    _require_right(actor, group)
    if group == FLAGS:
        await set_flag(work, actor, key, update.value, origin)
        return _item(key, setting, await repository.find(work.connection, group, key))
    if _KEY.fullmatch(key) is None:
        raise ArgusError(ErrorCode.CONFIG_KEY_UNKNOWN)
    stored = await repository.find(work.connection, group, key)
    is_secret = _is_secret(setting, stored) or bool(update.encrypted)
    values: dict[str, Any] = {"encrypted": is_secret}
    if update.description is not None:
        values["description"] = update.description
    if not (is_secret and update.value == MASK):
        _check(setting, key, update.value, ErrorCode.CONFIG_VALUE_INVALID)
        values["value"] = _seal(core, update.value) if is_secret else update.value
    elif stored is None or not stored.encrypted:
        raise ArgusError(ErrorCode.CONFIG_VALUE_INVALID, "There is no stored secret to keep.", status=400)
    before = _effective(setting, stored)[1] if setting or stored else None
    await repository.put(work.connection, group, key, updated_by=actor.user_id, **values)
    if (group, key) == ("smtp", "host") and before != update.value:
        await _forget_mail_password(work, actor, origin)
    work.config_changed(group, key)
    shown = {} if is_secret else {"value": update.value}
    work.audit("system_config_set", actor.user_id, target=("system_config", f"{group}/{key}"), ip=origin.ip, **shown)
    return _item(key, setting, await repository.find(work.connection, group, key))


async def delete(work: Work, actor: Actor, group: str, key: str, origin: Origin) -> None:
    """Go back to what the environment says, or to the default.

    Raises:
        ArgusError: config.group_unknown, config.key_unknown (404), auth.interactive_required (403).
    """
    group_of(group)
    _require_right(actor, group)
    if _KEY.fullmatch(key) is None or not await repository.delete(work.connection, group, key):
        raise ArgusError(ErrorCode.CONFIG_KEY_UNKNOWN)
    if (group, key) == ("smtp", "host"):
        await _forget_mail_password(work, actor, origin)
    _note_deleted(work, actor, group, key, origin)


def _require_right(actor: Actor, group: str) -> None:
    if group in _BY_SESSION_ONLY:
        require(actor, Permission.ADMIN_SECURE)


async def _forget_mail_password(work: Work, actor: Actor, origin: Origin) -> None:
    """A stored password goes to the server that it was stored for, and to no other."""
    if await repository.delete(work.connection, "smtp", "password"):
        _note_deleted(work, actor, "smtp", "password", origin)


def _note_deleted(work: Work, actor: Actor, group: str, key: str, origin: Origin) -> None:
    work.config_changed(group, key)
    work.audit("system_config_delete", actor.user_id, target=("system_config", f"{group}/{key}"), ip=origin.ip)


def _flag(key: str, row: sa.Row[Any] | None) -> FlagOut:
    setting = CATALOGUE[FLAGS].get(key)
    known = _described(setting)
    if row is None:
        return FlagOut(key=key, value=known["default"], updated_at=None, updated_by=None, **known)
    return FlagOut(key=key, value=row.value, updated_at=row.updated_at, updated_by=row.updated_by, **known)


def _item(key: str, setting: Setting | None, row: sa.Row[Any] | None) -> ConfigItem:
    is_secret = _is_secret(setting, row)
    source, value = _effective(setting, row)
    return ConfigItem(
        key=key,
        value=MASK if is_secret else value,
        encrypted=is_secret,
        source=source,
        description=row.description if row else None,
        updated_at=row.updated_at if row else None,
        updated_by=row.updated_by if row else None,
        **_described(setting),
    )


def _described(setting: Setting | None) -> dict[str, Any]:
    rule = setting.rule if setting else None
    return {
        "known": setting is not None,
        "kind": rule.kind if rule else None,
        "least": rule.least if rule else None,
        "most": rule.most if rule else None,
        "default": setting.default if setting and not setting.is_secret else None,
        "env": list(setting.env) if setting else [],
    }


def _effective(setting: Setting | None, row: sa.Row[Any] | None) -> tuple[Any, Any]:
    if row is not None:
        return "db", row.value
    assert setting is not None
    value = from_environment(setting)
    return ("env", value) if value is not None else ("default", setting.default)


def _is_secret(setting: Setting | None, row: sa.Row[Any] | None) -> bool:
    return bool((setting is not None and setting.is_secret) or (row is not None and row.encrypted))


def _check(setting: Setting | None, key: str, value: Any, code: ErrorCode) -> None:
    problem = setting.rule.check(value) if setting is not None else _unknown_problem(value)
    if problem is not None:
        raise FieldInvalid(code, "value", f"{key} {problem}.")


def _unknown_problem(value: Any) -> str | None:
    # A key that we do not know may hold any JSON, but neither a novel nor a NUL, which PostgreSQL does not take.
    encoded = msgspec.json.encode(value)
    if len(encoded) > _LARGEST_VALUE:
        return f"must be at most {_LARGEST_VALUE} bytes of JSON"
    return "must not hold NUL characters" if b"\\u0000" in encoded else None


def _seal(core: AuthCore, value: Any) -> str:
    # An empty secret is none.
    return core.platform.secret_box.encrypt(msgspec.json.encode(value)).decode() if value != "" else ""

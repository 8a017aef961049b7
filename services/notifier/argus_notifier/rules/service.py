"""Making and changing rules, whoever's they are."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.outbox import Transaction
from argus_notifier import kinds
from argus_notifier.channels.repository import Owner
from argus_notifier.rules import repository
from argus_notifier.rules.asking import Viewer, asked
from argus_notifier.rules.schemas import RuleFields, RuleIn, RuleOut, RulePatch, check_whole, fields_of, rule_out
from argus_notifier.transactions import note

_MOST: Final = 50


async def check(connection: AsyncConnection, actor: Actor, owner: Owner, rule: RuleFields) -> None:
    """Refuse a rule that could never speak.

    Raises:
        QueryError: query.invalid (422), with the place of the fault in the condition.
        ArgusError: subscription.kind_unknown (400), rule.invalid (422).
    """
    kinds.check(rule.kinds)
    viewer = Viewer(actor.user_id, actor.is_admin, owner.project)
    asked(0, rule.condition, viewer, is_about_silence=rule.watches == "silence")
    wanted = {way for way in rule.channels if isinstance(way, int)}
    if wanted and (unknown := wanted - await repository.channels_of(connection, owner)):
        raise ArgusError(ErrorCode.CHANNEL_NOT_FOUND, details={"channels": sorted(unknown)})


async def found(connection: AsyncConnection, owner: Owner, rule_id: int) -> sa.Row[Any]:
    """A rule of theirs.

    Raises:
        ArgusError: rule.not_found (404).
    """
    row = await repository.find(connection, owner, rule_id)
    if row is None:
        raise ArgusError(ErrorCode.RULE_NOT_FOUND)
    return row


async def add(transaction: Transaction, actor: Actor, owner: Owner, body: RuleIn) -> RuleOut:
    """Make a rule.

    Raises:
        ArgusError: as `check`; rule.limit_reached (409).
    """
    connection = transaction.connection
    await check(connection, actor, owner, body)
    if await repository.count(connection, owner) >= _MOST:
        raise ArgusError(ErrorCode.RULE_LIMIT_REACHED)
    rule_id = await repository.add(connection, owner, {**_values(body), "added_by_user_id": actor.user_id})
    note(transaction, "rule_add", actor.user_id, "rule", rule_id, name=body.name, **_of(owner))
    return rule_out(await found(connection, owner, rule_id))


async def change(transaction: Transaction, actor: Actor, owner: Owner, rule_id: int, body: RulePatch) -> RuleOut:
    """Change a rule.

    Raises:
        ArgusError: as `check`; rule.not_found (404), rule.invalid (422).
    """
    connection = transaction.connection
    row = await found(connection, owner, rule_id)
    changes = body.model_dump(exclude_none=True, by_alias=True, exclude={"quiet"})
    if body.quiet is False:
        changes["quiet_hours"] = None
    whole = RuleFields(**(fields_of(row) | changes))
    try:
        check_whole(whole)
    except ValueError as error:
        raise ArgusError(ErrorCode.RULE_INVALID, f"{error}".capitalize() + ".") from error
    await check(connection, actor, owner, whole)
    await repository.change(connection, rule_id, changes)
    note(transaction, "rule_update", actor.user_id, "rule", rule_id, changed=sorted(changes), **_of(owner))
    return rule_out(await found(connection, owner, rule_id))


async def remove(transaction: Transaction, actor: Actor, owner: Owner, rule_id: int) -> None:
    """Remove a rule, and what it remembered."""
    row = await found(transaction.connection, owner, rule_id)
    await repository.delete(transaction.connection, row.id)
    note(transaction, "rule_remove", actor.user_id, "rule", row.id, name=row.name, **_of(owner))


def _values(body: RuleIn) -> dict[str, Any]:
    return body.model_dump(by_alias=True)


def _of(owner: Owner) -> dict[str, Any]:
    return {"project": owner.project} if owner.project is not None else {}

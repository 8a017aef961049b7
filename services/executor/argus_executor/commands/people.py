"""What people see of commands, and cancelling one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_executor.commands import debts, listing, repository
from argus_executor.commands.changes import change
from argus_executor.commands.schemas import CommandDetail, CommandOut, CommandPage, CommandStep
from argus_executor.commands.states import Event
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.clock import iso
from argus_kit.errors import ArgusError
from argus_kit.pagination import decode_cursor, encode_cursor
from argus_kit.platform import Platform
from argus_schema.executor import command


async def page(
    connection: AsyncConnection, actor: Actor, filters: dict[str, str | None], cursor: str | None, limit: int
) -> CommandPage:
    """Commands, newest first.

    Raises:
        ArgusError: request.invalid, when the cursor is none of this list.
    """
    rows = await listing.page(connection, actor, filters, _place(cursor) if cursor else None, limit + 1)
    shown, last = rows[:limit], rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor(iso(last.created_at), last.id)
    return CommandPage(items=[CommandOut(**_facts(row)) for row in shown], next_cursor=following)


def _place(cursor: str) -> tuple[datetime, str]:
    at, last = decode_cursor(cursor, 2)
    try:
        moment = datetime.fromisoformat(at)
    except (TypeError, ValueError) as error:
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The cursor cannot be read; start again without it.") from error
    if moment.tzinfo is None or not isinstance(last, str):
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The cursor cannot be read; start again without it.")
    return moment, last


async def detail(connection: AsyncConnection, actor: Actor, command_id: str) -> CommandDetail:
    """One command with its history.

    Raises:
        ArgusError: command.not_found, also when it is not the caller's to see.
    """
    row = await _visible(connection, actor, command_id)
    steps = [
        CommandStep(
            seq=step.seq,
            at=iso(step.at) or "",
            received_at=iso(step.received_at) or "",
            step=step.step,
            detail=step.detail,
            **(step.facts or {}),
        )
        for step in await listing.steps(connection, command_id)
    ]
    return CommandDetail(**_facts(row), steps=steps, result=row.result)


async def cancel(here: Platform, actor: Actor, command_id: str) -> CommandOut:
    """Cancel a command that no agent has acknowledged.

    Raises:
        ArgusError: command.not_found (404), batch.forbidden (403), command.closed (409) with the status.
    """
    async with here.database.read() as connection:
        seen = await _visible(connection, actor, command_id)
    if not seen.may_cancel:
        raise ArgusError(ErrorCode.BATCH_FORBIDDEN)
    async with here.write("executor") as tx:
        row = await repository.find(tx.connection, command.c.id == command_id)
        if row is None or not await change(tx, row, Event.CANCEL, detail=f"{actor.username} cancelled the command."):
            raise ArgusError(ErrorCode.COMMAND_CLOSED, details={"status": None if row is None else row.status})
        facts = {"agent_id": row.agent_id, "batch_id": row.batch_id, "kind": row.kind}
        audit.note(tx, "executor", "command_cancelled", actor.user_id, target=("command", command_id), **facts)
    await debts.pay_if_possible(here, [command_id])
    async with here.database.read() as connection:
        return CommandOut(**_facts(await _visible(connection, actor, command_id)))


async def _visible(connection: AsyncConnection, actor: Actor, command_id: str) -> sa.Row[Any]:
    row = await listing.one(connection, actor, command_id)
    if row is None:
        raise ArgusError(ErrorCode.COMMAND_NOT_FOUND)
    return row


def _facts(row: sa.Row[Any]) -> dict[str, Any]:
    same = ("id", "kind", "batch_id", "agent_id", "hostname", "status", "attempts", "pid", "exit_code", "signal")
    times = ("created_at", "delivered_at", "acked_at", "finished_at", "deadline")
    return {
        **{name: getattr(row, name) for name in (*same, "error", "may_cancel")},
        **{name: iso(getattr(row, name)) for name in times},
        "requested_by": row.username,
    }

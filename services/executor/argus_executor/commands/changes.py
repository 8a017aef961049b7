"""Letting something happen to a command: its row, its history, and the word to open pages, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_executor.commands import debts, news, repository
from argus_executor.commands.states import ENDED, WAYS, Event
from argus_kit.clock import now
from argus_kit.outbox import Transaction


async def change(
    tx: Transaction,
    row: sa.Row[Any],
    event: Event,
    *,
    detail: str | None = None,
    reported: bool = False,
    **values: Any,
) -> bool:
    """Let `event` happen to a command.

    Args:
        tx: the transaction.
        row: the command, by `repository.find`.
        event: what happens.
        detail: why, for people; for the command's end, and for its batch.
        reported: the agent's own word of it is in the history already.
        values: columns to set besides.

    Returns:
        False when it cannot happen any more; nothing has changed then.
    """
    at, reached = now(), WAYS[event].after
    values |= debts.of(row.kind, event, status=row.status, reason=detail, at=at, exit_code=values.get("exit_code"))
    if reached in ENDED:
        values["finished_at"] = at
        values.setdefault("error", detail if event is not Event.SUCCEED else None)
    if not await repository.move(tx.connection, row.id, event, values):
        return False
    if not reported:
        await note(tx, row.id, reached.value, at, detail)
    await tell(tx, row, reached.value)
    return True


async def note(tx: Transaction, command_id: str, step: str, at: datetime, detail: str | None = None) -> None:
    """Write into a command's history what the server itself did."""
    values = {"command_id": command_id, "step": step, "at": at, "received_at": at, "detail": detail}
    await repository.add_step(tx.connection, values)


async def tell(
    tx: Transaction, row: sa.Row[Any], status: str, *, step: str | None = None, seq: int | None = None
) -> None:
    """Tell open pages: those of the agent's owner, and those of the batch."""
    number = status if seq is None else f"{status}:{seq}"
    facts = {"id": row.id, "kind": row.kind, "batch_id": row.batch_id, "status": status, "step": step}
    await news.tell_batch(tx, facts, msg_id=f"{row.id}:{number}:batch")
    if row.agent_id is None or row.agent_owner_id is None:
        return
    message = wire.AgentMessage(
        agent_id=row.agent_id,
        owner_id=row.agent_owner_id,
        hostname=row.agent_host,
        kind="command_changed",
        data=facts,
    )
    tx.publish(wire.agent_subject(row.agent_id), wire.encode(message), msg_id=f"{row.id}:{number}")

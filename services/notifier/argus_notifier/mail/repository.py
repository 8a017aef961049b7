"""Rows of `outgoing_mail`. A mail is `waiting` (also between attempts), then `sent`, or `failed` when given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier.upserts import add_new
from argus_schema.notifier import outgoing_mail

WAITING, SENT, FAILED = "waiting", "sent", "failed"

_M = outgoing_mail.c


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> Sequence[sa.Row[Any]]:
    """Put mails into the queue; returns those whose dedupe key was not there."""
    at = now()
    return await add_new(
        connection,
        outgoing_mail,
        [
            {"body_html": None, **row, "status": WAITING, "attempts": 0, "next_attempt_at": at, "created_at": at}
            for row in rows
        ],
    )


async def due(connection: AsyncConnection, limit: int) -> Sequence[sa.Row[Any]]:
    """Mails whose time has come, the longest waiting first."""
    statement = (
        sa.select(outgoing_mail)
        .where(_M.status == WAITING, _M.next_attempt_at <= now())
        .order_by(_M.next_attempt_at, _M.id)
        .limit(limit)
    )
    return (await connection.execute(statement)).all()


async def mark_sent(connection: AsyncConnection, mail_id: int) -> None:
    values = {"status": SENT, "sent_at": now(), "attempts": _M.attempts + 1, "last_error": None}
    await connection.execute(sa.update(outgoing_mail).where(_M.id == mail_id).values(values))


async def mark_failed(connection: AsyncConnection, mail_id: int, error: str, again_at: datetime | None) -> None:
    """Note a failed attempt; without `again_at` the mail is given up."""
    values = {
        "status": WAITING if again_at else FAILED,
        "next_attempt_at": again_at,
        "attempts": _M.attempts + 1,
        "last_error": error[:500],
    }
    await connection.execute(sa.update(outgoing_mail).where(_M.id == mail_id).values(values))


async def count_waiting(connection: AsyncConnection) -> int:
    statement = sa.select(sa.func.count()).select_from(outgoing_mail).where(_M.status == WAITING)
    found: int = (await connection.execute(statement)).scalar_one()
    return found


async def forget(connection: AsyncConnection, before: datetime) -> None:
    """Delete what was sent or given up before then: mails hold links that are secrets while they are good."""
    statement = sa.delete(outgoing_mail).where(_M.status.in_((SENT, FAILED)), _M.created_at < before)
    await connection.execute(statement)

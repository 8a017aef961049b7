"""What an unsubscribe link does."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier import kinds
from argus_notifier.digest import repository as digests
from argus_notifier.preferences.repository import put_subscription
from argus_notifier.templates.sources import DIGEST
from argus_schema.notifier import recipient, unsubscribe_token

_T, _R = unsubscribe_token.c, recipient.c


async def find(connection: AsyncConnection, token: str) -> sa.Row[Any] | None:
    return (await connection.execute(sa.select(unsubscribe_token).where(_T.token == token))).one_or_none()


async def find_recipient(connection: AsyncConnection, token: str) -> sa.Row[Any] | None:
    statement: sa.Select[Any] = sa.select(_R.id, _R.project, _R.email).where(_R.unsubscribe_token == token)
    row: sa.Row[Any] | None = (await connection.execute(statement)).one_or_none()
    return row


async def use(connection: AsyncConnection, row: sa.Row[Any]) -> bool:
    """Switch off what the link is about, in every project without a choice of its own. False: it was used before."""
    taken = sa.update(unsubscribe_token).where(_T.token == row.token, _T.used_at.is_(None)).values(used_at=now())
    if not (await connection.execute(taken)).rowcount:
        return False
    if row.event_type in {DIGEST, None}:
        await digests.switch_off(connection, row.user_id)
    for kind in [row.event_type] if row.event_type else sorted(kinds.MAILABLE):
        if kind != DIGEST:
            await put_subscription(connection, row.user_id, "", kind, enabled=False)
    return True


async def switch_off(connection: AsyncConnection, recipient_id: int) -> bool:
    """Whether it was on until now."""
    is_on = sa.update(recipient).where(_R.id == recipient_id, _R.enabled.is_(True))
    return bool((await connection.execute(is_on.values(enabled=False, updated_at=now()))).rowcount)

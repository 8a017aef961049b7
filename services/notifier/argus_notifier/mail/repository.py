"""Mails on their way into the queue of deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.delivery import repository as deliveries

KIND: Final = "mail"


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> Sequence[sa.Row[Any]]:
    """Put mails into the queue; returns those whose dedupe key was not there. They share one receiver: the server."""
    mails = [{**row, "kind": KIND, "receiver": KIND} for row in rows]
    return await deliveries.add(connection, mails)

"""Kinds of which people are told at most once in half an hour about one batch or host.

They are found by watching, which may find the same again a moment later. The same one that comes twice passes twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.upserts import put
from argus_schema.notifier import told

_PAUSE: Final = timedelta(minutes=30)
_T = told.c


async def not_told_lately(connection: AsyncConnection, occurrences: Sequence[Occurrence]) -> list[Occurrence]:
    """Those that people are told of, each of which is noted."""
    return [
        one
        for one in occurrences
        if not one.of_kind.is_watched or one.to is not None or await _is_first(connection, one)
    ]


async def _is_first(connection: AsyncConnection, one: Occurrence) -> bool:
    subject = f"batch:{one.batch.key}" if one.batch is not None else f"host:{one.host}"
    at = now()
    last = sa.select(_T.at, _T.dedupe_key).where(_T.kind == one.kind, _T.subject == subject)
    row = (await connection.execute(last)).one_or_none()
    if row is not None and row.at > at - _PAUSE:
        return bool(row.dedupe_key == one.key)
    await put(
        connection, told, ("kind", "subject"), {"kind": one.kind, "subject": subject, "dedupe_key": one.key, "at": at}
    )
    return True

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
from argus_kit.leases import take_turn
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.upserts import put
from argus_schema.notifier import told

_PAUSE: Final = timedelta(minutes=30)
_T = told.c


async def not_told_lately(connection: AsyncConnection, parts: Sequence[Sequence[Occurrence]]) -> list[list[Occurrence]]:
    """Of each part those that people are told of, each of which is noted."""
    for kind, subject in sorted({(one.kind, _subject(one)) for part in parts for one in part if _is_seldom(one)}):
        await take_turn(connection, f"notifier.told.{kind}.{subject}")
    return [[one for one in part if not _is_seldom(one) or await _is_first(connection, one)] for part in parts]


def _is_seldom(one: Occurrence) -> bool:
    return one.of_kind.is_watched and one.to is None


def _subject(one: Occurrence) -> str:
    return f"batch:{one.batch.key}" if one.batch is not None else f"host:{one.host}"


async def _is_first(connection: AsyncConnection, one: Occurrence) -> bool:
    subject, at = _subject(one), now()
    last = sa.select(_T.at, _T.dedupe_key).where(_T.kind == one.kind, _T.subject == subject)
    row = (await connection.execute(last)).one_or_none()
    if row is not None and row.at > at - _PAUSE:
        return bool(row.dedupe_key == one.key)
    await put(
        connection, told, ("kind", "subject"), {"kind": one.kind, "subject": subject, "dedupe_key": one.key, "at": at}
    )
    return True

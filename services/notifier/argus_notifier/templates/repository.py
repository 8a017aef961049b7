"""Rows of `template`: what administrators put in the place of packaged texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier.templates.sources import Source
from argus_notifier.upserts import put
from argus_schema.notifier import template

_T = template.c


async def all_changed(connection: AsyncConnection) -> Sequence[sa.Row[Any]]:
    """Every template that was changed."""
    return (await connection.execute(sa.select(template))).all()


async def overrides(connection: AsyncConnection) -> dict[tuple[str, str], Source]:
    """The same, by kind and locale, as mails are made with them."""
    rows = await all_changed(connection)
    return {(row.event_type, row.locale): Source(row.subject, row.body_html, row.body_text) for row in rows}


async def find(connection: AsyncConnection, kind: str, locale: str) -> sa.Row[Any] | None:
    statement = sa.select(template).where(_T.event_type == kind, _T.locale == locale)
    return (await connection.execute(statement)).one_or_none()


async def replace(connection: AsyncConnection, kind: str, locale: str, source: Source, user_id: int) -> sa.Row[Any]:
    row = {
        "event_type": kind,
        "locale": locale,
        **source._asdict(),
        "is_system": True,
        "updated_at": now(),
        "updated_by_user_id": user_id,
    }
    return await put(connection, template, ("event_type", "locale"), row)


async def delete(connection: AsyncConnection, kind: str, locale: str) -> None:
    await connection.execute(sa.delete(template).where(_T.event_type == kind, _T.locale == locale))

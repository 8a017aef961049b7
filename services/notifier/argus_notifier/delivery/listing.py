"""All deliveries, by what became of them, their way and what they say: for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.delivery.repository import FAILED, SENDING, SENT, WAITING
from argus_schema.notifier import delivery

_D = delivery.c

Fate = Literal["all", "queued", "sent", "failed"]
_STATES: dict[str, tuple[str, ...]] = {"queued": (WAITING, SENDING), "sent": (SENT,), "failed": (FAILED,)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries; an empty text asks for nothing."""

    fate: Fate = "all"
    kind: str = ""
    text: str = ""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """What a row must fulfil."""
        found: list[sa.ColumnElement[bool]] = []
        if self.fate != "all":
            found.append(_D.status.in_(_STATES[self.fate]))
        if self.kind:
            found.append(_D.kind == self.kind)
        if self.text:
            texts = (_D.target, _D.subject, _D.last_error)
            found.append(sa.or_(*(column.icontains(self.text, autoescape=True) for column in texts)))
        return found


async def page(connection: AsyncConnection, wanted: Wanted, *, limit: int, before: int | None) -> Sequence[sa.Row[Any]]:
    """The newest first."""
    statement = sa.select(delivery).where(*wanted.conditions()).order_by(_D.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_D.id < before)
    return (await connection.execute(statement)).all()

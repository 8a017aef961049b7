"""Shapes of the inbox."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel

from argus_kit.clock import iso


class NotificationOut(BaseModel):
    """One notification. `rule_id` says what it is about, times are UTC."""

    id: int
    batch_id: str | None
    job_id: str | None
    rule_id: str
    severity: Literal["info", "warn", "error"]
    title: str
    body: str
    created_at: str
    read_at: str | None


class UnreadOut(BaseModel):
    """How many notifications wait to be read."""

    unread: int


def notification_out(row: sa.Row[Any]) -> NotificationOut:
    """The wire's form of a row."""
    return NotificationOut(
        id=row.id,
        batch_id=row.batch_id,
        job_id=row.job_id,
        rule_id=row.rule_id,
        severity=row.severity,
        title=row.title,
        body=row.body,
        created_at=iso(row.created_at) or "",
        read_at=iso(row.read_at),
    )

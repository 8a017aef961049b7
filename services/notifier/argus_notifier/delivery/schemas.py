"""The queue and its dead letters, on the wire."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel

from argus_kit.clock import iso
from argus_notifier.delivery import repository

Fate = Literal["pending", "requeued", "sent"]


class DeliveryStatsOut(BaseModel):
    """How the queue is. `open_circuits`: receivers that are left alone for a while, because they fail."""

    queued: int
    sent_last_hour: int
    failed_last_hour: int
    deadletter_count: int
    oldest_queued_at: str | None
    open_circuits: list[str]
    mail_server: bool


class DeadLetterOut(BaseModel):
    """Something that was given up. `status` says what has become of it since: `pending` is nothing."""

    id: int
    kind: str
    to_addr: str
    subject: str
    event_type: str
    batch_id: str | None
    attempts: int
    last_error: str | None
    created_at: str | None
    failed_at: str | None
    status: Fate


class DeadLettersOut(BaseModel):
    """Dead letters, newest first."""

    items: list[DeadLetterOut]
    schema_ready: bool = True


class DeliveryOut(BaseModel):
    """A mail or a message to a channel, whatever became of it; its text is not shown."""

    id: int
    kind: str
    to_addr: str
    subject: str
    event_type: str
    batch_id: str | None
    status: Literal["waiting", "sending", "sent", "failed"]
    attempts: int
    last_error: str | None
    created_at: str
    next_attempt_at: str | None
    sent_at: str | None
    failed_at: str | None


class DeliveriesOut(BaseModel):
    """A page of deliveries, newest first; `next_before` begins the next one."""

    items: list[DeliveryOut]
    next_before: int | None


class RequeuedOut(BaseModel):
    """How many are in the queue again; `missing` are no dead letters."""

    requeued: int
    missing: list[int]


def dead_letter_out(row: sa.Row[Any]) -> DeadLetterOut:
    """The wire's form of a row."""
    fates: dict[str, Fate] = {repository.FAILED: "pending", repository.SENT: "sent"}
    return DeadLetterOut(
        id=row.id,
        kind=row.kind,
        to_addr=row.target,
        subject=row.subject,
        event_type=row.event_type,
        batch_id=row.batch_id,
        attempts=row.attempts,
        last_error=row.last_error,
        created_at=iso(row.created_at),
        failed_at=iso(row.failed_at),
        status=fates.get(row.status, "requeued"),
    )


def delivery_out(row: sa.Row[Any]) -> DeliveryOut:
    """The wire's form of a row."""
    return DeliveryOut(
        id=row.id,
        kind=row.kind,
        to_addr=row.target,
        subject=row.subject,
        event_type=row.event_type,
        batch_id=row.batch_id,
        status=row.status,
        attempts=row.attempts,
        last_error=row.last_error,
        created_at=iso(row.created_at) or "",
        next_attempt_at=iso(row.next_attempt_at),
        sent_at=iso(row.sent_at),
        failed_at=iso(row.failed_at),
    )

"""Shapes of the inbox."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import sqlalchemy as sa
from pydantic import BaseModel, Field, model_validator

from argus_kit.clock import iso


class NotificationOut(BaseModel):
    """One notification. `rule_id` says what it is about, times are UTC. `count`: how many things it tells of.

    `batch_ids` are the first batches of one that tells of several.
    """

    id: int
    batch_id: str | None
    job_id: str | None
    rule_id: str
    severity: Literal["info", "warn", "error"]
    title: str
    body: str
    count: int = 1
    made_by_rule: int | None = None
    batch_ids: list[str] = []
    created_at: str
    read_at: str | None


class Mute(BaseModel):
    """What an inbox is not told of: a kind, a batch, or a kind of one batch."""

    kind: Annotated[str, Field(max_length=64)] | None = None
    batch_id: Annotated[str, Field(max_length=256)] | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.kind and not self.batch_id:
            raise ValueError("name a kind, a batch, or both")
        return self


class InboxChoice(BaseModel):
    """Whether the inbox is told of a kind in one project, whatever holds everywhere."""

    project: str
    kind: str
    shown: bool


class InboxChoiceChange(BaseModel):
    """A choice to save; where `shown` is null it is taken back, and what holds everywhere holds here."""

    project: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
    kind: Annotated[str, Field(min_length=1, max_length=64)]
    shown: bool | None


class InboxChoicesIn(BaseModel):
    """Choices to save; those that are not named stay."""

    choices: Annotated[list[InboxChoiceChange], Field(max_length=500)]


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
        count=row.count,
        made_by_rule=row.made_by_rule,
        batch_ids=row.batch_ids or [],
        created_at=iso(row.created_at) or "",
        read_at=iso(row.read_at),
    )

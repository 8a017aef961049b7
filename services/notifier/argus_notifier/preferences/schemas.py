"""Shapes of preferences and subscriptions."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from argus_notifier.kinds import About, Severity

Kind = Annotated[str, Field(min_length=1, max_length=64)]


class NotificationKind(BaseModel):
    """Something that one can be told of. `inbox_pref` is the preference that switches it in the inbox; null: none."""

    kind: str
    severity: Severity
    about: About
    mailed_by_default: bool
    in_inbox: bool
    inbox_pref: str | None


class NotificationPrefs(BaseModel):
    """What the inbox is told of."""

    notify_batch_done: bool
    notify_batch_failed: bool
    notify_job_failed: bool
    notify_diverged: bool
    notify_job_idle: bool


class Subscription(BaseModel):
    """Whether mail of this kind is wanted; without a project, for all that have no choice of their own."""

    project: Annotated[str, Field(max_length=256)] | None = None
    event_type: Kind
    enabled: bool


class SubscriptionChange(BaseModel):
    """A choice to save; where `enabled` is null it is taken back, and the choice for all or the default holds."""

    project: Annotated[str, Field(max_length=256)] | None = None
    event_type: Kind
    enabled: bool | None


class SubscriptionsIn(BaseModel):
    """Choices to save; those that are not named stay."""

    subscriptions: Annotated[list[SubscriptionChange], Field(max_length=500)]


class BatchSubscriptionIn(BaseModel):
    """Kinds of mail about one batch, instead of what is chosen elsewhere."""

    event_kinds: Annotated[list[Kind], Field(max_length=50)] = []
    enabled: bool = True


class BatchSubscriptionOut(BaseModel):
    """The choice for one batch."""

    batch_id: str
    event_kinds: list[str]
    enabled: bool
    created_at: str | None
    updated_at: str | None

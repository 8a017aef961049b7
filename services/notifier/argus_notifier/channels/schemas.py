"""Shapes of channels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from argus_kit.clock import iso
from argus_notifier.channels.messages import ChannelKind
from argus_notifier.channels.repository import State
from argus_notifier.preferences.schemas import Kind as EventKind


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must not hold control characters")
    return text


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Url = Annotated[SecretStr, Field(min_length=8, max_length=2048)]
Secret = Annotated[SecretStr, Field(max_length=256)]
Kinds = Annotated[list[EventKind], Field(max_length=50)]


class ChannelIn(BaseModel):
    """A new channel. A webhook without a secret gets one, which the answer shows this once."""

    model_config = ConfigDict(extra="forbid")

    kind: ChannelKind
    name: Name
    url: Url
    secret: Secret | None = None
    event_kinds: Kinds = ["job_failed", "batch_failed", "batch_diverged"]
    enabled: bool = True


class ChannelPatch(BaseModel):
    """Changes; what is null stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    url: Url | None = None
    secret: Secret | None = None
    event_kinds: Kinds | None = None
    enabled: bool | None = None


class ChannelLastOut(BaseModel):
    """The newest delivery to a channel: what became of it, and when."""

    status: Literal["waiting", "sending", "sent", "failed"]
    at: str
    error: str | None


class ChannelOut(BaseModel):
    """A channel. `shown` says where it leads, without what makes the address a secret.

    `failures` are those in a row; `resting_until` is how long it is left alone because of them.
    """

    id: int
    kind: ChannelKind
    name: str
    shown: str
    signed: bool
    event_kinds: list[str]
    enabled: bool
    added_by_user_id: int
    created_at: str
    updated_at: str | None
    last: ChannelLastOut | None
    failures: int
    resting_until: str | None


class NewChannelOut(ChannelOut):
    """A channel that was just made; `secret` is the one that was made for it, never shown again."""

    secret: str | None


class ChannelTestOut(BaseModel):
    """What the receiver said to a try."""

    ok: bool
    error: str | None = None


class ChannelDeliveryOut(BaseModel):
    """One message to a channel. `waiting` is also between attempts; `failed` was given up."""

    id: int
    event_type: str
    batch_id: str | None
    title: str
    status: Literal["waiting", "sending", "sent", "failed"]
    attempts: int
    last_error: str | None
    created_at: str
    next_attempt_at: str | None
    sent_at: str | None


def channel_values(row: sa.Row[Any], state: State) -> dict[str, Any]:
    """A row's fields for the wire."""
    return {
        "id": row.id,
        "kind": row.kind,
        "name": row.name,
        "shown": row.shown,
        "signed": row.secret_encrypted is not None,
        "event_kinds": row.event_kinds,
        "enabled": row.enabled,
        "added_by_user_id": row.added_by_user_id,
        "created_at": iso(row.created_at) or "",
        "updated_at": iso(row.updated_at),
        "last": _last(state),
        "failures": state.failures,
        "resting_until": iso(state.resting_until),
    }


def _last(state: State) -> ChannelLastOut | None:
    row = state.last
    if row is None:
        return None
    at = row.sent_at or row.failed_at or row.created_at
    return ChannelLastOut(status=row.status, at=iso(at) or "", error=row.last_error)


def channel_delivery_out(row: sa.Row[Any]) -> ChannelDeliveryOut:
    """The wire's form of a delivery."""
    return ChannelDeliveryOut(
        id=row.id,
        event_type=row.event_type,
        batch_id=row.batch_id,
        title=row.subject,
        status=row.status,
        attempts=row.attempts,
        last_error=row.last_error,
        created_at=iso(row.created_at) or "",
        next_attempt_at=iso(row.next_attempt_at),
        sent_at=iso(row.sent_at),
    )

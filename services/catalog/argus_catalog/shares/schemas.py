"""Shapes of shares and public links."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from argus_catalog.wire import Shape, WireTime

Permission = Literal["viewer", "editor"]


class NewBatchShare(BaseModel):
    """With whom to share a batch."""

    grantee_username: str = Field(min_length=1, max_length=32)
    permission: Permission = "viewer"


class BatchShare(Shape):
    """A batch shared with a person."""

    batch_id: str
    grantee_id: int
    grantee_username: str
    permission: str
    created_at: WireTime
    created_by: int | None


class NewProjectShare(NewBatchShare):
    """With whom to share one's batches of a project."""

    project: str = Field(min_length=1, max_length=256)


class ProjectShare(Shape):
    """One's batches of a project shared with a person."""

    owner_id: int
    project: str
    grantee_id: int
    grantee_username: str
    permission: str
    created_at: WireTime


class GivenShare(Shape):
    """What one opened to a person: a batch, or one's batches of a project. `target` is its id, or the project."""

    kind: Literal["batch", "project"]
    target: str
    project: str
    grantee_id: int
    grantee_username: str
    permission: str
    created_at: WireTime


class ReceivedShare(Shape):
    """What a person opened to one. `owner_username` is null for a batch of nobody."""

    kind: Literal["batch", "project"]
    target: str
    project: str
    owner_username: str | None
    permission: str
    created_at: WireTime


class ShareOverview(Shape):
    """All shares with people that one gave and got, the newest first."""

    given: list[GivenShare]
    received: list[ReceivedShare]


class NewPublicShare(BaseModel):
    """When a public link ends; null: never."""

    expires_at: str | None = None


class PublicShare(Shape):
    """A public link to a batch."""

    slug: str
    url: str
    batch_id: str
    created_at: WireTime
    expires_at: WireTime | None
    view_count: int
    last_viewed: WireTime | None


class PublicBatch(Shape):
    """A batch as everyone with the link sees it."""

    id: str
    project: str
    experiment_type: str | None
    host: str | None
    command: str | None
    n_total: int | None
    n_done: int
    n_failed: int
    status: str | None
    start_time: WireTime | None
    end_time: WireTime | None
    owner_label: str | None


class PublicJob(Shape):
    """A job of a public batch."""

    id: str
    batch_id: str
    model: str | None
    dataset: str | None
    status: str | None
    start_time: WireTime | None
    end_time: WireTime | None
    elapsed_s: int | None
    metrics: dict[str, Any] | None

"""Shapes of queries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from argus_catalog.batches.schemas import BatchOut
from argus_catalog.seeds import Spread
from argus_catalog.wire import Shape, WireTime
from argus_query.tokens import LONGEST

Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class JobQuery(BaseModel):
    """Which jobs or batches are wanted, and what of them. The language is told in docs/query.md."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    source: Literal["jobs", "batches"] = Field("jobs", alias="from", description="What is asked for")
    scope: Literal["mine", "shared", "all"] = Field("all", description="Whose batches")
    query: str = Field("", max_length=LONGEST, examples=["config.lr < 1e-3 and metrics.val_acc > 0.9"])
    sort: list[Name] = Field(default=[], max_length=3, description="Fields, the first one first; -field descends")
    columns: list[Name] = Field(default=[], max_length=50, description="Further fields of each job, or what is summed")
    group_by: list[Name] = Field(default=[], max_length=5, description="Fields, or seed: jobs that differ by it alone")
    limit: int = Field(100, ge=1, le=1_000)
    cursor: str | None = Field(None, max_length=4_000)


class FoundJob(Shape):
    """A job, with the values of the columns that were asked for."""

    id: str
    batch: str
    project: str
    status: str | None
    model: str | None
    dataset: str | None
    host: str | None
    owner: str | None
    started: WireTime | None
    ended: WireTime | None
    elapsed: float | None
    metrics: dict[str, Any] | None
    values: dict[str, Any]


class FoundBatch(Shape):
    """A batch, with the values of the columns that were asked for."""

    batch: BatchOut
    values: dict[str, Any]


class GroupMember(Shape):
    """A job of a group; of a group of batches both are the batch's id."""

    batch: str
    id: str


class JobGroup(Shape):
    """Jobs or batches that agree in what they were grouped by.

    `n` counts all of them, and `columns` are of all; `members` names the first 32.
    """

    key: dict[str, Any]
    n: int
    columns: dict[str, Spread]
    members: list[GroupMember]


class QueryResult(Shape):
    """One page: `jobs` or `batches`, or with `group_by` `groups`.

    `total` is told on the first page, `cursor` leads to the next.
    """

    jobs: list[FoundJob]
    batches: list[FoundBatch]
    groups: list[JobGroup]
    total: int | None
    cursor: str | None


class KnownField(Shape):
    """A field that a query may name. `values` are some texts that it has in jobs that the caller sees."""

    name: str
    kind: Literal["text", "number", "time", "duration", "texts", "any"]
    values: list[str]


class KnownFields(Shape):
    """What to offer to whoever writes a query: all fields, and what the newest jobs name of the open ones."""

    fields: list[KnownField]
    sampled_jobs: int

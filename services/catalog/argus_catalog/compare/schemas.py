"""Shapes of comparisons."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from argus_catalog.projects.schemas import BestMetric
from argus_catalog.wire import Shape, WireTime


class ComparedJob(Shape):
    """A job of a compared batch, with its final metrics."""

    job_id: str
    model: str | None
    dataset: str | None
    status: str | None
    elapsed_s: int | None
    metrics: dict[str, Any] | None


class CurvePoint(Shape):
    """The losses of one epoch."""

    epoch: int
    train_loss: float | None
    val_loss: float | None


class ComparedBatch(Shape):
    """One column of a comparison.

    `best_metric` is the best value of the metric that most of what is compared can be judged by. `model`, `dataset`,
    `metrics`, `config` and `loss_curve` are those of `best_job_id`: the job with that value, else the one heard of
    last. `seed_job_ids` are the jobs of the batch that differ from it by their seed alone, itself among them.
    """

    batch_id: str
    project: str
    status: str | None
    n_total: int | None
    n_done: int
    n_failed: int
    start_time: WireTime | None
    end_time: WireTime | None
    owner_id: int | None
    jobs: list[ComparedJob]
    best_metric: BestMetric | None
    best_job_id: str | None
    model: str | None
    dataset: str | None
    metrics: dict[str, float]
    loss_curve: list[CurvePoint]
    name: str | None
    host: str | None
    command: str | None
    environment: dict[str, Any]
    config: dict[str, Any]
    seed_job_ids: list[str]


class Comparison(Shape):
    """Batches side by side, in the order asked for. `metric_keys` says the same as `metric_union`.

    `curve_names` are those of the best jobs.
    """

    batches: list[ComparedBatch]
    metric_union: list[str]
    metric_keys: list[str]
    directions: dict[str, Literal["min", "max"]]
    curve_names: list[str]


class JobAddress(BaseModel):
    """A job by the two ids of its address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch_id: str = Field(min_length=1, max_length=128)
    job_id: str = Field(min_length=1, max_length=256)


class WantedJobs(BaseModel):
    """Which jobs are compared; one that is named twice stands once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: list[JobAddress] = Field(min_length=1, max_length=32)


class JobColumn(Shape):
    """One column of a comparison of jobs.

    `metrics` are the final ones, with those of the newest epoch that the final ones do not name. `config` is flat, by
    dotted paths. Jobs with the same `seed_group` differ by their seed alone.
    """

    batch_id: str
    batch_name: str | None
    project: str
    host: str | None
    command: str | None
    job_id: str
    model: str | None
    dataset: str | None
    status: str | None
    start_time: WireTime | None
    end_time: WireTime | None
    elapsed_s: int | None
    metrics: dict[str, float]
    config: dict[str, Any]
    environment: dict[str, Any]
    seed: str | None
    seed_group: str


class JobComparison(Shape):
    """Jobs side by side, in the order asked for."""

    jobs: list[JobColumn]
    metric_union: list[str]
    directions: dict[str, Literal["min", "max"]]
    curve_names: list[str]

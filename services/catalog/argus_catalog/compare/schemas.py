"""Shapes of comparisons."""

from __future__ import annotations

from typing import Any, Literal

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
    `metrics` and `loss_curve` are those of `best_job_id`: the job with that value, else the one heard of last.
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


class Comparison(Shape):
    """Batches side by side, in the order asked for. `metric_keys` says the same as `metric_union`."""

    batches: list[ComparedBatch]
    metric_union: list[str]
    metric_keys: list[str]
    directions: dict[str, Literal["min", "max"]]

"""Shapes of curves: columns, not rows. `times` are epoch seconds."""

from __future__ import annotations

from argus_catalog.wire import Shape


class NonFinite(Shape):
    """Where a curve is no number: steps at which the value was NaN, +infinity or -infinity (at most 200 each)."""

    nan: list[int]
    pos_inf: list[int]
    neg_inf: list[int]


class Series(Shape):
    """One metric over the steps of one job. A value that is no number is null here and named in `nonfinite`."""

    steps: list[int]
    times: list[float]
    values: list[float | None]
    n_points: int
    nonfinite: NonFinite | None = None


class JobMetrics(Shape):
    """The curves of a job. `names` are all that it has, whether asked for or not."""

    batch_id: str
    job_id: str
    names: list[str]
    last_step: int | None
    series: dict[str, Series]


class JobCurve(Series):
    """One job's curve among those of its batch."""

    job_id: str
    model: str | None
    dataset: str | None
    status: str | None


class BatchCurves(Shape):
    """One metric of every job of a batch."""

    batch_id: str
    metric: str
    direction: str
    curves: list[JobCurve]

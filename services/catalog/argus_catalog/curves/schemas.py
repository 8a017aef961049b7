"""Shapes of curves: columns, not rows. `times` are seconds since 1970."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from argus_catalog.derivations.metrics import Direction
from argus_catalog.wire import Shape
from argus_contracts.errors import ErrorCode

Kind = Literal["epoch", "step"]
Points = Annotated[int, Field(ge=2, le=20_000)]
Step = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Seconds = Annotated[float, Field(allow_inf_nan=False)]


class NonFinite(Shape):
    """Where a curve is no number: steps at which the value was NaN, +infinity or -infinity (at most 200 each)."""

    nan: list[int]
    pos_inf: list[int]
    neg_inf: list[int]


class Summary(Shape):
    """A whole curve in a few numbers, whatever part of it was asked for. Extremes are of finite values, the first of
    equal ones; `best` is the one of them that `direction` says, from the metric's name. What is no number is null.
    """

    n: int
    last: float | None
    last_step: int
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None
    best: float | None
    best_step: int | None
    direction: Direction


class Series(Shape):
    """One metric over the epochs or the steps of one job. `n_points` are stored in the part that was asked for; of more
    than were wanted, the lowest and highest of equal runs stay. A value that is no number is null here and named in
    `nonfinite`.
    """

    name: str
    kind: Kind
    steps: list[int]
    times: list[float]
    values: list[float | None]
    n_points: int
    nonfinite: NonFinite | None
    summary: Summary


class Resume(Shape):
    """A job began anew at this time (seconds since 1970), and these are the lowest epoch and step that it then reported
    (null: none yet). What an earlier run had said of them and of later ones is gone from the curves.
    """

    at: float
    epoch: int | None
    step: int | None


class JobMetrics(Shape):
    """The curves of a job. `names` are all that it has, whether asked for or not; a metric that was reported both by
    epochs and by steps is two series. `last_step` is the last one in `series`.
    """

    batch_id: str
    job_id: str
    names: list[str]
    last_step: int | None
    resumes: list[Resume]
    series: list[Series]


class JobCurve(Series):
    """One job's curve among those of its batch."""

    job_id: str
    model: str | None
    dataset: str | None
    status: str | None
    resumes: list[Resume]


class BatchCurves(Shape):
    """One metric of every job of a batch, by epochs where a job has it so, else by steps."""

    batch_id: str
    metric: str
    direction: Direction
    curves: list[JobCurve]


class WantedJob(BaseModel):
    """A job, and which of its metrics are wanted (null: all)."""

    model_config = ConfigDict(extra="forbid")

    batch_id: str = Field(max_length=128)
    job_id: str = Field(max_length=256)
    metrics: list[Annotated[str, Field(max_length=256)]] | None = Field(None, max_length=500)


class MetricsQuery(BaseModel):
    """Curves of many jobs. The bounds hold for each curve, ends included; times in seconds since 1970."""

    model_config = ConfigDict(extra="forbid")

    series: list[WantedJob] = Field(min_length=1, max_length=500)
    points: Points = Field(2000, description="Most points of each curve")
    from_step: Step | None = None
    to_step: Step | None = None
    from_time: Seconds | None = None
    to_time: Seconds | None = None
    kind: Kind | None = Field(None, description="Only curves over epochs, or over steps")


class QueryError(Shape):
    """Why there are no curves of a job."""

    code: ErrorCode
    message: str


class QueryResult(Shape):
    """The curves of one job that was asked for. `missing` are the wanted metrics that it does not have."""

    batch_id: str
    job_id: str
    error: QueryError | None
    missing: list[str]
    resumes: list[Resume]
    series: list[Series]


class QueryAnswer(Shape):
    """What was asked for, in the same order."""

    results: list[QueryResult]

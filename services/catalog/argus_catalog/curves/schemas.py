"""Shapes of curves: columns, not rows. `times` are seconds since 1970."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from argus_catalog.derivations.metrics import Direction
from argus_catalog.wire import Shape
from argus_contracts.errors import ErrorCode

Kind = Literal["epoch", "step"]
Points = Annotated[int, Field(ge=2, le=20_000)]
Step = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Seconds = Annotated[float, Field(allow_inf_nan=False)]

# Members of all groups of one request.
MOST_MEMBERS: Final = 5_000


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


class HostReadings(Shape):
    """One machine, column by column: at `times`, seconds since 1970, the means of what was measured around then; null
    where it was not. `proc_` are of the process that reported.
    """

    host: str
    times: list[float]
    gpu_util_pct: list[float | None]
    gpu_mem_mb: list[float | None]
    gpu_mem_total_mb: list[float | None]
    gpu_temp_c: list[float | None]
    cpu_util_pct: list[float | None]
    ram_mb: list[float | None]
    ram_total_mb: list[float | None]
    proc_cpu_pct: list[float | None]
    proc_ram_mb: list[float | None]
    proc_gpu_mem_mb: list[float | None]


class JobSystem(Shape):
    """What the machines that reported for a job's batch did between `begin` and `end` (seconds since 1970): from the
    job's start to its end, or until now. Both are null when it has not begun.
    """

    batch_id: str
    job_id: str
    begin: float | None
    end: float | None
    hosts: list[HostReadings]


class WantedJob(BaseModel):
    """A job, and which of its metrics are wanted (null: all)."""

    model_config = ConfigDict(extra="forbid")

    batch_id: str = Field(max_length=128)
    job_id: str = Field(max_length=256)
    metrics: list[Annotated[str, Field(max_length=256)]] | None = Field(None, max_length=500)


class WantedMember(BaseModel):
    """A job of a group."""

    model_config = ConfigDict(extra="forbid")

    batch_id: str = Field(max_length=128)
    job_id: str = Field(max_length=256)


class WantedGroup(BaseModel):
    """Jobs whose curves are wanted together, and of which metrics (null: all)."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=512)
    series: list[WantedMember] = Field(min_length=1, max_length=MOST_MEMBERS)
    metrics: list[Annotated[str, Field(max_length=256)]] | None = Field(None, min_length=1, max_length=100)


class WantedSplit(BaseModel):
    """All jobs of a batch as groups: by `seed` (those that differ by nothing else), `model`, `dataset`, a setting
    (`config.lr`, dots lead inwards), or `all` as one.
    """

    model_config = ConfigDict(extra="forbid")

    batch_id: str = Field(max_length=128)
    by: str = Field(max_length=256, pattern=r"^(all|seed|model|dataset|config\..+)$")
    metrics: list[Annotated[str, Field(max_length=256)]] | None = Field(None, min_length=1, max_length=100)


class MetricsQuery(BaseModel):
    """Curves of many jobs: each by itself (`series`), and groups of them as bands (`groups`, `split`). The bounds hold
    for each curve, ends included; times in seconds since 1970.
    """

    model_config = ConfigDict(extra="forbid")

    series: list[WantedJob] = Field(default_factory=list, max_length=500)
    groups: list[WantedGroup] = Field(default_factory=list, max_length=500)
    split: list[WantedSplit] = Field(default_factory=list, max_length=32)
    points: Points = Field(2000, description="Most points of each curve")
    from_step: Step | None = None
    to_step: Step | None = None
    from_time: Seconds | None = None
    to_time: Seconds | None = None
    kind: Kind | None = Field(None, description="Only curves over epochs, or over steps")

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not (self.series or self.groups or self.split):
            raise ValueError("Name at least one job, group or batch to split.")
        if sum(len(group.series) for group in self.groups) > MOST_MEMBERS:
            raise ValueError(f"All groups together may have {MOST_MEMBERS} members.")
        return self


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


class GroupJob(Shape):
    """A job of a group."""

    batch_id: str
    job_id: str


class CurveBand(Shape):
    """One metric of all members of a group, column by column, a place for each bucket of steps, and for each of them
    how many members count (`n`) and what they are together. `steps` are where buckets stand: the mean step of their
    points; `elapsed` the mean of seconds since their jobs began. `std` is the sample's. `min` and `max` are of all
    values, all else of one value for each member, the mean of its own there. What is no number is left out and counted
    in `left_out`; where nothing else is, n is 0 and the rest null. `n_members` have the metric at all, with `n_points`.

    Where the longest member has every step that any has, each step is a bucket. Else buckets are equal ranges of steps,
    as wide as the usual distance of points of the sparsest member, wider where more than `points` would be needed.
    """

    name: str
    kind: Kind
    direction: Direction
    n_members: int
    n_points: int
    steps: list[int]
    elapsed: list[float]
    n: list[int]
    mean: list[float | None]
    std: list[float | None]
    min: list[float | None]
    max: list[float | None]
    q1: list[float | None]
    median: list[float | None]
    q3: list[float | None]
    left_out: list[int]


class GroupResult(Shape):
    """One group: as it was asked for, or one that a split made (with its `label`). `missing` are members that are not
    there or not visible; a metric that no member has is simply not in `series`.
    """

    id: str
    label: str | None
    batch_id: str | None
    error: QueryError | None
    members: list[GroupJob]
    missing: list[GroupJob]
    series: list[CurveBand]


class QueryAnswer(Shape):
    """What was asked for, in the same order; after the groups those of each split."""

    results: list[QueryResult]
    groups: list[GroupResult]

"""Which job speaks for a batch in a comparison, and by which metric it is judged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from argus_catalog.derivations.metrics import Candidate, better, headline_metric, number

_EARLIEST = datetime.min.replace(tzinfo=UTC)

Row = Any


class Chosen(NamedTuple):
    """The job that speaks for a batch. `metric` and `value` are None when no job of the batch has a number."""

    job: Row
    metric: str | None
    value: float | None


def common_metric(jobs: Iterable[Row]) -> str | None:
    """The metric by which all that is compared is judged: MSE if anyone has it, else the most frequent."""
    return headline_metric(_candidates(jobs))


def chosen(jobs: Sequence[Row], common: str | None) -> Chosen | None:
    """The best job by the common metric, by the batch's own where it lacks that one, else the one heard of last."""
    for metric in (common, headline_metric(_candidates(jobs))):
        best = None if metric is None else _best(jobs, metric)
        if best is not None:
            return best
    return Chosen(max(jobs, key=_heard_at), None, None) if jobs else None


def _candidates(jobs: Iterable[Row]) -> list[Candidate]:
    return [Candidate(job.model, job.dataset, job.metrics) for job in jobs]


def _best(jobs: Sequence[Row], metric: str) -> Chosen | None:
    best: Chosen | None = None
    for job in jobs:
        value = number((job.metrics or {}).get(metric))
        if value is not None and (best is None or best.value is None or better(metric, value, best.value)):
            best = Chosen(job, metric, value)
    return best


def _heard_at(job: Row) -> datetime:
    at: datetime | None = job.last_epoch_at or job.end_time or job.start_time
    return at or _EARLIEST


def numbers(metrics: Mapping[str, Any] | None) -> dict[str, float]:
    """Those final metrics that are finite numbers."""
    found = {name: number(value) for name, value in (metrics or {}).items()}
    return {name: value for name, value in found.items() if value is not None}


def metric_union(jobs: Iterable[Row]) -> list[str]:
    """The names of all metrics of which any job has a number, sorted."""
    return sorted({name for job in jobs for name in numbers(job.metrics)})

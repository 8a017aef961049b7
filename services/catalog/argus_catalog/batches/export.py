"""A batch's jobs as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from argus_catalog.csv import to_csv
from argus_catalog.jobs.schemas import JobOut

METRICS = ("MSE", "MAE", "RMSE", "R2", "PCC", "MAPE")
_HEADER = ("batch_id", "job_id", "model", "dataset", "status", "epochs", "elapsed_s", *METRICS)


def jobs_csv(batch_id: str, jobs: Iterable[JobOut]) -> str:
    """One row for each job."""
    return to_csv(_HEADER, ([batch_id, job.id, *result_cells(job)] for job in jobs))


def result_cells(job: JobOut) -> list[Any]:
    """A job's model, dataset, status, epochs, elapsed time and the usual metrics."""
    metrics = job.metrics or {}
    epochs = metrics.get("epochs", metrics.get("train_epochs"))
    return [job.model, job.dataset, job.status, epochs, job.elapsed_s, *(metrics.get(name) for name in METRICS)]

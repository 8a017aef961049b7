"""Studies: trials become what pages read. A study is what its visible trials say it is, across projects."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.metrics import number
from argus_catalog.derivations.progress import elapsed_s
from argus_catalog.derivations.status import shown_job_status
from argus_catalog.studies import repository
from argus_catalog.studies.importance.schemas import StudyImportance
from argus_catalog.studies.importance.service import importance
from argus_catalog.studies.importance.trials import Trial as Measured
from argus_catalog.studies.ranking import Order, Sort, best, ordered, params_of, trial_number, value_of
from argus_catalog.studies.repository import Row
from argus_catalog.studies.schemas import NamedTrial, StudyDetail, Trial
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema.statuses import LIVE_JOB


class _Judged(NamedTuple):
    """What a trial counts for."""

    status: str | None
    metric: str | None
    value: float | None


class _Facts(NamedTuple):
    n_trials: int
    n_done: int
    n_failed: int
    best_value: float | None
    best_metric: str | None
    direction: str | None
    sampler: str | None
    last_run: datetime | None
    states: dict[str, int]
    projects: list[str]


async def detail(connection: AsyncConnection, actor: Actor, study: str, sort: Sort, order: Order) -> StudyDetail:
    """One study with its trials in order; without any, where the caller sees none."""
    rows = await repository.trials(connection, actor, study)
    return await asyncio.to_thread(_detail, study, rows, sort, order)


def _detail(study: str, rows: Sequence[Row], sort: Sort, order: Order) -> StudyDetail:
    trials = [_trial(row) for row in rows]
    facts = _facts(rows, [_labels(row) for row in rows])
    numeric = {name for trial in trials for name, v in (trial.metrics or {}).items() if number(v) is not None}
    return StudyDetail(
        study_name=study,
        param_keys=sorted({name for trial in trials for name in trial.params}),
        metric_keys=sorted(numeric),
        trials=ordered(trials, sort, order, facts.direction),
        curve_metric=_curve_metric(rows, facts.best_metric),
        **facts._asdict(),
    )


def _curve_metric(rows: Sequence[Row], judged_by: str | None) -> str | None:
    told = Counter(name for row in rows for name in row.summary or {})
    targets = Counter(t for row in rows if isinstance(t := _labels(row).get("target_metric"), str))
    for name in (judged_by, *(name for name, _ in targets.most_common()), "val_loss", "train_loss"):
        if name in told:
            return name
    return None


async def importance_of(connection: AsyncConnection, actor: Actor, study: str, metric: str | None) -> StudyImportance:
    """Which parameters decide what the trials of a study reached that are done, by a metric or by what judges them."""
    rows = await repository.trials(connection, actor, study)
    chosen, trials = await asyncio.to_thread(_measured, rows, metric)
    return await importance(study, chosen, trials)


def _measured(rows: Sequence[Row], metric: str | None) -> tuple[str | None, list[Measured]]:
    done = [row for row in rows if _judged(row, _labels(row)).status == "done"]
    if metric is None:
        metrics = Counter(name for row in done if (name := _judged(row, _labels(row)).metric) is not None)
        metric = metrics.most_common(1)[0][0] if metrics else None
    values = ((params_of(_labels(row)), number((row.metrics or {}).get(metric))) for row in done)
    return metric, [Measured(params, value) for params, value in values if value is not None]


async def trial(connection: AsyncConnection, actor: Actor, study: str, trial_id: int) -> NamedTrial:
    """One trial by its number; the latest start where a study was begun anew under its name.

    Raises:
        ArgusError: trial.not_found.
    """
    rows = await repository.trials(connection, actor, study)
    found = [row for row in rows if trial_number(_labels(row).get("trial_id")) == trial_id]
    if not found:
        raise ArgusError(ErrorCode.TRIAL_NOT_FOUND)
    return NamedTrial(study_name=study, **_fields(found[-1]))


def _facts(rows: Sequence[Row], labels: Sequence[Mapping[str, Any]]) -> _Facts:
    direction, sampler = _first_text(labels, "direction"), _first_text(labels, "sampler")
    judged = [_judged(row, told) for row, told in zip(rows, labels, strict=True)]
    states = Counter(one.status or "unknown" for one in judged)
    winner = best(judged, direction)
    return _Facts(
        n_trials=len(judged),
        n_done=states["done"],
        n_failed=states["failed"],
        best_value=winner.value if winner else None,
        best_metric=winner.metric if winner else None,
        direction=direction,
        sampler=sampler,
        last_run=max((row.start_time for row in rows if row.start_time is not None), default=None),
        states=dict(sorted(states.items())),
        projects=sorted({row.project for row in rows if row.project}),
    )


def _judged(row: Row, labels: Mapping[str, Any]) -> _Judged:
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, row.batch_status, row.batch_end)
    found = value_of(row.metrics, labels.get("target_metric"))
    return _Judged(status, *(found or (None, None)))


def _first_text(labels: Sequence[Mapping[str, Any]], name: str) -> str | None:
    told = (one.get(name) for one in labels)
    return next((text for text in told if isinstance(text, str) and text), None)


def _labels(row: Row) -> dict[str, Any]:
    return row.optuna if isinstance(row.optuna, dict) else {}


def _trial(row: Row) -> Trial:
    return Trial(**_fields(row))


def _fields(row: Row) -> dict[str, Any]:
    labels = _labels(row)
    status, metric, value = _judged(row, labels)
    took = elapsed_s(row.start_time, row.end_time, row.elapsed_s, is_live=False, now=now())
    return {
        "trial_id": trial_number(labels.get("trial_id")) or 0,
        "job_id": row.job_id,
        "batch_id": row.batch_id,
        "status": status,
        "start_time": row.start_time,
        "end_time": row.end_time,
        "elapsed_s": None if status in LIVE_JOB else took,
        "params": params_of(labels),
        "value": value,
        "metric_name": metric,
        "metrics": row.metrics,
        "reason": row.reason,
        "last_epoch": row.last_epoch,
    }

"""Studies: trials become what pages read. A study is what its visible trials say it is, across projects."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.metrics import number
from argus_catalog.derivations.progress import elapsed_s
from argus_catalog.derivations.status import LIVE_JOB, shown_job_status
from argus_catalog.studies import repository
from argus_catalog.studies.ranking import Order, Sort, best, ordered, params_of, trial_number, value_of
from argus_catalog.studies.repository import Row
from argus_catalog.studies.schemas import NamedTrial, StudyDetail, StudyList, StudySummary, Trial
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError

_EARLIEST = datetime.min.replace(tzinfo=UTC)


class _Facts(NamedTuple):
    n_trials: int
    n_done: int
    n_failed: int
    best_value: float | None
    best_metric: str | None
    direction: str | None
    sampler: str | None


async def studies(connection: AsyncConnection, actor: Actor) -> StudyList:
    """The studies of which the caller sees a trial, the latest run first."""
    rows = await repository.trials(connection, actor)
    return await asyncio.to_thread(_list, rows)


def _list(rows: Sequence[Row]) -> StudyList:
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_name[row.study_name].append(row)
    found = [_summary(name, some) for name, some in sorted(by_name.items())]
    return StudyList(studies=sorted(found, key=lambda study: study.last_run or _EARLIEST, reverse=True))


def _summary(name: str, rows: Sequence[Row]) -> StudySummary:
    facts = _facts(rows, [_trial(row) for row in rows])
    last_run = max((row.start_time for row in rows if row.start_time is not None), default=None)
    return StudySummary(study_name=name, last_run=last_run, **facts._asdict())


async def detail(connection: AsyncConnection, actor: Actor, study: str, sort: Sort, order: Order) -> StudyDetail:
    """One study with its trials in order; without any, where the caller sees none."""
    rows = await repository.trials(connection, actor, study)
    return await asyncio.to_thread(_detail, study, rows, sort, order)


def _detail(study: str, rows: Sequence[Row], sort: Sort, order: Order) -> StudyDetail:
    trials = [_trial(row) for row in rows]
    facts = _facts(rows, trials)
    numeric = {name for trial in trials for name, v in (trial.metrics or {}).items() if number(v) is not None}
    return StudyDetail(
        study_name=study,
        param_keys=sorted({name for trial in trials for name in trial.params}),
        metric_keys=sorted(numeric),
        trials=ordered(trials, sort, order, facts.direction),
        **facts._asdict(),
    )


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


def _facts(rows: Sequence[Row], trials: Sequence[Trial]) -> _Facts:
    direction, sampler = _first_text(rows, "direction"), _first_text(rows, "sampler")
    statuses = [trial.status for trial in trials]
    winner = best(trials, direction)
    return _Facts(
        n_trials=len(trials),
        n_done=statuses.count("done"),
        n_failed=statuses.count("failed"),
        best_value=winner.value if winner else None,
        best_metric=winner.metric_name if winner else None,
        direction=direction,
        sampler=sampler,
    )


def _first_text(rows: Sequence[Row], label: str) -> str | None:
    told = (_labels(row).get(label) for row in rows)
    return next((text for text in told if isinstance(text, str) and text), None)


def _labels(row: Row) -> dict[str, Any]:
    return row.optuna if isinstance(row.optuna, dict) else {}


def _trial(row: Row) -> Trial:
    return Trial(**_fields(row))


def _fields(row: Row) -> dict[str, Any]:
    labels = _labels(row)
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, row.batch_status, row.batch_end)
    took = elapsed_s(row.start_time, row.end_time, row.elapsed_s, is_live=False, now=now())
    judged = value_of(row.metrics, labels.get("target_metric"))
    return {
        "trial_id": trial_number(labels.get("trial_id")) or 0,
        "job_id": row.job_id,
        "batch_id": row.batch_id,
        "status": status,
        "start_time": row.start_time,
        "end_time": row.end_time,
        "elapsed_s": None if status in LIVE_JOB else took,
        "params": params_of(labels),
        "value": judged[1] if judged else None,
        "metric_name": judged[0] if judged else None,
        "metrics": row.metrics,
    }

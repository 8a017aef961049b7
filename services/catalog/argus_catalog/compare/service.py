"""Compares batches. The number of statements is the same for two batches and for thirty-two."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.compare import repository
from argus_catalog.compare.choosing import Chosen, chosen, common_metric, metric_union, numbers
from argus_catalog.compare.repository import Row
from argus_catalog.compare.schemas import ComparedBatch, ComparedJob, Comparison, CurvePoint
from argus_catalog.compare.settings import config_of, flat, group_of
from argus_catalog.csv import to_csv
from argus_catalog.derivations.metrics import curve_order, direction
from argus_catalog.derivations.progress import elapsed_s
from argus_catalog.derivations.status import shown_job_status
from argus_catalog.projects.schemas import BestMetric
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema.statuses import LIVE_JOB

_FEWEST, _MOST = 2, 32
_LOSSES = ("train_loss", "val_loss")
_COPIED = (
    *("project", "status", "n_total", "n_done", "n_failed", "start_time", "end_time", "owner_id"),
    *("name", "host", "command"),
)
# What a chart as wide as a page can show of one curve.
_CURVE_POINTS = 500

LossCurve = list[CurvePoint]
_NO_CURVE: Final[LossCurve] = []


class _Side(NamedTuple):
    batch: Row
    jobs: Sequence[Row]


async def compare(connection: AsyncConnection, actor: Actor, batches: str) -> Comparison:
    """The batches that a comma list names, side by side.

    Raises:
        ArgusError: compare.count_invalid, batch.not_found with the first id that the caller does not see.
    """
    sides = await _sides(connection, actor, batches)
    everything = [job for side in sides for job in side.jobs]
    metric, names = await asyncio.to_thread(lambda: (common_metric(everything), metric_union(everything)))
    speakers = [chosen(side.jobs, metric) for side in sides]
    speaking = [one.job for one in speakers if one is not None]
    curves = await _loss_curves(connection, speaking)
    kin = await repository.settings(connection, speaking)
    curve_names = await repository.curve_names(connection, speaking)
    return Comparison(
        batches=[
            _column(side, one, curves, kin.get(side.batch.batch_key, ()))
            for side, one in zip(sides, speakers, strict=True)
        ],
        metric_union=names,
        metric_keys=names,
        directions={name: direction(name) for name in names},
        curve_names=sorted(curve_names, key=curve_order),
    )


async def compare_csv(connection: AsyncConnection, actor: Actor, batches: str) -> str:
    """All jobs of the batches with the union of their metrics, one job a row.

    Raises:
        ArgusError: as `compare`.
    """
    sides = await _sides(connection, actor, batches)
    return await asyncio.to_thread(_csv, sides)


def _csv(sides: Sequence[_Side]) -> str:
    names = metric_union(job for side in sides for job in side.jobs)
    header = ("batch_id", "project", "job_id", "model", "dataset", "status", "elapsed_s", *names)
    return to_csv(header, (_cells(side, job, names) for side in sides for job in side.jobs))


def _cells(side: _Side, row: Row, names: Sequence[str]) -> list[Any]:
    job, values = _job(side, row), numbers(row.metrics)
    begin = [side.batch.id, side.batch.project, job.job_id, job.model, job.dataset, job.status, job.elapsed_s]
    return [*begin, *(values.get(name) for name in names)]


async def _sides(connection: AsyncConnection, actor: Actor, batches: str) -> list[_Side]:
    wanted = list(dict.fromkeys(part.strip() for part in batches.split(",") if part.strip()))
    if not _FEWEST <= len(wanted) <= _MOST:
        raise ArgusError(ErrorCode.COMPARE_COUNT_INVALID, details={"count": len(wanted)})
    found = await repository.batches(connection, actor, wanted)
    missing = next((batch_id for batch_id in wanted if batch_id not in found), None)
    if missing is not None:
        message = f"The batch {missing} does not exist."
        raise ArgusError(ErrorCode.BATCH_NOT_FOUND, message, details={"batch_id": missing})
    jobs = await repository.jobs(connection, [found[batch_id].batch_key for batch_id in wanted])
    return [_Side(found[batch_id], jobs.get(found[batch_id].batch_key, [])) for batch_id in wanted]


def _column(
    side: _Side, speaker: Chosen | None, curves: Mapping[tuple[int, int], LossCurve], kin: Sequence[Row]
) -> ComparedBatch:
    job = speaker.job if speaker else None
    config, seeds = _settings(job.job_no, kin) if job else ({}, [])
    return ComparedBatch(
        batch_id=side.batch.id,
        **{name: getattr(side.batch, name) for name in _COPIED},
        jobs=[_job(side, row) for row in side.jobs],
        best_metric=_best_metric(speaker),
        best_job_id=job.job_id if job else None,
        model=job.model if job else None,
        dataset=job.dataset if job else None,
        metrics=numbers(job.metrics) if job else {},
        loss_curve=curves.get((job.batch_key, job.job_no), _NO_CURVE) if job else _NO_CURVE,
        environment=environment(side.batch),
        config=config,
        seed_job_ids=seeds,
    )


def environment(row: Row) -> dict[str, Any]:
    """What is known of the code and the interpreter that a batch ran with."""
    return {name: value for name in repository.ENVIRONMENT if (value := getattr(row, name)) is not None}


def _settings(job_no: int, kin: Sequence[Row]) -> tuple[dict[str, Any], list[str]]:
    """The settings of the speaker, and which of its kin differ from it by the seed alone."""
    configs = {row.job_no: config_of(row.config, row.params) for row in kin}
    groups = {no: group_of(None, None, None, config) for no, config in configs.items()}
    own = groups.get(job_no)
    return flat(configs.get(job_no, {})), [row.job_id for row in kin if groups[row.job_no] == own]


def _best_metric(speaker: Chosen | None) -> BestMetric | None:
    if speaker is None or speaker.metric is None or speaker.value is None:
        return None
    return BestMetric(name=speaker.metric, value=speaker.value)


def _job(side: _Side, row: Row) -> ComparedJob:
    batch = side.batch
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, batch.status, batch.end_time)
    took = elapsed_s(row.start_time, row.end_time, row.elapsed_s, is_live=False, now=now())
    return ComparedJob(
        job_id=row.job_id,
        model=row.model,
        dataset=row.dataset,
        status=status,
        elapsed_s=None if status in LIVE_JOB else took,
        metrics=row.metrics,
    )


async def _loss_curves(connection: AsyncConnection, jobs: Sequence[Row]) -> dict[tuple[int, int], LossCurve]:
    from argus_catalog.curves import loading
    from argus_catalog.curves import repository as curves
    from argus_catalog.curves.loading import Wish
    from argus_catalog.curves.shaping import series
    from argus_contracts.points import EPOCHS

    if not jobs:
        return {}
    heads = await curves.heads(connection, [(job.batch_key, job.job_id) for job in jobs])
    found = await loading.curves(connection, list(heads.values()), Wish(_LOSSES, _CURVE_POINTS, kind=EPOCHS))

    def build() -> dict[tuple[int, int], LossCurve]:
        return {
            key: _by_epoch({name: series(name, kind, drawn, _CURVE_POINTS) for (kind, name), drawn in some.items()})
            for key, some in found.items()
        }

    return await asyncio.to_thread(build)


def _by_epoch(curves: Mapping[str, Mapping[str, Any]]) -> LossCurve:
    values = {name: dict(zip(one["steps"], one["values"], strict=True)) for name, one in curves.items()}
    train, val = (values.get(name, {}) for name in _LOSSES)
    return [CurvePoint(epoch=e, train_loss=train.get(e), val_loss=val.get(e)) for e in sorted({*train, *val})]

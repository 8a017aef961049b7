"""The list of studies. The database counts their trials and finds the best: thousands of rows would be ten lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import visible
from argus_catalog.studies.ranking import USUAL_METRIC, is_maximized, value_of
from argus_catalog.studies.schemas import StudyList, StudySummary
from argus_kit.actor import Actor
from argus_query.json_values import value_at
from argus_schema import ingest
from argus_schema.statuses import LIVE_JOB, LOST, TERMINAL

batch = ingest.batch.c
job = ingest.job.c

Row = Any

# Of more metrics than these, trials are judged one by one.
_METRICS = 12
_EARLIEST = datetime.min.replace(tzinfo=UTC)

# The same rule as `derivations.status.shown_job_status`.
_HEARD_LATER = sa.or_(job.last_epoch_at > batch.end_time, job.start_time > batch.end_time)
_IS_LOST = sa.and_(
    job.status.in_(LIVE_JOB), batch.status.in_(TERMINAL), sa.not_(sa.func.coalesce(_HEARD_LATER, sa.false()))
)
_GROUPED_BY = ("study_name", "direction", "sampler", "target", "project", "state")


class _Reached(NamedTuple):
    """The lowest and the highest value of some trials."""

    metric: str
    low: float
    high: float


async def studies(connection: AsyncConnection, actor: Actor, project: str | None = None) -> StudyList:
    """The studies of which the caller sees a trial, or one in a project, the latest run first."""
    groups = (await connection.execute(_counted(actor, project))).all()
    targets = Counter[str]()
    for group in groups:
        targets[group.target or USUAL_METRIC] += group.n
    # A quote has no spelling within a path of SQLite.
    metrics = [name for name, _ in targets.most_common() if '"' not in name][:_METRICS]
    reached: dict[str, list[_Reached]] = defaultdict(list)
    if metrics:
        for name, metric, low, high in await connection.execute(_extremes(actor, project, metrics)):
            reached[name].append(_Reached(metric, low, high))
    for row in await connection.execute(_others(actor, project, metrics)):
        if told := value_of(row.metrics, row.target):
            reached[row.study_name].append(_Reached(told[0], told[1], told[1]))
    by_name: dict[str, list[Row]] = defaultdict(list)
    for group in groups:
        by_name[group.study_name].append(group)
    found = [_summary(name, some, reached[name]) for name, some in sorted(by_name.items())]
    return StudyList(studies=sorted(found, key=lambda study: study.last_run or _EARLIEST, reverse=True))


def _trials(actor: Actor, project: str | None, *columns: Any) -> sa.Select[Any]:
    query = (
        sa.select(job.study_name, _label("target_metric").label("target"), *columns)
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(visible(actor), job.deleted_at.is_(None), job.study_name > "")
    )
    return query if project is None else query.where(batch.project == project)


def _label(name: str) -> sa.ColumnElement[str]:
    # An empty word is none.
    return sa.func.nullif(value_at(job.extra, ["optuna", name], "text"), "", type_=sa.Text())


def _counted(actor: Actor, project: str | None) -> sa.Select[Any]:
    """How many trials of a study are alike, when they began, and which of them was first."""
    shown = sa.case((_IS_LOST, sa.literal(LOST)), else_=job.status)
    labels = (_label("direction").label("direction"), _label("sampler").label("sampler"))
    trial = _trials(
        actor, project, *labels, batch.project, shown.label("state"), job.start_time, job.batch_key, job.job_no
    ).subquery()
    alike = [trial.c[name] for name in _GROUPED_BY]
    first = [sa.func.min(trial.c[name]).label(f"first_{name}") for name in ("start_time", "batch_key", "job_no")]
    return sa.select(
        *alike, *first, sa.func.max(trial.c.start_time).label("last_run"), sa.func.count().label("n")
    ).group_by(*alike)


def _extremes(actor: Actor, project: str | None, metrics: Sequence[str]) -> sa.CompoundSelect[Any]:
    """By study and metric the lowest and the highest value of the trials that are judged by it."""
    terms = []
    for metric in metrics:
        trial = _trials(actor, project, value_at(job.metrics, [metric], "number").label("value")).subquery()
        terms.append(
            sa.select(trial.c.study_name, sa.literal(metric), sa.func.min(trial.c.value), sa.func.max(trial.c.value))
            .where(_is_judged_by(trial.c.target, metric), trial.c.value.is_not(None))
            .group_by(trial.c.study_name)
        )
    return sa.union_all(*terms)


def _others(actor: Actor, project: str | None, metrics: Sequence[str]) -> sa.Select[Any]:
    """The trials that have results, but none in the metric that judges them, or are judged by another than these."""
    values = [value_at(job.metrics, [metric], "number").label(f"value_{place}") for place, metric in enumerate(metrics)]
    trial = _trials(actor, project, job.metrics, *values).subquery()
    has_value = (
        sa.and_(_is_judged_by(trial.c.target, metric), trial.c[f"value_{place}"].is_not(None))
        for place, metric in enumerate(metrics)
    )
    return sa.select(trial.c.study_name, trial.c.target, trial.c.metrics).where(
        trial.c.metrics.is_not(None), sa.not_(sa.or_(sa.false(), *has_value))
    )


def _is_judged_by(target: sa.ColumnElement[str], metric: str) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(target, USUAL_METRIC) == metric


def _summary(name: str, groups: Sequence[Row], reached: Sequence[_Reached]) -> StudySummary:
    groups = sorted(groups, key=_began)
    direction = _first(group.direction for group in groups)
    states = Counter[str]()
    for group in groups:
        states[group.state or "unknown"] += group.n
    choose: Callable[..., _Reached | None] = max if is_maximized(direction) else min
    best = choose(reached, key=lambda one: one.high if is_maximized(direction) else one.low, default=None)
    return StudySummary(
        study_name=name,
        n_trials=states.total(),
        n_done=states["done"],
        n_failed=states["failed"],
        best_value=None if best is None else best.high if is_maximized(direction) else best.low,
        best_metric=None if best is None else best.metric,
        direction=direction,
        sampler=_first(group.sampler for group in groups),
        last_run=max((group.last_run for group in groups if group.last_run is not None), default=None),
        states=dict(sorted(states.items())),
        projects=sorted({group.project for group in groups if group.project}),
    )


def _began(group: Row) -> tuple[bool, datetime, int, int]:
    start = group.first_start_time
    return start is None, start or _EARLIEST, group.first_batch_key, group.first_job_no


def _first(told: Iterable[str | None]) -> str | None:
    return next((text for text in told if text), None)

"""What visitors are not told of what was published: people, paths, texts of errors, and what a run said in passing.

Numbers, names of models and datasets, hosts and commands are what was published; commands without their secrets. What
was sent as a metric or a seed is told if it is a number: senders put paths and names there too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any, Final, TypeVar

from argus_catalog.batches.schemas import BatchOut, BatchResources
from argus_catalog.jobs.schemas import JobDetail, JobOut
from argus_catalog.matrix.schemas import JobMatrix, MatrixCell, MatrixJob
from argus_catalog.projects.schemas import ActiveBatch, LeaderboardRow, Matrix, ProjectCard, ProjectDetail
from argus_catalog.public.masking import masked
from argus_kit.actor import Actor

T = TypeVar("T")

# Of the environment: what lets others find the code again. The rest may name people, paths and variables.
_ENVIRONMENT: Final = (
    *("git_sha", "git_sha_short", "git_branch", "git_dirty", "git_remote_url"),
    *("python_version", "gpu_names", "cuda_version"),
)
_NON_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity"})


def numbers_of(metrics: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Those metrics that are numbers."""
    if metrics is None:
        return None
    return {name: value for name, value in metrics.items() if isinstance(value, int | float) or _is_non_finite(value)}


def _is_non_finite(value: Any) -> bool:
    return isinstance(value, str) and value in _NON_FINITE


def shown_to(actor: Actor, answer: T) -> T:
    """The answer as this caller may have it: all of it, or what a visitor may know."""
    return _for_visitors(answer) if actor.is_anonymous else answer


@singledispatch
def _for_visitors(answer: Any) -> Any:
    raise TypeError(f"nobody has said what visitors may know of {type(answer).__name__}")


@_for_visitors.register
def _(answer: list) -> Any:  # type: ignore[type-arg]
    return [_for_visitors(one) for one in answer]


@_for_visitors.register
def _(answer: BatchOut) -> BatchOut:
    told = answer.env_snapshot
    return answer.model_copy(
        update={
            "command": masked(answer.command),
            "user": None,
            "owner_id": None,
            "error": None,
            "stop_requested_at": None,
            "pause_requested_at": None,
            "pause_requested_by": None,
            "checkpoint": None,
            "env_snapshot": told and {name: told[name] for name in _ENVIRONMENT if name in told},
        }
    )


@_for_visitors.register
def _(answer: JobOut) -> JobOut:
    return answer.model_copy(update={"run_dir": None, "reason": None, "metrics": numbers_of(answer.metrics)})


@_for_visitors.register
def _(answer: JobDetail) -> JobDetail:
    extra = answer.extra or {}
    command = masked(extra.get("command")) if isinstance(extra.get("command"), str) else None
    hidden = {"run_dir": None, "reason": None, "metrics": numbers_of(answer.metrics)}
    return answer.model_copy(update={**hidden, "extra": {"command": command} if command else None})


@_for_visitors.register
def _(answer: BatchResources) -> BatchResources:
    hidden = {"extra": None, "gpus": None, "pid": None}
    return answer.model_copy(update={"snapshots": [one.model_copy(update=hidden) for one in answer.snapshots]})


@_for_visitors.register
def _(answer: ProjectCard) -> ProjectCard:
    return answer.model_copy(update={"owners": []})


@_for_visitors.register
def _(answer: ProjectDetail) -> ProjectDetail:
    return answer.model_copy(update={"owners": []})


@_for_visitors.register
def _(answer: ActiveBatch) -> ActiveBatch:
    jobs = [one.model_copy(update={"metrics": numbers_of(one.metrics)}) for one in answer.running_jobs]
    return answer.model_copy(update={"owner_id": None, "user": None, "running_jobs": jobs})


@_for_visitors.register
def _(answer: LeaderboardRow) -> LeaderboardRow:
    return answer.model_copy(update={"metrics": numbers_of(answer.metrics), "jobs": _members(answer.jobs)})


@_for_visitors.register
def _(answer: JobMatrix) -> JobMatrix:
    return answer.model_copy(update={"cells": _cells(answer.cells)})


@_for_visitors.register
def _(answer: Matrix) -> Matrix:
    return answer.model_copy(update={"cells": None if answer.cells is None else _cells(answer.cells)})


def _cells(lines: list[list[MatrixCell | None]]) -> list[list[MatrixCell | None]]:
    return [[cell and cell.model_copy(update={"jobs": _members(cell.jobs)}) for cell in line] for line in lines]


def _members(jobs: list[MatrixJob] | None) -> list[MatrixJob] | None:
    return jobs and [one if _is_count(one.seed) else one.model_copy(update={"seed": None}) for one in jobs]


def _is_count(seed: str | None) -> bool:
    return seed is None or (seed.isascii() and seed.isdigit())

"""Shapes of studies. `direction` is the sender's word; what is not "maximize" is minimized.

`states` counts trials by status.
"""

from __future__ import annotations

from typing import Any

from argus_catalog.wire import Shape, WireTime


class StudySummary(Shape):
    """A study in the list."""

    study_name: str
    n_trials: int
    n_done: int
    n_failed: int
    best_value: float | None
    best_metric: str | None
    direction: str | None
    sampler: str | None
    last_run: WireTime | None
    states: dict[str, int]
    projects: list[str]


class StudyList(Shape):
    """Studies, the latest run first."""

    studies: list[StudySummary]


class Trial(Shape):
    """One trial: what was tried, and what came of it. `value` is the one of `metric_name`."""

    trial_id: int
    job_id: str
    batch_id: str
    status: str | None
    start_time: WireTime | None
    end_time: WireTime | None
    elapsed_s: int | None
    params: dict[str, Any]
    value: float | None
    metric_name: str | None
    metrics: dict[str, Any] | None
    reason: str | None
    last_epoch: int | None


class NamedTrial(Trial):
    """The same, naming its study."""

    study_name: str


class StudyDetail(Shape):
    """One study with its trials. A study that nobody reported has no trials.

    `curve_metric` names what trials reported while they ran: the metric that judges them where they did, else none.
    """

    study_name: str
    direction: str | None
    sampler: str | None
    n_trials: int
    n_done: int
    n_failed: int
    best_value: float | None
    best_metric: str | None
    param_keys: list[str]
    metric_keys: list[str]
    trials: list[Trial]
    last_run: WireTime | None
    states: dict[str, int]
    projects: list[str]
    curve_metric: str | None

"""What a trial's labels and results mean, which trial is best, and in which order trials stand. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Protocol, TypeVar

from argus_catalog.derivations.metrics import number

Sort = Literal["value", "trial_id", "start_time"]
Order = Literal["asc", "desc"]
USUAL_METRIC: Final = "MSE"
"""By this a trial is judged that names no target."""


class Valued(Protocol):
    """What has a value, or none."""

    @property
    def value(self) -> float | None:
        """What the trial reached."""


class Ranked(Valued, Protocol):
    """By what trials are ordered; `schemas.Trial` is one."""

    @property
    def trial_id(self) -> int:
        """The sampler's number."""

    @property
    def start_time(self) -> datetime | None:
        """When it began."""


V = TypeVar("V", bound=Valued)
T = TypeVar("T", bound=Ranked)


def trial_number(told: Any) -> int | None:
    """The number of a trial, also one that is written as text; None when it cannot be read."""
    try:
        return int(told)
    except (TypeError, ValueError, OverflowError):
        return None


def params_of(labels: Mapping[str, Any]) -> dict[str, Any]:
    """What was tried."""
    told = labels.get("params")
    return dict(told) if isinstance(told, dict) else {}


def value_of(metrics: Mapping[str, Any] | None, target: Any) -> tuple[str, float] | None:
    """By which metric a trial is judged, and its value: the target, else MSE, else the first number by name."""
    known = metrics or {}
    for name in (target, USUAL_METRIC, *sorted(known)):
        value = number(known.get(name)) if isinstance(name, str) else None
        if value is not None:
            return name, value
    return None


def is_maximized(direction: str | None) -> bool:
    """Whether more is better; what no trial told is minimized."""
    return (direction or "").lower() == "maximize"


def best(trials: Iterable[V], direction: str | None) -> V | None:
    """The trial with the best value, whatever became of it; of equal ones the first."""
    with_value = [(trial.value, trial) for trial in trials if trial.value is not None]
    if not with_value:
        return None
    choose = max if is_maximized(direction) else min
    return choose(with_value, key=lambda pair: pair[0])[1]


def ordered(trials: Sequence[T], sort: Sort, order: Order, direction: str | None) -> list[T]:
    """Trials in order: by value, "asc" begins with the best. Those without what is sorted by stand last, both ways."""
    keys: dict[Sort, Callable[[T], Any]] = {
        "value": lambda trial: trial.value,
        "trial_id": lambda trial: trial.trial_id,
        "start_time": lambda trial: trial.start_time,
    }
    key = keys[sort]
    by_number = sorted(trials, key=lambda trial: trial.trial_id)
    known = [trial for trial in by_number if key(trial) is not None]
    reverse = (order == "desc") != (sort == "value" and is_maximized(direction))
    return [*sorted(known, key=key, reverse=reverse), *(trial for trial in by_number if key(trial) is None)]

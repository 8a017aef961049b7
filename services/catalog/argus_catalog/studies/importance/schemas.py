"""Shapes of what is told about parameters."""

from __future__ import annotations

from typing import Literal

from argus_catalog.wire import Shape

Method = Literal["optuna-fanova", "argus-fanova"]
Reason = Literal["few_trials", "no_parameters", "same_value"]


class ParameterImportance(Shape):
    """How much a parameter matters: `importance` of all parameters together is one.

    `share` is what of the variance follows from it alone, `deviation` how much trees differ in that; both are null
    where Optuna computed the importance. `n_trials` have it.
    """

    name: str
    kind: Literal["number", "log", "category"]
    importance: float
    share: float | None
    deviation: float | None
    n_trials: int


class StudyImportance(Shape):
    """Which parameters of a study matter, the most important first.

    `method` says how it was computed, null when it was not: then `reason` says why. `n_trials` counted: those that
    are done and have a number of `metric`; at least `fewest_trials` must. `explained` is what the forest explains of
    trials that it did not see, and `interactions` what of the variance no single parameter explains.
    """

    study_name: str
    metric: str | None
    method: Method | None
    reason: Reason | None
    n_trials: int
    fewest_trials: int
    explained: float | None
    interactions: float | None
    parameters: list[ParameterImportance]

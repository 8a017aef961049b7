"""Optuna's own fANOVA, where Optuna and scikit-learn are installed beside the server."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from argus_catalog.studies.importance.trials import Trial, kind_of


@cache
def is_installed() -> bool:
    """Whether both are there. Neither is loaded for that."""
    return all(importlib.util.find_spec(name) is not None for name in ("optuna", "sklearn"))


def importances(trials: Sequence[Trial], names: Sequence[str], seed: int = 0) -> dict[str, float]:
    """By parameter its importance, all together one. Every trial has every one of these parameters."""
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    kinds = {name: kind_of([trial.params[name] for trial in trials]) for name in names}
    ranges = {name: _distribution([trial.params[name] for trial in trials], kinds[name]) for name in names}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: _told(trial.params[name], kinds[name]) for name in names},
                distributions=ranges,
                value=trial.value,
            )
            for trial in trials
        ]
    )
    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=seed), params=list(names))
    return {name: float(value) for name, value in found.items()}


def _told(value: Any, kind: str) -> Any:
    return json.dumps(value, sort_keys=True, default=str) if kind == "category" else float(value)


def _distribution(values: Sequence[Any], kind: str) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    told = [_told(value, kind) for value in values]
    if kind == "category":
        return CategoricalDistribution(sorted(set(told)))
    return FloatDistribution(min(told), max(told), log=kind == "log")

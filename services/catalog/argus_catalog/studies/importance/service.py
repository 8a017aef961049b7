"""Chooses how importance is computed, and computes it in a thread of its own: one study at a time, the last kept."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from argus_catalog.studies.importance import optuna_fanova
from argus_catalog.studies.importance.schemas import Method, ParameterImportance, Reason, StudyImportance
from argus_catalog.studies.importance.trials import Trial, kind_of

# Fewer say more of chance than of parameters.
FEWEST_TRIALS: Final = 10
# More would take a core for seconds and change the third digit.
MOST_TRIALS: Final = 1_000
MOST_PARAMETERS: Final = 50
_KEPT: Final = 64

_thread = ThreadPoolExecutor(1, "importance")
_known: OrderedDict[str, _Answer] = OrderedDict()


class _Answer(NamedTuple):
    method: Method | None
    reason: Reason | None
    explained: float | None
    interactions: float | None
    parameters: list[ParameterImportance]


async def importance(study: str, metric: str | None, trials: Sequence[Trial]) -> StudyImportance:
    """Which parameters decide what these trials reached. Of very many trials the last count."""
    counted = list(trials[-MOST_TRIALS:])
    found = await asyncio.get_running_loop().run_in_executor(_thread, _answer, counted)
    return StudyImportance(
        study_name=study, metric=metric, n_trials=len(counted), fewest_trials=FEWEST_TRIALS, **found._asdict()
    )


def _answer(trials: Sequence[Trial]) -> _Answer:
    key = hashlib.blake2b(json.dumps([(t.params, t.value) for t in trials], default=str).encode()).hexdigest()
    if key in _known:
        _known.move_to_end(key)
        return _known[key]
    found = compute(trials)
    _known[key] = found
    while len(_known) > _KEPT:
        _known.popitem(last=False)
    return found


def compute(trials: Sequence[Trial]) -> _Answer:
    """By Optuna where it is there and every trial has every parameter, else by our own forest."""
    names = _names(trials)
    reason: Reason | None = None
    if len(trials) < FEWEST_TRIALS:
        reason = "few_trials"
    elif not names:
        reason = "no_parameters"
    elif len({trial.value for trial in trials}) < 2:
        reason = "same_value"
    if reason:
        return _Answer(None, reason, None, None, [])
    is_whole = all(name in trial.params for trial in trials for name in names)
    if is_whole and optuna_fanova.is_installed():
        return _by_optuna(trials, names)
    return _by_forest(trials, names)


def _names(trials: Sequence[Trial]) -> list[str]:
    """The parameters that differ between trials, or are not in all of them; of very many the most frequent."""
    counts = Counter(name for trial in trials for name in trial.params)
    told = {name: {json.dumps(trial.params.get(name), default=str) for trial in trials} for name in counts}
    varied = [name for name in counts if len(told[name]) > 1 or counts[name] < len(trials)]
    return sorted(sorted(varied), key=lambda name: -counts[name])[:MOST_PARAMETERS]


def _by_optuna(trials: Sequence[Trial], names: Sequence[str]) -> _Answer:
    found = optuna_fanova.importances(trials, names)
    rows = [_row(trials, name, value, None, None) for name, value in found.items()]
    return _Answer("optuna-fanova", None, None, None, _ordered(rows))


def _by_forest(trials: Sequence[Trial], names: Sequence[str]) -> _Answer:
    # numpy comes with these.
    from argus_catalog.studies.importance.design import design
    from argus_catalog.studies.importance.fanova import shares

    found = shares(design(trials, names))
    whole = float(found.means.sum())
    rows = [
        _row(trials, name, float(share) / whole if whole else 0.0, float(share), float(deviation))
        for name, share, deviation in zip(names, found.means, found.deviations, strict=True)
    ]
    return _Answer("argus-fanova", None, found.explained, max(0.0, 1 - whole), _ordered(rows))


def _row(
    trials: Sequence[Trial], name: str, value: float, share: float | None, deviation: float | None
) -> ParameterImportance:
    there = [trial.params[name] for trial in trials if name in trial.params]
    return ParameterImportance(
        name=name, kind=kind_of(there), importance=value, share=share, deviation=deviation, n_trials=len(there)
    )


def _ordered(rows: list[ParameterImportance]) -> list[ParameterImportance]:
    return sorted(rows, key=lambda row: (-row.importance, row.name))

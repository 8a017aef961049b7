"""The server's door to Optuna's fANOVA, with the real Optuna: this environment has it, the server's may not."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integrations

CATALOG = Path(__file__).resolve().parents[3] / "services" / "catalog"


@pytest.fixture
def importance(monkeypatch):
    monkeypatch.syspath_prepend(str(CATALOG))
    yield lambda name: importlib.import_module(f"argus_catalog.studies.importance.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "argus_catalog"]:
        del sys.modules[name]


def test_optuna_agrees_with_our_own_forest(importance):
    door, trial = importance("optuna_fanova"), importance("design").Trial
    assert door.is_installed()
    chance = random.Random(1)
    worth = {"x": 0.0, "y": 3.0}
    params = [{"a": chance.random(), "lr": 10 ** chance.uniform(-5, -1), "k": chance.choice("xy")} for _ in range(150)]
    trials = [trial(one, 10 * one["a"] + worth[one["k"]]) for one in params]
    names = ["a", "lr", "k"]
    theirs = door.importances(trials, names)
    ours = importance("fanova").shares(importance("design").design(trials, names)).means
    assert theirs == pytest.approx(dict(zip(names, ours / ours.sum(), strict=True)), abs=0.06)
    assert theirs["a"] > theirs["k"] > theirs["lr"]

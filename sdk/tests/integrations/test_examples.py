"""The examples, as users run them, cut short."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integrations

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def example(ingest, tmp_path):
    def run(name, *arguments):
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / name), *arguments],
            env={**os.environ, "ARGUS_URL": ingest.url},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_plain_pytorch(ingest, example, data):
    printed = example("pytorch_plain.py", "--epochs", "2", "--group", "sweep")
    assert [epoch["epoch"] for epoch in data("job_epoch")] == [0, 1]
    assert len(data("job_step")) == 2 * 22
    assert data("job_start")[-1]["config"]["parameters"] == 4810
    assert data("job_done")[0]["metrics"]["accuracy"] > 0.5
    assert data("batch_done")[0]["joined"] is True
    assert "events acknowledged" in printed


def test_lightning(example, data):
    example("lightning_digits.py", "--epochs", "2")
    assert [epoch["epoch"] for epoch in data("job_epoch")] == [0, 1]
    start = data("job_start")[0]
    assert (start["model"], start["dataset"]) == ("ConvNet", "Digits")
    assert start["config"] == {"width": 16, "lr": 0.003, "batch_size": 64, "max_epochs": 2}
    assert data("job_done")[0]["metrics"]["val_accuracy"] > 0.5
    assert [row["step"] for row in data("job_step")] == [10, 20, 30, 40]


def test_keras(example, data):
    example("keras_digits.py", "--epochs", "2")
    assert [epoch["epoch"] for epoch in data("job_epoch")] == [0, 1]
    assert (data("job_start")[0]["model"], data("job_start")[0]["dataset"]) == ("mlp-64", "digits")
    assert data("job_done")[0]["metrics"]["val_accuracy"] > 0.3


def test_optuna(ingest, example, data):
    example("optuna_sweep.py", "--trials", "6", "--epochs", "4")
    assert len(data("job_start")) == len(data("job_done")) == 6
    assert {start["optuna"]["study_name"] for start in data("job_start")} == {"digits-mlp"}
    assert all(set(start["optuna"]["params"]) == {"width", "lr", "alpha"} for start in data("job_start"))
    assert len(data("job_epoch")) == len(data("job_step")) > 12
    assert data("batch_done")[0]["n_done"] == 6


def test_scikit_learn(ingest, example, data):
    example("sklearn_matrix.py", "--epochs", "2", "--pause", "0")
    assert len(data("job_done")) == 9
    assert len(data("job_epoch")) == 18

"""Hydra: real scripts under `@hydra.main`, in one process and over several."""

from __future__ import annotations

import signal

import pytest

pytestmark = pytest.mark.integrations

SCRIPT = """
import hydra
import argus


@hydra.main(version_base=None, config_path=".", config_name="config")
def main(config):
    for epoch in range(2):
        argus.run.job.epoch(epoch, train_loss=1 / (epoch + 1), lr=config.lr)
    argus.log({"seen": 1})
    if config.lr > 1:
        raise RuntimeError("diverged")
    return config.lr * 2


main()
"""
CONFIG = """
defaults: [_self_]
lr: 0.1
dataset: mnist
model: {_target_: torchvision.models.ResNet, depth: 18}
twice: ${lr}
api_token: secret-text
hydra:
  callbacks:
    argus:
      _target_: argus.integrations.hydra.ArgusCallback
      project: vision
      heartbeat: false
      resource_snapshot: false
      capture_environment: false
"""


@pytest.fixture
def run(program, tmp_path):
    def run(*overrides, config=CONFIG):
        (tmp_path / "config.yaml").write_text(config)
        return program(SCRIPT, *overrides)

    return run


def test_a_run_is_a_batch_of_one_job_with_its_configuration(ingest, kinds, run, data, tmp_path):
    done = run()
    assert done.returncode == 0, done.stderr
    assert kinds() == ["batch_start", "job_start", "job_epoch", "job_step", "job_done", "batch_done"]
    batch, start = ingest.of_type("batch_start")[0], data("job_start")[0]
    assert (batch["source"]["project"], batch["data"]["experiment_type"]) == ("vision", "hydra")
    assert (start["model"], start["dataset"]) == ("ResNet", "mnist")
    assert {name: start["config"][name] for name in ("lr", "twice", "dataset")} == {
        "lr": 0.1, "twice": 0.1, "dataset": "mnist",
    }  # fmt: skip
    assert "hydra" not in start["config"]
    assert "secret-text" not in str(start)
    assert start["run_dir"].startswith(str(tmp_path))
    assert data("job_done")[0]["metrics"] == {"objective": 0.2, "seen": 1}
    assert data("job_done")[0]["train_epochs"] == 2


def test_the_record_of_the_batch_has_the_configuration(run, data):
    record = CONFIG.replace("capture_environment: false", "capture_environment: true")
    assert run(config=record).returncode == 0
    assert data("env_snapshot")[0]["config"]["model"] == {"_target_": "torchvision.models.ResNet", "depth": 18}


def test_a_run_that_raises_has_failed(run, data):
    done = run("lr=2")
    assert done.returncode == 1
    assert data("job_failed")[0]["reason"] == "RuntimeError: diverged"
    assert data("batch_failed")[0]["reason"] == "RuntimeError: diverged"


def test_a_multirun_is_a_batch_of_its_jobs(ingest, run, data):
    done = run("-m", "lr=0.1,0.2", "dataset=mnist,svhn")
    assert done.returncode == 0, done.stderr
    assert ingest.types()["batch_start"] == ingest.types()["batch_done"] == 1
    assert len({event["batch_id"] for event in ingest.events.values()}) == 1
    starts = ingest.of_type("job_start")
    assert [start["job_id"] for start in starts] == ["0", "1", "2", "3"]
    assert [start["data"]["name"] for start in starts] == [
        "dataset=mnist,lr=0.1", "dataset=svhn,lr=0.1", "dataset=mnist,lr=0.2", "dataset=svhn,lr=0.2",
    ]  # fmt: skip
    assert [start["data"]["config"]["lr"] for start in starts] == [0.1, 0.1, 0.2, 0.2]
    assert [done["metrics"]["objective"] for done in data("job_done")] == [0.2, 0.2, 0.4, 0.4]
    assert len(data("job_epoch")) == 8
    assert data("batch_done")[0]["n_done"] == 4


def test_ids_of_jobs_follow_a_template_or_a_key(ingest, run):
    config = CONFIG + '      job_id_template: "{dataset}-{lr}-{job_num}"\n'
    run("-m", "dataset=a,b", config=config)
    run("dataset=c", config=CONFIG + "      job_id_key: dataset\n")
    assert [event["job_id"] for event in ingest.of_type("job_start")] == ["a-0.1-0", "b-0.1-1", "c"]


def test_a_multirun_with_a_failed_job_has_failed(ingest, run, data):
    done = run("-m", "lr=0.1,2,0.2")
    assert done.returncode == 1
    assert [event["job_id"] for event in ingest.of_type("job_done")] == ["0", "2"]
    assert data("job_failed")[0]["reason"] == "RuntimeError: diverged"
    assert data("batch_failed")[0]["reason"] == "1 of 3 jobs failed"


def test_a_multirun_that_is_terminated_ends_its_job_and_then_its_batch(program, data, tmp_path):
    (tmp_path / "config.yaml").write_text(CONFIG)
    script = SCRIPT.replace('argus.log({"seen": 1})', "os.kill(os.getpid(), signal.SIGTERM); time.sleep(30)")
    done = program("import os, signal, time\n" + script, "-m", "lr=0.1,0.2")
    assert done.returncode == -signal.SIGTERM
    assert [row["reason"] for row in data("job_failed")] == ["RunFailed: terminated by SIGTERM"]
    assert [row["reason"] for row in data("batch_failed")] == ["terminated by SIGTERM"]


def test_jobs_in_processes_of_a_launcher_report_into_the_same_batch(ingest, run, data):
    done = run("-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "lr=0.1,0.2,0.3")
    assert done.returncode == 0, done.stderr
    assert len({event["batch_id"] for event in ingest.events.values()}) == 1
    assert sorted(event["job_id"] for event in ingest.of_type("job_done")) == ["0", "1", "2"]
    assert len(data("job_epoch")) == 6
    ends = data("batch_done")
    assert [end.get("joined") for end in ends].count(None) == 1
    assert all(start.get("joined") for start in data("batch_start")[1:])

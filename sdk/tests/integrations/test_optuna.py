"""Optuna: real studies, with pruning, failures, threads and processes."""

from __future__ import annotations

import threading

import pytest

pytestmark = pytest.mark.integrations


@pytest.fixture
def callback(options):
    from argus.integrations.optuna import ArgusCallback

    return lambda **more: ArgusCallback(**{**options, **more})


@pytest.fixture
def study():
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return lambda **more: optuna.create_study(
        **{"study_name": "lr-search", "sampler": optuna.samplers.RandomSampler(seed=7), **more}
    )


def objective(trial):
    """Trials get worse with their number, so that the later ones are pruned."""
    import optuna

    lr = trial.suggest_float("lr", 0.001, 0.1)
    for step in range(3):
        trial.report(trial.number + lr / (step + 1), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return trial.number + lr


def test_trials_are_jobs_with_the_labels_of_study_and_trial(ingest, kinds, callback, study, data):
    with callback(target_metric="val_loss", model="cnn", dataset="mnist") as argus_study:
        argus_study.optimize(study(), objective, n_trials=2)
    assert kinds() == ["batch_start", "job_start", "job_step", "job_done", "batch_done"]
    start = data("batch_start")[0]
    assert (start["experiment_type"], start["n_total_jobs"], start["name"]) == ("optuna", 2, "lr-search")
    assert "joined" not in start
    first, second = ingest.of_type("job_start")
    assert (first["job_id"], second["job_id"]) == ("lr-search-0", "lr-search-1")
    labels = first["data"]["optuna"]
    assert labels == {
        "study_name": "lr-search", "trial_id": 0, "params": first["data"]["config"], "direction": "minimize",
        "sampler": "RandomSampler", "target_metric": "val_loss",
    }  # fmt: skip
    assert set(labels["params"]) == {"lr"}
    assert (first["data"]["model"], first["data"]["dataset"]) == ("cnn", "mnist")
    points = [event["data"] for event in ingest.of_type("job_step") if event["job_id"] == "lr-search-0"]
    lr = labels["params"]["lr"]
    assert points == [{"step": step, "val_loss": pytest.approx(lr / (step + 1))} for step in range(3)]
    assert [done["metrics"]["val_loss"] for done in data("job_done")] == [pytest.approx(lr), pytest.approx(
        1 + second["data"]["optuna"]["params"]["lr"])]  # fmt: skip
    assert data("batch_done")[0]["n_done"] == 2


def test_pruned_trials_say_so_and_failed_ones_why(ingest, callback, study, data):
    import optuna

    def failing(trial):
        if trial.number == 1:
            trial.suggest_int("depth", 1, 3)
            raise ValueError("no such depth")
        return objective(trial)

    pruner = optuna.pruners.ThresholdPruner(upper=2)
    with callback() as argus_study:
        argus_study.optimize(study(pruner=pruner), failing, n_trials=4, catch=(ValueError,))
    statuses = {event["job_id"][-1]: event["data"]["status"] for event in ingest.of_type("job_done")}
    assert statuses == {"0": "DONE", "2": "PRUNED", "3": "PRUNED"}
    failed = ingest.of_type("job_failed")
    assert [(event["job_id"], event["data"]["reason"]) for event in failed] == [
        ("lr-search-1", "ValueError: no such depth")
    ]
    assert len(data("job_start")) == 4
    assert data("job_start")[1]["optuna"]["params"].keys() == {"depth"}


def test_a_study_that_raises_has_failed(callback, study, data):
    def failing(trial):
        raise ValueError("no data")

    with pytest.raises(ValueError, match="no data"), callback() as argus_study:
        argus_study.optimize(study(), failing, n_trials=2)
    assert data("job_failed")[0]["reason"] == "ValueError: no data"
    assert data("batch_failed")[0]["reason"] == "ValueError: no data"


def test_a_value_that_is_no_number_fails_its_trial(callback, study, data):
    with callback() as argus_study:
        argus_study.optimize(study(), lambda trial: float("nan"), n_trials=1)
    assert data("job_failed")[0]["reason"] == "RunFailed: Optuna counts the trial as failed"


def test_as_a_plain_callback_it_reports_trials_when_they_have_ended(callback, study, data):
    argus_callback = callback()
    study(direction="maximize").optimize(objective, n_trials=2, callbacks=[argus_callback])
    argus_callback.close()
    assert [start["optuna"]["direction"] for start in data("job_start")] == ["maximize", "maximize"]
    assert [row["step"] for row in data("job_step")] == [0, 1, 2, 0, 1, 2]
    assert [done["metrics"]["value"] >= 0 for done in data("job_done")] == [True, True]
    assert len(data("batch_done")) == 1


def test_several_objectives_have_a_name_each(callback, study, data):
    import optuna

    two = optuna.create_study(study_name="pareto", directions=["minimize", "maximize"])
    with callback() as argus_study:
        argus_study.optimize(two, lambda trial: (trial.suggest_float("x", 0, 1), 2.0), n_trials=1)
    metrics = data("job_done")[0]["metrics"]
    assert metrics == {"value": data("job_start")[0]["optuna"]["params"]["x"], "value_1": 2.0}


def test_trials_of_several_threads_do_not_mix(ingest, callback, study):
    import optuna

    both = threading.Barrier(2, timeout=30)

    def together(trial):
        both.wait()
        return objective(trial)

    with callback() as argus_study:
        argus_study.optimize(study(pruner=optuna.pruners.NopPruner()), together, n_trials=6, n_jobs=2)
    for number in range(6):
        job = f"lr-search-{number}"
        points = [event["data"]["value"] for event in ingest.of_type("job_step") if event["job_id"] == job]
        assert [int(value) for value in points] == [number] * 3
    assert ingest.types()["job_done"] == 6
    assert ingest.types()["batch_start"] == 1


def test_the_job_of_a_trial_takes_epochs_and_logs(kinds, callback, study, data):
    with callback() as argus_study:

        def training(trial):
            lr = trial.suggest_float("lr", 0.1, 0.2)
            job = argus_study.job(trial)
            job.epoch(0, train_loss=lr)
            job.log("one epoch")
            trial.set_user_attr("parameters", 12)
            return lr

        argus_study.optimize(study(), training, n_trials=1)
    assert kinds() == ["batch_start", "job_start", "job_epoch", "log_line", "job_done", "batch_done"]
    assert data("job_done")[0]["metrics"]["parameters"] == 12


def test_a_stop_prunes_what_runs_and_ends_the_study(ingest, callback, study, data, wait_until):
    argus_study = callback(stop_polling=0.05)

    def asked_to_stop(trial):
        if trial.number == 1:
            ingest.stop_answer = {"stop_requested": True}
            wait_until(lambda: argus_study._reporter.stopped)
        return objective(trial)

    with argus_study:
        lr_search = study()
        argus_study.optimize(lr_search, asked_to_stop, n_trials=50)
    assert [trial.state.name for trial in lr_search.trials] == ["COMPLETE", "PRUNED"]
    assert [done["status"] for done in data("job_done")] == ["DONE", "PRUNED"]
    assert len(data("batch_done")) == 1


SHARED = """
import optuna
from argus.integrations.optuna import ArgusCallback

study = optuna.create_study(study_name="shared", storage="sqlite:///study.db", load_if_exists=True)
argus_study = ArgusCallback(project="vision", heartbeat=False, resource_snapshot=False, capture_environment=False)
argus_study.optimize(study, lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
"""


def test_processes_that_share_a_study_share_its_batch(ingest, program, data):
    for _ in range(2):
        done = program(SHARED)
        assert done.returncode == 0, done.stderr
    assert len({event["batch_id"] for event in ingest.events.values()}) == 1
    assert [event["job_id"] for event in ingest.of_type("job_done")] == [f"shared-{number}" for number in range(4)]
    assert all(start["joined"] for start in data("batch_start"))
    assert all(end["joined"] for end in data("batch_done"))
    assert len(data("batch_done")) == 2

"""Keras: real fits of a tiny model."""

from __future__ import annotations

import pytest

import argus

pytestmark = pytest.mark.integrations


@pytest.fixture
def fit():
    """Fits a line to a few points; returns the history."""
    import keras
    import numpy as np

    def run(*callbacks, epochs=2, validated=True, fails_in=None):
        rng = np.random.default_rng(7)
        x = rng.normal(size=(32, 4)).astype("float32")
        y = x.sum(axis=1, keepdims=True)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)], name="line")
        model.compile(keras.optimizers.SGD(0.05), loss="mse", metrics=["mae"])
        if fails_in is not None:
            callbacks = [*callbacks, keras.callbacks.LambdaCallback(on_epoch_begin=_failing(fails_in))]
        validation = (x, y) if validated else None
        return model.fit(x, y, batch_size=8, epochs=epochs, verbose=0, validation_data=validation, callbacks=callbacks)

    return run


def _failing(epoch):
    def fail(number, logs):
        if number == epoch:
            raise RuntimeError("out of memory")

    return fail


@pytest.fixture
def callback(options):
    from argus.integrations.keras import ArgusCallback

    return lambda **more: ArgusCallback(**{**options, **more})


def test_a_fit_is_a_job_with_its_epochs(kinds, fit, callback, data):
    history = fit(callback(dataset="points", config={"seed": 7}))
    assert kinds() == ["batch_start", "job_start", "job_epoch", "job_done", "batch_done"]
    assert data("batch_start")[0]["experiment_type"] == "keras"
    start = data("job_start")[0]
    assert (start["model"], start["dataset"], start["config"]["seed"]) == ("line", "points", 7)
    epochs = data("job_epoch")
    assert [epoch["epoch"] for epoch in epochs] == [0, 1]
    for number, epoch in enumerate(epochs):
        assert epoch["train_loss"] == pytest.approx(history.history["loss"][number])
        assert epoch["val_loss"] == pytest.approx(history.history["val_loss"][number])
        assert epoch["lr"] == pytest.approx(0.05)
        assert {"mae", "val_mae"} <= set(epoch)
        assert "loss" not in epoch
    done = data("job_done")[0]
    assert done["train_epochs"] == 2
    assert done["metrics"]["val_mae"] == pytest.approx(history.history["val_mae"][-1])
    assert data("batch_done")[0]["n_done"] == 1


def test_what_it_finds_out_is_the_configuration_when_none_is_given(fit, callback, data):
    fit(callback())
    assert data("job_start")[0]["config"] == {
        "epochs": 2, "steps": 4, "optimizer": "SGD", "lr": pytest.approx(0.05),
    }  # fmt: skip


def test_batches_are_points_between_epochs_when_asked(fit, callback, data):
    fit(callback(log_every_n_steps=2), validated=False)
    assert [row["step"] for row in data("job_step")] == [2, 4, 6, 8]
    assert set(data("job_step")[0]) == {"step", "loss_step", "mae_step"}


def test_a_fit_that_raises_has_failed(fit, callback, data):
    with pytest.raises(RuntimeError), callback() as argus_callback:
        fit(argus_callback, fails_in=1)
    assert len(data("job_epoch")) == 1
    assert data("job_failed")[0]["reason"] == "RuntimeError: out of memory"
    assert data("batch_failed")[0]["reason"] == "RuntimeError: out of memory"


def test_a_failure_can_be_reported_by_hand_and_the_next_fit_is_a_new_job(ingest, fit, callback, data):
    argus_callback = callback()
    with pytest.raises(RuntimeError) as raised:
        fit(argus_callback, fails_in=0)
    argus_callback.report_failure(raised.value)
    argus_callback.report_failure(raised.value)
    fit(argus_callback, epochs=1)
    assert (len(data("job_failed")), len(data("job_done"))) == (1, 1)
    assert len({event["job_id"] for event in ingest.of_type("job_start")}) == 2


DYING = """
import keras
import numpy as np
from argus.integrations.keras import ArgusCallback

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", loss="mse")
fail = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: 1 / 0)
model.fit(np.ones((8, 4)), np.ones(8), verbose=0, callbacks=[ArgusCallback(project="p"), fail])
"""


def test_a_script_that_dies_of_its_fit_reports_why(program, data):
    done = program(DYING)
    assert "ZeroDivisionError" in done.stderr
    assert data("job_failed")[0]["reason"] == "RunFailed: ZeroDivisionError: division by zero"
    assert len(data("batch_failed")) == 1


def test_a_stop_ends_the_fit_in_order(ingest, fit, callback, data, wait_until):
    import keras

    argus_callback = callback(stop_polling=0.05)

    def ask(epoch, logs):
        if epoch == 1:
            ingest.stop_answer = {"stop_requested": True}
            wait_until(lambda: argus_callback._training.stopped)

    history = fit(keras.callbacks.LambdaCallback(on_epoch_begin=ask), argus_callback, epochs=50)
    assert len(history.history["loss"]) == 2
    assert [epoch["epoch"] for epoch in data("job_epoch")] == [0, 1]
    assert (len(data("job_done")), len(data("batch_done"))) == (1, 1)


def test_it_reports_into_what_is_open_already(ingest, fit, callback, options, reporter, data):
    from argus.integrations.keras import ArgusCallback

    quiet = {name: value for name, value in options.items() if name not in {"project", "argus_url"}}
    with reporter("sweep") as r:
        fit(ArgusCallback(reporter=r, job_id="j1"), epochs=1)
        with r.job("j2") as job:
            fit(ArgusCallback(job=job), epochs=1)
            job.epoch(1, train_loss=0.1)
    run = argus.init("vision", monitor_url=ingest.url, **quiet)
    fit(ArgusCallback(), epochs=1)
    argus.finish()
    by_job = [event["job_id"] for event in ingest.of_type("job_epoch")]
    assert by_job == ["j1", "j2", "j2", run.id]
    assert [event["job_id"] for event in ingest.of_type("job_done")] == ["j1", "j2", run.id]
    assert len(data("batch_done")) == 2


def test_only_the_first_process_of_several_reports(ingest, fit, callback, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    fit(callback())
    assert ingest.paths == []


def test_a_stop_of_one_process_of_several_is_told_and_not_obeyed(
    ingest, fit, callback, monkeypatch, wait_until, caplog
):
    import keras

    monkeypatch.setenv("WORLD_SIZE", "2")
    ingest.stop_answer = {"stop_requested": True}
    argus_callback = callback(stop_polling=0.05)
    wait = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: wait_until(lambda: argus_callback._training.stopped)
    )
    history = fit(argus_callback, wait)
    assert len(history.history["loss"]) == 2
    assert "end them yourself" in caplog.text


def test_a_wrong_option_is_an_error(callback):
    with pytest.raises(TypeError, match="unknown options of an Argus adapter: proejct"):
        callback(proejct="x")

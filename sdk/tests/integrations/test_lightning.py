"""Lightning, by both of its names: real fits of a tiny module."""

from __future__ import annotations

import importlib

import pytest

pytestmark = pytest.mark.integrations


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def pl(request):
    return importlib.import_module(request.param)


@pytest.fixture
def fit(tmp_path):
    """Fits a line; `more` goes to the trainer."""

    def run(pl, *callbacks, fails_in=None, **more):
        import torch

        class Line(pl.LightningModule):
            def __init__(self, lr=0.05):
                super().__init__()
                self.save_hyperparameters()
                self.layer = torch.nn.Linear(4, 1)

            def training_step(self, batch, index):
                if self.current_epoch == fails_in:
                    raise RuntimeError("out of memory")
                loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
                self.log("train_loss", loss, on_step=True, on_epoch=True)
                self.log("grad_norm", 1.5)
                return loss

            def validation_step(self, batch, index):
                self.log("val_loss", torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1]))
                self.log("val_acc", 0.5)

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)

        torch.manual_seed(7)
        x = torch.randn(32, 4)
        points = torch.utils.data.TensorDataset(x, x.sum(dim=1, keepdim=True))
        loader = torch.utils.data.DataLoader(points, batch_size=8)
        options = {
            "max_epochs": 2, "accelerator": "cpu", "devices": 1, "logger": False, "enable_checkpointing": False,
            "enable_progress_bar": False, "enable_model_summary": False, "default_root_dir": tmp_path,
        }  # fmt: skip
        trainer = pl.Trainer(callbacks=list(callbacks), **{**options, **more})
        trainer.fit(Line(), loader, loader)
        return trainer

    return run


@pytest.fixture
def callback(options):
    from argus.integrations.lightning import ArgusCallback

    return lambda **more: ArgusCallback(**{**options, **more})


def test_a_fit_is_a_job_with_its_epochs(kinds, pl, fit, callback, data):
    trainer = fit(pl, callback(dataset="points", config={"seed": 7}))
    assert kinds() == ["batch_start", "job_start", "job_epoch", "job_done", "batch_done"]
    start = data("job_start")[0]
    assert (start["model"], start["dataset"]) == ("Line", "points")
    assert start["config"] == {"lr": 0.05, "max_epochs": 2, "seed": 7}
    epochs = data("job_epoch")
    assert [set(epoch) for epoch in epochs] == [{"epoch", "train_loss", "val_loss", "lr", "grad_norm", "val_acc"}] * 2
    assert [epoch["epoch"] for epoch in epochs] == [0, 1]
    assert epochs[1]["train_loss"] == pytest.approx(float(trainer.callback_metrics["train_loss_epoch"]))
    assert epochs[1]["val_loss"] == pytest.approx(float(trainer.callback_metrics["val_loss"]))
    assert data("job_done")[0]["metrics"]["val_loss"] == pytest.approx(epochs[1]["val_loss"])
    assert data("job_done")[0]["train_epochs"] == 2


def test_steps_are_points_between_epochs(pl, fit, callback, data, tmp_path):
    logger = importlib.import_module(f"{pl.__name__}.loggers").CSVLogger(tmp_path)
    fit(pl, callback(), logger=logger, log_every_n_steps=2)
    rows = data("job_step")
    assert [row["step"] for row in rows] == [2, 4, 6, 8]
    assert [set(row) for row in rows] == [{"step", "train_loss_step", "grad_norm"}] * 4


def test_results_of_an_earlier_validation_are_not_repeated(pl, fit, callback, data):
    fit(pl, callback(), max_epochs=4, check_val_every_n_epoch=2)
    assert ["val_loss" in epoch for epoch in data("job_epoch")] == [False, True, False, True]


def test_a_fit_that_raises_has_failed(pl, fit, callback, data):
    with pytest.raises(RuntimeError):
        fit(pl, callback(), fails_in=1)
    assert len(data("job_epoch")) == 1
    assert data("job_failed")[0]["reason"] == "RuntimeError: out of memory"
    assert data("batch_failed")[0]["reason"] == "RuntimeError: out of memory"


def test_a_stop_ends_the_fit_in_order(ingest, pl, fit, callback, data, wait_until):
    argus_callback = callback(stop_polling=0.05)

    class Ask(pl.Callback):
        def on_train_epoch_start(self, trainer, module):
            if trainer.current_epoch == 1:
                ingest.stop_answer = {"stop_requested": True}
                wait_until(lambda: argus_callback._training.stopped)

    trainer = fit(pl, Ask(), argus_callback, max_epochs=50)
    assert trainer.current_epoch <= 2
    assert [epoch["epoch"] for epoch in data("job_epoch")] == [0, 1]
    assert (len(data("job_done")), len(data("batch_done"))) == (1, 1)


DISTRIBUTED = """
import time
import torch
import lightning.pytorch as pl
from argus.integrations.lightning import ArgusCallback


class Line(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, index):
        loss = self.layer(batch[0]).square().mean()
        self.log("train_loss", loss, on_epoch=True, on_step=False, sync_dist=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class WaitForTheStop(pl.Callback):
    def on_train_epoch_start(self, trainer, module):
        while trainer.current_epoch == 2 and trainer.is_global_zero and not callback._training.stopped:
            time.sleep(0.01)


callback = ArgusCallback(
    project="p", stop_polling=0.05, heartbeat=False, resource_snapshot=False, capture_environment=False
)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(16, 4)), batch_size=4)
trainer = pl.Trainer(
    max_epochs=50, accelerator="cpu", devices=2, strategy="ddp", logger=False, enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False, callbacks=[WaitForTheStop(), callback],
)
trainer.fit(Line(), loader)
print(f"left after {trainer.current_epoch}\\n", end="", flush=True)
"""


def test_of_two_processes_the_first_reports_and_both_stop(ingest, kinds, program, data):
    """Data-parallel training over gloo: a stop that one process alone obeyed would leave the other waiting."""
    ingest.stop_answer = {"stop_requested": True}
    done = program(DISTRIBUTED)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("left after") == 2, done.stdout
    assert kinds() == ["batch_start", "job_start", "job_epoch", "job_done", "batch_done"]
    assert len(data("job_start")) == 1
    assert data("job_epoch")[-1]["epoch"] <= 2

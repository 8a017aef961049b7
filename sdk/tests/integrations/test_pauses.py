"""A pause that somebody asks for while a framework trains: it saves itself and ends with 75, and the script that is
started again goes on where it was, in the same job.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.integrations

TORCHRUN = "-m torch.distributed.run --standalone --nproc-per-node 2"

HEAD = """
import os, time
import argus
QUIET = dict(project="p", stop_polling=0.05, heartbeat=False, resource_snapshot=False, capture_environment=False)


def wait(callback):
    open("ask", "w").close()
    while callback._training.is_open and not callback._training.pause_requested:
        time.sleep(0.01)


def tell(*words):
    # In one piece: two processes share this output.
    print(" ".join(map(str, words)) + "\\n", end="", flush=True)
"""

LIGHTNING = f"""{HEAD}
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

    def validation_step(self, batch, index):
        self.log("val_loss", self.layer(batch[0]).square().mean(), sync_dist=True)

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=0.1)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]


class WaitForThePause(pl.Callback):
    def on_train_epoch_start(self, trainer, module):
        tell("epoch", trainer.current_epoch, trainer.global_step)
        if trainer.current_epoch == 2 and argus.resume_path() is None:
            wait(callback)


callback = ArgusCallback(**QUIET)
data = torch.utils.data.TensorDataset(torch.randn(16, 4))
loader = torch.utils.data.DataLoader(data, batch_size=4)
trainer = pl.Trainer(
    max_epochs=5, accelerator="cpu", devices=int(os.environ.get("DEVICES", "1")), logger=False,
    strategy="ddp" if "DEVICES" in os.environ else "auto", enable_checkpointing=bool(os.environ.get("KEEP")),
    enable_progress_bar=False, enable_model_summary=False, callbacks=[WaitForThePause(), callback],
)
trainer.fit(Line(), loader, loader, ckpt_path=argus.resume_path())
rate = trainer.optimizers[0].param_groups[0]["lr"]
tell("left after", trainer.current_epoch, trainer.global_step, rate)
"""

KERAS = f"""{HEAD}
import keras
import numpy as np
from argus.integrations.keras import ArgusCallback


def build():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), loss="mse")
    return model


path = argus.resume_path()
model = keras.models.load_model(path) if path else build()
tell("steps before", int(model.optimizer.iterations.numpy()))
callback = ArgusCallback(**QUIET)
ask = keras.callbacks.LambdaCallback(
    on_epoch_begin=lambda epoch, logs: wait(callback) if epoch == 2 and path is None else None
)
model.fit(
    np.ones((16, 4)), np.ones(16), batch_size=4, epochs=5, initial_epoch=callback.initial_epoch, verbose=0,
    callbacks=[callback, ask],
)
tell("left after", int(model.optimizer.iterations.numpy()))
"""

TRANSFORMERS = f"""{HEAD}
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments
from argus.integrations.transformers import ArgusCallback

ASK_AT = int(os.environ.get("ASK_AT", "10"))


class WaitForThePause(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == ASK_AT and argus.resume_path() is None:
            wait(callback)


callback = ArgusCallback(**QUIET)
torch.manual_seed(7)
config = BertConfig(
    vocab_size=32, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=2
)
rows = [{{"input_ids": row, "labels": row[0] % 2}} for row in torch.randint(0, 32, (16, 6))]
arguments = TrainingArguments(
    "out", num_train_epochs=5, per_device_train_batch_size=4, logging_steps=2, save_strategy="no", report_to=[],
    disable_tqdm=True, use_cpu=True, eval_strategy="epoch",
)
trainer = Trainer(
    BertForSequenceClassification(config), arguments, train_dataset=rows, eval_dataset=rows,
    callbacks=[WaitForThePause(), callback],
)
trainer.train(resume_from_checkpoint=argus.resume_path())
tell("left after", trainer.state.global_step)
"""


@pytest.fixture
def asking(ingest, tmp_path):
    """Somebody asks for a pause as soon as the script waits for it."""
    over = threading.Event()

    def ask():
        while not over.wait(0.01):
            if (tmp_path / "ask").exists():
                ingest.stop_answer = {"stop_requested": False, "pause_requested": True}
                return

    person = threading.Thread(target=ask)
    person.start()
    yield
    over.set()
    person.join()


@pytest.fixture
def paused(asking, program, data):
    """Run a script whose pause is asked for; what it told of where it is."""

    def run(code, *, launcher="", code_at_end=75, **environment):
        done = program(code, launcher=launcher, ARGUS_BATCH_ID="b-1", **environment)
        assert done.returncode == code_at_end, done.stdout + done.stderr
        assert "left after" not in done.stdout
        (told,) = data("batch_paused")
        assert data("job_done") == data("batch_done") == data("batch_failed") == data("job_failed") == []
        saved = told["checkpoint"]
        assert Path(saved["path"]).exists()
        assert told["jobs"] == [saved["job_id"]]
        return saved

    return run


@pytest.fixture
def resumed(ingest, program, data):
    """Run it again as the agent does, or by hand; what it printed."""

    def run(code, saved, *, launcher="", by_hand=False, **environment):
        ingest.stop_answer = {"stop_requested": False, "pause_requested": False}
        jobs = {} if by_hand else {"ARGUS_RESUME_JOBS": json.dumps({saved["job_id"]: saved["path"]})}
        names = {"ARGUS_BATCH_ID": "b-1", "ARGUS_RESUME_FROM": saved["path"], **jobs, **environment}
        done = program(code, launcher=launcher, **names)
        assert done.returncode == 0, done.stdout + done.stderr
        assert {event["job_id"] for event in ingest.of_type("job_epoch")} == {saved["job_id"]}
        assert {event["batch_id"] for event in ingest.of_type("job_epoch")} == {"b-1"}
        assert len(data("job_done")) == len(data("batch_done")) == 1
        return done.stdout

    return run


def epochs(data):
    return [row["epoch"] for row in data("job_epoch")]


@pytest.mark.parametrize("by_hand", [False, True])
def test_lightning(paused, resumed, data, by_hand):
    saved = paused(LIGHTNING)
    assert (saved["epoch"], saved["step"]) == (2, 12)
    assert epochs(data) == [0, 1, 2]
    printed = resumed(LIGHTNING, saved, by_hand=by_hand)
    assert epochs(data) == [0, 1, 2, 3, 4]
    assert printed.splitlines()[-1].startswith("left after 5 20 ")
    assert all("val_loss" in row for row in data("job_epoch"))


def test_lightning_beside_checkpoints_of_its_own(paused, resumed, data):
    saved = paused(LIGHTNING, KEEP="1")
    resumed(LIGHTNING, saved, KEEP="1")
    assert epochs(data) == [0, 1, 2, 3, 4]


def test_lightning_in_two_processes_pauses_in_both(paused, resumed, data):
    """Lightning starts the second itself, and kills the first if that one ends with anything but 0."""
    saved = paused(LIGHTNING, DEVICES="2")
    assert epochs(data) == [0, 1, 2]
    printed = resumed(LIGHTNING, saved, DEVICES="2")
    assert epochs(data) == [0, 1, 2, 3, 4]
    assert printed.count("left after 5 10 ") == 2


def test_a_pause_in_the_last_epoch_is_none(asking, program, data):
    done = program(LIGHTNING.replace("max_epochs=5", "max_epochs=3"))
    assert done.returncode == 0, done.stderr
    assert epochs(data) == [0, 1, 2]
    assert (len(data("job_done")), len(data("batch_paused"))) == (1, 0)


@pytest.mark.parametrize("by_hand", [False, True])
def test_keras(paused, resumed, data, by_hand):
    saved = paused(KERAS)
    assert saved["epoch"] == 2
    assert epochs(data) == [0, 1, 2]
    printed = resumed(KERAS, saved, by_hand=by_hand)
    assert epochs(data) == [0, 1, 2, 3, 4]
    assert "steps before 12" in printed
    assert "left after 20" in printed


def test_keras_that_cannot_save_goes_on(asking, program, data):
    done = program(KERAS.replace("ArgusCallback(**QUIET)", 'ArgusCallback(checkpoint_dir="train.py/no", **QUIET)'))
    assert done.returncode == 0, done.stderr
    assert epochs(data) == [0, 1, 2, 3, 4]
    assert len(data("job_done")) == 1


@pytest.mark.parametrize("by_hand", [False, True])
def test_transformers_in_the_middle_of_an_epoch(paused, resumed, data, by_hand):
    saved = paused(TRANSFORMERS)
    assert (saved["epoch"], saved["step"]) == (None, 10)
    assert epochs(data) == [0, 1]
    printed = resumed(TRANSFORMERS, saved, by_hand=by_hand)
    assert epochs(data) == [0, 1, 2, 3, 4]
    assert "left after 20" in printed


def test_transformers_at_the_end_of_one(paused, resumed, data):
    saved = paused(TRANSFORMERS, ASK_AT="8")
    assert (saved["epoch"], saved["step"]) == (1, 8)
    assert epochs(data) == [0, 1]
    assert "val_loss" in data("job_epoch")[-1]
    resumed(TRANSFORMERS, saved)
    assert epochs(data) == [0, 1, 2, 3, 4]


def test_transformers_in_two_processes_pauses_in_both(paused, resumed, data):
    """To torchrun any other code than 0 is a failure, which it may mend by beginning anew."""
    saved = paused(TRANSFORMERS, launcher=TORCHRUN, code_at_end=0, ASK_AT="4")
    printed = resumed(TRANSFORMERS, saved, launcher=TORCHRUN)
    assert epochs(data) == [0, 1, 2, 3, 4]
    assert printed.count("left after 10") == 2

"""Transformers: a real Trainer on a tiny model that is made here, not fetched."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.integrations


@pytest.fixture
def train(tmp_path):
    """Trains a classifier of token sequences; `more` goes to the arguments."""

    def run(*callbacks, **more):
        import torch
        from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

        torch.manual_seed(7)
        config = BertConfig(
            vocab_size=32, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=2
        )
        tokens = torch.randint(0, 32, (16, 6))
        rows = [{"input_ids": row, "labels": row[0] % 2} for row in tokens]
        options = {
            "output_dir": str(tmp_path), "num_train_epochs": 2, "per_device_train_batch_size": 4, "logging_steps": 2,
            "eval_strategy": "epoch", "save_strategy": "no", "report_to": [], "disable_tqdm": True, "use_cpu": True,
        }  # fmt: skip
        arguments = TrainingArguments(**{**options, **more})
        model = BertForSequenceClassification(config)
        trainer = Trainer(model, arguments, train_dataset=rows, eval_dataset=rows, callbacks=list(callbacks))
        trainer.train()
        return trainer

    return run


@pytest.fixture
def callback(options):
    from argus.integrations.transformers import ArgusCallback

    return lambda **more: ArgusCallback(**{**options, **more})


def test_a_training_is_a_job_with_steps_and_epochs(kinds, train, callback, data):
    trainer = train(callback(dataset="tokens"))
    start = data("job_start")[0]
    assert (start["model"], start["dataset"]) == ("BertForSequenceClassification", "tokens")
    assert start["config"]["per_device_train_batch_size"] == 4
    assert start["config"]["model"]["hidden_size"] == 8
    logged = [row for row in trainer.state.log_history if "loss" in row]
    steps = [row for row in data("job_step") if "loss" in row]
    assert [(row["step"], row["loss"]) for row in steps] == [(row["step"], row["loss"]) for row in logged]
    assert len(steps) == 4
    evaluated = [row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row]
    epochs = data("job_epoch")
    assert [(row["epoch"], row["val_loss"]) for row in epochs] == list(enumerate(evaluated))
    assert all({"train_loss", "lr", "grad_norm"} <= set(row) for row in epochs)
    done = data("job_done")[0]
    assert done["train_epochs"] == 2
    assert done["metrics"]["train_loss"] > 0
    assert kinds()[-1] == "batch_done"


def test_without_evaluation_epochs_have_the_loss(train, callback, data):
    train(callback(), eval_strategy="no", logging_strategy="epoch")
    assert [(row["epoch"], "train_loss" in row, "val_loss" in row) for row in data("job_epoch")] == [
        (0, True, False), (1, True, False),
    ]  # fmt: skip


def test_a_training_that_raises_has_failed(train, callback, data):
    from transformers import TrainerCallback

    class Fail(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 3:
                raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError), callback() as argus_callback:
        train(argus_callback, Fail())
    assert data("job_failed")[0]["reason"] == "RuntimeError: out of memory"
    assert data("batch_failed")[0]["reason"] == "RuntimeError: out of memory"


def test_a_stop_ends_the_training_in_order(ingest, train, callback, data, wait_until):
    from transformers import TrainerCallback

    argus_callback = callback(stop_polling=0.05)

    class Ask(TrainerCallback):
        def on_step_begin(self, args, state, control, **kwargs):
            if state.global_step == 5:
                ingest.stop_answer = {"stop_requested": True}
                wait_until(lambda: argus_callback._training.stopped)

    trainer = train(Ask(), argus_callback, num_train_epochs=50)
    assert trainer.state.global_step == 6
    assert (len(data("job_done")), len(data("batch_done"))) == (1, 1)


DISTRIBUTED = """
import time
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments
from argus.integrations.transformers import ArgusCallback


class WaitForTheStop(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        while state.global_step == 5 and state.is_world_process_zero and not callback._training.stopped:
            time.sleep(0.01)


callback = ArgusCallback(
    project="p", stop_polling=0.05, heartbeat=False, resource_snapshot=False, capture_environment=False
)
config = BertConfig(
    vocab_size=32, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=2
)
rows = [{"input_ids": row, "labels": row[0] % 2} for row in torch.randint(0, 32, (16, 6))]
arguments = TrainingArguments(
    "out", num_train_epochs=50, per_device_train_batch_size=4, logging_steps=2, save_strategy="no", report_to=[],
    disable_tqdm=True, use_cpu=True,
)
trainer = Trainer(
    BertForSequenceClassification(config), arguments, train_dataset=rows, callbacks=[WaitForTheStop(), callback]
)
trainer.train()
print(f"left after {trainer.state.global_step}\\n", end="", flush=True)
"""


def test_of_two_processes_the_first_reports_and_both_stop(ingest, program, data):
    """A stop that one process alone obeyed would leave the other waiting for its gradients."""
    ingest.stop_answer = {"stop_requested": True}
    done = program(DISTRIBUTED, launcher="-m torch.distributed.run --standalone --nproc-per-node 2")
    assert done.returncode == 0, done.stderr
    left = [int(step) for step in re.findall(r"left after (\d+)\n", done.stdout)]
    assert len(left) == 2, done.stdout
    assert left[0] == left[1] <= 6
    assert (len(data("job_start")), len(data("job_done")), len(data("batch_done"))) == (1, 1, 1)

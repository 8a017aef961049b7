"""Hugging Face Transformers: `Trainer(..., callbacks=[ArgusCallback(project="nlp")])`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from argus.integrations._base import Training, missing, name_of

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise missing("Transformers", "transformers", error) from error

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, Unpack

    from argus.integrations._base import Options

_PAUSE, _STOP = 1, 2
# Trainer's epochs are sums of fractions.
_ALMOST = 1e-6
_TRAIN_LOSS_KEYS = ("loss", "train_loss")
_VAL_LOSS_KEYS = ("eval_loss",)
# Trainer logs these once, at the end.
_FINAL = frozenset({"train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos", "train_loss"})


class ArgusCallback(TrainerCallback):  # type: ignore[misc]
    """Reports `train()` as a job: what Trainer logs, at its steps, and each epoch with its evaluation.

    Each checkpoint of Trainer is told. A pause comes with one that it makes when somebody asks: after the step, or in
    a training over several processes when they next log or end an epoch; then `train()` ends, and the process with
    exit code 75. Resume starts the script again, which goes on from there by
    `trainer.train(resume_from_checkpoint=argus.resume_path())`, in the same job. A search of hyperparameters runs on.

    An epoch is reported when the next begins, since Trainer evaluates after it. Trainer tells no callback of an
    exception: a training that raises is reported as failed when the process ends of it, or at once inside
    `with ArgusCallback(...) as callback:` or by `report_failure`.

    Parameters:
        options: see `Options`.
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        self._training = Training("transformers", options)
        self._row: dict[str, Any] = {}
        self._epoch: int | None = None
        self._is_pausing = self._is_saved = False

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        self._row, self._epoch = {}, None
        self._is_pausing = self._is_saved = False
        if not state.is_world_process_zero:
            return
        config = {**args.to_sanitized_dict(), "model": _settings_of(model)}
        self._training.begin(model=name_of(model), config=config)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        row = {name: value for name, value in (logs or {}).items() if name != "epoch"}
        if _FINAL & set(row) and "train_runtime" in row:
            self._training.keep(row)
        else:
            self._training.step(state.global_step, row)
            self._row.update(row)
        self._obey(state, control, _most_of_all(self._asked, args))

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        self._row.update({name: value for name, value in (metrics or {}).items() if name != "epoch"})

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        if _whole_epochs(state) is None:  # at the end of an epoch its evaluation comes first
            self._obey(state, control, self._asked if args.world_size == 1 else 0)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        self._report_epoch()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        # One that a pause cut short goes on in another process.
        self._epoch = None if self._is_saved and _whole_epochs(state) is None else max(round(state.epoch or 1) - 1, 0)
        self._obey(state, control, _most_of_all(self._asked, args))

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        path = os.path.join(args.output_dir, f"checkpoint-{state.global_step}")
        epochs = _whole_epochs(state)
        if os.path.isdir(path):  # a search of hyperparameters saves elsewhere
            self._training.checkpoint(path, epoch=epochs - 1 if epochs else None, step=state.global_step)
        if self._is_pausing:
            self._is_saved = True
            control.should_training_stop = True

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See transformers.TrainerCallback.

        Raises:
            SystemExit: the training is paused.
        """
        self._report_epoch()
        if self._is_saved and state.global_step < state.max_steps:
            self._training.pause()
        self._training.end()

    def report_failure(self, exception: BaseException) -> None:
        """The training raised this. Does nothing when it had already come to its end."""
        self._training.end(exception)

    def __enter__(self) -> Self:
        """Nothing to do: the training begins the job."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Report the exception that the training raised."""
        self._training.end(error)

    def _report_epoch(self) -> None:
        """The epoch that ended, with what was logged and evaluated since."""
        if self._epoch is not None:
            self._training.epoch(self._epoch, self._row, _TRAIN_LOSS_KEYS, _VAL_LOSS_KEYS)
            self._row, self._epoch = {}, None

    @property
    def _asked(self) -> int:
        return _STOP if self._training.stopped else _PAUSE if self._training.pause_requested else 0

    def _obey(self, state: Any, control: Any, asked: int) -> None:
        """In all processes at the same step: one that left alone would leave the others waiting for it."""
        if asked == _STOP:
            control.should_training_stop = True
        elif (asked == _PAUSE or self._is_pausing) and not self._is_saved and not state.is_hyper_param_search:
            self._is_pausing = True
            control.should_save = True


def _settings_of(model: Any) -> Any:
    config: Any = getattr(model, "config", None)
    return config.to_diff_dict() if hasattr(config, "to_diff_dict") else config


def _whole_epochs(state: Any) -> int | None:
    """How many epochs are over; None in the middle of one."""
    number = round(state.epoch or 0)
    return number if abs((state.epoch or 0) - number) < _ALMOST else None


def _most_of_all(asked: int, args: Any) -> int:
    if args.world_size == 1:
        return asked
    import torch

    if not torch.distributed.is_initialized():
        return asked
    told = torch.tensor(asked, device=args.device)
    torch.distributed.all_reduce(told, op=torch.distributed.ReduceOp.MAX)
    return int(told.item())

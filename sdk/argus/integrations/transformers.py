"""Hugging Face Transformers: `Trainer(..., callbacks=[ArgusCallback(project="nlp")])`."""

from __future__ import annotations

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

_TRAIN_LOSS_KEYS = ("loss", "train_loss")
_VAL_LOSS_KEYS = ("eval_loss",)
# Trainer logs these once, at the end.
_FINAL = frozenset({"train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos", "train_loss"})


class ArgusCallback(TrainerCallback):  # type: ignore[misc]
    """Reports `train()` as a job: what Trainer logs, at its steps, and each epoch with its evaluation.

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

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        self._row, self._epoch = {}, None
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
        self._stop_if_asked(args, control)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        self._row.update({name: value for name, value in (metrics or {}).items() if name != "epoch"})

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        if args.world_size == 1 and self._training.stopped:
            control.should_training_stop = True

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        self._report_epoch()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        self._epoch = max(round(state.epoch or 1) - 1, 0)
        self._stop_if_asked(args, control)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See transformers.TrainerCallback."""
        self._report_epoch()
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

    def _stop_if_asked(self, args: Any, control: Any) -> None:
        """In all processes at the same step: one that left alone would leave the others waiting for it."""
        if _in_any_process(self._training.stopped, args):
            control.should_training_stop = True


def _settings_of(model: Any) -> Any:
    config: Any = getattr(model, "config", None)
    return config.to_diff_dict() if hasattr(config, "to_diff_dict") else config


def _in_any_process(flag: bool, args: Any) -> bool:
    if args.world_size == 1:
        return flag
    import torch

    if not torch.distributed.is_initialized():
        return flag
    told = torch.tensor(int(flag), device=args.device)
    torch.distributed.all_reduce(told, op=torch.distributed.ReduceOp.MAX)
    return bool(told.item())

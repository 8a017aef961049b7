"""PyTorch Lightning: `Trainer(callbacks=[ArgusCallback(project="vision")])`, of `lightning` or `pytorch_lightning`."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from argus._guard import absorb
from argus.integrations._base import Training, missing, name_of, numbers

if TYPE_CHECKING:
    from os import PathLike
    from typing import Unpack

    from argus.integrations._base import Options


def _callback_class() -> Any:
    """Of the two packages the one that is in use; a callback of one works in a trainer of the other too."""
    for name in sorted(("lightning.pytorch", "pytorch_lightning"), key=lambda name: name not in sys.modules):
        try:
            return import_module(name).Callback
        except ImportError as error:
            reason = error
    raise missing("PyTorch Lightning", "lightning", reason) from reason


_Callback: Any = _callback_class()


class ArgusCallback(_Callback):  # type: ignore[misc]
    """Reports `fit` as a job: all that was logged, by epoch and by step. A stop ends `fit` in order.

    In a training over several processes the first one reports.

    A pause comes when an epoch ends: all processes agree, the trainer saves itself, and at the beginning of the next
    epoch the process ends with exit code 75. Resume starts the script again, which goes on from there by
    `trainer.fit(module, ckpt_path=argus.resume_path())`, in the same job.

    Parameters:
        train_loss_keys, val_loss_keys: names that the module logs; the first that is there is the loss.
        final_metric_keys: what is kept as the job's results of what was logged last; all by default.
        checkpoint_dir: where a pause saves; default is the folder `argus` in the trainer's `default_root_dir`.
        options: see `Options`.
    """

    def __init__(
        self,
        *,
        train_loss_keys: tuple[str, ...] = ("train_loss", "loss"),
        val_loss_keys: tuple[str, ...] = ("val_loss",),
        final_metric_keys: tuple[str, ...] | None = None,
        checkpoint_dir: str | PathLike[str] | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__()
        self._training = Training("lightning", options)
        self._keys = tuple(train_loss_keys), tuple(val_loss_keys)
        self._final_keys = final_metric_keys
        self._folder = checkpoint_dir
        self._is_pausing = False
        self._by_step: set[str] = set()
        self._by_step_is_known = False
        self._before_validation: set[str] = set()
        self._of_validation: set[str] = set()
        self._has_validated = False

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """See lightning.pytorch.Callback."""
        self._by_step, self._of_validation = set(), set()
        self._by_step_is_known = self._has_validated = self._is_pausing = False
        if not trainer.is_global_zero:
            return
        data = trainer.datamodule
        config = {
            **dict(getattr(pl_module, "hparams", None) or {}),
            **dict(getattr(data, "hparams", None) or {}),
            "max_epochs": trainer.max_epochs,
        }
        self._training.begin(model=name_of(pl_module), dataset=name_of(data), config=config)

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """See lightning.pytorch.Callback. By now the other callbacks are through with the epoch before.

        Raises:
            SystemExit: the training is paused.
        """
        if self._is_pausing:
            self._training.pause()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """See lightning.pytorch.Callback."""
        if not self._training.is_open:
            return
        every = trainer.log_every_n_steps
        if every and trainer.global_step % every == 0:
            self._training.step(trainer.global_step, self._logged_by_step(trainer))
        if trainer.world_size == 1 and self._training.stopped:
            trainer.should_stop = True

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """See lightning.pytorch.Callback."""
        self._before_validation = set(trainer.callback_metrics)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """See lightning.pytorch.Callback."""
        self._of_validation |= set(trainer.callback_metrics) - self._before_validation
        self._has_validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """See lightning.pytorch.Callback."""
        row = self._logged_by_epoch(trainer)
        rates = [group["lr"] for optimizer in trainer.optimizers for group in optimizer.param_groups]
        self._training.epoch(trainer.current_epoch, {**numbers({"lr": rates[:1]}), **row}, *self._keys)
        self._by_step_is_known = True
        self._has_validated = False
        # In all processes at once: one that left alone would leave the others waiting for it.
        if trainer.strategy.reduce_boolean_decision(self._training.stopped, all=False):
            trainer.should_stop = True
        elif trainer.strategy.reduce_boolean_decision(self._training.pause_requested, all=False):
            self._save(trainer)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """See lightning.pytorch.Callback."""
        found = _joined(numbers(trainer.callback_metrics))
        keys = found if self._final_keys is None else self._final_keys
        self._training.keep({name: found[name] for name in keys if name in found})

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """See lightning.pytorch.Callback."""
        self._training.end()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """See lightning.pytorch.Callback."""
        self._training.end(exception)

    def _save(self, trainer: Any) -> None:
        """In all processes. Where it fails in the only one, the training goes on and tries it after the next epoch."""
        epoch, step = trainer.current_epoch, trainer.global_step
        folder = self._folder or os.path.join(trainer.default_root_dir, "argus")
        path = trainer.strategy.broadcast(self._training.place(folder, epoch, ".ckpt"))
        try:
            trainer.save_checkpoint(path)
        except Exception as error:
            if trainer.world_size > 1:
                raise
            absorb("ArgusCallback.on_train_epoch_end", error)
            return
        self._training.checkpoint(path, epoch=epoch, step=step)
        self._is_pausing = True

    def _logged_by_step(self, trainer: Any) -> dict[str, float]:
        """What the module logs at each step. Later the trainer shows values of ended epochs among them."""
        row = numbers(trainer.logged_metrics)
        if not self._by_step_is_known:
            self._by_step |= set(row) - self._of_validation
        return {name: value for name, value in row.items() if name in self._by_step}

    def _logged_by_epoch(self, trainer: Any) -> dict[str, float]:
        """What stands at the end of an epoch, without the results of a validation that was earlier."""
        row = numbers(trainer.callback_metrics)
        if not self._has_validated:
            row = {name: value for name, value in row.items() if name not in self._of_validation}
        return _joined(row)


def _joined(row: dict[str, float]) -> dict[str, float]:
    """Of `x`, `x_step` and `x_epoch`, as Lightning calls what is logged by both, the epoch's value as `x`."""
    both = {name.removesuffix("_epoch") for name in row if name.endswith("_epoch")}
    found = {name: value for name, value in row.items() if name.removesuffix("_step") not in both}
    return {name.removesuffix("_epoch"): value for name, value in found.items()}

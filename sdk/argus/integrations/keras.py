"""Keras 3: `model.fit(..., callbacks=[ArgusCallback(project="vision")])`, with any backend."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from argus._guard import guard, tell_once
from argus.integrations._base import (
    Training,
    epochs_before,
    is_main_process,
    is_only_process,
    missing,
    name_of,
)

try:
    from keras.callbacks import Callback
except ImportError as error:
    raise missing("Keras", "keras", error) from error

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType
    from typing import Self, Unpack

    from argus.integrations._base import Options


class ArgusCallback(Callback):  # type: ignore[misc]
    """Reports each `fit` as a job, with all that Keras logs at the end of an epoch. A stop ends `fit` in order, where
    one process does all of it.

    A pause comes between two epochs, where one process does all of it: the model is saved with its optimizer, and the
    process ends with exit code 75. Resume starts the script again, which goes on in the same job:

        path = argus.resume_path()
        model = keras.models.load_model(path) if path else build()  # or build(), compile(), load_weights(path)
        callback = ArgusCallback(project="vision")
        model.fit(x, y, epochs=20, initial_epoch=callback.initial_epoch, callbacks=[callback])

    Keras tells no callback of an exception. A `fit` that raises is reported as failed when the process ends of it, or
    at once inside `with ArgusCallback(...) as callback:` or by `report_failure`.

    Parameters:
        train_loss_keys, val_loss_keys: names in Keras' logs; the first that is there is the loss.
        final_metric_keys: of the last epoch's logs, what is kept as the job's results; all by default.
        log_every_n_steps: report the running means of the epoch every so many batches too; 0 for never.
        checkpoint_dir: where a pause saves; default is the folder `argus-checkpoints`.
        options: see `Options`.
    """

    def __init__(
        self,
        *,
        train_loss_keys: tuple[str, ...] = ("loss",),
        val_loss_keys: tuple[str, ...] = ("val_loss",),
        final_metric_keys: tuple[str, ...] | None = None,
        log_every_n_steps: int = 0,
        checkpoint_dir: str | PathLike[str] = "argus-checkpoints",
        **options: Unpack[Options],
    ) -> None:
        super().__init__()
        self._training = Training("keras", options)
        self._keys = tuple(train_loss_keys), tuple(val_loss_keys)
        self._final_keys = final_metric_keys
        self._every = log_every_n_steps
        self._folder = checkpoint_dir
        self._steps = 0
        self._ended: int | None = None
        self._last: dict[str, Any] = {}

    @property
    def initial_epoch(self) -> int:
        """What `fit` takes by this name: 0, or in a resumed process the epoch after the checkpoint's."""
        return epochs_before()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """See keras.callbacks.Callback."""
        if not is_main_process():
            return
        self._steps, self._ended, self._last = 0, None, {}
        model, optimizer = self.model, getattr(self.model, "optimizer", None)
        config = {
            **{name: value for name, value in (self.params or {}).items() if name in {"epochs", "steps"}},
            "optimizer": name_of(optimizer),
            "lr": self._rate(),
        }
        self._training.begin(model=getattr(model, "name", None) or name_of(model), config=config)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """See keras.callbacks.Callback."""
        self._steps += 1
        if self._every and self._steps % self._every == 0:
            self._training.step(self._steps, {f"{name}_step": value for name, value in (logs or {}).items()})
        self._stop_if_asked()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """See keras.callbacks.Callback. By now the other callbacks are through with the epoch before.

        Raises:
            SystemExit: the training is paused.
        """
        if self._ended is not None and self._training.pause_requested and self._save(self._ended):
            self._training.pause()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """See keras.callbacks.Callback."""
        self._ended, self._last = epoch, dict(logs or {})
        self._training.epoch(epoch, {"lr": self._rate(), **self._last}, *self._keys)
        self._stop_if_asked()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """See keras.callbacks.Callback."""
        keys = self._last if self._final_keys is None else self._final_keys
        self._training.keep({name: self._last[name] for name in keys if name in self._last})
        self._training.end()

    def report_failure(self, exception: BaseException) -> None:
        """`fit` raised this. Does nothing when it had already come to its end."""
        self._training.end(exception)

    def __enter__(self) -> Self:
        """Nothing to do: `fit` begins the job."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Report the exception that `fit` raised."""
        self._training.end(error)

    def _stop_if_asked(self) -> None:
        if not self._training.stopped:
            return
        if is_only_process():
            self.model.stop_training = True
        else:  # one that left alone would leave the others waiting, and Keras has no word to agree by
            tell_once("keras-stop", "a stop was requested, but this fit is spread over processes: end them yourself")

    @guard(False)
    def _save(self, epoch: int) -> bool:
        """Whether it is saved; where that fails the training goes on, and tries it after the next epoch."""
        path = self._training.place(self._folder, epoch, ".keras")
        if not is_only_process():
            tell_once("keras-pause", "a pause was requested, but this fit is spread over processes: they go on")
            return False
        if path is None:
            return False
        os.makedirs(self._folder, exist_ok=True)
        self.model.save(path)
        self._training.checkpoint(path, epoch=epoch)
        return True

    def _rate(self) -> float | None:
        optimizer = getattr(self.model, "optimizer", None)
        try:
            return float(optimizer.learning_rate)  # type: ignore[union-attr]
        except (AttributeError, TypeError, ValueError):  # no optimizer, or a rate of the user's own kind
            return None

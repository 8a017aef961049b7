"""One job of a batch: a model trained on a data set, epoch by epoch."""

from __future__ import annotations

import os
from time import time

from argus._guard import absorb, guard
from argus._values import ATOMS, freeze

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType
    from typing import Any, Self

    from argus._reporter import Reporter


class JobContext:
    """Reports one job. Made by `Reporter.job(...)`, used as a context manager.

    Entering reports `job_start`; leaving reports `job_done`, or `job_failed` with the exception's name and text. No
    method raises or waits, `upload` and `artifact` excepted, which send files and so wait for the network.
    """

    def __init__(
        self,
        parent: Reporter,
        job_id: str,
        *,
        model: str | None = None,
        dataset: str | None = None,
        **extra: Any,
    ) -> None:
        self._parent = parent
        self._add = parent._add  # noqa: SLF001 - a job is a part of its reporter
        self._job_id = str(job_id)
        self._start = {"model": model, "dataset": dataset, **extra}
        self._final: dict[str, Any] = {}
        # What an adapter adds to the last event, such as a status of its framework's own.
        self._ending: dict[str, Any] = {}
        self._epochs = 0
        self._started_at = 0.0
        self._pid = 0

    @property
    def job_id(self) -> str:
        """The id that the job was made with."""
        return self._job_id

    @property
    def stopped(self) -> bool:
        """Whether somebody asked the batch to stop: leave the loop."""
        return self._parent.stopped

    @guard(None)
    def _enter(self) -> None:
        self._pid = os.getpid()
        self._started_at = time()
        self._parent._job_started(self._job_id)  # noqa: SLF001
        self._add("job_start", self._job_id, _frozen(self._start))

    def __enter__(self) -> Self:
        """Report `job_start`."""
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Report `job_done`, or `job_failed` when an exception is on its way."""
        self._leave(error)

    @guard(None)
    def _leave(self, error: BaseException | None) -> None:
        if self._pid != os.getpid():
            return  # a forked child leaves a job that its parent entered, and will report
        elapsed_s = time() - self._started_at
        if error is None:
            done = {
                "status": "DONE",
                "metrics": self._final or None,
                "elapsed_s": elapsed_s,
                "train_epochs": self._epochs or None,
                **self._ending,
            }
            self._add("job_done", self._job_id, done)
        else:
            failed = {"status": "FAILED", "reason": describe(error), "elapsed_s": elapsed_s, **self._ending}
            self._add("job_failed", self._job_id, failed)
        self._parent._job_ended(self._job_id, ok=error is None)  # noqa: SLF001

    def epoch(
        self,
        epoch: int,
        *,
        train_loss: float | None = None,
        val_loss: float | None = None,
        lr: float | None = None,
        batch_time_ms: float | None = None,
        **extra: Any,
    ) -> None:
        """Report one epoch: losses, learning rate, the time of a batch in milliseconds, and any other numbers by name.

        Costs about a microsecond. Tensors and arrays are read at once, so a later change to them changes nothing.
        """
        try:
            data = {
                "epoch": epoch,
                "train_loss": train_loss,
                "val_loss": val_loss,
                "lr": lr,
                "batch_time_ms": batch_time_ms,
                **extra,
            }
            for value in data.values():
                if type(value) not in ATOMS:
                    data = _frozen(data)
                    break
            if type(epoch) is not int:
                data["epoch"] = epoch = int(epoch)
            if epoch >= self._epochs:
                self._epochs = epoch + 1
            self._add("job_epoch", self._job_id, data)
        except Exception as error:  # noqa: BLE001 - the guard, written out because its wrapper would double the cost
            absorb("JobContext.epoch", error)

    def metric(self, name: str, value: float, step: int) -> None:
        """Report one number at one step (an epoch, or any count that grows)."""
        self.epoch(step, **{name: value})

    def metrics_step(self, values: dict[str, float], step: int) -> None:
        """Report several numbers at one step."""
        try:
            self.epoch(step, **values)
        except Exception as error:  # noqa: BLE001 - the guard: keys that are no names fail in the call itself
            absorb("JobContext.metrics_step", error)

    @guard(None)
    def metrics(self, m: dict[str, Any]) -> None:
        """Keep final metrics; they are reported when the job ends. Repeated calls add to them."""
        if isinstance(m, dict):
            self._final.update(_frozen(m))

    @guard(None)
    def log(self, message: str, level: str = "INFO") -> None:
        """Report one line of log."""
        self._add("log_line", self._job_id, {"line": str(message), "level": str(level).lower()})

    @guard(0)
    def upload(self, path: str | PathLike[str], *, glob: str = "**/*.png") -> int:
        """Upload an image or PDF, or those of a folder that `glob` selects. Waits; returns how many arrived."""
        return self._parent._upload_images("jobs", self._job_id, path, glob)  # noqa: SLF001

    @guard(False)
    def artifact(
        self, path: str | PathLike[str], *, label: str | None = None, meta: dict[str, Any] | None = None
    ) -> bool:
        """Upload any file, with a label that groups it and free metadata. Waits; returns whether it arrived."""
        return self._parent.job_artifact(self._job_id, path, label=label, meta=meta)


def describe(error: BaseException) -> str:
    """An exception as `Type: text`, or its type alone where it has no text."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _frozen(data: dict[str, Any]) -> dict[str, Any]:
    return {str(key): freeze(value) for key, value in data.items()}

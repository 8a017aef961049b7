"""One job of a batch: a model trained on a data set, epoch by epoch."""

from __future__ import annotations

import os
from time import monotonic, time

from argus._alerts import WAIT_S
from argus._guard import absorb, guard
from argus._values import ATOMS, freeze

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
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
        config: object = None,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        notes: str | None = None,
        **extra: Any,
    ) -> None:
        self._parent = parent
        self._buffer = parent._buffer  # noqa: SLF001 - a job is a part of its reporter
        self._job_id = str(job_id)
        self._config = config
        self._start = {"model": model, "dataset": dataset, "name": name, "tags": listed(tags), "notes": notes, **extra}
        self._final: dict[str, Any] = {}
        # What an adapter adds to the last event, such as a status of its framework's own.
        self._ending: dict[str, Any] = {}
        self._epochs = 0
        self._started_at = 0.0
        self._pid = 0
        self._ended = False
        self._saved: dict[str, Any] = {"job_id": self._job_id}

    @property
    def job_id(self) -> str:
        """The id that the job was made with."""
        return self._job_id

    @property
    def stopped(self) -> bool:
        """Whether somebody asked the batch to stop: leave the loop."""
        return self._parent.stopped

    @property
    def pause_requested(self) -> bool:
        """Whether somebody asked the batch to pause: `checkpoint` ends the process then."""
        return self._parent.pause_requested

    @property
    def resume_from(self) -> str | None:
        """Where this job saved itself before its batch was paused; None where it begins from the start."""
        from argus._pause import resume_path

        return resume_path(self._job_id)

    def __enter__(self) -> Self:
        """Report `job_start`."""
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Report `job_done`, or `job_failed` when an exception is on its way."""
        self._leave(None if error is None else describe(error))

    def close(self) -> None:
        """End the job well, for those who do not use `with`."""
        self._leave(None)

    def abort(self, reason: str, *, exit_code: int | None = None) -> None:
        """End the job as failed, for those who do not use `with`."""
        self._leave(str(reason), exit_code)

    @guard(None)
    def _enter(self) -> None:
        self._pid = os.getpid()
        self._started_at = monotonic()
        self._ended = False
        self._parent._job_started(self._job_id)  # noqa: SLF001
        self._buffer.add("job_start", self._job_id, with_config(_frozen(self._start), self._config))

    def checkpoint(
        self,
        path: str | PathLike[str],
        *,
        epoch: int | None = None,
        step: int | None = None,
        metrics: dict[str, Any] | None = None,
    ) -> None:
        """Report that the job has saved itself under `path`, after `epoch` or `step`. Call it when the file is whole.

        If somebody asked the batch to pause, the process ends here, by `SystemExit` with code 75: the `with` blocks of
        job and reporter report the pause, and Resume starts the same command with `resume_from`. Other jobs of the
        process go on from their own last checkpoints. Offline nobody can ask, and it only reports.

        Raises:
            SystemExit: a pause was asked for.
        """
        self._save(path, epoch=epoch, step=step, metrics=metrics)
        if self._parent.pause_requested and self._pid == os.getpid():
            from argus._pause import EXIT_CODE

            self._pause()
            raise SystemExit(EXIT_CODE)

    @guard(None)
    def _save(
        self, path: str | PathLike[str], *, epoch: int | None, step: int | None, metrics: dict[str, Any] | None
    ) -> None:
        # A bucket's address is one already.
        place = str(path) if "://" in str(path) else os.path.abspath(path)
        saved = {"path": place, "epoch": freeze(epoch), "step": freeze(step)}
        told = {**saved, "metrics": _frozen(metrics)} if metrics else saved
        self._buffer.add("job_checkpoint", self._job_id, told)
        self._saved = {"job_id": self._job_id, **saved}

    def _pause(self) -> None:
        """The process ends now, at the job's last checkpoint: whoever ends the batch says so."""
        self._parent._pause(self._saved)  # noqa: SLF001

    @guard(None)
    def _leave(self, reason: str | None, exit_code: int | None = None) -> None:
        if self._pid != os.getpid() or self._ended:
            return  # a forked child leaves a job that its parent entered, and will report
        self._ended = True
        if reason is not None and self._parent._is_pausing:  # noqa: SLF001
            return  # it goes on in another process
        elapsed_s = monotonic() - self._started_at
        if reason is None:
            done = {
                "status": "DONE",
                "metrics": self._final or None,
                "elapsed_s": elapsed_s,
                "train_epochs": self._epochs or None,
                **self._ending,
            }
            self._buffer.add("job_done", self._job_id, done)
        else:
            failed = {"status": "FAILED", "reason": reason, "exit_code": exit_code, "elapsed_s": elapsed_s}
            failed.update(self._ending)
            self._buffer.add("job_failed", self._job_id, failed)
        self._parent._job_ended(self._job_id, ok=reason is None)  # noqa: SLF001

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
            if type(epoch) is not int:
                epoch = int(epoch)
            if epoch >= self._epochs:
                self._epochs = epoch + 1
            if type(train_loss) not in ATOMS:
                train_loss = freeze(train_loss)  # type: ignore[assignment]
            if type(val_loss) not in ATOMS:
                val_loss = freeze(val_loss)  # type: ignore[assignment]
            if type(lr) not in ATOMS:
                lr = freeze(lr)  # type: ignore[assignment]
            if type(batch_time_ms) not in ATOMS:
                batch_time_ms = freeze(batch_time_ms)  # type: ignore[assignment]
            for value in extra.values():
                if type(value) not in ATOMS:
                    extra = _frozen(extra)
                    break
            event = (
                "job_epoch", time(), self._job_id, epoch, train_loss, val_loss, lr, batch_time_ms,
                tuple(extra), *extra.values(),
            )  # fmt: skip
            buffer = self._buffer
            if len(buffer.items) < buffer.room:
                buffer.append(event)
            else:
                buffer.refuse(event)
        except Exception as error:  # noqa: BLE001 - the guard, written out because its wrapper would double the cost
            absorb("JobContext.epoch", error)

    def metric(self, name: str, value: float, step: int) -> None:
        """Report one number at one step: any count that grows, such as optimizer steps. It counts no epochs."""
        try:
            if type(value) not in ATOMS:
                value = freeze(value)  # type: ignore[assignment]
            if type(step) is not int:
                step = int(step)
            if type(name) is not str or name == "step":
                name = _metric_name(name)
            event = ("job_step", time(), self._job_id, step, name, value)
            buffer = self._buffer
            if len(buffer.items) < buffer.room:
                buffer.append(event)
            else:
                buffer.refuse(event)
        except Exception as error:  # noqa: BLE001 - the guard, written out
            absorb("JobContext.metric", error)

    def metrics_step(self, values: dict[str, float], step: int) -> None:
        """Report several numbers at one step."""
        try:
            if type(step) is not int:
                step = int(step)
            for name, value in values.items():
                if type(value) not in ATOMS or type(name) is not str or name == "step":
                    values = {_metric_name(key): freeze(part) for key, part in values.items()}  # type: ignore[misc]
                    break
            if not values:
                return
            event = ("job_step", time(), self._job_id, step, tuple(values), *values.values())
            buffer = self._buffer
            if len(buffer.items) < buffer.room:
                buffer.append(event)
            else:
                buffer.refuse(event)
        except Exception as error:  # noqa: BLE001 - the guard, written out
            absorb("JobContext.metrics_step", error)

    @guard(None)
    def metrics(self, m: dict[str, Any]) -> None:
        """Keep final metrics; they are reported when the job ends. Repeated calls add to them."""
        if isinstance(m, dict):
            self._final.update(_frozen(m))

    def log(self, message: str, level: str = "INFO") -> None:
        """Report one line of log."""
        try:
            self._buffer.add("log_line", self._job_id, {"line": str(message), "level": str(level).lower()})
        except Exception as error:  # noqa: BLE001 - the guard, written out
            absorb("JobContext.log", error)

    @guard(None)
    def alert(self, title: str, text: str = "", level: str = "info", *, wait_s: float = WAIT_S) -> None:
        """Tell whoever watches the batch, by inbox, mail and channels, as they chose. `level`: info, warn or error.

        The same title is not sent again within `wait_s` seconds. Returns at once.
        """
        self._parent._alert(self._job_id, title, text, level, wait_s)  # noqa: SLF001

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


def listed(tags: Iterable[str] | None) -> list[str] | None:
    """Tags as a list of texts; a single text is one tag."""
    if tags is None:
        return None
    return [tags] if isinstance(tags, str) else [str(tag) for tag in tags]


def with_config(data: dict[str, Any], config: object) -> dict[str, Any]:
    """The data of a start event with the run's configuration, whatever kind of object that is."""
    if config is None:
        return data
    from argus._config import as_config, config_digest

    settings = as_config(config)
    return {**data, "config": settings, "config_digest": config_digest(settings)}


def _metric_name(name: object) -> str:
    if name == "step":
        raise ValueError("a metric cannot be called 'step'")
    return str(name)


def _frozen(data: dict[str, Any]) -> dict[str, Any]:
    return {str(key): freeze(value) for key, value in data.items()}

"""A run as users of other trackers write it: it is one job, and its group is a batch."""

from __future__ import annotations

import atexit
import os

from argus import _exits
from argus._alerts import WAIT_S
from argus._fields import Fields
from argus._guard import absorb, guard, logger, tell_once
from argus._values import freeze

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike
    from types import TracebackType
    from typing import Any, Self

    from argus._job import JobContext
    from argus._reporter import Reporter
    from argus._resume import Known, LastRun


class RunFailed(Exception):
    """Why a run failed that no exception ended."""


class Run:
    """One run, open until `finish()`, the end of its `with` block, or the end of the process.

    `config` and `summary` are read and written as attributes or items. `job` and `reporter` are what it reports
    through, for all that they can do beside. Adapters of frameworks make runs too: of a reporter that others end
    (`owns_reporter` False), or with the reason why one failed that is open when its process ends (`unfinished`).
    """

    def __init__(
        self,
        reporter: Reporter,
        run_id: str,
        *,
        project: str,
        name: str | None = None,
        group: str | None = None,
        config: object = None,
        model: str | None = None,
        dataset: str | None = None,
        tags: Iterable[str] | None = None,
        notes: str | None = None,
        known: Known | None = None,
        last: LastRun | None = None,
        owns_reporter: bool = True,
        unfinished: str | None = None,
        **extra: Any,
    ) -> None:
        self.reporter = reporter
        self.id = run_id
        self.project = project
        self.name = name or run_id
        self.group = group
        self.resumed = known is not None and known.exists
        self.config = Fields(config, self._on_config)
        self.summary = Fields()
        fields = self.config.as_dict() or None
        self.job: JobContext = reporter.job(
            run_id, model=model, dataset=dataset, name=name, config=fields, tags=tags, notes=notes, **extra
        )
        self._last = last
        self._owns_reporter = owns_reporter
        self._unfinished = unfinished
        self._step = known.next_step if known is not None else 0
        self._row: dict[str, float] = {}
        self._is_config_new = False
        self._has_logged = False
        self._is_over = False
        self._pid = os.getpid()
        self._begin()

    @property
    def url(self) -> str | None:
        """The run's page in the browser; None without a server."""
        from urllib.parse import quote

        batch_url = self.reporter.batch_url
        return f"{batch_url}/jobs/{quote(self.id, safe='')}" if batch_url else None

    @property
    def step(self) -> int:
        """The step that the next `log` without one gets."""
        return self._step

    @property
    def is_open(self) -> bool:
        """Whether it has not ended yet."""
        return not self._is_over

    @property
    def stopped(self) -> bool:
        """Whether somebody asked for a stop: leave the loop."""
        return self.reporter.stopped

    @property
    def pause_requested(self) -> bool:
        """Whether somebody asked for a pause: `checkpoint` ends the process then."""
        return self.reporter.pause_requested

    @property
    def resume_from(self) -> str | None:
        """Where this run saved itself before it was paused; None where it begins from the start."""
        return self.job.resume_from

    def checkpoint(
        self,
        path: str | PathLike[str],
        *,
        epoch: int | None = None,
        step: int | None = None,
        metrics: dict[str, Any] | None = None,
    ) -> None:
        """Report that the run has saved itself under `path`; see `JobContext.checkpoint`, which may end the process.

        Raises:
            SystemExit: a pause was asked for.
        """
        self.job.checkpoint(path, epoch=epoch, step=step, metrics=metrics)

    def log(self, data: dict[str, Any], step: int | None = None, *, commit: bool = True) -> None:
        """Report numbers at a step: the one given, else one more than the last. Nested dicts become `outer/inner`.

        Texts go to the summary, as the last value of each number does. With `commit=False` the numbers wait for the
        next call and go with it.
        """
        try:
            self._log(data, step, commit=commit)
        except Exception as error:  # noqa: BLE001 - the guard, written out because its wrapper would double the cost
            absorb("Run.log", error)

    def alert(self, title: str, text: str = "", level: str = "info", *, wait_s: float = WAIT_S) -> None:
        """Tell whoever watches the run; see `JobContext.alert`."""
        self.job.alert(title, text, level, wait_s=wait_s)

    @guard(None)
    def finish(self, exit_code: int | None = None) -> None:
        """End the run: well, or as failed with an exit code other than 0. Finishing twice does nothing more."""
        reason = _exits.by_code(exit_code)
        self.end(None if reason is None else RunFailed(reason))

    @guard(None)
    def end(self, error: BaseException | None = None) -> None:
        """End the run: well, or as failed with an exception. Ending twice does nothing more."""
        if self._is_over:
            return
        self._is_over = True
        if self._pid == os.getpid():
            self._end_job(error)
        if self._owns_reporter:
            self.reporter.__exit__(type(error) if error is not None else None, error, None)
        if self.reporter._pipeline is not None:  # noqa: SLF001
            from argus import _lifecycle

            _lifecycle.unregister(self)
            atexit.unregister(self._at_exit)

    def __enter__(self) -> Self:
        """Nothing to do: `init` has begun it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the run, as failed when an exception is on its way."""
        if isinstance(error, SystemExit):
            reason = _exits.by_code(error.code)
            error = None if reason is None else RunFailed(reason)
        self.end(error)

    def __repr__(self) -> str:
        return f"<argus.Run {self.id} of {self.project}{f'/{self.group}' if self.group else ''}>"

    def end_of_process(self, reason: str) -> None:
        """The process is terminated (called by `_lifecycle`)."""
        self.end(RunFailed(reason))

    def before_fork(self) -> None:
        """See `Reporter`."""
        if self._owns_reporter:
            self.reporter.before_fork()

    def after_fork(self) -> None:
        """See `Reporter`."""
        if self._owns_reporter:
            self.reporter.after_fork()

    @guard(None)
    def _begin(self) -> None:
        if self._owns_reporter:
            self.reporter.__enter__()
        self.job.__enter__()
        if self._last is not None:
            self._last.write(self.id)
        if self.reporter._pipeline is None:  # noqa: SLF001 - see `init`
            return
        from argus import _lifecycle

        # The run stands for its reporter, since its job must end before the batch. Exit hooks run last come, first
        # served: this one before that of `_lifecycle`, which is then left with the signals.
        _lifecycle.register(self)
        if self._owns_reporter:
            _lifecycle.unregister(self.reporter)
        atexit.register(self._at_exit)
        _exits.watch()
        logger().info("run %s: %s", self.name, self.url)

    def _log(self, data: dict[str, Any], step: int | None, *, commit: bool) -> None:
        if self._is_over:
            tell_once(f"over:{self.id}", "run %s is finished: what is logged to it now is lost", self.name)
            return
        self._take_all(data, "")
        if commit:
            self._commit(step)

    def _commit(self, step: int | None) -> None:
        row, self._row = self._row, {}
        said = row.pop("step", None)
        if step is None:
            step = self._step if said is None else int(said)
        if self._is_config_new and not self._has_logged:
            self._tell_config()
        if row:
            self._has_logged = True
            self.job.metrics_step(row, step=step)
        self._step = max(self._step, step + 1)

    def _take_all(self, data: dict[str, Any], prefix: str) -> None:
        row, latest = self._row, self.summary._values  # noqa: SLF001 - past its hook, in the training's loop
        for key, value in data.items():
            name = f"{prefix}{key}" if prefix else key
            kind = type(value)
            if kind is float or kind is int:
                row[name] = latest[name] = value
            elif isinstance(value, dict):
                self._take_all(value, f"{name}/")
            else:
                self._take(name, value)

    def _take(self, name: str, value: object) -> None:
        frozen = freeze(value)
        kind = type(frozen)
        if kind is bool:
            frozen, kind = int(frozen), int  # type: ignore[call-overload]
        if kind is float or kind is int:
            self._row[name] = frozen  # type: ignore[assignment]
        if kind is float or kind is int or isinstance(value, str):
            self.summary._values[name] = frozen  # noqa: SLF001
        elif value is not None:
            tell_once(f"log:{name}", "%s is a %s, neither a number nor a text: not logged", name, type(value).__name__)

    def _on_config(self) -> None:
        self._is_config_new = True

    def _tell_config(self) -> None:
        """Before the first point a job may be started again without a mark on its curves."""
        self._is_config_new = False
        self.job._config = self.config.as_dict()  # noqa: SLF001 - a run is made of its job
        self.job._enter()  # noqa: SLF001

    def _at_exit(self) -> None:
        reason = _exits.failure() or self._unfinished
        self.end(None if reason is None else RunFailed(reason))

    def _end_job(self, error: BaseException | None) -> None:
        if self._row:
            self._commit(None)
        self.job.metrics(self.summary.as_dict())
        if self._is_config_new:
            from argus._job import with_config

            self.job._ending.update(with_config({}, self.config.as_dict()))  # noqa: SLF001
        self.job.__exit__(type(error) if error is not None else None, error, None)
        if self._last is not None and error is None:
            self._last.forget()

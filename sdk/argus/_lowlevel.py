"""The older, event-by-event interface, and functions that need no reporter in hand. Scripts in the field use them."""

from __future__ import annotations

import os

from argus._guard import guard, tell_once
from argus._identity import Identity
from argus._ids import new_batch_id
from argus._keys import EXIT_FLUSH_S
from argus._pipeline import FORK_WAIT_S, Pipeline
from argus._settings import exit_flush_s, is_disabled, resolve_mode, token_source
from argus._values import freeze

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike
    from types import TracebackType
    from typing import Any, Self

    from argus._counters import Stats

_BEFORE_UPLOAD_S = 5.0
_VARIABLE = r"\$\{([^}]*)\}|\$(\w+)"

_current_batch_id: str | None = None
_current_add: Callable[..., None] | None = None


def set_batch_id(batch_id: str) -> None:
    """Make this the batch that `emit` reports into."""
    global _current_batch_id
    _current_batch_id = batch_id


def get_batch_id() -> str | None:
    """The batch that `emit` reports into, or None."""
    return _current_batch_id


@guard(None)
def emit(event: str, **fields: Any) -> None:
    """Report an event through the reporter that is open; without one, do nothing.

    `job_id` and `batch_id` go into the envelope, everything else into the event's data.
    """
    if _current_add is None:
        return
    job_id = fields.pop("job_id", None)
    batch_id = fields.pop("batch_id", None) or _current_batch_id
    _current_add(event, job_id, {key: freeze(value) for key, value in fields.items()}, batch_id)


def is_open() -> bool:
    """Whether there is a reporter that `emit` goes through."""
    return _current_add is not None


def emit_as(event: str, job_id: str | None, data: dict[str, Any]) -> None:
    """The same as `emit`, with the event's data as they go out."""
    if _current_add is not None:
        _current_add(event, job_id, data, _current_batch_id)


def set_current(batch_id: str, add: Callable[..., None]) -> None:
    """A reporter has opened: `emit` goes through it."""
    global _current_batch_id, _current_add
    _current_batch_id, _current_add = batch_id, add


def clear_current(batch_id: str) -> None:
    """A reporter has closed; `emit` does nothing until the next, unless another took over meanwhile."""
    global _current_batch_id, _current_add
    if _current_batch_id == batch_id:
        _current_batch_id = _current_add = None


def sub_env(template: str, **extra: Any) -> str:
    """Replace `$NAME` and `${NAME}` by `extra` or environment variables; unknown names stay as they are."""
    if not isinstance(template, str):
        return template  # type: ignore[unreachable]  # a configuration's number, passed through

    import re

    def value(match: re.Match[str]) -> str:
        name = match[1] if match[1] is not None else match[2]
        return str(extra.get(name, os.environ.get(name, match[0])))

    return re.sub(_VARIABLE, value, template)


class ExperimentReporter:
    """Reports single events. `Reporter` is the better choice for new scripts.

    Parameters:
        url, project, auth_token: the server, the project that events count for, an `em_live_` token.
        host, user, commit: where events come from; found out by default.
        timeout: seconds for one request.
        queue_size: kept for old callers; the buffer is larger than any of them asked for.
        spill_path: a file whose folder keeps the journal instead of `~/.argus-reporter`.
        batch_id: the batch, if it is known before `batch_start`.
    """

    def __init__(
        self,
        url: str,
        project: str,
        auth_token: str | None = None,
        host: str | None = None,
        user: str | None = None,
        commit: str | None = None,
        timeout: float = 10.0,
        queue_size: int = 1000,
        spill_path: str | PathLike[str] | None = None,
        batch_id: str | None = None,
    ) -> None:
        self.disabled = is_disabled()
        self.url = str(url).rstrip("/")
        self.timeout = timeout
        self.current_batch_id = batch_id
        self._token = token_source(auth_token, self.url)
        self._identity = Identity(project, host=host, user=user, commit=commit)
        self._pipeline: Pipeline | None = None
        if not self.disabled:
            offline = resolve_mode(None) == "offline"
            if not offline and not self._token():
                tell_once("no-token", "no token was given: the server will refuse events")
            folder = os.path.dirname(os.path.abspath(spill_path)) if spill_path is not None else None
            server = None if offline else self.url
            self._pipeline = Pipeline(server, self._token, self._identity, batch_id, folder, timeout)
            self._start()

    @property
    def stats(self) -> Stats | None:
        """What became of every event so far; None when disabled."""
        return self._pipeline.stats if self._pipeline is not None else None

    def batch_start(
        self,
        experiment_type: str,
        n_total: int,
        command: str | None = None,
        batch_id: str | None = None,
        **extra: Any,
    ) -> str:
        """Begin a batch (or go on with `batch_id`) and return its id."""
        self.current_batch_id = batch_id or self.current_batch_id or new_batch_id()
        if command and not self._identity.command:
            self._identity.command = command
        data = {"experiment_type": experiment_type, "n_total_jobs": n_total, "command": command, **extra}
        self._report("batch_start", None, data)
        return self.current_batch_id

    def batch_done(self, n_done: int, n_failed: int = 0, total_elapsed_s: float | None = None, **extra: Any) -> None:
        """The batch ended well."""
        data = {"n_done": n_done, "n_failed": n_failed, "total_elapsed_s": total_elapsed_s, **extra}
        self._report("batch_done", None, data)

    def batch_failed(self, reason: str | None = None, **extra: Any) -> None:
        """The batch failed."""
        self._report("batch_failed", None, {"reason": reason, **extra})

    def job_start(self, job_id: str, model: str | None = None, dataset: str | None = None, **extra: Any) -> None:
        """A job began."""
        self._report("job_start", job_id, {"model": model, "dataset": dataset, **extra})

    def job_epoch(
        self,
        job_id: str,
        epoch: int,
        train_loss: float | None = None,
        val_loss: float | None = None,
        lr: float | None = None,
        **extra: Any,
    ) -> None:
        """One epoch of a job."""
        data = {"epoch": epoch, "train_loss": train_loss, "val_loss": val_loss, "lr": lr, **extra}
        self._report("job_epoch", job_id, data)

    def job_done(
        self,
        job_id: str,
        metrics: dict[str, Any] | None = None,
        elapsed_s: float | None = None,
        train_epochs: int | None = None,
        resources: dict[str, Any] | None = None,
        **extra: Any,
    ) -> None:
        """A job ended well."""
        data = {
            "status": "DONE",
            "metrics": metrics,
            "elapsed_s": elapsed_s,
            "train_epochs": train_epochs,
            "resources": resources,
            **extra,
        }
        self._report("job_done", job_id, data)

    def job_failed(self, job_id: str, reason: str | None = None, elapsed_s: float | None = None, **extra: Any) -> None:
        """A job failed."""
        self._report("job_failed", job_id, {"status": "FAILED", "reason": reason, "elapsed_s": elapsed_s, **extra})

    def resource_snapshot(self, **extra: Any) -> None:
        """What the machine uses now."""
        self._report("resource_snapshot", None, extra)

    def log_line(self, job_id: str, line: str, level: str = "info", **extra: Any) -> None:
        """One line of a job's log."""
        self._report("log_line", job_id, {"line": line, "level": level, **extra})

    @guard(None)
    def job_artifact(
        self,
        job_id: str,
        path: str | PathLike[str],
        *,
        label: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> None:
        """Upload a file to a job. Waits for the network."""
        from pathlib import Path

        from argus._artifacts import ArtifactUploader, artifact_fields

        if self._pipeline is None or not Path(path).is_file():
            return
        self._pipeline.flush(_BEFORE_UPLOAD_S)
        with ArtifactUploader(self.url, self._token) as uploader:
            uploader.upload("jobs", job_id, Path(path), artifact_fields(label, meta))

    def __enter__(self) -> Self:
        """Nothing to do: the constructor has started it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    @guard(None)
    def close(self, timeout: float = EXIT_FLUSH_S) -> None:
        """Send what waits for at most `timeout` seconds; the rest stays in the journal."""
        if self._pipeline is not None:
            from argus import _lifecycle

            self._pipeline.close(timeout)
            _lifecycle.unregister(self)

    def end_of_process(self, _reason: str) -> None:
        """Flush at the end of the process; how the batch ended is for the caller to say."""
        self.close(exit_flush_s())

    def before_fork(self) -> None:
        """Let the threads finish their imports first."""
        if self._pipeline is not None:
            self._pipeline.wait_until_ready(FORK_WAIT_S)

    def after_fork(self) -> None:
        """In a forked child: forget what is the parent's."""
        if self._pipeline is not None:
            self._pipeline.after_fork()

    @guard(None)
    def _start(self) -> None:
        from argus import _lifecycle

        if self._pipeline is not None:
            self._pipeline.start()
            _lifecycle.register(self)

    @guard(None)
    def _report(self, event_type: str, job_id: str | None, data: dict[str, Any]) -> None:
        if self._pipeline is not None:
            frozen = {key: freeze(value) for key, value in data.items()}
            self._pipeline.add(event_type, None if job_id is None else str(job_id), frozen, self.current_batch_id)

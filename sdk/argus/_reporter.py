"""One batch of training jobs, reported live: the class that users meet."""

from __future__ import annotations

import os
import threading
from time import monotonic

from argus._alerts import WAIT_S, send
from argus._batcher import closed_buffer
from argus._counters import Counters
from argus._guard import guard, logger, tell_once
from argus._identity import Identity
from argus._ids import choose_batch_id
from argus._job import JobContext, describe, listed, with_config
from argus._pipeline import FORK_WAIT_S, Pipeline
from argus._settings import (
    HEARTBEAT_S,
    RESOURCES_S,
    STOP_POLL_S,
    capture_console,
    exit_flush_s,
    interval,
    is_disabled,
    resolve_mode,
    resolve_project,
    resolve_url,
    token_source,
)
from argus._uploads import Uploads
from argus._values import freeze

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike
    from types import TracebackType
    from typing import Any, Self

    from argus._background import Background
    from argus._console import ConsoleCapture
    from argus._counters import Stats

# Writing the journal takes a moment even where nobody wants to wait for the server.
_LEAST_WAIT_S = 0.5


class Reporter:
    """Reports one batch. Used as a context manager; nothing here raises into the training or makes it wait.

    Entering reports `batch_start` and starts the background tasks; leaving reports `batch_done`, or `batch_failed`
    with the exception, and waits at most `ARGUS_EXIT_FLUSH_S` (5) seconds for the server. What is not delivered by
    then lies in the journal and is delivered by the next reporter.

    Parameters:
        batch_prefix: begins the batch id when none is given.
        experiment_type, source_project, command: shown with the batch. The command line is captured by default.
        n_total: how many jobs the batch will have, if known.
        heartbeat, stop_polling, resource_snapshot: True (every 300, 10, 30 s), False, or a number of seconds.
        monitor_url, token: the server and an `em_live_` token; default `ARGUS_URL` and `ARGUS_TOKEN`.
        auto_upload_dirs: folders whose images are uploaded when the batch ends well.
        batch_id, resume_from: report into this batch (`resume_from`: one that an earlier process began).
            `ARGUS_BATCH_ID` is taken when neither is given.
        capture_environment: report commit, packages and environment at the start.
        joined: the batch is shared with other processes: the last to leave ends it, and one that fails fails its own
            jobs alone.
        config: the run's settings (a dict, argparse namespace, dataclass, OmegaConf, ...), reported with the context.
        capture_output: report what is written to `sys.stdout` and `sys.stderr` as log lines (True), or all that the
            process and its children write there (`"fd"`); default `ARGUS_CAPTURE_CONSOLE`, off.
        mode: `online`; `offline`, which writes a journal for `argus sync` and needs no server; or `disabled`.
            Default `ARGUS_MODE`, then `online`.
        name, tags, notes: a title, labels and a text to know the batch by.
    """

    def __init__(
        self,
        batch_prefix: str = "batch",
        *,
        experiment_type: str | None = None,
        source_project: str | None = None,
        command: str | None = None,
        n_total: int | None = None,
        heartbeat: bool | float = True,
        stop_polling: bool | float = True,
        resource_snapshot: bool | float = True,
        monitor_url: str | None = None,
        token: str | None = None,
        auto_upload_dirs: Iterable[str | PathLike[str]] | None = None,
        batch_id: str | None = None,
        resume_from: str | None = None,
        capture_environment: bool = True,
        joined: bool = False,
        config: object = None,
        capture_output: bool | str | None = None,
        mode: str | None = None,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        notes: str | None = None,
    ) -> None:
        self._batch_id = choose_batch_id(batch_prefix, batch_id, resume_from)
        from argus._pause import is_resumed

        self._resumed = (resume_from is not None or is_resumed()) and batch_id is None
        self._joined = joined
        self._experiment_type = experiment_type or "experiment"
        self._command = command
        self._n_total = _count(n_total)
        self._upload_folders = list(auto_upload_dirs or [])
        self._intervals = (
            interval(heartbeat, HEARTBEAT_S),
            interval(stop_polling, STOP_POLL_S),
            interval(resource_snapshot, RESOURCES_S),
        )
        self._capture_environment = capture_environment
        self._raw_config = config
        self._config: dict[str, Any] | None = None
        self._capture_output = capture_console(capture_output)
        self._labels = {"name": name, "tags": listed(tags), "notes": notes}
        self._url = resolve_url(monitor_url)
        self._token = token_source(token, self._url)
        self._identity = Identity(resolve_project(source_project), command=command)
        self._pipeline = self._make_pipeline(resolve_mode(mode))
        self._uploads = Uploads(self._pipeline, self._token)
        self._buffer = self._pipeline.buffer if self._pipeline is not None else closed_buffer()
        self._background: Background | None = None
        self._console: ConsoleCapture | None = None
        self._lock = threading.Lock()
        self._n_done = 0
        self._n_failed = 0
        self._active_job_id: str | None = None
        self._open_jobs: set[str] = set()
        self._stopped = False
        self._pause_asked = False
        self._saved: dict[str, Any] | None = None
        self._started_at = 0.0
        self._pid = 0
        self._open = False
        self._ending = False

    @property
    def batch_id(self) -> str:
        """The batch that this reporter reports into."""
        return self._batch_id

    @property
    def batch_url(self) -> str | None:
        """The batch's page in the browser; None without a server."""
        return f"{self._url}/batches/{self._batch_id}" if self._url else None

    @property
    def stopped(self) -> bool:
        """Whether somebody asked the batch to stop: leave the loop."""
        return self._stopped

    @property
    def pause_requested(self) -> bool:
        """Whether somebody asked the batch to pause: the next `job.checkpoint` ends the process."""
        return (self._pause_asked or self._is_pausing) and not self._stopped

    @property
    def _is_pausing(self) -> bool:
        return self._saved is not None

    @property
    def stats(self) -> Stats:
        """What became of every event so far; valid after the end too."""
        return self._pipeline.stats if self._pipeline is not None else Counters().stats(0)

    def __enter__(self) -> Self:
        """Report `batch_start` and start the background tasks. Entering twice does nothing more."""
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Report how the batch ended and flush, within the exit limit.

        Raises:
            SystemExit: the batch was paused (`JobContext.checkpoint`), and whoever caught that would go on without it.
        """
        self._finish(error)
        if self._is_pausing and error is None and self._pid == os.getpid():
            from argus._pause import EXIT_CODE

            raise SystemExit(EXIT_CODE)

    def job(
        self,
        job_id: str,
        *,
        model: str | None = None,
        dataset: str | None = None,
        config: object = None,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        notes: str | None = None,
        **extra: Any,
    ) -> JobContext:
        """A job of this batch, to be used as `with r.job(...) as job:`.

        `config` may be any object that holds settings; `extra` is stored with the job.
        """
        return JobContext(
            self, job_id, model=model, dataset=dataset, config=config, name=name, tags=tags, notes=notes, **extra
        )

    @guard(None)
    def emit(self, event: str, **fields: Any) -> None:
        """Report any event of the schema, with `fields` as its data (`job_id` excepted)."""
        job_id = fields.pop("job_id", None) or self._active_job_id
        self._buffer.add(event, job_id, {key: freeze(value) for key, value in fields.items()})

    @guard(None)
    def alert(self, title: str, text: str = "", level: str = "info", *, wait_s: float = WAIT_S) -> None:
        """Tell whoever watches the batch; see `JobContext.alert`, which says of which job it is."""
        self._alert(None, title, text, level, wait_s)

    @guard(False)
    def job_artifact(
        self,
        job_id: str,
        path: str | PathLike[str],
        *,
        label: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> bool:
        """Upload any file to a job. Waits for the network; returns whether it arrived."""
        return self._uploads.file(job_id, path, label, meta)

    @guard(False)
    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until the server has everything reported so far; False when that takes longer than `timeout_s`."""
        return self._pipeline is None or self._pipeline.flush(timeout_s)

    @guard(None)
    def close(self) -> None:
        """End the batch well, for those who do not use `with`."""
        self._finish(None)

    @guard(None)
    def abort(self, reason: str, *, exit_code: int | None = None) -> None:
        """End the batch as failed, for those who do not use `with`."""
        if self._open and self._pid == os.getpid():
            self._end_batch("batch_failed", {"reason": str(reason), "exit_code": exit_code})

    def end_of_process(self, reason: str) -> None:
        """The process ends while the batch is open (called by `_lifecycle`)."""
        if self._pipeline is None:
            return
        if self._open and self._is_pausing and self._pid == os.getpid():
            self._end_paused()
        elif self._open and self._pid == os.getpid():
            self._end_batch("batch_failed", {"reason": reason})
        else:
            self._pipeline.close(exit_flush_s())

    def before_fork(self) -> None:
        """Let the threads finish their imports first."""
        if self._pipeline is not None:
            self._pipeline.wait_until_ready(FORK_WAIT_S)

    def after_fork(self) -> None:
        """In a forked child: its events go out by themselves, but the batch stays the parent's."""
        self._lock = threading.Lock()
        self._background = None
        if self._pipeline is not None:
            self._pipeline.after_fork()

    @guard(None)
    def _begin(self) -> None:
        if self._open or self._ending:
            return
        self._open = True
        self._pid = os.getpid()
        self._started_at = monotonic()
        if self._pipeline is None:
            return
        from argus import _lifecycle, _lowlevel
        from argus._command import command_line

        if self._command is None:
            self._command = self._identity.command = command_line()
        self._config = with_config({}, self._raw_config).get("config")
        self._pipeline.start(self._start_background)
        start: dict[str, Any] = {
            "experiment_type": self._experiment_type,
            "n_total_jobs": self._n_total,
            "command": self._command,
            **self._labels,
        }
        if self._resumed:
            start["resumed"] = True
        if self._joined:
            start["joined"] = True
            if not self._n_total:
                del start["n_total_jobs"]  # a total that another process knows is not to be cleared
        self._buffer.add("batch_start", None, start)
        _lifecycle.register(self)
        _lowlevel.set_current(self._batch_id, self._buffer.add)
        if self._config is not None and not self._capture_environment:
            self._buffer.add("env_snapshot", None, {"config": self._config})
        self._capture_console()

    @guard(None)
    def _capture_console(self) -> None:
        if self._capture_output:
            from argus._console import capture

            self._console = capture(self._buffer.add, lambda: self._active_job_id, self._capture_output)

    def _finish(self, error: BaseException | None) -> None:
        try:
            self._finish_guarded(error)
        except KeyboardInterrupt:
            # A second Ctrl-C means now: what is in the journal is delivered by the next reporter.
            logger().warning("not waiting for the server; what it has not got is delivered with the next run")

    @guard(None)
    def _finish_guarded(self, error: BaseException | None) -> None:
        if not self._open:
            return
        if self._pid != os.getpid():
            if self._pipeline is not None:
                self._pipeline.close(exit_flush_s())
            return
        if self._is_pausing:
            self._end_paused()
        elif error is None or (isinstance(error, SystemExit) and not error.code):
            self._upload_folders_now()
            counts = {} if self._resumed else {"n_done": self._n_done, "n_failed": self._n_failed}
            self._end_batch("batch_done", dict(counts))
        else:
            self._end_batch("batch_failed", {"reason": describe(error)})

    def _end_batch(self, event_type: str, data: dict[str, Any]) -> None:
        """The last event of the batch comes after all others, so the tasks end first."""
        if self._ending:
            return
        self._ending = True
        if self._pipeline is None:
            self._open = False
            return
        from argus import _lifecycle, _lowlevel, _wrapper

        deadline = monotonic() + exit_flush_s()
        self._pipeline.wait_until_ready(exit_flush_s())
        self._open = False
        if self._console is not None:
            self._console.close()
        if self._background is not None:
            self._background.stop()
        if self._joined:
            # Of a batch that others share this process tells of its own jobs alone.
            is_pause = event_type == "batch_paused"
            event_type, data = (event_type, {**data, "joined": True}) if is_pause else ("batch_done", {"joined": True})
        data["total_elapsed_s"] = monotonic() - self._started_at
        dropped = self._pipeline.settle(max(deadline - monotonic(), _LEAST_WAIT_S)).dropped_reasons
        if dropped:
            data["client_dropped"] = dropped
        self._buffer.add(event_type, None, data)
        _wrapper.note(self._batch_id, event_type)
        self._pipeline.close(max(deadline - monotonic(), 0.0))
        _lifecycle.unregister(self)
        _lowlevel.clear_current(self._batch_id)

    def _end_paused(self) -> None:
        self._end_batch("batch_paused", {"checkpoint": self._saved, "jobs": sorted(self._open_jobs)})

    def _pause(self, saved: dict[str, Any]) -> None:
        """The process ends now, to be resumed: whatever ends this batch says so (called by a job)."""
        if self._saved is None:
            self._saved = saved
        logger().info("batch %s is paused at %s", self._batch_id, saved.get("path"))

    def _make_pipeline(self, mode: str) -> Pipeline | None:
        if is_disabled() or mode == "disabled":
            return None
        if mode == "offline":
            return Pipeline(None, self._token, self._identity, self._batch_id)
        if self._url is None:
            tell_once("no-url", "ARGUS_URL is not set: nothing is reported")
            return None
        if not self._token():
            tell_once("no-token", "ARGUS_TOKEN is not set: the server will refuse events until it is")
        return Pipeline(self._url, self._token, self._identity, self._batch_id)

    def _start_background(self) -> None:
        """Called when the pipeline runs, in its thread: unless the batch is over already."""
        from argus._background import Background

        if not self._open:
            return
        heartbeat_s, stop_poll_s, resources_s = self._intervals
        self._background = Background(self._buffer.add, self._batch_id, lambda: self._active_job_id)
        if heartbeat_s:
            self._background.beat(heartbeat_s)
        url = self._pipeline.url if self._pipeline is not None else None
        if stop_poll_s and url is not None:
            self._background.poll_stop(url, self._token, stop_poll_s, self._on_stop, self._on_pause)
        if resources_s:
            self._background.sample_resources(resources_s)
        if self._capture_environment:
            self._background.capture_context(self._identity.folder, self._command, self._config)

    def _on_stop(self) -> None:
        self._stopped = True
        logger().info("a stop of batch %s was requested", self._batch_id)

    def _on_pause(self, is_asked: bool) -> None:
        if is_asked and not self._pause_asked:
            logger().info("a pause of batch %s was requested: it comes with the next checkpoint", self._batch_id)
        self._pause_asked = is_asked

    def _alert(self, job_id: str | None, title: str, text: str, level: str, wait_s: float) -> None:
        send(self._buffer.add, self._batch_id, job_id, title, text, level, wait_s)

    def _job_started(self, job_id: str) -> None:
        self._active_job_id = job_id
        self._open_jobs.add(job_id)

    def _job_ended(self, job_id: str, *, ok: bool) -> None:
        with self._lock:
            self._n_done += ok
            self._n_failed += not ok
            self._open_jobs.discard(job_id)
        if self._active_job_id == job_id:
            self._active_job_id = None

    def _upload_folders_now(self) -> None:
        for folder in self._upload_folders:
            self._upload_images("batches", self._batch_id, folder, "**/*")

    @guard(0)
    def _upload_images(self, scope: str, scope_id: str, path: str | PathLike[str], glob: str) -> int:
        return self._uploads.images(scope, scope_id, path, glob)


def _count(value: object) -> int:
    try:
        return int(value)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError):
        return 0

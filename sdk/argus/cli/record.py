"""Reports a command as a batch with one job: what `argus run` tells the server.

A command whose own code reports takes the batch over: it has jobs of its own, so ours goes.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from argus._background import Background
from argus._console import Sink
from argus._context import snapshot
from argus._guard import guard
from argus._lines import clean
from argus._periodic import Periodic
from argus._pipeline import Pipeline
from argus._resources import ResourceSampler, psutil_library
from argus._secrets import mask_text
from argus._settings import HEARTBEAT_S, RESOURCES_S, capture_diff, exit_flush_s
from argus._wrapper import note
from argus.cli.errors import CliError
from argus.cli.outcome import Outcome, last_word
from argus.cli.server import Server, path_of

if TYPE_CHECKING:
    from collections.abc import Callable

_STOP_POLL_S = 5.0
# A command that reports itself describes its own interpreter better, and the first description stays.
_CONTEXT_AFTER_S = 20.0
_TAIL_LETTERS = 8_192
# What would describe the wrapper: itself always, its interpreter where the command is run by another.
_OF_PROCESS = frozenset({"pid", "entry_script", "command"})
_OF_INTERPRETER = frozenset(
    {"python_version", "python_implementation", "executable", "pip_freeze", "cudnn_version", "cuda_version"}
)
_DELETE_FLUSH_S = 5.0


class Recorder:
    """The batch of one command."""

    def __init__(self, pipeline: Pipeline, token: Callable[[], str | None], batch_id: str, job_id: str) -> None:
        """`pipeline` without an address only writes a journal."""
        self.batch_id = batch_id
        self.stop_asked = threading.Event()
        self._pipeline = pipeline
        self._url = pipeline.url or ""
        self._token = token
        self._job_id: str | None = job_id
        self._started_at = time.time()
        self._background: Background | None = None
        self._sampling: Periodic | None = None
        self._context: threading.Timer | None = None
        self._sink = Sink(self._add)
        self._tails = {"stderr": "", "stdout": ""}

    @property
    def tail(self) -> list[str]:
        """The last lines of the output; those of stderr alone where there are any."""
        text = next((tail for tail in self._tails.values() if tail.strip()), "")
        return [clean(line) for line in mask_text(text).replace("\r", "\n").split("\n")]

    def begin(self, job: dict[str, Any], command: str) -> None:
        """Report the start, and poll for a stop from now on."""
        self._pipeline.start()
        self._add("batch_start", None, {"experiment_type": "command", "n_total_jobs": 1, "command": command})
        self._add("job_start", self._job_id, job)

    def watch(self, pid: int, program: str) -> None:
        """Report what the command and its children use, and signs of life."""
        self._background = Background(self._add, self.batch_id, lambda: self._job_id)
        self._background.beat(HEARTBEAT_S)
        if self._is_online:
            self._background.poll_stop(self._url, self._token, _STOP_POLL_S, self.stop_asked.set)
        self._sampling = Periodic("resources", _Sampling(self._add, pid).sample, RESOURCES_S)
        self._sampling.start()
        self._context = threading.Timer(_CONTEXT_AFTER_S, self._report_context, (program,))
        self._context.daemon = True
        self._context.start()

    def take(self, stream: str, text: str) -> None:
        """A piece of the command's output. For one thread at a time, as `tick`."""
        self._tails[stream] = (self._tails[stream] + text)[-_TAIL_LETTERS:]
        self._sink.take(stream, self._job_id, text)

    def tick(self) -> None:
        """Report progress bars that are due."""
        self._sink.tick()

    def hand_over(self) -> None:
        """The command reports itself: it samples its own resources, and its jobs stand in place of ours."""
        if self._sampling is not None:
            self._sampling.stop()
        if self._context is not None:
            self._context.cancel()
            self._context = None
        job_id, self._job_id = self._job_id, None
        if job_id is not None:
            self._add("job_done", job_id, {"status": "CANCELLED", "elapsed_s": self._elapsed_s})
            self._delete(job_id)

    def end(self, ended: Outcome, notes: list[str], program: str) -> None:
        """Report the end, and bring it home within the exit limit."""
        self._sink.close()
        if self._context is not None:
            self._context.cancel()
            self._report_context(program)
        if self._background is not None:
            self._background.stop()
        if self._sampling is not None:
            self._sampling.stop()
        elapsed = {"elapsed_s": self._elapsed_s}
        if self._job_id is not None and ended.ok:
            self._add("job_done", self._job_id, {"status": "DONE", **elapsed})
        elif self._job_id is not None and ended.stopped:
            self._add("job_done", self._job_id, {"status": "STOPPED", "reason": ended.reason, **elapsed})
        elif self._job_id is not None:
            self._add("job_failed", self._job_id, {"status": "FAILED", "reason": ended.reason, **elapsed})
        word = last_word(notes, ended)
        if word is not None:
            reason = {} if ended.ok else {"reason": ended.reason}
            self._add(word, None, {**reason, "total_elapsed_s": self._elapsed_s})
        note(self.batch_id, "batch_done" if ended.ok else "batch_failed")  # to a wrapper around this one
        self._pipeline.close(exit_flush_s())

    @property
    def pending(self) -> int:
        """Events that wait in the journal."""
        return self._pipeline.stats.pending

    @property
    def _is_online(self) -> bool:
        return bool(self._url)

    @property
    def _elapsed_s(self) -> float:
        return time.time() - self._started_at

    def _add(self, event_type: str, job_id: str | None, data: dict[str, Any]) -> None:
        self._pipeline.add(event_type, job_id, data)

    def _delete(self, job_id: str) -> None:
        """Take our job off the server; where that cannot be done now it stays as one that was cancelled."""
        if not self._is_online or not self._pipeline.flush(_DELETE_FLUSH_S):
            return
        with suppress(CliError), Server(self._url, self._token()) as server:
            server.delete(path_of("jobs", self.batch_id, job_id))

    @guard(None)
    def _report_context(self, program: str) -> None:
        data = snapshot(os.getcwd(), None, with_diff=capture_diff())
        foreign = _OF_PROCESS if _is_ours(program) else _OF_PROCESS | _OF_INTERPRETER
        known = {name: value for name, value in data.items() if name not in foreign}
        self._add("env_snapshot", None, known)


class _Sampling:
    """Made in the thread that uses it: opening the graphics driver takes a while."""

    def __init__(self, add: Any, pid: int) -> None:
        self._add = add
        self._pid = pid
        self._sampler: ResourceSampler | None = None

    def sample(self) -> bool:
        """One reading; True when the command has ended, and there is nothing more to read."""
        psutil = psutil_library()
        gone: tuple[type[Exception], ...] = () if psutil is None else (psutil.NoSuchProcess,)
        try:
            if self._sampler is None:
                self._sampler = ResourceSampler(self._pid)
            data = self._sampler.sample()
        except gone:
            return True
        self._add("resource_snapshot", None, data)
        return False


def _is_ours(program: str) -> bool:
    """Whether the command is run by the interpreter whose packages we see."""
    import shutil

    found = shutil.which(program)
    return found is not None and os.path.dirname(os.path.abspath(found)) == os.path.dirname(sys.executable)

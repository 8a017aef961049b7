"""What runs beside a batch, each in a thread: heartbeat, stop poller, resource sampler, capture of the context."""

from __future__ import annotations

import threading
from time import time

from argus._context import snapshot_parts
from argus._guard import guard
from argus._periodic import Periodic
from argus._resources import ResourceSampler
from argus._settings import capture_diff
from argus._stop import StopPoller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Before this the server may not know the batch, and nobody can have asked to stop it.
_FIRST_STOP_POLL_S = 1.0
_CONTEXT_JOIN_S = 1.0


class Background:
    """The tasks of one open batch. What they find is reported through `add` while they are not stopped."""

    def __init__(self, add: Callable[..., None], batch_id: str, active_job: Callable[[], str | None]) -> None:
        self._add = add
        self._batch_id = batch_id
        self._active_job = active_job
        self._tasks: list[Periodic] = []
        self._context: threading.Thread | None = None
        self._known: dict[str, object] = {}
        self._sampler: ResourceSampler | None = None
        self._over = False

    def beat(self, every_s: float) -> None:
        """Report a sign of life for the active job, or for the batch while there is none."""
        self._run(Periodic("heartbeat", self._beat, every_s, first_s=every_s))

    def poll_stop(
        self,
        url: str,
        token: Callable[[], str | None],
        every_s: float,
        on_stop: Callable[[], None],
        on_pause: Callable[[bool], None] | None = None,
    ) -> None:
        """Call `on_stop` once, when somebody asked the batch to stop, and `on_pause` with whether it is to pause."""
        poller = StopPoller(url, token, self._batch_id, on_stop, on_pause)
        first_s = min(_FIRST_STOP_POLL_S, every_s)
        self._run(Periodic("stop-poll", poller.poll, every_s, first_s, on_end=poller.close))

    def sample_resources(self, every_s: float) -> None:
        """Report what machine and process use, at once and then periodically."""
        self._run(Periodic("resources", self._sample, every_s))

    def capture_context(self, folder: str, command: str | None, config: dict[str, Any] | None = None) -> None:
        """Report code, packages, machine, environment and the run's configuration, once."""
        self._context = threading.Thread(
            target=self._report_context, args=(folder, command, config), name="argus-context", daemon=True
        )
        self._context.start()

    def stop(self) -> None:
        """End the tasks. The context of a short run is waited for, for a moment; then what is known of it counts."""
        for task in self._tasks:
            task.stop()
        if self._context is not None:
            self._context.join(_CONTEXT_JOIN_S)
            if self._context.is_alive():
                self._report("env_snapshot", None, self._known.copy())
        self._over = True

    def _run(self, task: Periodic) -> None:
        self._tasks.append(task)
        task.start()

    def _beat(self) -> None:
        beat = {"line": "heartbeat", "level": "debug", "ts_unix": time()}
        self._report("log_line", self._active_job() or self._batch_id, beat)

    def _sample(self) -> None:
        if self._sampler is None:
            self._sampler = ResourceSampler()
        self._report("resource_snapshot", None, self._sampler.sample())

    @guard(None)
    def _report_context(self, folder: str, command: str | None, config: dict[str, Any] | None) -> None:
        for part in snapshot_parts(folder, command, config, with_diff=capture_diff()):
            self._known.update(part)
        self._report("env_snapshot", None, self._known.copy())

    def _report(self, event_type: str, job_id: str | None, data: dict[str, object]) -> None:
        if not self._over:
            self._add(event_type, job_id, data)

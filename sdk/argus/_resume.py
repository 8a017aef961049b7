"""Going on with an earlier run: which id it had, whether the server knows it, and where its steps ended."""

from __future__ import annotations

import os
import sys

from argus._guard import tell_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


WAYS = (None, False, True, "allow", "must", "never", "auto")
_TIMEOUT_S = 5.0


class ResumeError(RuntimeError):
    """`resume="must"` and there is no such run, or `resume="never"` and there is one."""


class Known:
    """What the server knows of a job: whether there is one, and the step after its last."""

    def __init__(self, *, exists: bool, next_step: int = 0) -> None:
        self.exists = exists
        self.next_step = next_step


class LastRun:
    """A file that keeps the id of a run of this script in this folder until the run ends well (`resume=True`)."""

    def __init__(self, project: str, group: str | None) -> None:
        from argus._ids import derive_batch_id
        from argus._settings import journal_folder

        place = f"{os.getcwd()}|{sys.argv[0] if sys.argv else ''}"
        self._folder = journal_folder()
        self._path = os.path.join(self._folder, derive_batch_id(project, group or "", place, prefix="last-run"))

    def read(self) -> str | None:
        """The id of a run that did not end well, or None."""
        try:
            with open(self._path, encoding="utf-8") as file:
                return file.read(256).strip() or None
        except OSError:
            return None

    def write(self, run_id: str) -> None:
        """The run has begun."""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with open(self._path, "w", encoding="utf-8") as file:
                file.write(run_id)
        except OSError as error:
            tell_once("last-run", "a later run with resume=True will not find this one: %s", error)

    def forget(self) -> None:
        """The run has ended well."""
        try:
            os.unlink(self._path)
        except OSError:
            pass


def check(resume: bool | str | None, known: Known | None, run_id: str) -> None:
    """Raise `ResumeError` where `resume` forbids what the server says; a server that is silent forbids nothing."""
    if known is None:
        return
    if resume == "must" and not known.exists:
        raise ResumeError(f'resume="must", but there is no run {run_id!r} to go on with')
    if resume == "never" and known.exists:
        raise ResumeError(f'resume="never", but there is a run {run_id!r} already')


def ask(url: str | None, token: Callable[[], str | None], batch_id: str, job_id: str) -> Known | None:
    """Ask the server for the job; None where it does not answer. Waits at most 5 seconds."""
    if url is None:
        return None
    import json
    from urllib.parse import quote

    from argus._transport import HttpTransport, Unreachable

    path = f"/api/jobs/{quote(batch_id, safe='')}/{quote(job_id, safe='')}"
    try:
        transport = HttpTransport(url, token, _TIMEOUT_S)
        reply = transport.request("GET", path)
        transport.close()
        if reply.status == 404:
            return Known(exists=False)
        job = json.loads(reply.body) if reply.ok else None
    except (Unreachable, ValueError) as error:
        tell_once("resume", "the server could not be asked for the run to resume: %s", error)
        return None
    return Known(exists=True, next_step=_next_step(job)) if isinstance(job, dict) else None


def _next_step(job: dict[str, Any]) -> int:
    summaries = job.get("summary")
    steps = [one.get("last_step") for one in summaries.values()] if isinstance(summaries, dict) else []
    known = [step for step in [*steps, job.get("last_epoch")] if isinstance(step, int)]
    return max(known, default=-1) + 1

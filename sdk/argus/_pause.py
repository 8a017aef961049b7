"""Pausing: a job saves itself, and its process ends with exit code 75; resuming: a new process goes on from there.

An agent that resumes a batch starts its command with `ARGUS_BATCH_ID`, `ARGUS_RESUME_FROM` (the newest checkpoint's
path; empty where there is none) and `ARGUS_RESUME_JOBS` (those of each paused job, as JSON). By hand the first two do:
adapters of frameworks leave a note beside what they save, which says whose it is.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EXIT_CODE = 75
"""What a process exits with that was asked to pause and has saved itself (`EX_TEMPFAIL`: to be tried again)."""

RESUME_FROM = "ARGUS_RESUME_FROM"
RESUME_JOBS = "ARGUS_RESUME_JOBS"

_job_claimed = False


def is_resumed() -> bool:
    """Whether this process was started to resume a batch."""
    return RESUME_FROM in os.environ


def resume_path(job_id: str | None = None) -> str | None:
    """Where a resumed process goes on from: the path of the newest checkpoint, or of a job's own; None: from the start.

    A job that had not saved itself before the pause, or had ended before it, has none.
    """
    path = os.environ.get(RESUME_FROM, "").strip() or None
    saved = _paused_jobs()
    if job_id is None or saved is None:
        return path
    own = saved.get(job_id)
    return own if isinstance(own, str) else None


def claim_paused_job() -> str | None:
    """The job that this process was started to go on with, once: for the first run or training without an id.

    The only one that was paused, or by hand the one whose checkpoint it is. None: the script has to say.
    """
    global _job_claimed
    if _job_claimed or not is_resumed():
        return None
    _job_claimed = True
    saved = _paused_jobs()
    if saved is not None:
        return next(iter(saved)) if len(saved) == 1 else None
    path = resume_path()
    job_id = read_note(path).get("job_id") if path else None
    return job_id if isinstance(job_id, str) else None


def write_note(path: str, job_id: str, epoch: int | None) -> None:
    """Say beside a checkpoint, or in it where it is a folder, whose it is, and after which epoch. Raises OSError."""
    import json

    with open(_note_path(path), "w", encoding="utf-8") as file:
        json.dump({"job_id": job_id, "epoch": epoch}, file)


def read_note(path: str) -> dict[str, Any]:
    """What `write_note` wrote; empty where there is none."""
    try:
        with open(_note_path(path), encoding="utf-8") as file:
            return _object(file.read(65536)) or {}
    except OSError:
        return {}


def _note_path(path: str) -> str:
    return os.path.join(path, "argus.json") if os.path.isdir(path) else f"{path}.argus.json"


def _paused_jobs() -> dict[str, Any] | None:
    told = os.environ.get(RESUME_JOBS)
    return _object(told) if told else None


def _object(text: str) -> dict[str, Any] | None:
    import json

    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None

"""Pausing: a job saves itself, and its process ends with exit code 75; resuming: a new process goes on from there.

An agent that resumes a batch starts its command with `ARGUS_BATCH_ID`, `ARGUS_RESUME_FROM` (the newest checkpoint's
path; empty where there is none) and `ARGUS_RESUME_JOBS` (those of each paused job, as JSON).
"""

from __future__ import annotations

import os

EXIT_CODE = 75
"""What a process exits with that was asked to pause and has saved itself (`EX_TEMPFAIL`: to be tried again)."""

RESUME_FROM = "ARGUS_RESUME_FROM"
RESUME_JOBS = "ARGUS_RESUME_JOBS"


def is_resumed() -> bool:
    """Whether this process was started to resume a batch."""
    return RESUME_FROM in os.environ


def resume_path(job_id: str | None = None) -> str | None:
    """Where a resumed process goes on from: the path of the newest checkpoint, or of a job's own; None: from the start.

    A job that had not saved itself before the pause, or had ended before it, has none.
    """
    path = os.environ.get(RESUME_FROM, "").strip() or None
    told = os.environ.get(RESUME_JOBS)
    if job_id is None or not told:
        return path
    import json

    try:
        saved = json.loads(told)
    except ValueError:
        return path
    own = saved.get(job_id) if isinstance(saved, dict) else None
    return own if isinstance(own, str) else None

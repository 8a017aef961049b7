"""What a status means: which batches are over, which jobs have not ended, and what a job left behind is called."""

from __future__ import annotations

from typing import Final

TERMINAL: Final = frozenset({"done", "failed", "cancelled", "stopped", "partial"})
"""Batches with these are over."""
LIVE_JOB: Final = frozenset({"running", "pending"})
"""Jobs that have not ended."""
LOST: Final = "lost"
"""What a job is called whose batch ended without it."""

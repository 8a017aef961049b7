"""Why many jobs failed: the kind of crash that their words have in common. Pure."""

from __future__ import annotations

import re
from typing import Final

OTHER: Final = "…"
"""Stands for all reasons beyond those that are counted by name."""
_LONGEST: Final = 80
_MEMORY: Final = re.compile(r"out of memory|cuda.*allocat|\boom\b", re.IGNORECASE)


def kind_of_crash(reason: str | None) -> str:
    """What a reason is about. Empty: nobody said why."""
    lines = [line.strip() for line in (reason or "").splitlines() if line.strip()]
    if not lines:
        return ""
    if _MEMORY.search(lines[-1]):
        return "out of memory"
    # `RuntimeError: shape '[3, 4]' is invalid` is the same for other shapes.
    return lines[-1].split(":", 1)[0][:_LONGEST]

"""The note beside a journal that says how much of it a live sync has delivered: `<journal>.sent`.

A living process owns its files, so what was delivered can neither be cut off nor be marked in them. The note holds
the delivered bytes of each segment by its number; it is replaced as a whole, and goes with the last segment.
"""

from __future__ import annotations

import json
import os

_ENDING = ".sent"
_MOST_BYTES = 1024 * 1024


def read_sent(group: str) -> dict[str, int]:
    """Delivered bytes by segment file name; empty where there is no note, or none that can be read."""
    try:
        with open(f"{group}{_ENDING}", "rb") as file:
            note = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError):
        return {}
    if not isinstance(note, dict):
        return {}
    return {name: place for name, place in note.items() if isinstance(place, int) and place >= 0}


def write_sent(group: str, sent: dict[str, int]) -> None:
    """Replace the note. Raises OSError."""
    path = f"{group}{_ENDING}"
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(sent, file)
    os.replace(f"{path}.new", path)


def remove_sent(group: str) -> None:
    """The journal is gone, and its note with it."""
    for path in (f"{group}{_ENDING}", f"{group}{_ENDING}.new"):
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass  # nobody followed this journal

"""The figures of all parts in one file, docs/benchmarks.json: each part is measured and written by itself, so that a
run can be cut short and gone on with, and the report made again from what is there.
"""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "docs" / "benchmarks.json"


class Results:
    """What was measured, by part and by name within it."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file
        self.parts: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}

    def put(self, part: str, name: str, found: dict[str, Any]) -> None:
        """Take figures in, with the moment and the machine's load, and write all of it down."""
        now = {"at": time.strftime("%Y-%m-%d %H:%MZ", time.gmtime()), "load": round(os.getloadavg()[0], 1)}
        self.parts.setdefault(part, {})[name] = found | now
        self.parts["machine"] = machine()
        making = self._file.with_suffix(".new")
        making.write_text(json.dumps(self.parts, indent=1, sort_keys=True) + "\n")
        making.rename(self._file)

    def get(self, part: str, *path: str) -> Any:
        """A figure, or None where it was not measured."""
        found: Any = self.parts.get(part)
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}

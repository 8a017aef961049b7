"""A wall clock that can be set wrong while processes look at it."""

from __future__ import annotations

import functools
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """The wall clock of the processes that are started with `environment`; what counts seconds is left alone.

    Args:
        file: where it is written by how much the clock is wrong; outlives the processes.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._file.write_bytes(struct.pack("d", 0.0))
        self._file.chmod(0o644)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a process; none where this machine cannot bend clocks."""
        library = _library()
        return {"LD_PRELOAD": str(library), "ARGUS_CHAOS_CLOCK": str(self._file)} if library else {}

    def jump(self, seconds: float) -> None:
        """From now on the clock is wrong by so much."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("d", seconds))

    @staticmethod
    def is_possible() -> bool:
        """Whether there is a compiler for the few lines of C."""
        return _library() is not None


@functools.cache
def _library() -> Path | None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="argus-chaos-clock-"))
    folder.chmod(0o755)
    built = folder / "clock.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(built), str(_SOURCE), "-ldl"], check=True)
    return built

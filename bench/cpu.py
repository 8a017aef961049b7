"""Who used the processor: CPU seconds of a server's processes by program, before and after a measurement."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict

import psutil

_APP = re.compile(r"argus_(\w+)\.(app|worker)\b")


class Usage:
    """CPU seconds of a process and all that it started, from now on."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._before = self._seconds()

    def by_program(self) -> dict[str, float]:
        """CPU seconds since this was made, the largest first."""
        spent: dict[str, float] = defaultdict(float)
        for (name, pid), seconds in self._seconds().items():
            spent[name] += seconds - self._before.get((name, pid), 0.0)
        largest = sorted(spent.items(), key=lambda item: -item[1])
        return {name: round(seconds, 2) for name, seconds in largest if seconds >= 0.01}

    def seconds(self) -> float:
        """CPU seconds since this was made, of all programs together."""
        return sum(self._seconds().values()) - sum(self._before.values())

    def _seconds(self) -> dict[tuple[str, int], float]:
        found = {}
        for process in [self._root, *self._root.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                found[program(process), process.pid] = times.user + times.system
        return found


def program(process: psutil.Process) -> str:
    """What a process of a server is called here."""
    command = " ".join(process.cmdline())
    if app := _APP.search(command):
        return app[1] if app[2] == "app" else f"{app[1]}-worker"
    return "standalone" if "argus_standalone" in command else process.name()

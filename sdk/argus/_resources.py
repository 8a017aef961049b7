"""One reading of what the machine and this run use: CPU, memory, disk, network, GPUs."""

from __future__ import annotations

import os
import shutil
import socket

from argus import _gpu
from argus._family import Family
from argus._gpu import flat_fields, open_gpus
from argus._rates import Rates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_MIB = 1024 * 1024
# CPU use is a difference between two readings; the first sample has to make both.
_FIRST_CPU_WINDOW_S = 0.1


class ResourceSampler:
    """Reads what is there; a library or a right that is missing leaves its fields out. Used by one thread."""

    def __init__(self, pid: int | None = None) -> None:
        """`pid`: the process whose use is read, with its children; this one by default."""
        self._pid = os.getpid() if pid is None else pid
        self._psutil = psutil_library()
        self._gpus = open_gpus()
        self._window_s: float | None = _FIRST_CPU_WINDOW_S
        if self._psutil is not None:
            self._family = Family(self._psutil, self._pid)
            self._rates = Rates(self._psutil)

    def sample(self) -> dict[str, object]:
        """The data of a `resource_snapshot` event."""
        data: dict[str, object] = {"host": socket.gethostname(), "pid": self._pid}
        own = {self._pid}
        if self._psutil is not None:
            data.update(self._of_machine(self._psutil))
            data.update(self._rates.sample())
            data.update(self._family.sample(int(data["ram_mb"])))  # type: ignore[call-overload]
            own = self._family.pids
        data.update(load_fields())
        data.update(disk_fields(os.environ.get("PROJECT_ROOT") or os.getcwd()))
        if self._gpus is not None:
            cards = self._gpus.read(own)
            data.update(flat_fields(cards))
            data["gpus"] = cards
        return data

    def _of_machine(self, psutil: Any) -> dict[str, object]:
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        fields: dict[str, object] = {
            "cpu_util_pct": float(psutil.cpu_percent(self._window_s)),
            "ram_mb": int(memory.used) // _MIB,
            "ram_total_mb": int(memory.total) // _MIB,
            "swap_mb": int(swap.used) // _MIB,
        }
        self._window_s = None
        return fields


def load_libraries() -> None:
    """Import what the sampler will use."""
    psutil_library()
    _gpu.load_libraries()


def load_fields() -> dict[str, object]:
    """Processes that ran or waited, on the mean of the last minute."""
    try:
        return {"load_1m": round(os.getloadavg()[0], 2)}
    except (AttributeError, OSError):
        return {}


def disk_fields(folder: str) -> dict[str, object]:
    """Free and total space where the run works."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return {}
    return {"disk_free_mb": usage.free // _MIB, "disk_total_mb": usage.total // _MIB}


def psutil_library() -> ModuleType | None:
    """The module `psutil`, or None where it is not installed."""
    try:
        import psutil
    except ImportError:
        return None
    return psutil

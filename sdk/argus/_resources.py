"""One reading of what the machine and this process use: CPU, memory, disk, GPUs."""

from __future__ import annotations

import os
import shutil
import socket

from argus._gpu import flat_fields, nvml_library, open_gpus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from argus._gpu import GpuReader

_MIB = 1024 * 1024
# CPU use is a difference between two readings; the first sample has to make both.
_FIRST_CPU_WINDOW_S = 0.1


class ResourceSampler:
    """Reads what is there; a library or a right that is missing leaves its fields out. Used by one thread."""

    def __init__(self) -> None:
        self._psutil = _psutil()
        self._process: Any = None if self._psutil is None else self._psutil.Process()
        self._gpus: GpuReader | None = open_gpus()
        self._window_s: float | None = _FIRST_CPU_WINDOW_S

    def sample(self) -> dict[str, object]:
        """The data of a `resource_snapshot` event."""
        data: dict[str, object] = {"host": socket.gethostname(), "pid": os.getpid()}
        pids = {os.getpid()}
        if self._psutil is not None:
            data.update(self._cpu_and_memory(self._psutil))
            pids |= self._family()
        data.update(disk_fields(os.environ.get("PROJECT_ROOT") or os.getcwd()))
        if self._gpus is not None:
            gpus = self._gpus.read(os.environ.get("CUDA_VISIBLE_DEVICES"), pids)
            data.update(flat_fields(gpus))
            data["gpus"] = gpus
        return data

    def _cpu_and_memory(self, psutil: Any) -> dict[str, object]:
        self._process.cpu_percent(None)
        memory = psutil.virtual_memory()
        fields: dict[str, object] = {
            "cpu_util_pct": float(psutil.cpu_percent(self._window_s)),
            "ram_mb": int(memory.used) // _MIB,
            "ram_total_mb": int(memory.total) // _MIB,
            "proc_cpu_pct": float(self._process.cpu_percent(None)),
            "proc_ram_mb": int(self._process.memory_info().rss) // _MIB,
        }
        self._window_s = None
        return fields

    def _family(self) -> set[int]:
        """This process's children too: data loaders and ranks hold GPU memory of their own."""
        try:
            return {child.pid for child in self._process.children(recursive=True)}
        except self._psutil.Error:  # type: ignore[union-attr]
            return set()


def load_libraries() -> None:
    """Import what the sampler will use."""
    _psutil()
    nvml_library()


def disk_fields(folder: str) -> dict[str, object]:
    """Free and total space where the run works."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return {}
    return {"disk_free_mb": usage.free // _MIB, "disk_total_mb": usage.total // _MIB}


def _psutil() -> ModuleType | None:
    try:
        import psutil
    except ImportError:
        return None
    return psutil

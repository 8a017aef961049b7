"""Every NVIDIA GPU of the machine, through NVML. A missing driver or library costs one failed import and no more."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MIB = 1024 * 1024


class GpuReader:
    """Reads all GPUs. `nvml` is the module `pynvml` or something of the same shape."""

    def __init__(self, nvml: Any) -> None:
        """Raises `nvml.NVMLError` where there is no driver."""
        self._nvml = nvml
        nvml.nvmlInit()

    def read(self, visible_devices: str | None, pids: set[int]) -> list[dict[str, object]]:
        """One dict per GPU in NVML's order (that of the PCI bus); what a card cannot tell is left out.

        `visible` says whether CUDA_VISIBLE_DEVICES lets this process see it, `proc_mem_mb` what `pids` hold on it.
        """
        gpus = [self._read_one(index, pids) for index in range(int(self._nvml.nvmlDeviceGetCount()))]
        seen = visible_indices(visible_devices, [str(gpu.get("uuid", "")) for gpu in gpus])
        for index, gpu in enumerate(gpus):
            gpu["visible"] = index in seen
        return gpus

    def _read_one(self, index: int, pids: set[int]) -> dict[str, object]:
        nvml = self._nvml
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        gpu: dict[str, object] = {"index": index}

        def note(name: str, read: Callable[[], object]) -> None:
            try:
                gpu[name] = read()
            except nvml.NVMLError:
                pass  # not every card knows everything: MIG, virtual GPUs, consumer cards

        note("uuid", lambda: _text(nvml.nvmlDeviceGetUUID(handle)))
        note("name", lambda: _text(nvml.nvmlDeviceGetName(handle)))
        note("util_pct", lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu))
        note("mem_mb", lambda: int(nvml.nvmlDeviceGetMemoryInfo(handle).used) // _MIB)
        note("mem_total_mb", lambda: int(nvml.nvmlDeviceGetMemoryInfo(handle).total) // _MIB)
        note("temp_c", lambda: int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)))
        note("power_w", lambda: round(nvml.nvmlDeviceGetPowerUsage(handle) / 1000, 1))
        note("proc_mem_mb", lambda: _held_by(pids, nvml.nvmlDeviceGetComputeRunningProcesses(handle)))
        return gpu


def nvml_library() -> Any | None:
    """The module `pynvml`, or None where it is not installed."""
    try:
        import pynvml
    except ImportError:
        return None
    return pynvml


def open_gpus() -> GpuReader | None:
    """A reader, or None on a machine without NVIDIA's library or driver."""
    nvml = nvml_library()
    if nvml is None:
        return None
    try:
        return GpuReader(nvml)
    except nvml.NVMLError:
        return None


def visible_indices(visible_devices: str | None, uuids: list[str]) -> set[int]:
    """NVML indices that CUDA_VISIBLE_DEVICES names, by number or by (the beginning of a) UUID.

    As CUDA reads it: unset means all, empty means none, and the first name that fits no device ends the list.
    """
    if visible_devices is None:
        return set(range(len(uuids)))
    found: set[int] = set()
    for name in visible_devices.split(","):
        index = _index_of(name.strip(), uuids)
        if index is None:
            break
        found.add(index)
    return found


def flat_fields(gpus: list[dict[str, object]]) -> dict[str, object]:
    """The contract's `gpu_*` fields: the first GPU that this process may use, else the first of the machine."""
    first = next((gpu for gpu in gpus if gpu.get("visible")), gpus[0] if gpus else {})
    names = {
        "gpu_util_pct": "util_pct",
        "gpu_mem_mb": "mem_mb",
        "gpu_mem_total_mb": "mem_total_mb",
        "gpu_temp_c": "temp_c",
        "proc_gpu_mem_mb": "proc_mem_mb",
    }
    return {flat: first[name] for flat, name in names.items() if name in first}


def _index_of(name: str, uuids: list[str]) -> int | None:
    if name.isdigit():
        return int(name) if int(name) < len(uuids) else None
    if not name:
        return None
    fits = [index for index, uuid in enumerate(uuids) if uuid.startswith(name)]
    return fits[0] if len(fits) == 1 else None


def _held_by(pids: set[int], processes: list[Any]) -> int:
    """MiB that these processes hold; NVML gives None for memory that it may not attribute."""
    return sum(int(process.usedGpuMemory or 0) for process in processes if process.pid in pids) // _MIB


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

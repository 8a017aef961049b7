"""A module of nvidia-ml-py's shape: its real constants and errors, with cards made up. Handles are (card, instance)."""

from __future__ import annotations

from types import SimpleNamespace

import pynvml

MIB = 1024 * 1024
RESERVED = 480 * MIB
UUIDS = ["GPU-aaaa-1", "GPU-bbbb-2", "GPU-bbcc-3"]
NOT_SUPPORTED = pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)


class FakeNvml:
    """Every name that is not defined here is pynvml's own; calling into the real library is an error."""

    def __init__(self, cards: int = 3, mig: dict[int, int] | None = None) -> None:
        self.cards = cards
        self.mig = mig or {}
        self.lost: set[int] = set()
        self.uninitialised = False
        self.is_old = False
        self.calls: list[str] = []
        self.throttle = pynvml.nvmlClocksEventReasonSwPowerCap | pynvml.nvmlClocksThrottleReasonBoardLimit
        self.processes = {7: 500 * MIB, 8: None, 9: 200 * MIB}

    def __getattr__(self, name):
        if name.startswith(("nvmlDevice", "nvmlSystem")):
            raise AttributeError(name)
        return getattr(pynvml, name)

    def __dir__(self):
        return dir(pynvml)

    def nvmlInit(self):
        self.uninitialised = False
        self.calls.append("nvmlInit")

    def nvmlDeviceGetCount(self):
        if self.uninitialised:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_UNINITIALIZED)
        return self.cards

    def nvmlDeviceGetHandleByIndex(self, index):
        if index in self.lost:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return index, None

    def nvmlDeviceGetUUID(self, handle):
        card, instance = handle
        return f"MIG-{card}{instance}-uuid" if instance is not None else UUIDS[card].encode()

    def nvmlDeviceGetName(self, handle):
        return "Card" if handle[1] is None else "Card MIG 1g.10gb"

    def nvmlDeviceGetUtilizationRates(self, handle):
        self.calls.append(f"rates {handle[0]}")
        if handle[0] in self.mig:
            raise NOT_SUPPORTED
        return SimpleNamespace(gpu=10 * (handle[0] + 1), memory=5)

    def nvmlDeviceGetMemoryInfo(self, handle, version=None):
        if version is not None and self.is_old:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
        # The older form counts what the driver keeps for itself as used.
        kept = 0 if version == pynvml.nvmlMemory_v2 else RESERVED
        card, instance = handle
        if instance is not None:
            return SimpleNamespace(used=(instance + 1) * 100 * MIB + kept, total=10_000 * MIB)
        return SimpleNamespace(used=(card + 1) * 1000 * MIB + kept, total=80_000 * MIB)

    def nvmlDeviceGetTemperature(self, handle, sensor):
        assert sensor == pynvml.NVML_TEMPERATURE_GPU
        return 40 + handle[0]

    def nvmlDeviceGetPowerUsage(self, handle):
        if handle[0] == 2:
            raise NOT_SUPPORTED
        return 123_456

    def nvmlDeviceGetEnforcedPowerLimit(self, handle):
        return 300_000

    def nvmlDeviceGetFanSpeed(self, handle):
        raise NOT_SUPPORTED

    def nvmlDeviceGetClockInfo(self, handle, kind):
        return {pynvml.NVML_CLOCK_SM: 1980, pynvml.NVML_CLOCK_MEM: 2619}[kind]

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle):
        return self.throttle

    def nvmlDeviceGetTotalEccErrors(self, handle, kind, counter):
        assert counter == pynvml.NVML_VOLATILE_ECC
        return {pynvml.NVML_MEMORY_ERROR_TYPE_CORRECTED: 3, pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED: 0}[kind]

    def nvmlDeviceGetComputeRunningProcesses(self, handle):
        return [SimpleNamespace(pid=pid, usedGpuMemory=held) for pid, held in self.processes.items()]

    def nvmlDeviceGetMigMode(self, handle):
        if handle[0] == 2:
            raise NOT_SUPPORTED
        return [int(handle[0] in self.mig), 0]

    def nvmlDeviceGetMaxMigDeviceCount(self, handle):
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle, place):
        if place == 0 or place > self.mig[handle[0]]:  # the first place is free: places have gaps
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return handle[0], place

    def nvmlDeviceGetGpuInstanceId(self, handle):
        return handle[1]

    def nvmlDeviceGetComputeInstanceId(self, handle):
        return 0

    def nvmlSystemGetDriverVersion(self):
        return "580.65.06"

    def nvmlSystemGetCudaDriverVersion_v2(self):
        return 13_010

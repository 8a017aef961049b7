"""NVIDIA's GPUs, through NVML (the package nvidia-ml-py)."""

from __future__ import annotations

from functools import cache

from argus._cards import chosen, collect, mark_visible, own_first, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from argus._cards import Card, Reading

_MIB = 1024 * 1024
_REASON_PREFIXES = ("nvmlClocksEventReason", "nvmlClocksThrottleReason")
# Not reasons, or another name of one.
_NO_REASONS = frozenset({"None", "All", "UserDefinedClocks"})


class NvmlReader:
    """Reads all cards. `nvml` is the module `pynvml`, or something of the same shape."""

    def __init__(self, nvml: Any) -> None:
        """Raises `nvml.NVMLError` where there is no driver."""
        self._nvml = nvml
        # An old library lacks functions (AttributeError), an old driver their newer versions (the mismatch).
        mismatch = getattr(nvml, "NVMLLibraryMismatchError", nvml.NVMLError)
        self._errors: tuple[type[Exception], ...] = (nvml.NVMLError, mismatch, AttributeError)
        self._never: dict[int, set[Reading]] = {}
        nvml.nvmlInit()

    def read(self, variables: dict[str, str], own: set[int]) -> list[Card]:
        """One dict per card in NVML's order, that of the PCI bus; what a card cannot tell is left out.

        `own` are the process ids of the run; `variables` the environment, of which CUDA_VISIBLE_DEVICES counts.
        """
        cards = [self._read_one(index, own) for index in range(self._count())]
        names = variables.get("CUDA_VISIBLE_DEVICES")
        mark_visible(cards, chosen(names, [_ids(card) for card in cards]))
        for card in cards:
            _mark_instances(card, names)
        return cards

    def facts(self) -> dict[str, object]:
        """Versions of the driver, and of the newest CUDA that it can run."""
        found: dict[str, object] = {}
        try:
            found["driver_version"] = text_of(self._nvml.nvmlSystemGetDriverVersion())
            version = int(self._nvml.nvmlSystemGetCudaDriverVersion_v2())
            found["cuda_driver_version"] = f"{version // 1000}.{version % 1000 // 10}"
        except self._errors:
            pass
        return found

    def _count(self) -> int:
        """How many cards there are; NVML is opened again where the driver was reloaded meanwhile."""
        try:
            return int(self._nvml.nvmlDeviceGetCount())
        except self._errors:
            self._never.clear()
            try:
                self._nvml.nvmlInit()
                return int(self._nvml.nvmlDeviceGetCount())
            except self._errors:
                return 0

    def _read_one(self, index: int, own: set[int]) -> Card:
        try:
            handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
        except self._errors as error:
            return {"index": index, "vendor": "nvidia", "error": str(error)}
        card: Card = {"index": index, "vendor": "nvidia"}
        never = self._never.setdefault(index, set())
        card.update(collect(self._nvml, handle, _READINGS, self._errors, never))
        _divide(card, own)
        instances = self._instances(handle, own) if card.pop("mig_mode", 0) else []
        if instances:
            card["mig"] = instances
        return card

    def _instances(self, handle: Any, own: set[int]) -> list[Card]:
        """The MIG instances of a card: NVML tells their memory and processes, not their load."""
        nvml = self._nvml
        found: list[Card] = []
        for place in range(int(nvml.nvmlDeviceGetMaxMigDeviceCount(handle))):
            try:
                instance = nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, place)
            except self._errors:
                continue  # places need not be taken in order
            card = collect(nvml, instance, _INSTANCE_READINGS, self._errors, set())
            _divide(card, own)
            found.append(card)
        return found


def _uuid(nvml: Any, handle: Any) -> Card:
    return {"uuid": text_of(nvml.nvmlDeviceGetUUID(handle))}


def _name(nvml: Any, handle: Any) -> Card:
    return {"name": text_of(nvml.nvmlDeviceGetName(handle))}


def _load(nvml: Any, handle: Any) -> Card:
    rates = nvml.nvmlDeviceGetUtilizationRates(handle)
    return {"util_pct": float(rates.gpu), "mem_util_pct": float(rates.memory)}


def _memory(nvml: Any, handle: Any) -> Card:
    """In use as nvidia-smi counts it: without what the driver keeps, which only the newer form tells apart."""
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(handle, nvml.nvmlMemory_v2)
    except (nvml.NVMLError, AttributeError):
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return {"mem_mb": int(memory.used) // _MIB, "mem_total_mb": int(memory.total) // _MIB}


def _temperature(nvml: Any, handle: Any) -> Card:
    return {"temp_c": int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))}


def _power(nvml: Any, handle: Any) -> Card:
    return {"power_w": round(nvml.nvmlDeviceGetPowerUsage(handle) / 1000, 1)}


def _power_limit(nvml: Any, handle: Any) -> Card:
    return {"power_limit_w": round(nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000, 1)}


def _fan(nvml: Any, handle: Any) -> Card:
    return {"fan_pct": int(nvml.nvmlDeviceGetFanSpeed(handle))}


def _clock_sm(nvml: Any, handle: Any) -> Card:
    return {"clock_sm_mhz": int(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))}


def _clock_mem(nvml: Any, handle: Any) -> Card:
    return {"clock_mem_mhz": int(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM))}


def _throttle(nvml: Any, handle: Any) -> Card:
    """Why the clocks are not higher; the names are NVML's own, whichever it knows."""
    current = getattr(nvml, "nvmlDeviceGetCurrentClocksEventReasons", None)
    ask = current or nvml.nvmlDeviceGetCurrentClocksThrottleReasons
    return {"throttle": reason_names(nvml, int(ask(handle)))}


def reason_names(nvml: Any, mask: int) -> list[str]:
    """The reasons of NVML's bit mask in snake case (`sw_power_cap`); a bit without a name as `bit_11`."""
    names = _reasons(nvml)
    return [names.get(1 << bit, f"bit_{bit}") for bit in range(mask.bit_length()) if mask >> bit & 1]


@cache
def _reasons(nvml: Any) -> dict[int, str]:
    """Names by bit: those of today, and of NVML's older name for the same thing, which covers more bits."""
    names: dict[int, str] = {}
    for prefix in _REASON_PREFIXES:
        for constant in dir(nvml):
            name = constant.removeprefix(prefix)
            if constant.startswith(prefix) and name not in _NO_REASONS:
                names.setdefault(int(getattr(nvml, constant)), _snake(name))
    return names


def _ecc_corrected(nvml: Any, handle: Any) -> Card:
    return {"ecc_corrected": _ecc(nvml, handle, nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED)}


def _ecc_uncorrected(nvml: Any, handle: Any) -> Card:
    return {"ecc_uncorrected": _ecc(nvml, handle, nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED)}


def _ecc(nvml: Any, handle: Any, kind: int) -> int:
    """Errors of the memory since the driver was loaded."""
    return int(nvml.nvmlDeviceGetTotalEccErrors(handle, kind, nvml.NVML_VOLATILE_ECC))


def _compute_processes(nvml: Any, handle: Any) -> Card:
    return {
        "held": {process.pid: process.usedGpuMemory for process in nvml.nvmlDeviceGetComputeRunningProcesses(handle)}
    }


def _mig_mode(nvml: Any, handle: Any) -> Card:
    return {"mig_mode": nvml.nvmlDeviceGetMigMode(handle)[0]}


def _instance_ids(nvml: Any, handle: Any) -> Card:
    gi, ci = nvml.nvmlDeviceGetGpuInstanceId(handle), nvml.nvmlDeviceGetComputeInstanceId(handle)
    return {"gi": int(gi), "ci": int(ci)}


_READINGS: tuple[Reading, ...] = (
    _uuid, _name, _load, _memory, _temperature, _power, _power_limit, _fan, _clock_sm, _clock_mem, _throttle,
    _ecc_corrected, _ecc_uncorrected, _compute_processes, _mig_mode,
)  # fmt: skip
_INSTANCE_READINGS: tuple[Reading, ...] = (_uuid, _name, _memory, _instance_ids, _compute_processes)


def _divide(card: Card, own: set[int]) -> None:
    """The memory that processes hold, as the wire has it."""
    held = card.pop("held", None)
    if held is not None:
        card.update(own_first(held, own))


def _ids(card: Card) -> list[str]:
    """What CUDA_VISIBLE_DEVICES may call a card: by its UUID or, for a part of it, by that of a MIG instance."""
    return [str(card.get("uuid", "")), *(name for instance in card.get("mig", []) for name in _ids_of(instance, card))]


def _ids_of(instance: Card, card: Card) -> list[str]:
    """The UUID of a MIG instance, and the older form `MIG-<card>/<gi>/<ci>`."""
    return [str(instance.get("uuid", "")), f"MIG-{card.get('uuid')}/{instance.get('gi')}/{instance.get('ci')}"]


def _mark_instances(card: Card, names: str | None) -> None:
    """CUDA uses one MIG instance: the one that is named, else the first."""
    wanted = [name.strip().lower() for name in (names or "").split(",") if name.strip().upper().startswith("MIG-")]
    for place, instance in enumerate(card.get("mig", [])):
        named = any(known.lower().startswith(name) for known in _ids_of(instance, card) for name in wanted)
        instance["visible"] = bool(card["visible"]) and (named if wanted else place == 0)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")

"""AMD's GPUs, through the package amdsmi that comes with ROCm. The same shape as NVIDIA's."""

from __future__ import annotations

from argus._cards import chosen, collect, mark_visible, own_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from argus._cards import Card, Reading

_MICRO = 1_000_000
# amdsmi's words for what slows a card down, without the `active_` before them.
_VIOLATIONS = ("prochot_thrm", "ppt_pwr", "socket_thrm", "vr_thrm", "hbm_thrm", "gfx_clk_below_host_limit")


class AmdReader:
    """Reads all cards. `amdsmi` is the package of that name, or something of the same shape."""

    def __init__(self, amdsmi: Any) -> None:
        """Raises `amdsmi.AmdSmiException` where there is no driver."""
        self._amdsmi = amdsmi
        # Each version of the package lacks something or says "N/A" where a number is expected.
        self._errors: tuple[type[Exception], ...] = (
            amdsmi.AmdSmiException,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        )
        self._never: dict[int, set[Reading]] = {}
        amdsmi.amdsmi_init()

    def read(self, variables: dict[str, str], own: set[int]) -> list[Card]:
        """One dict per card in amdsmi's order; what a card cannot tell is left out.

        `own` are the process ids of the run; `variables` the environment, of which ROCR_VISIBLE_DEVICES and, among
        the cards it leaves, HIP_VISIBLE_DEVICES (or CUDA_VISIBLE_DEVICES, which HIP takes for it) count.
        """
        handles = self._handles()
        cards = [self._read_one(index, handle, own) for index, handle in enumerate(handles)]
        ids = [[str(card.pop("hip_uuid", "")), str(card.get("uuid", ""))] for card in cards]
        left = chosen(variables.get("ROCR_VISIBLE_DEVICES"), ids)
        names = variables.get("HIP_VISIBLE_DEVICES", variables.get("CUDA_VISIBLE_DEVICES"))
        mark_visible(cards, [left[place] for place in chosen(names, [ids[index] for index in left])])
        return cards

    def facts(self) -> dict[str, object]:
        """The version of the driver."""
        for handle in self._handles():
            try:
                return {"driver_version": str(self._amdsmi.amdsmi_get_gpu_driver_info(handle)["driver_version"])}
            except self._errors:
                continue
        return {}

    def _handles(self) -> list[Any]:
        try:
            return list(self._amdsmi.amdsmi_get_processor_handles())
        except self._errors:
            return []

    def _read_one(self, index: int, handle: Any, own: set[int]) -> Card:
        never = self._never.setdefault(index, set())
        card: Card = {"index": index, "vendor": "amd"}
        told = collect(self._amdsmi, handle, _READINGS, self._errors, never)
        held = told.pop("held", None)
        card.update({name: value for name, value in told.items() if value is not None})
        if held is not None:
            card.update(own_first(held, own))
        return card


def _uuid(amdsmi: Any, handle: Any) -> Card:
    return {"uuid": str(amdsmi.amdsmi_get_gpu_device_uuid(handle))}


def _hip(amdsmi: Any, handle: Any) -> Card:
    """The id by which HIP_VISIBLE_DEVICES names the card."""
    return {"hip_uuid": str(amdsmi.amdsmi_get_gpu_enumeration_info(handle)["hip_uuid"])}


def _name(amdsmi: Any, handle: Any) -> Card:
    return {"name": str(amdsmi.amdsmi_get_gpu_asic_info(handle)["market_name"])}


def _load(amdsmi: Any, handle: Any) -> Card:
    activity = amdsmi.amdsmi_get_gpu_activity(handle)
    return {"util_pct": _number(activity["gfx_activity"]), "mem_util_pct": _number(activity["umc_activity"])}


def _memory(amdsmi: Any, handle: Any) -> Card:
    """Both are in MiB already."""
    usage = amdsmi.amdsmi_get_gpu_vram_usage(handle)
    return {"mem_mb": _whole(usage["vram_used"]), "mem_total_mb": _whole(usage["vram_total"])}


def _temperature(amdsmi: Any, handle: Any) -> Card:
    """Of the hottest spot, which every card has; the sensor at the edge is missing on those without a fan."""
    sensor, current = amdsmi.AmdSmiTemperatureType.HOTSPOT, amdsmi.AmdSmiTemperatureMetric.CURRENT
    return {"temp_c": _whole(amdsmi.amdsmi_get_temp_metric(handle, sensor, current))}


def _power(amdsmi: Any, handle: Any) -> Card:
    """In watts; which of the three is a number depends on the card."""
    power = amdsmi.amdsmi_get_power_info(handle)
    names = ("socket_power", "current_socket_power", "average_socket_power")
    return {"power_w": next((watts for name in names if (watts := _number(power.get(name)))), None)}


def _power_limit(amdsmi: Any, handle: Any) -> Card:
    """From microwatts."""
    cap = _number(amdsmi.amdsmi_get_power_cap_info(handle)["power_cap"])
    return {"power_limit_w": None if cap is None else round(cap / _MICRO, 1)}


def _fan(amdsmi: Any, handle: Any) -> Card:
    most = amdsmi.amdsmi_get_gpu_fan_speed_max(handle, 0)
    return {"fan_pct": round(100 * amdsmi.amdsmi_get_gpu_fan_speed(handle, 0) / most) if most else None}


def _clock_sm(amdsmi: Any, handle: Any) -> Card:
    return {"clock_sm_mhz": _whole(amdsmi.amdsmi_get_clock_info(handle, amdsmi.AmdSmiClkType.GFX)["clk"])}


def _clock_mem(amdsmi: Any, handle: Any) -> Card:
    return {"clock_mem_mhz": _whole(amdsmi.amdsmi_get_clock_info(handle, amdsmi.AmdSmiClkType.MEM)["clk"])}


def _throttle(amdsmi: Any, handle: Any) -> Card:
    status = amdsmi.amdsmi_get_violation_status(handle)
    return {"throttle": [name for name in _VIOLATIONS if status.get(f"active_{name}") is True]}


def _ecc(amdsmi: Any, handle: Any) -> Card:
    count = amdsmi.amdsmi_get_gpu_total_ecc_count(handle)
    return {
        "ecc_corrected": _whole(count["correctable_count"]),
        "ecc_uncorrected": _whole(count["uncorrectable_count"]),
    }


def _processes(amdsmi: Any, handle: Any) -> Card:
    """Bytes of the card's own memory by process."""
    listed = amdsmi.amdsmi_get_gpu_process_list(handle)
    return {"held": {process["pid"]: _whole(process["memory_usage"]["vram_mem"]) for process in listed}}


_READINGS: tuple[Reading, ...] = (
    _uuid, _hip, _name, _load, _memory, _temperature, _power, _power_limit, _fan, _clock_sm, _clock_mem, _throttle,
    _ecc, _processes,
)  # fmt: skip


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)

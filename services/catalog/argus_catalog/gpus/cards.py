"""Reads the GPUs that a snapshot told of, whatever sent it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from argus_catalog.derivations.metrics import number

Row = Any

# What slows a card down against its will, as NVIDIA's and AMD's libraries call it in any spelling.
_TROUBLE = ("slowdown", "brake", "thrm", "thermal", "ppt", "boardlimit", "reliability", "swpowercap")


@dataclass(frozen=True, slots=True)
class Card:
    """One GPU at one time. `own_mb` is what the reporting run holds, `held_mb` what anybody holds."""

    index: int
    name: str | None
    util_pct: float | None
    mem_mb: float | None
    mem_total_mb: float | None
    temp_c: float | None
    power_w: float | None
    power_limit_w: float | None
    slowed_by: tuple[str, ...]
    own_mb: float
    held_mb: float


def cards_of(row: Row) -> list[Card]:
    """The cards of a snapshot; reporters that know of one card only send flat numbers."""
    told = row.gpus if isinstance(row.gpus, list) else None
    if told:
        return [_card(place, gpu) for place, gpu in enumerate(told) if isinstance(gpu, dict)]
    if row.gpu_util_pct is None and row.gpu_mem_mb is None:
        return []
    own = row.proc_gpu_mem_mb or 0.0
    return [
        Card(0, None, row.gpu_util_pct, row.gpu_mem_mb, row.gpu_mem_total_mb, row.gpu_temp_c, None, None, (), own, own)
    ]


def _card(place: int, gpu: dict[str, Any]) -> Card:
    index, name, reasons = number(gpu.get("index")), gpu.get("name"), gpu.get("throttle")
    processes = gpu.get("processes")
    held = sum(number(one.get("mem_mb")) or 0.0 for one in processes or () if isinstance(one, dict))
    return Card(
        index=place if index is None else int(index),
        name=name if isinstance(name, str) else None,
        util_pct=number(gpu.get("util_pct")),
        mem_mb=number(gpu.get("mem_mb")),
        mem_total_mb=number(gpu.get("mem_total_mb")),
        temp_c=number(gpu.get("temp_c")),
        power_w=number(gpu.get("power_w")),
        power_limit_w=number(gpu.get("power_limit_w")),
        slowed_by=tuple(r for r in reasons or () if isinstance(r, str) and _is_trouble(r)),
        own_mb=number(gpu.get("proc_mem_mb")) or 0.0,
        held_mb=held,
    )


def _is_trouble(reason: str) -> bool:
    plain = reason.lower().replace("_", "").replace(" ", "")
    return any(word in plain for word in _TROUBLE)

"""What the machines' meters showed at any time, as it follows from which jobs held which GPUs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from demo_lab.curves import random_of
from demo_lab.plan import BatchPlan, JobPlan
from demo_lab.world import MACHINE, Machine

_BUSY = {"vision": 93.0, "speech": 88.0, "forecasting": 61.0}
# Somebody's own program on the last GPU of this machine, which reports to nobody.
_FOREIGN = ("lab-04", 3, 9_412)


class Laboratory:
    """All machines. Holds the plans, so that a reading knows who else was on the machine."""

    def __init__(self, batches: Sequence[BatchPlan], anchor: datetime) -> None:
        self._anchor = anchor
        self._of_host: dict[str, list[BatchPlan]] = {}
        for batch in batches:
            self._of_host.setdefault(batch.host, []).append(batch)

    def reading(self, batch: BatchPlan, at: datetime) -> dict[str, Any]:
        """The data of a `resource_snapshot` that a batch's reporter sends."""
        machine = MACHINE[batch.host]
        holders = self._holders(batch.host, at)
        cards = [_card(machine, index, holders.get(index), batch, at) for index in range(machine.gpus)]
        own = [card for card in cards if card["proc_mem_mb"]]
        first = (own or [cards[batch.gpus[0]]])[0]
        busy = sum(card["util_pct"] for card in cards) / 100
        chance = random_of(machine.name, int(at.timestamp()))
        return {
            "host": machine.name,
            "pid": _pid(batch),
            "gpu_util_pct": first["util_pct"],
            "gpu_mem_mb": first["mem_mb"],
            "gpu_mem_total_mb": machine.vram_mb,
            "gpu_temp_c": first["temp_c"],
            "cpu_util_pct": round(min(98.0, 4 + 700 * busy / machine.cores + chance.uniform(0, 5)), 1),
            "ram_mb": int(machine.ram_mb * min(0.93, 0.08 + 0.075 * busy + chance.uniform(0, 0.01))),
            "ram_total_mb": machine.ram_mb,
            "disk_free_mb": self._disk_free(machine, at),
            "disk_total_mb": machine.disk_mb,
            "proc_cpu_pct": round(180.0 * len(own) + chance.uniform(0, 40), 1),
            "proc_ram_mb": 9_200 * max(1, len(own)),
            "proc_gpu_mem_mb": sum(card["proc_mem_mb"] for card in own),
            "load_1m": round(6 * busy + chance.uniform(0, 2), 2),
            "disk_read_mb_s": round(55 * busy + chance.uniform(0, 20), 1),
            "disk_write_mb_s": round(4 * busy + chance.uniform(0, 3), 1),
            "net_rx_mb_s": round(chance.uniform(0.1, 3.0), 2),
            "net_tx_mb_s": round(chance.uniform(0.1, 1.0), 2),
            "gpus": cards,
        }

    def _holders(self, host: str, at: datetime) -> dict[int, tuple[BatchPlan, JobPlan]]:
        found = {}
        for batch in self._of_host[host]:
            if batch.start > at or (batch.silent_since and batch.silent_since < at):
                continue
            for job in batch.jobs:
                if job.start <= at < job.end or (batch.fate == "idle" and job.start <= at):
                    found.update(dict.fromkeys(job.gpus, (batch, job)))
        return found

    def _disk_free(self, machine: Machine, at: datetime) -> int:
        days = (self._anchor - at).total_seconds() / 86_400
        if machine.disk_days is None:
            return int(machine.disk_free_mb * (1 + 0.01 * math.sin(days * 3)))
        # Filled at one rate since three weeks ago; somebody cleaned up once in between.
        rate = machine.disk_free_mb / machine.disk_days
        wobble = 0.02 * machine.disk_free_mb * math.sin(days * 9)
        return max(0, int(machine.disk_free_mb + rate * (days if days < 9 else days - 9) + wobble))


def _card(
    machine: Machine, index: int, held: tuple[BatchPlan, JobPlan] | None, reader: BatchPlan, at: datetime
) -> dict[str, Any]:
    chance = random_of(machine.name, index, int(at.timestamp()))
    util, memory, processes = chance.uniform(0, 0.4), 4, []
    if held is not None:
        batch, job = held
        util, memory = _load(batch, job, index, at), job.memory_mb
        processes = [{"pid": _pid(batch) + index + 1, "mem_mb": memory - 420, "own": batch.id == reader.id}]
    elif (machine.name, index) == _FOREIGN[:2]:
        util, memory = 97.0 + chance.uniform(-2, 2), _FOREIGN[2]
        processes = [{"pid": 48_211, "mem_mb": memory - 210, "own": False}]
    temperature = 31 + 0.42 * util + chance.uniform(-1, 1)
    throttle: list[str] = []
    if index == machine.hot_gpu and util > 50:
        temperature, throttle = 86 + chance.uniform(0, 3), ["SwThermalSlowdown"]
    return {
        "index": index,
        "vendor": "nvidia",
        "uuid": f"GPU-{random_of(machine.name, index).getrandbits(64):016x}",
        "name": machine.card,
        "util_pct": round(min(100.0, util), 1),
        "mem_util_pct": round(util * 0.62, 1),
        "mem_mb": memory,
        "mem_total_mb": machine.vram_mb,
        "temp_c": round(temperature),
        "power_w": round(machine.power_w * (0.14 + 0.0082 * util), 1),
        "power_limit_w": machine.power_w,
        "clock_sm_mhz": 1_095 if throttle else 1_410 if util > 5 else 210,
        "throttle": throttle,
        "proc_mem_mb": sum(one["mem_mb"] for one in processes if one["own"]),
        "processes": processes,
        "visible": index in reader.gpus,
        **({"ordinal": reader.gpus.index(index)} if index in reader.gpus else {}),
    }


def _load(batch: BatchPlan, job: JobPlan, index: int, at: datetime) -> float:
    chance = random_of(job.id, index, int(at.timestamp()))
    if batch.fate == "idle" and at > idle_since(batch):
        return chance.uniform(0, 0.8)
    # Between epochs the GPU waits for the validation's data.
    place = (at - job.start) % timedelta(seconds=job.epoch_s)
    waits = place < timedelta(seconds=0.06 * job.epoch_s)
    return chance.uniform(6, 22) if waits else _BUSY[job.project] + chance.uniform(-7, 5)


def idle_since(batch: BatchPlan) -> datetime:
    """When a batch that only holds its GPUs stopped using them."""
    return batch.start + timedelta(minutes=64)


def _pid(batch: BatchPlan) -> int:
    return 11_000 + random_of(batch.id, "pid").randrange(40_000)

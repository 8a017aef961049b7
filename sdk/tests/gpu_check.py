"""Checks what the SDK says of real NVIDIA cards against nvidia-smi: `python sdk/tests/gpu_check.py`, on a GPU machine.

No test runs it, since machines for tests have no card. It holds 256 MiB on the first visible card for a moment, through
the driver alone, to see that this process is found there; prints one line per check; and exits with 1 when one fails.
Needs the SDK with nvidia-ml-py, psutil, and `nvidia-smi` on the path.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from argus._gpu import flat_fields, open_gpus
from argus._resources import ResourceSampler

HELD_MB = 256
# By our field: nvidia-smi's, and by how much two readings a moment apart may differ.
COMPARED = {
    "uuid": ("uuid", 0.0),
    "name": ("name", 0.0),
    "mem_total_mb": ("memory.total", 1.0),
    "mem_mb": ("memory.used", 64.0),
    "temp_c": ("temperature.gpu", 5.0),
    "power_w": ("power.draw", 80.0),
    "power_limit_w": ("enforced.power.limit", 1.0),
    "fan_pct": ("fan.speed", 10.0),
    "clock_sm_mhz": ("clocks.sm", 2000.0),
    "clock_mem_mhz": ("clocks.mem", 3000.0),
    "util_pct": ("utilization.gpu", 100.0),
    "mem_util_pct": ("utilization.memory", 100.0),
    "ecc_corrected": ("ecc.errors.corrected.volatile.total", 0.0),
    "ecc_uncorrected": ("ecc.errors.uncorrected.volatile.total", 0.0),
}
failures: list[str] = []


def main() -> int:
    """All checks; the number that failed is not told, only whether one did."""
    gpus = open_gpus()
    check("NVML opens", gpus is not None)
    if gpus is None:
        return 1
    print(json.dumps(gpus.facts(), indent=1))
    smi = nvidia_smi()
    cards = gpus.read({os.getpid()})
    check("as many cards as nvidia-smi sees", len(cards) == len(smi), f"{len(cards)} and {len(smi)}")
    for card, row in zip(cards, smi, strict=False):
        compare(card, row)
    with held_memory():
        held = gpus.read({os.getpid()})
        check_held(held)
    check_sampler()
    return 1 if failures else 0


def compare(card: dict[str, Any], row: dict[str, str]) -> None:
    """Field by field; what nvidia-smi does not know may be missing here."""
    for ours, (theirs, tolerance) in COMPARED.items():
        told = row[theirs]
        if "N/A" in told or "Not" in told:
            check(f"card {card['index']}: {ours} is not supported in both", ours not in card, str(card.get(ours)))
        elif ours not in card:
            check(f"card {card['index']}: {ours}", False, f"missing here, {told} in nvidia-smi")
        elif isinstance(card[ours], str):
            check(f"card {card['index']}: {ours}", card[ours] == told, f"{card[ours]} and {told}")
        else:
            near = abs(float(card[ours]) - float(told)) <= tolerance
            check(f"card {card['index']}: {ours}", near, f"{card[ours]} and {told}")
    check(
        f"card {card['index']}: throttle reasons are names",
        isinstance(card.get("throttle"), list),
        str(card.get("throttle")),
    )


def check_held(cards: list[dict[str, Any]]) -> None:
    """This process is on a card. In a container NVML tells the host's process ids, and this cannot hold."""
    own = [card for card in cards if card.get("proc_mem_mb", 0) >= HELD_MB]
    processes = [process for card in cards for process in card.get("processes", [])]
    check(
        "this process is found on its card (fails in a container with its own process ids)",
        len(own) == 1,
        str(processes),
    )
    if own:
        check(
            "and marked as own", own[0]["processes"][0] == {**own[0]["processes"][0], "pid": os.getpid(), "own": True}
        )
        check("the flat fields are of that card", flat_fields(cards)["proc_gpu_mem_mb"] == own[0]["proc_mem_mb"])


def check_sampler() -> None:
    """A whole sample is sent as JSON, and costs little."""
    sampler = ResourceSampler()
    sampler.sample()
    begin = time.thread_time()
    for _ in range(20):
        json.dumps(sampler.sample(), allow_nan=False)
    each_s = (time.thread_time() - begin) / 20
    processes = len(psutil.pids())
    check(
        "a sample each 30 s takes less than 0.2 % of a core",
        each_s / 30 < 0.002,
        f"{each_s * 1000:.1f} ms, {processes} processes",
    )


def nvidia_smi() -> list[dict[str, str]]:
    """What nvidia-smi says of each card."""
    fields = [theirs for theirs, _ in COMPARED.values()]
    command = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    lines = subprocess.check_output(command, text=True).strip().splitlines()
    return [dict(zip(fields, (value.strip() for value in line.split(",")), strict=True)) for line in lines]


@contextmanager
def held_memory() -> Iterator[None]:
    """A context of CUDA's driver with some memory in it."""
    cuda = ctypes.CDLL("libcuda.so.1")
    device, context, address = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p()
    call(cuda.cuInit, 0)
    call(cuda.cuDeviceGet, ctypes.byref(device), 0)
    call(cuda.cuCtxCreate_v2, ctypes.byref(context), 0, device)
    call(cuda.cuMemAlloc_v2, ctypes.byref(address), ctypes.c_size_t(HELD_MB * 2**20))
    try:
        yield
    finally:
        call(cuda.cuMemFree_v2, address)
        call(cuda.cuCtxDestroy_v2, context)


def call(function: Callable[..., int], *arguments: Any) -> None:
    """A function of the driver, whose answer is 0 when all is well."""
    result = function(*arguments)
    if result != 0:
        raise RuntimeError(f"{function} answered {result}")


def check(what: str, holds: bool, more: str = "") -> None:
    """One line: whether it holds, and what was seen."""
    print(f"{'ok  ' if holds else 'FAIL'} {what}{f': {more}' if more else ''}")
    if not holds:
        failures.append(what)


if __name__ == "__main__":
    sys.exit(main())

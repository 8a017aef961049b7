"""The loop that every rival's script runs: imports nothing of ours and nothing that is not in Python.

The training's step is work of 100 us in a library, outside the interpreter, as in bench/sdk_epoch.py.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time

WORK_US = 100.0
METRICS = {"train_loss": 0.5, "val_loss": 0.6, "lr": 0.001, "accuracy": 0.9}


def measure(call, calls):
    """Times of `call(i)`: so many in a tight loop, and so many with work between."""
    call(0)
    data = _calibrated()
    tight = _summary(_times(call, 1, calls, b""))
    worked = _summary(_times(call, calls + 1, calls, data))
    return {"calls": calls, "tight": tight, "work_100us": worked}


def say(found):
    """Print it as the last line."""
    print("\n" + json.dumps(found), flush=True)


def _times(call, first, calls, data):
    times = []
    clock = time.perf_counter_ns
    for i in range(first, first + calls):
        if data:
            hashlib.sha256(data).digest()
        before = clock()
        call(i)
        times.append((clock() - before) / 1000)
    return times


def _summary(times):
    cuts = statistics.quantiles(times, n=100)
    return {"p50_us": round(cuts[49], 1), "p99_us": round(cuts[98], 1), "worst_ms": round(max(times) / 1000, 2)}


def _calibrated():
    size = 10_000
    best = min(_once(bytes(size)) for _ in range(50))
    return bytes(int(size * WORK_US / best))


def _once(data):
    begin = time.perf_counter()
    hashlib.sha256(data).digest()
    return (time.perf_counter() - begin) * 1e6

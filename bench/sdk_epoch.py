"""What `job.epoch()` costs the training loop: `python -m bench.sdk_epoch` prints JSON.

20,000 calls with four metrics, in a tight loop and with 100 us of work between: p50, p99, worst; how much slower the
loop runs than without the calls; whether the server has all that was counted. Beside it, in the same process, the
floors: a deque's append and a queue's put, and the worst that this machine does to a loop that calls nothing.

The work is a library's, outside the interpreter, as a training step's is; `_python` figures are of work that is Python
all the way and shares the interpreter with the SDK's threads. `slowdown_one_cpu_pct` is measured with the whole process
on one CPU, where every microsecond of the SDK's threads is taken from the training too. The server is a process of its
own that only acknowledges; `--url` and `--token` name a real one.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path

CALLS = 20_000
WORK_US = 100.0
# Loops of this many seconds, with and without the calls, in turns: one bad second of the machine then hits both.
ROUND_S = 0.7
ROUNDS = 3
# Under a real-time scheduler (`chrt -r 1 python -m bench.sdk_epoch`, to see past a busy machine) the server has none.
_PLAIN = ["chrt", "-o", "0"] if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) else []


def _spin(work: int) -> None:
    """Work that is Python all the way: nothing else of the process can run meanwhile."""
    for _ in range(work):
        pass


def _native(data: bytes) -> None:
    """Work that a library does outside the interpreter, as a training step does."""
    hashlib.sha256(data).digest()


def _times(call, work, amount) -> list[float]:  # type: ignore[no-untyped-def]
    times = []
    clock = time.perf_counter_ns
    for i in range(CALLS):
        work(amount)
        before = clock()
        call(i)
        times.append((clock() - before) / 1000)
    return times


def _loop_s(call, work, amount, steps) -> float:  # type: ignore[no-untyped-def]
    begin = time.perf_counter()
    for i in range(steps):
        work(amount)
        call(i)
    return time.perf_counter() - begin


def _slowdown(call, settle, work, amount) -> float:  # type: ignore[no-untyped-def]
    """Percent, median of pairs of rounds. Each round begins with nothing left to send."""
    found = []
    steps = int(ROUND_S / _timed(work, amount) * 1e6)
    for _ in range(ROUNDS):
        settle()
        bare = _loop_s(_nothing, work, amount, steps)
        found.append((_loop_s(call, work, amount, steps) / bare - 1) * 100)
    return round(statistics.median(found), 2)


def _nothing(_i: int) -> None:
    pass


def _calibrated() -> tuple[int, bytes]:
    """How much of each kind of work takes 100 us here."""
    spins, size = 1_000, 10_000
    spin_us = min(_timed(_spin, spins) for _ in range(50))
    native_us = min(_timed(_native, bytes(size)) for _ in range(50))
    return int(spins * WORK_US / spin_us), bytes(int(size * WORK_US / native_us))


def _timed(work, amount) -> float:  # type: ignore[no-untyped-def]
    begin = time.perf_counter()
    work(amount)
    return (time.perf_counter() - begin) * 1e6


def _summary(times: list[float], dropped: int) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {
        "p50_us": round(cuts[49], 2),
        "p99_us": round(cuts[98], 2),
        "worst_ms": round(max(times) / 1000, 3),
        "dropped": dropped,
    }


def _floors(data: bytes) -> dict[str, float]:
    """Medians over single calls, measured as the calls of the SDK are."""
    return {
        "nothing_worst_ms": round(max(_times(_nothing, _native, data)) / 1000, 3),
        "deque_append_us": round(statistics.median(_times(deque().append, _nothing, 0)), 2),
        "queue_put_us": round(statistics.median(_times(queue.Queue().put, _nothing, 0)), 2),
    }


def _slowdowns(call, settle, data, spins) -> dict[str, float]:  # type: ignore[no-untyped-def]
    found = {
        "slowdown_pct": _slowdown(call, settle, _native, data),
        "slowdown_1ms_pct": _slowdown(call, settle, _native, data * 10),
        "slowdown_python_pct": _slowdown(call, settle, _spin, spins),
    }
    if hasattr(os, "sched_setaffinity"):
        cpus = os.sched_getaffinity(0)
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), {min(cpus)})
        found["slowdown_one_cpu_pct"] = _slowdown(call, settle, _native, data)
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), cpus)
    return found


@contextmanager
def _sink(url: str | None):  # type: ignore[no-untyped-def]
    """The address of a server: the given one, or a sink."""
    if url is not None:
        yield url
        return
    server = subprocess.Popen(
        [*_PLAIN, sys.executable, "-m", "bench.sdk_sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.communicate("")


def measure(url: str, token: str, *, context: bool = True) -> dict[str, object]:
    """Measure against a running server. `context`: with the captures and samplers that a run has by default."""
    spins, data = _calibrated()
    with tempfile.TemporaryDirectory() as journal:
        os.environ["ARGUS_SPILL_DIR"] = journal
        from argus import Reporter

        options = {} if context else {"resource_snapshot": False, "capture_environment": False, "heartbeat": False}
        reporter = Reporter("bench-sdk", source_project="bench", monitor_url=url, token=token, n_total=1, **options)
        begin = time.perf_counter()
        with reporter as r, r.job("job-1", model="m", dataset="d") as job:
            entered = time.perf_counter() - begin

            def call(i: int) -> None:
                job.epoch(i, train_loss=0.5, val_loss=0.6, lr=0.001, accuracy=0.9)

            gc.collect()
            tight = _summary(_times(call, _nothing, 0), r.stats.dropped)
            r.flush(30)
            work = _summary(_times(call, _native, data), r.stats.dropped)
            python_work = _summary(_times(call, _spin, spins), r.stats.dropped)
            r.flush(30)
            slowdowns = _slowdowns(call, lambda: r.flush(30), data, spins)
            before = time.process_time()
            for i in range(CALLS):
                call(i)
            r.flush(30)
            cpu_us = (time.process_time() - before) / CALLS * 1e6
        stats = reporter.stats
    return {
        "calls": CALLS,
        "tight": tight,
        "work_100us": work,
        "work_100us_python": python_work,
        **slowdowns,
        "cpu_us_per_event": round(cpu_us, 2),
        "enter_ms": round(entered * 1000, 1),
        "floor": _floors(data),
        "stats": {name: getattr(stats, name) for name in stats.__slots__},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a running server; default: a sink of its own")
    parser.add_argument("--token", default="em_live_bench")
    parser.add_argument("--bare", action="store_true", help="without samplers and captures")
    arguments = parser.parse_args()
    with _sink(arguments.url) as address:
        print(json.dumps(measure(address, arguments.token, context=not arguments.bare), indent=1, default=str))

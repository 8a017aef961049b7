"""What `job.epoch()` costs the training loop: `python -m bench.sdk_epoch --url URL --token TOKEN` prints JSON.

20,000 calls with four metrics, in a tight loop and with 100 us of work between; p50, p99 and worst in microseconds, the
loop's slow-down, and whether the server has all that was counted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time

CALLS = 20_000
_WORK_S = 100e-6


def _work() -> None:
    until = time.perf_counter() + _WORK_S
    while time.perf_counter() < until:
        pass


def _loop(call, *, with_work: bool) -> tuple[list[float], float]:  # type: ignore[no-untyped-def]
    times = []
    begin = time.perf_counter()
    for i in range(CALLS):
        if with_work:
            _work()
        before = time.perf_counter_ns()
        call(i)
        times.append((time.perf_counter_ns() - before) / 1000)
    return times, time.perf_counter() - begin


def _summary(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {"p50_us": cuts[49], "p99_us": cuts[98], "worst_us": max(times)}


def measure(url: str, token: str) -> dict[str, object]:
    """Measure against a running server."""
    with tempfile.TemporaryDirectory() as journal:
        os.environ["ARGUS_SPILL_DIR"] = journal
        from argus import Reporter

        _, bare_s = _loop(lambda _: None, with_work=True)
        reporter = Reporter("bench-sdk", source_project="bench", monitor_url=url, token=token, n_total=1)
        with reporter as r, r.job("job-1", model="m", dataset="d") as job:

            def call(i: int) -> None:
                job.epoch(i, train_loss=0.5, val_loss=0.6, lr=0.001, accuracy=0.9)

            tight, _ = _loop(call, with_work=False)
            worked, with_s = _loop(lambda i: call(CALLS + i), with_work=True)
        stats = reporter.stats
    return {
        "calls": CALLS,
        "tight": _summary(tight),
        "with_100us_of_work": _summary(worked),
        "slowdown_percent": (with_s / bare_s - 1) * 100,
        "stats": {name: getattr(stats, name) for name in stats.__slots__},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.url, arguments.token), indent=1, default=str))

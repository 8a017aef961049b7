"""Aim, into a local repository: its tracking, what it stores a second, and reading a curve back."""

import time

from aim import Repo, Run
from loop import METRICS, measure, say

CALLS = 5_000
POINTS = 10_000

Repo.from_path(".", init=True)
run = Run(repo=".", system_tracking_interval=None, capture_terminal_logs=False, log_system_params=False)
found = measure(lambda i: run.track(METRICS, step=i), CALLS)
begin = time.perf_counter()
for i in range(POINTS):
    run.track(float(i), name="long", step=i)
run.close()
found["points_per_second"] = round(POINTS / (time.perf_counter() - begin))
begin = time.perf_counter()
metric = next(
    metric for metric in Repo.from_path(".").query_metrics("metric.name == 'long'").iter() if metric.name == "long"
)
steps, values = metric.values.sparse_numpy()
found["read"] = {"points": len(values), "ms": round((time.perf_counter() - begin) * 1000, 1)}
say(found)

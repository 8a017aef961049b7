"""Aim, into a local repository: its tracking, what it stores a second, and reading a curve back."""

import time
from pathlib import Path

from aim import Repo, Run
from aim.storage.context import Context
from loop import METRICS, measure, say

CALLS = 5_000
POINTS = 10_000

FOLDER = str(Path.cwd())
Repo.from_path(FOLDER, init=True)
run = Run(repo=FOLDER, system_tracking_interval=None, capture_terminal_logs=False, log_system_params=False)
found = measure(lambda i: run.track(METRICS, step=i), CALLS)
begin = time.perf_counter()
for i in range(POINTS):
    run.track(float(i), name="long", step=i)
run.close()
found["points_per_second"] = round(POINTS / (time.perf_counter() - begin))
begin = time.perf_counter()
stored = Repo.from_path(FOLDER).get_run(run.hash)
if stored is not None:  # a repository of files shows a run when its index is written, which is not at once
    steps, values = stored.get_metric("long", Context({})).values.sparse_numpy()
    found["read"] = {"points": len(values), "ms": round((time.perf_counter() - begin) * 1000, 1)}
say(found)

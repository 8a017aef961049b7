"""Reports some hundred events a second, and writes down each call that returned.

`reporter.py NAME SECONDS JOBS WITNESS` is a run.
The witness has a line per call, `job kind number moment`, in one unbuffered write each, so that it outlives a kill -9.
`reporter.py NAME after BATCH` is the next run: it goes on with the batch, and waits until nothing of a dead process is
left. Both print their counts as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from argus import Reporter

PATIENCE_S = 90.0


def reporter(name: str, **more: object) -> Reporter:
    """One that reports nothing by itself: all that it sends was a call."""
    return Reporter(
        name,
        source_project="chaos",
        heartbeat=False,
        stop_polling=False,
        resource_snapshot=False,
        capture_environment=False,
        **more,  # type: ignore[arg-type]
    )


def first(name: str, seconds: str, jobs: str, witness: str) -> None:
    """Report for a while, from a thread for each job."""
    file = os.open(witness, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def saw(job: str, kind: str, number: int) -> None:
        os.write(file, f"{job} {kind} {number} {time.monotonic():.6f}\n".encode())

    end = time.monotonic() + float(seconds)
    with reporter(name, batch_id=name, n_total=int(jobs)) as r:
        threads = [threading.Thread(target=train, args=(r, f"job-{number}", end, saw)) for number in range(int(jobs))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        r.flush(PATIENCE_S)
    r.flush(PATIENCE_S)
    print(json.dumps(r.stats.as_dict()), flush=True)


def train(r: Reporter, name: str, end: float, saw: Callable[[str, str, int], None]) -> None:
    """One job."""
    with r.job(name, model="m", dataset="d") as job:
        epoch = 0
        while time.monotonic() < end:
            job.epoch(epoch, train_loss=1 / (epoch + 1), val_loss=float(epoch % 7))
            saw(name, "job_epoch", epoch)
            job.log(f"line {epoch}")
            saw(name, "log_line", epoch)
            job.metrics_step({"grad_norm": float(epoch)}, step=epoch * 10)
            saw(name, "job_step", epoch)
            epoch += 1
            time.sleep(0.01)


def after(name: str, batch: str) -> None:
    """The next run on this machine, after a death."""
    with reporter(name, resume_from=batch) as r:
        with r.job("after") as job:
            job.epoch(0, train_loss=0.0)
        deadline = time.monotonic() + PATIENCE_S
        while left := _of_others(r):
            assert time.monotonic() < deadline, f"nobody adopted {left}"
            time.sleep(0.05)
        r.flush(PATIENCE_S)
    print(json.dumps(r.stats.as_dict()), flush=True)


def _of_others(r: Reporter) -> list[str]:
    folder = Path(os.environ["ARGUS_SPILL_DIR"])
    return [path.name for path in folder.glob("journal-*.jsonl") if f"-{os.getpid()}-" not in path.name]


if __name__ == "__main__":
    if sys.argv[2] == "after":
        after(sys.argv[1], sys.argv[3])
    else:
        first(*sys.argv[1:])

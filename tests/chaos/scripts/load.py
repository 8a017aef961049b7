"""Reports some hundred events a second for a while, waits for the server, and says what became of them."""

from __future__ import annotations

import json
import sys
import time

from argus import Reporter

seconds = float(sys.argv[1])
reporter = Reporter("load", source_project="chaos", n_total=4, stop_polling=1, resource_snapshot=1)
with reporter:
    print("batch", reporter.batch_id, flush=True)
    end = time.monotonic() + seconds
    for number in range(4):
        with reporter.job(f"job-{number}", model=f"m{number}", dataset="d") as job:
            epoch, until = 0, end - seconds * (3 - number) / 4
            while time.monotonic() < until:
                job.epoch(epoch, train_loss=1 / (epoch + 1), val_loss=0.5)
                job.log(f"epoch {epoch}")
                epoch += 1
                time.sleep(0.005)
    reporter.flush(120)
print("stats", json.dumps(reporter.stats.as_dict()), flush=True)

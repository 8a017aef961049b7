"""What a user of the published client 0.1.3 writes; driven line by line by the test."""

from __future__ import annotations

import sys

import argus
from argus import Reporter

assert argus.__version__ == "0.1.3", argus.__version__


def wait() -> None:
    """Until the test says go on."""
    sys.stdin.readline()


def run(prefix: str) -> Reporter:
    """A reporter that polls for a stop often enough for a test."""
    return Reporter(
        prefix,
        experiment_type="forecast",
        source_project="conformance",
        n_total=2,
        heartbeat=0.5,
        stop_polling=0.2,
        resource_snapshot=0.5,
    )


def whole() -> None:
    """Two jobs, one of which fails; then a stop from the server ends a third."""
    with run("whole") as r:
        print("batch", r.batch_id, flush=True)
        with r.job("good", model="patchtst", dataset="etth1") as job:
            for epoch in range(5):
                job.epoch(epoch, train_loss=1 / (epoch + 1), val_loss=2 / (epoch + 1), lr=0.1, grad_norm=3.5)
            job.log("half of it done", level="WARNING")
            job.metrics({"MSE": 0.25, "setting": "etth1_96"})
        try:
            with r.job("bad", model="dlinear", dataset="etth1") as job:
                job.epoch(0, train_loss=1.0, val_loss=1.0)
                raise RuntimeError("CUDA out of memory")
        except RuntimeError:
            pass
        print("ready", flush=True)
        with r.job("stopped", model="patchtst", dataset="weather") as job:
            epoch = 0
            while not job.stopped and epoch < 3000:
                if epoch < 3:
                    job.epoch(epoch, train_loss=1.0, val_loss=1.0)
                epoch += 1
                r._stop_evt.wait(0.01)
            print("stopped", job.stopped, flush=True)


def outage() -> None:
    """Epochs before, during and after the server's absence, as far as this process lives."""
    with Reporter(
        "outage", source_project="conformance", n_total=1, heartbeat=False, stop_polling=False, resource_snapshot=False
    ) as r:
        print("batch", r.batch_id, flush=True)
        with r.job("long", model="m", dataset="d") as job:
            for epoch in range(10):
                job.epoch(epoch, train_loss=float(epoch), val_loss=0.0)
            print("before", flush=True)
            wait()
            for epoch in range(10, 20):
                job.epoch(epoch, train_loss=float(epoch), val_loss=0.0)
            print("during", flush=True)


def replay() -> None:
    """Another run on the same machine: its start delivers what the first could not."""
    with Reporter(
        "next", source_project="conformance", n_total=0, heartbeat=False, stop_polling=False, resource_snapshot=False
    ) as r:
        print("batch", r.batch_id, flush=True)
        wait()


{"whole": whole, "outage": outage, "replay": replay}[sys.argv[1]]()

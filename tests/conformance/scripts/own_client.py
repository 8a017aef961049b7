"""What a user of our own client writes; driven by the test."""

from __future__ import annotations

import json
import sys
import time

from argus import Reporter


def reporter(prefix: str, **more: object) -> Reporter:
    """A reporter with quick stop polling."""
    return Reporter(
        prefix,
        source_project="conformance",
        n_total=1,
        stop_polling=0.2,
        resource_snapshot=0.5,
        capture_environment=False,
        **more,  # type: ignore[arg-type]
    )


def steady(seconds: str) -> None:
    """Report all the time, whatever happens to the server; then wait for it and say what became of it all."""
    r = reporter("steady")
    with r:
        print("batch", r.batch_id, flush=True)
        with r.job("long", model="m", dataset="d") as job:
            end, epoch = time.monotonic() + float(seconds), 0
            while time.monotonic() < end:
                job.epoch(epoch, train_loss=float(epoch), val_loss=0.5)
                job.log(f"epoch {epoch}")
                epoch += 1
                time.sleep(0.01)
        print("epochs", epoch, flush=True)
        sys.stdin.readline()
        assert r.flush(30), r.stats.as_dict()
    print("stats", json.dumps(r.stats.as_dict()), flush=True)


def endless() -> None:
    """Report until somebody kills this process."""
    with reporter("endless") as r:
        print("batch", r.batch_id, flush=True)
        with r.job("long", model="m", dataset="d") as job:
            for epoch in range(100_000):
                job.epoch(epoch, train_loss=float(epoch))
                print("epoch", epoch, flush=True)
                time.sleep(0.005)


def resumed(batch_id: str) -> None:
    """A later process that goes on with a batch, and delivers what the dead one left."""
    with reporter("resumed", resume_from=batch_id) as r:
        with r.job("second", model="m", dataset="d") as job:
            job.epoch(0, train_loss=1.0)
        assert r.flush(30), r.stats.as_dict()
        time.sleep(1)
    print("stats", json.dumps(r.stats.as_dict()), flush=True)


def until_stopped() -> None:
    """Leave the loop when the page says stop."""
    with reporter("stop") as r:
        print("batch", r.batch_id, flush=True)
        with r.job("long", model="m", dataset="d") as job:
            for epoch in range(3000):
                job.epoch(epoch, train_loss=1.0)
                if job.stopped:
                    break
                time.sleep(0.02)
        print("left", job.stopped, flush=True)


def failing() -> None:
    """The training itself breaks."""
    try:
        with reporter("failing") as r:
            print("batch", r.batch_id, flush=True)
            with r.job("broken", model="m", dataset="d") as job:
                job.epoch(0, train_loss=float("nan"))
                raise ValueError("loss is nan")
    except ValueError:
        print("raised", flush=True)


{"steady": steady, "endless": endless, "resumed": resumed, "until_stopped": until_stopped, "failing": failing}[
    sys.argv[1]
](*sys.argv[2:])

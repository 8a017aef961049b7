"""What a backup costs those who report meanwhile: `python -m bench.backups [SECONDS] [MIB]`.

One request after another to a standalone server whose database was filled before: half of the time alone, then while
backups are made, one after the other, in a process of their own. Says both, and how long a backup took.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import httpx
from bench.servers import Target, running


def main() -> None:
    seconds, mib = (float(text) for text in (*sys.argv[1:], "20", "300")[:2])
    with running("standalone", ARGUS_BACKUP_EVERY_HOURS="0") as target:
        fill(target.home / "argus.db", mib)
        alone = reported(target, seconds)
        took: list[float] = []
        ended = threading.Event()
        copier = threading.Thread(target=back_up, args=(target.home, took, ended))
        copier.start()
        beside = reported(target, seconds)
        ended.set()
        copier.join()
        size = (target.home / "argus.db").stat().st_size / 2**20
    for name, found in (("alone", alone), ("while backups are made", beside)):
        cuts = statistics.quantiles(found, n=100)
        print(f"{name}: {len(found)} requests, p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, worst {max(found):.1f} ms")
    print(f"{len(took)} backups of {size:.0f} MiB, median {statistics.median(took):.1f} s")


def fill(path: Path, mib: float) -> None:
    """Make the database as large as one that has seen something, with rows that nobody reads."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        connection.executemany(
            "insert into metric_block (batch_key, job_no, id, n_points, first_step, last_step, names, payload) "
            "values (1000000, 1, ?, 1, 0, 1, '[]', randomblob(100000))",
            ((n,) for n in range(int(mib * 10))),
        )


def reported(target: Target, seconds: float) -> list[float]:
    """Milliseconds of each request of 100 epochs."""
    found: list[float] = []
    until = time.monotonic() + seconds
    with httpx.Client(base_url=target.url, timeout=60, headers={"Authorization": f"Bearer {target.token}"}) as client:
        while time.monotonic() < until:
            events = [event("job_epoch", epoch) for epoch in range(100)]
            begin = time.perf_counter()
            client.post("/api/events/batch", json={"events": events}).raise_for_status()
            found.append((time.perf_counter() - begin) * 1000)
    return found


def event(kind: str, epoch: int) -> dict[str, object]:
    return {
        "schema_version": "1.1", "event_id": str(uuid.uuid4()), "event_type": kind, "timestamp": "2026-11-23T14:44:22Z",
        "batch_id": "bench", "job_id": "j1", "source": {"project": "bench"},
        "data": {"epoch": epoch, "train_loss": 0.5},
    }  # fmt: skip


def back_up(home: Path, took: list[float], ended: threading.Event) -> None:
    """Backups until the end, each in the place of the one before."""
    environment = {**os.environ, "ARGUS_HOME": str(home), "ARGUS_BACKUP_KEEP_DAILY": "1"}
    while not ended.is_set():
        begin = time.monotonic()
        command = [sys.executable, "-m", "argus_standalone.cli", "backup"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        took.append(time.monotonic() - begin)


if __name__ == "__main__":
    main()

"""What is rerun: writes one line for each time that it is begun, `batch moment`, and reports some epochs.

`rerun.py WITNESS short` ends by itself, `steady` later, `long` when it is told to stop, `deaf` only when it is killed.
`saving` saves itself after each epoch until it is paused; resumed, its line says `batch/resumed`, and it goes on for
some epochs more. At the end it writes down beside that how many epochs it told.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from argus import JobContext, Reporter

EPOCHS = {"short": 20, "steady": 400}
# Nothing of a test may run on for ever, whatever breaks.
MOST_S = 300.0


def main(witness: str, how: str) -> None:
    """One run."""
    name = os.environ["ARGUS_BATCH_ID"] + ("/resumed" if "ARGUS_RESUME_FROM" in os.environ else "")
    file = os.open(witness, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(file, f"{name} {time.time():.6f}\n".encode())
    os.fsync(file)
    if how == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    options = {"heartbeat": False, "resource_snapshot": False, "capture_environment": False}
    polling = {"stop_polling": 0.2} if how in {"long", "saving"} else {"stop_polling": False}
    end = time.monotonic() + MOST_S
    with (
        Reporter("rerun", source_project="chaos", n_total=1, **options, **polling) as r,
        r.job("job", model="m", dataset="d") as job,
    ):
        epoch = _save_each(job, witness, end) if how == "saving" else _train(job, how, end)
    _note_end(witness, epoch)


def _train(job: JobContext, how: str, end: float) -> int:
    epoch = 0
    while epoch < EPOCHS.get(how, 0) or (how not in EPOCHS and not job.stopped and time.monotonic() < end):
        job.epoch(epoch, train_loss=1 / (epoch + 1))
        epoch += 1
        time.sleep(0.02)
    return epoch


def _save_each(job: JobContext, witness: str, end: float) -> int:
    state = Path(f"{witness}.{os.environ['ARGUS_BATCH_ID']}.json")
    first = json.loads(Path(job.resume_from).read_text())["epoch"] + 1 if job.resume_from else 0
    epoch = first
    while (not job.resume_from or epoch < first + EPOCHS["short"]) and time.monotonic() < end:
        job.epoch(epoch, train_loss=1 / (epoch + 1))
        beside = state.with_suffix(".new")
        beside.write_text(json.dumps({"epoch": epoch}))
        beside.replace(state)
        try:
            job.checkpoint(state, epoch=epoch)
        except SystemExit:
            Path(f"{witness}.saved").touch()
            raise
        epoch += 1
        time.sleep(0.02)
    return epoch


def _note_end(witness: str, epoch: int) -> None:
    with open(f"{witness}.ends", "a", encoding="utf-8") as ends:  # noqa: PTH123 (as short as what people write)
        ends.write(f"{os.environ['ARGUS_BATCH_ID']} {epoch}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

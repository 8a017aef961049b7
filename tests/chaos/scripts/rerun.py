"""What is rerun: writes one line for each time that it is begun, `batch moment`, and reports some epochs.

`rerun.py WITNESS short` ends by itself, `steady` later, `long` when it is told to stop, `deaf` only when it is killed.
At the end it writes down beside that how many epochs it told.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from argus import Reporter

EPOCHS = {"short": 20, "steady": 400}
# Nothing of a test may run on for ever, whatever breaks.
MOST_S = 300.0


def main(witness: str, how: str) -> None:
    """One run."""
    file = os.open(witness, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(file, f"{os.environ['ARGUS_BATCH_ID']} {time.time():.6f}\n".encode())
    os.fsync(file)
    if how == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    options = {"heartbeat": False, "resource_snapshot": False, "capture_environment": False}
    polling = {"stop_polling": 0.2} if how == "long" else {"stop_polling": False}
    end = time.monotonic() + MOST_S
    with (
        Reporter("rerun", source_project="chaos", n_total=1, **options, **polling) as r,
        r.job("job", model="m", dataset="d") as job,
    ):
        epoch = 0
        while epoch < EPOCHS.get(how, 0) or (how not in EPOCHS and not job.stopped and time.monotonic() < end):
            job.epoch(epoch, train_loss=1 / (epoch + 1))
            epoch += 1
            time.sleep(0.02)
    with open(f"{witness}.ends", "a", encoding="utf-8") as ends:  # noqa: PTH123 (as short as what people write)
        ends.write(f"{os.environ['ARGUS_BATCH_ID']} {epoch}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Tells `argus run` that the command under it reports by itself: a word per line in a file that it named.

The wrapper gives its batch to the first reporter of each process, by `ARGUS_BATCH_ID`. Words: `begun`, and the event
that a reporter ended the batch with.
"""

from __future__ import annotations

import os

BATCH = "ARGUS_BATCH_ID"
NOTES = "ARGUS_RUN_NOTES"
BEGUN = "begun"


def note(batch_id: str, word: str) -> None:
    """Write the word down, where a wrapper wants to know of this batch."""
    path = os.environ.get(NOTES)
    if not path or os.environ.get(BATCH, "").strip() != batch_id:
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    except OSError:
        return  # a process that outlived its wrapper
    try:
        os.write(descriptor, f"{word}\n".encode())
    finally:
        os.close(descriptor)

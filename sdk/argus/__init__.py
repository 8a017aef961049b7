"""Argus: report training runs. This module is the only door; everything behind it may change.

from argus import Reporter

with Reporter("mnist", source_project="vision", n_total=1) as reporter:
with reporter.job("cnn-1", model="cnn", dataset="mnist") as job:
for epoch in range(50):
job.epoch(epoch, train_loss=train(), val_loss=validate())
if job.stopped:
break
job.metrics({"ACC": 0.98})
"""

from __future__ import annotations

from argus._ids import derive_batch_id, new_batch_id
from argus._job import JobContext
from argus._lowlevel import ExperimentReporter, emit, get_batch_id, set_batch_id, sub_env
from argus._reporter import Reporter
from argus._version import SCHEMA_VERSION, __version__

__all__ = [
    "SCHEMA_VERSION",
    "ExperimentReporter",
    "JobContext",
    "Reporter",
    "__version__",
    "derive_batch_id",
    "emit",
    "get_batch_id",
    "new_batch_id",
    "set_batch_id",
    "sub_env",
]

"""Argus: report training runs. This module is the only door; everything behind it may change.

    from argus import Reporter

    with Reporter("mnist", source_project="vision", n_total=1) as reporter:
        with reporter.job("cnn-1", model="cnn", dataset="mnist") as job:
            for epoch in range(50):
                job.epoch(epoch, train_loss=train(), val_loss=validate())
                if job.stopped:
                    break
            job.metrics({"ACC": 0.98})

Or, one run at a time:

    import argus

    argus.init(project="vision", group="mnist", config={"lr": 0.1})
    for step in range(1000):
        argus.log({"loss": train()})

What was reported is read with `argus.Api().jobs("metrics.loss < 0.1")`.
"""

from __future__ import annotations

from argus._ids import derive_batch_id, new_batch_id
from argus._init import alert, finish, init, log
from argus._job import JobContext
from argus._lowlevel import ExperimentReporter, emit, get_batch_id, set_batch_id, sub_env
from argus._pause import resume_path
from argus._reporter import Reporter
from argus._resume import ResumeError
from argus._run import Run
from argus._version import SCHEMA_VERSION, __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argus._api import Api, ApiError

    run: Run | None

__all__ = [
    "SCHEMA_VERSION",
    "Api",
    "ApiError",
    "ExperimentReporter",
    "JobContext",
    "Reporter",
    "ResumeError",
    "Run",
    "__version__",
    "alert",
    "derive_batch_id",
    "emit",
    "finish",
    "get_batch_id",
    "init",
    "log",
    "new_batch_id",
    "resume_path",
    "set_batch_id",
    "sub_env",
]


def __getattr__(name: str) -> object:
    """`argus.run`, the default run: another one, or none, with every `init` and `finish`; and what readers need."""
    if name == "run":
        from argus._init import current

        return current()
    if name in ("Api", "ApiError"):
        from argus import _api

        return getattr(_api, name)
    raise AttributeError(f"module 'argus' has no attribute {name!r}")

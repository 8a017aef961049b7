"""Hydra: every job of a run or a multirun is reported, with its configuration. In the configuration:

    hydra:
      callbacks:
        argus:
          _target_: argus.integrations.hydra.ArgusCallback
          project: vision

The function under `@hydra.main` stays as it is. Inside it `argus.log({...})` and `argus.run` are the job that runs, and
the adapters of training frameworks report into it by themselves.
"""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING, Any

from argus import _exits
from argus._guard import guard
from argus._init import adopt
from argus._run import Run, RunFailed
from argus._settings import resolve_project
from argus.integrations._base import known_options, missing, numbers, open_batch

try:
    from hydra.core.hydra_config import HydraConfig
    from hydra.experimental.callback import Callback
    from omegaconf import DictConfig, OmegaConf
except ImportError as error:
    raise missing("Hydra", "hydra-core", error) from error

if TYPE_CHECKING:
    from typing import Unpack

    from argus._reporter import Reporter
    from argus.integrations._base import Options

# Of a process that a launcher started for jobs: one reporter for each multirun, open until the process ends.
_joined: dict[str, Reporter] = {}


class ArgusCallback(Callback):  # type: ignore[misc]
    """A run is a batch of one job, a multirun a batch of all its jobs, from whichever process its launcher uses.

    Model and data set are the names of `model` and `dataset` in the configuration: a text, or `name` or `_target_`
    below. A number that the job returns is its metric `objective`; of a dict that it returns, the numbers are kept.

    Parameters:
        job_id_key: where in the configuration the job's id stands; default is Hydra's number of the job.
        job_id_template: the job's id as a format of `{job_num}` and the values at the configuration's top.
        options: see `Options`.
    """

    def __init__(
        self, *, job_id_key: str | None = None, job_id_template: str | None = None, **options: Unpack[Options]
    ) -> None:
        self._job_id_key = job_id_key
        self._job_id_template = job_id_template
        self._options = known_options(options)
        self._batch_id: str | None = None
        self._reporter: Reporter | None = None
        self._run: Run | None = None
        self._n_jobs = 0
        self._n_failed = 0

    @guard(None)
    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """See hydra.experimental.callback.Callback."""
        self._reporter = self._open(config).__enter__()
        self._batch_id = self._reporter.batch_id
        # A job that fails ends the process before on_multirun_end.
        _exits.watch()
        atexit.register(self._end_multirun)

    @guard(None)
    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        """See hydra.experimental.callback.Callback."""
        reporter = self._reporter or self._join(config)
        own = _without_hydra(config)
        self._n_jobs += 1
        self._run = Run(
            reporter or self._open(config),
            self._job_id(own),
            project=resolve_project(self._options.get("project")),
            name=self._options.get("name") or HydraConfig.get().job.override_dirname or None,
            config=own,
            model=self._options.get("model") or _named(own, "model"),
            dataset=self._options.get("dataset") or _named(own, "dataset"),
            tags=self._options.get("tags"),
            notes=self._options.get("notes"),
            owns_reporter=reporter is None,
            unfinished="the job did not come to its end",
            run_dir=HydraConfig.get().runtime.output_dir,
        )
        adopt(self._run)

    @guard(None)
    def on_job_end(self, config: DictConfig, job_return: Any, **kwargs: Any) -> None:
        """See hydra.experimental.callback.Callback."""
        run, self._run = self._run, None
        if run is None:
            return
        result = job_return._return_value  # noqa: SLF001 - the public name of it raises what the job raised
        if job_return.status.name == "COMPLETED":
            run.job.metrics(numbers(result if isinstance(result, dict) else {"objective": result}))
            run.end()
        else:
            self._n_failed += 1
            run.end(result if isinstance(result, BaseException) else RunFailed("the job failed"))
        if self._reporter is None and self._batch_id is not None:
            _joined[self._batch_id].flush()  # the launcher may end this process without a word

    @guard(None)
    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """See hydra.experimental.callback.Callback."""
        self._end_multirun()

    def __getstate__(self) -> dict[str, Any]:
        """What a job in another process needs to report into the same batch."""
        return {**self.__dict__, "_reporter": None, "_run": None}

    def _open(self, config: DictConfig) -> Reporter:
        prefix = self._options.get("batch_prefix") or config.get("experiment_name") or self._options.get("project")
        given = {**self._options, "batch_prefix": str(prefix or "hydra")}
        return open_batch("hydra", given, config=_without_hydra(config))

    def _join(self, config: DictConfig) -> Reporter | None:
        """In a launcher's process: the multirun's batch, which ends with the process that began it."""
        if self._batch_id is None:
            return None
        if self._batch_id not in _joined:
            given = {**self._options, "batch_id": self._batch_id}
            _joined[self._batch_id] = open_batch("hydra", given, joined=True).__enter__()
        return _joined[self._batch_id]

    @guard(None)
    def _end_multirun(self) -> None:
        reporter, self._reporter, self._batch_id = self._reporter, None, None
        atexit.unregister(self._end_multirun)
        reason = f"{self._n_failed} of {self._n_jobs} jobs failed" if self._n_failed else _exits.failure()
        if reporter is not None and reason is not None:
            reporter.abort(reason)
        elif reporter is not None:
            reporter.close()

    def _job_id(self, config: DictConfig) -> str:
        number = HydraConfig.get().job.get("num", 0)
        if self._job_id_template:
            values = {str(name): config[name] for name in config if not OmegaConf.is_missing(config, name)}
            return self._job_id_template.format(**{**values, "job_num": number})
        if self._job_id_key and (value := OmegaConf.select(config, self._job_id_key)) is not None:
            return str(value)
        return str(number)


def _without_hydra(config: DictConfig) -> DictConfig:
    return OmegaConf.masked_copy(config, [str(name) for name in config if name != "hydra"])


def _named(config: DictConfig, key: str) -> str | None:
    value = OmegaConf.select(config, key)
    if isinstance(value, DictConfig):
        value = value.get("name") or value.get("_target_", "").rpartition(".")[2]
    return str(value) if value else None

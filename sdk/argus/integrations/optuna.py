"""Optuna: each trial is a job with the study's and the trial's labels.

    with ArgusCallback(project="vision") as argus_study:
        argus_study.optimize(study, objective, n_trials=20)

`study.optimize(objective, callbacks=[ArgusCallback(project="vision")])` reports trials too, each when it has ended.
"""

from __future__ import annotations

import atexit
import functools
import threading
from typing import TYPE_CHECKING, Any

from argus import _exits
from argus._guard import guard
from argus._run import RunFailed
from argus.integrations._base import known_options, leave, missing, numbers, open_batch

try:
    from optuna.exceptions import TrialPruned
    from optuna.trial import FrozenTrial, TrialState
except ImportError as error:
    raise missing("Optuna", "optuna", error) from error

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self, Unpack

    from optuna import Study, Trial

    from argus._job import JobContext
    from argus._reporter import Reporter
    from argus.integrations._base import Options


class ArgusCallback:
    """Reports the trials of one study, of several threads (`n_jobs`) too.

    A study that is stored where other processes find it has one batch for all of them. What `trial.report` is told is
    on the job's curve. When somebody asks for a stop, running trials are told to be pruned and the study stops.

    Parameters:
        target_metric: the name under which a trial's value is reported; default is the study's own, or `value`.
        options: see `Options`; `job_id` and `job` mean nothing here.
    """

    def __init__(self, *, target_metric: str | None = None, **options: Unpack[Options]) -> None:
        self._target = target_metric
        self._options = known_options(options)
        self._borrowed = self._options.get("reporter") is not None
        self._reporter: Reporter | None = self._options.get("reporter")
        self._jobs: dict[int, JobContext] = {}
        self._told: set[int] = set()  # trials that raised
        self._lock = threading.RLock()

    def optimize(
        self, study: Study, objective: Callable[[Trial], Any], n_trials: int | None = None, **options: Any
    ) -> None:
        """`study.optimize` with the trials reported while they run. Takes the same arguments."""
        self._begin(study, n_trials)
        options["callbacks"] = [*(options.get("callbacks") or []), self]
        study.optimize(self.watched(objective), n_trials=n_trials, **options)

    def watched(self, objective: Callable[[Trial], Any]) -> Callable[[Trial], Any]:
        """The same objective, its trials reported while they run; this callback must be given to the study too."""

        @functools.wraps(objective)
        def watched(trial: Trial) -> Any:
            self._listen(trial)
            try:
                return objective(trial)
            except TrialPruned:
                raise
            except BaseException as error:
                self._end(trial.study, trial, error=error)
                self._told.add(trial.number)
                raise

        return watched

    def job(self, trial: Trial) -> JobContext:
        """The job of a running trial, for its epochs and logs. Ask for it when the parameters are suggested: labels
        are reported when the job begins, which it does here, or with the first `trial.report`.
        """
        return self._job_of(trial.study, trial)

    @guard(None)
    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Optuna's callback: the trial has ended."""
        self._begin(study, None)
        if trial.number not in self._told:
            self._end(study, trial, values=trial.values, state=trial.state, reports=trial.intermediate_values)
        if self._reporter is not None and self._reporter.stopped:
            study.stop()

    @guard(None)
    def close(self) -> None:
        """The study has ended, for those who do not use `with`; else it ends with the process."""
        reason = _exits.failure()
        self._close(None if reason is None else RunFailed(reason))

    def __enter__(self) -> Self:
        """Nothing to do: the first trial begins the batch."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the batch."""
        self._close(error)

    @guard(None)
    def _begin(self, study: Study, n_trials: int | None) -> None:
        with self._lock:
            if self._reporter is not None:
                return
            options = dict(self._options)
            options.setdefault("batch_prefix", study.study_name)
            options.setdefault("name", study.study_name)
            group = study.study_name if _is_shared(study) else None
            options.setdefault("n_total", None if group else n_trials)
            self._reporter = open_batch("optuna", options, group=group).__enter__()
            _exits.watch()
            atexit.register(self.close)

    @guard(None)
    def _close(self, error: BaseException | None) -> None:
        with self._lock:
            for job in self._jobs.values():
                leave(job, error)
            self._jobs.clear()
            if self._borrowed or self._reporter is None:
                return
            reporter, self._reporter = self._reporter, None
        atexit.unregister(self.close)
        leave(reporter, error)

    def _job_of(self, study: Study, trial: Trial | FrozenTrial) -> JobContext:
        with self._lock:
            if trial.number not in self._jobs:
                self._begin(study, None)
                assert self._reporter is not None
                if self._reporter._joined:  # noqa: SLF001 - another process may have left last, and so ended the batch
                    self._reporter.emit("batch_start", joined=True)
                labels = {
                    "study_name": study.study_name,
                    "trial_id": trial.number,
                    "params": dict(trial.params),
                    "direction": study.directions[0].name.lower(),
                    "sampler": type(study.sampler).__name__,
                    "target_metric": self._targets(study)[0],
                }
                job = self._reporter.job(
                    f"{study.study_name}-{trial.number}",
                    model=self._options.get("model"),
                    dataset=self._options.get("dataset"),
                    name=f"trial {trial.number}",
                    tags=self._options.get("tags"),
                    config=dict(trial.params),
                    optuna=labels,
                )
                self._jobs[trial.number] = job.__enter__()
            return self._jobs[trial.number]

    @guard(None)
    def _listen(self, trial: Trial) -> None:
        """Hear what the trial reports, and let a stop prune it."""
        report, should_prune = trial.report, trial.should_prune

        def heard(value: float, step: int) -> None:
            report(value, step)
            self._point(trial, step, value)

        def pruned_or_stopped() -> bool:
            return should_prune() or (self._reporter is not None and self._reporter.stopped)

        vars(trial).update(report=heard, should_prune=pruned_or_stopped)

    @guard(None)
    def _point(self, trial: Trial, step: int, value: float) -> None:
        job = self._job_of(trial.study, trial)
        job.metric(self._targets(trial.study)[0], float(value), step=int(step))

    @guard(None)
    def _end(
        self,
        study: Study,
        trial: Trial | FrozenTrial,
        *,
        error: BaseException | None = None,
        values: list[float] | None = None,
        state: TrialState = TrialState.FAIL,
        reports: dict[int, float] | None = None,
    ) -> None:
        is_heard = trial.number in self._jobs
        job = self._job_of(study, trial)
        targets = self._targets(study)
        for step, value in (reports or {}).items() if not is_heard else ():
            job.metric(targets[0], value, step=step)
        job.metrics({**numbers(trial.user_attrs), **dict(zip(targets, values or [], strict=False))})
        if state == TrialState.FAIL and error is None:
            error = RunFailed("Optuna counts the trial as failed")  # of a value that is no number, for instance
        elif state == TrialState.PRUNED:
            job._ending["status"] = "PRUNED"  # noqa: SLF001 - Optuna's word
        leave(job, error)
        with self._lock:
            del self._jobs[trial.number]

    def _targets(self, study: Study) -> list[str]:
        """The names of a trial's values."""
        names = study.metric_names or ["value" if n == 0 else f"value_{n}" for n in range(len(study.directions))]
        return [self._target or names[0], *names[1:]]


def _is_shared(study: Study) -> bool:
    """Whether other processes may work at the study too. Optuna has no public word for it."""
    storage = getattr(study, "_storage", None)
    return storage is not None and type(storage).__name__ != "InMemoryStorage"

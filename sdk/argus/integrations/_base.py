"""What the adapters share: a framework's training becomes one job, in a batch of its own or in one that is open."""

from __future__ import annotations

import os
import re

from argus._fields import settings
from argus._guard import guard, tell_once
from argus._ids import shared_batch_id
from argus._init import current
from argus._pause import EXIT_CODE, claim_paused_job, read_note, resume_path, write_note
from argus._reporter import Reporter
from argus._run import Run, RunFailed
from argus._settings import claim_batch_id, resolve_project
from argus._values import freeze

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike
    from typing import Any, NoReturn, TypedDict

    from argus._job import JobContext

    class Options(TypedDict, total=False):
        """What every adapter takes beside its own parameters; without any, `argus.init`'s run is reported into.

        `project`, `group`, `name`, `tags`, `notes`, `config`, `mode`: as `argus.init` takes them. `job_id`, `model`,
        `dataset`: of the job; found out where they are not given. `reporter` or `job`: an open one to report into,
        which stays open. The others: as `Reporter` takes them; `argus_url` is its `monitor_url`.
        """

        project: str | None
        job_id: str | None
        model: str | None
        dataset: str | None
        config: object
        group: str | None
        name: str | None
        tags: Iterable[str] | None
        notes: str | None
        reporter: Reporter | None
        job: JobContext | None
        argus_url: str | None
        token: str | None
        mode: str | None
        experiment_type: str | None
        batch_prefix: str
        batch_id: str | None
        n_total: int | None
        heartbeat: bool | float
        stop_polling: bool | float
        resource_snapshot: bool | float
        auto_upload_dirs: Iterable[str | PathLike[str]] | None
        capture_environment: bool
        capture_output: bool | None


_OF_BOTH = ("project", "job_id", "model", "dataset", "config", "group", "tags", "notes", "reporter", "job", "argus_url",
            "experiment_type", "batch_prefix")  # fmt: skip
_OF_THE_BATCH = ("batch_id", "n_total", "mode", "token", "heartbeat", "stop_polling", "resource_snapshot",
                 "auto_upload_dirs", "capture_environment", "capture_output", "name")  # fmt: skip
# Launchers' ways to number the processes of one training; the first that is set counts.
_RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "JSM_NAMESPACE_RANK", "LOCAL_RANK")
_SIZES = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "JSM_NAMESPACE_SIZE")
_LR_KEYS = ("lr", "learning_rate")
_UNFINISHED = "the training did not come to its end"


class Training:
    """One training of a framework at a time, reported as a job. Nothing of it raises.

    Before `begin` it holds settings alone, so a framework may copy and pickle it on the way to its processes.
    """

    def __init__(self, framework: str, options: Options) -> None:
        self._framework = framework
        self._options: dict[str, Any] = known_options(options)
        self._run: Run | None = None
        self._job: JobContext | None = None

    @property
    def is_open(self) -> bool:
        """Whether a training has begun and not ended."""
        return self._job is not None

    @property
    def stopped(self) -> bool:
        """Whether somebody asked for a stop."""
        return self._job is not None and self._job.stopped

    @property
    def pause_requested(self) -> bool:
        """Whether somebody asked for a pause: save, tell it by `checkpoint`, and `pause`."""
        return self._job is not None and self._job.pause_requested

    @guard(None)
    def begin(self, *, model: str | None = None, dataset: str | None = None, config: object = None) -> None:
        """The training begins. What is given here is for what the user did not say."""
        self.end(RunFailed(_UNFINISHED))  # of a training before, which raised
        given = self._options
        default = current()
        if given.get("job") is not None:
            self._job = given["job"]
        elif default is not None and not any(given.get(name) for name in ("project", "job_id", "group", "reporter")):
            default.config.setdefaults(config)
            self._job = default.job
        else:
            self._run = self._open(model, dataset, config)
            self._job = self._run.job

    @guard(None)
    def epoch(
        self,
        number: int,
        values: Mapping[str, Any],
        train_loss_keys: Iterable[str] = (),
        val_loss_keys: Iterable[str] = (),
    ) -> None:
        """An epoch has ended. The first of the keys that is there is the loss; other numbers keep their names."""
        if self._job is None:
            return
        row = numbers(values)
        losses = {"train_loss": train_loss_keys, "val_loss": val_loss_keys, "lr": _LR_KEYS}
        known = {name: row.pop(key) for name, keys in losses.items() for key in [_first(keys, row)] if key is not None}
        row = {name: value for name, value in row.items() if name not in {"self", "epoch"} and name not in known}
        self._job.epoch(number, **known, **row)

    @guard(None)
    def step(self, number: int, values: Mapping[str, Any]) -> None:
        """Numbers between epochs."""
        row = numbers(values)
        if self._job is not None and row:
            self._job.metrics_step(row, step=number)

    @guard(None)
    def keep(self, values: Mapping[str, Any]) -> None:
        """Final metrics."""
        if self._job is not None:
            self._job.metrics(numbers(values))

    def place(self, folder: str | PathLike[str], epoch: int, ending: str) -> str | None:
        """A file in the folder for what is saved after an epoch; None in a process that does not report."""
        if self._job is None:
            return None
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", self._job.job_id)[:80]
        return os.path.join(os.fspath(folder), f"{name}-epoch{epoch}{ending}")

    @guard(None)
    def checkpoint(self, path: str, *, epoch: int | None = None, step: int | None = None) -> None:
        """The training has saved itself there. This alone ends nothing."""
        if self._job is None:
            return
        # `JobContext.checkpoint` would end this process alone.
        self._job._save(path, epoch=epoch, step=step, metrics=None)  # noqa: SLF001
        try:
            write_note(path, self._job.job_id, epoch)
        except OSError as error:
            tell_once("note", "%s has no note of whose it is: to resume by hand, give the job_id: %s", path, error)

    def pause(self) -> NoReturn:
        """End this process, which has saved itself, as all processes of the training agreed to.

        Raises:
            SystemExit: always. Of several processes only the one that reports has the code that says paused: launchers
                take any other than 0 for a failure, kill the rest, or as torchrun does begin all of them again.
        """
        code = 0 if self._job is None or "TORCHELASTIC_RUN_ID" in os.environ else EXIT_CODE
        ending = SystemExit(code)
        if self._job is not None:
            self._job._pause()  # noqa: SLF001 - see `checkpoint`
        self.end(ending)
        raise ending

    @guard(None)
    def end(self, error: BaseException | None = None) -> None:
        """The training has ended, well or with an exception. A job that was borrowed stays open."""
        run, self._run, self._job = self._run, None, None
        if run is not None:
            run.end(error)

    def __getstate__(self) -> dict[str, Any]:
        """The settings alone: what is open belongs to this process."""
        return {**self.__dict__, "_run": None, "_job": None}

    def _open(self, model: str | None, dataset: str | None, config: object) -> Run:
        given = self._options
        reporter = given.get("reporter")
        project = resolve_project(given.get("project"))
        model = given.get("model") or model
        fields = {**settings(config), **settings(given.get("config"))}
        return Run(
            reporter or open_batch(self._framework, given, config=fields or None),
            str(given.get("job_id") or claim_paused_job() or f"{model or self._framework}-{os.urandom(4).hex()}"),
            project=project,
            name=given.get("name"),
            group=given.get("group"),
            config=fields,
            model=model,
            dataset=given.get("dataset") or dataset,
            tags=given.get("tags"),
            notes=given.get("notes"),
            owns_reporter=reporter is None,
            unfinished=_UNFINISHED,
        )


def known_options(options: Options) -> dict[str, Any]:
    """A copy; a name that is none of `Options` is a `TypeError`, as with any function's arguments."""
    unknown = sorted(set(options) - {*_OF_BOTH, *_OF_THE_BATCH})
    if unknown:
        raise TypeError(f"unknown options of an Argus adapter: {', '.join(unknown)}")
    return dict(options)


def open_batch(framework: str, given: Mapping[str, Any], *, group: str | None = None, **more: Any) -> Reporter:
    """A reporter for these options, not entered yet."""
    group = given.get("group") or group
    project = resolve_project(given.get("project"))
    chosen = {name: given[name] for name in _OF_THE_BATCH if given.get(name) is not None}
    if group is not None:
        batch_id = claim_batch_id() or shared_batch_id(project, group)
        more = {**more, "joined": True, "batch_id": batch_id, "name": group, "config": None}
    return Reporter(
        given.get("batch_prefix") or framework,
        experiment_type=given.get("experiment_type") or framework,
        source_project=project,
        monitor_url=given.get("argus_url"),
        **{**more, **chosen},
    )


def leave(opened: Reporter | JobContext, error: BaseException | None) -> None:
    """Leave a reporter or a job as its `with` block would."""
    opened.__exit__(None if error is None else type(error), error, None)


def numbers(values: Mapping[str, Any] | None) -> dict[str, float]:
    """The numbers among named values: of Python, and of arrays and tensors that hold a single one."""
    found: dict[str, float] = {}
    for name, value in (values or {}).items():
        number = value if type(value) in {float, int} else freeze(value)
        if isinstance(number, list) and len(number) == 1:
            number = number[0]
        if type(number) is float or type(number) is int:
            found[str(name)] = number
    return found


def epochs_before() -> int:
    """How many epochs the checkpoint has seen that this process resumes from; 0 where it begins from the start."""
    path = resume_path()
    epoch = read_note(path).get("epoch") if path else None
    return epoch + 1 if isinstance(epoch, int) else 0


def is_main_process() -> bool:
    """Whether this is the first process of a training that is spread over several, or the only one."""
    rank = next((os.environ[name] for name in _RANKS if os.environ.get(name)), "0")
    return rank.strip() == "0"


def is_only_process() -> bool:
    """Whether the training is not spread over several processes, as far as its launcher tells."""
    return all(os.environ.get(name, "").strip() in {"", "1"} for name in _SIZES)


def name_of(thing: object) -> str | None:
    """The name of an object's class, as a model or a data set is known by it; None for none."""
    return None if thing is None else type(thing).__name__


def missing(framework: str, package: str, error: ImportError) -> ImportError:
    """The error of an adapter whose framework cannot be imported."""
    root = (error.name or "").partition(".")[0]
    if root in {package.replace("-", "_"), "hydra", "pytorch_lightning"}:
        return ImportError(f"this adapter needs {framework}: pip install {package}", name=error.name)
    return ImportError(f"{framework} cannot be imported: {error}", name=error.name)


def _first(keys: Iterable[str], row: Mapping[str, float]) -> str | None:
    return next((key for key in keys if key in row), None)

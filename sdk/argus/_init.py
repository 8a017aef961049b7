"""`argus.init(...)` and the default run: the last one that it opened and that is open still.

Runs of one group share a batch with the processes that name the same group in the same project; a run without a group
has a batch of its own.
"""

from __future__ import annotations

from argus._alerts import WAIT_S, send
from argus._guard import guard, tell_once
from argus._ids import derive_batch_id, new_run_id, shared_batch_id
from argus._pause import claim_paused_job
from argus._reporter import Reporter
from argus._resume import WAYS, Known, LastRun, ask, check
from argus._run import Run
from argus._settings import claim_batch_id, resolve_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike
    from typing import Any, TypedDict, Unpack

    class ReporterOptions(TypedDict, total=False):
        """What `Reporter` takes beside, under its own names."""

        experiment_type: str | None
        command: str | None
        n_total: int | None
        heartbeat: bool | float
        stop_polling: bool | float
        resource_snapshot: bool | float
        monitor_url: str | None
        token: str | None
        auto_upload_dirs: Iterable[str | PathLike[str]] | None
        capture_environment: bool
        capture_output: bool | None


_default: Run | None = None


def init(
    project: str | None = None,
    *,
    name: str | None = None,
    group: str | None = None,
    config: object = None,
    tags: Iterable[str] | None = None,
    notes: str | None = None,
    id: str | None = None,
    resume: bool | str | None = None,
    mode: str | None = None,
    model: str | None = None,
    dataset: str | None = None,
    **options: Unpack[ReporterOptions],
) -> Run:
    """Begin a run and make it the default one; the default run before it is finished.

    Parameters:
        project: where it is shown; default `ARGUS_PROJECT` and the settings files.
        name, tags, notes, model, dataset: shown with the run.
        group: runs with the same group in the same project share a batch, from any process and host.
        config: a dict, argparse namespace, dataclass, OmegaConf or other object with settings.
        id: of the run, unique in its project and group; by default the name with random letters after it, or of a
            process that was started to resume a batch, the run that was paused.
        resume: with `id`, "allow" goes on with that run if there is one, "must" insists on it, "never" on a new one.
            True (or "auto") goes on with the last run of this script in this folder if that did not end well.
        mode: "online", "offline" (journals only, see `argus sync`) or "disabled".
        options: as `Reporter` takes them.

    Raises:
        ResumeError: `resume` is "must" or "never", and the server says otherwise.
        ValueError: `resume` is none of these.
    """
    global _default
    if resume not in WAYS:
        raise ValueError(f"resume is one of {', '.join(map(repr, WAYS))}; it was {resume!r}")
    finish()
    project = resolve_project(project)
    last = LastRun(project, group) if resume in (True, "auto") else None
    paused = claim_paused_job() if id is None and resume is None else None
    if paused is not None:
        resume = "allow"
    run_id = str(id or paused or (last and last.read()) or new_run_id(name))
    batch_id = claim_batch_id() or _batch_of(project, group, run_id)
    goes_on = resume not in (None, False, "never")
    reporter = Reporter(
        source_project=project,
        name=group or name,
        mode=mode,
        joined=group is not None,
        config=config if group is None else None,
        batch_id=None if goes_on else batch_id,
        resume_from=batch_id if goes_on else None,
        **options,
    )
    known: Known | None = None
    if resume not in (None, False):
        pipeline = reporter._pipeline  # noqa: SLF001 - a run is made of its reporter
        known = ask(pipeline.url, reporter._token, batch_id, run_id) if pipeline is not None else None  # noqa: SLF001
        check(resume, known, run_id)
    _default = Run(
        reporter,
        run_id,
        project=project,
        name=name,
        group=group,
        config=config,
        model=model,
        dataset=dataset,
        tags=tags,
        notes=notes,
        known=known,
        last=last,
    )
    return _default


@guard(None)
def log(data: dict[str, Any], step: int | None = None, *, commit: bool = True) -> None:
    """`Run.log` of the default run."""
    run = current()
    if run is None:
        tell_once("log", "argus.log was called without a run that argus.init opened: nothing is reported")
    else:
        run.log(data, step, commit=commit)


@guard(None)
def alert(title: str, text: str = "", level: str = "info", *, wait_s: float = WAIT_S) -> None:
    """`Run.alert` of the default run; without one, `Reporter.alert` of the reporter that was opened last."""
    from argus import _lowlevel

    run = current()
    if run is not None:
        run.alert(title, text, level, wait_s=wait_s)
    elif _lowlevel.is_open():
        send(_lowlevel.emit_as, _lowlevel.get_batch_id(), None, title, text, level, wait_s)
    else:
        tell_once("alert", "argus.alert was called without a run or a reporter that is open: nobody hears of it")


@guard(None)
def finish(exit_code: int | None = None) -> None:
    """`Run.finish` of the default run, if there is one."""
    if (run := current()) is not None:
        run.finish(exit_code)


def adopt(run: Run) -> None:
    """Make a run the default one that somebody else opened."""
    global _default
    _default = run


def current() -> Run | None:
    """The default run."""
    return _default if _default is not None and _default.is_open else None


def _batch_of(project: str, group: str | None, run_id: str) -> str:
    """A run without a group has a batch of its own, which follows from its id so that it can be resumed."""
    return (
        shared_batch_id(project, group) if group is not None else derive_batch_id(project, run_id, "run", prefix="run")
    )

"""`argus run`: any command as a run, without a change to its code."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from argus._ids import choose_batch_id
from argus._origins import find
from argus._settings import is_disabled, resolve_mode, resolve_project, token_source
from argus._wrapper import BATCH, BEGUN, NOTES
from argus.cli.child import Child, flush_ours
from argus.cli.errors import CliError
from argus.cli.lines import LineCutter
from argus.cli.options import Json, Token, Url
from argus.cli.outcome import Outcome, outcome
from argus.cli.terminal import Terminal

_LOOK_S = 0.2
_PROGRESS_EVERY_S = 15.0
_NOT_FOUND = 127  # what a shell says


def register(app: typer.Typer) -> None:
    """Add this command."""
    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
    app.command(rich_help_panel="Run", context_settings=settings)(run)


def run(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="What to run, after --.")],
    *,
    project: Annotated[str | None, typer.Option("--project", "-p", help="The project that it counts for.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Of the job; default: of the script.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Shown with the job.")] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Shown with the job.")] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Report into this batch; default: a new one.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Only write a journal; `argus sync` delivers it.")] = False,
    grace: Annotated[float, typer.Option("--grace", min=0, help="Seconds from SIGTERM to SIGKILL at a stop.")] = 30.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing of our own.")] = False,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Run a command and report it: output as log lines, resources, how it ended. No change to its code.

    Its exit code is passed on; signals go to it; a stop in the browser ends it. If the command reports by itself (with
    `argus.Reporter` or `argus.init`), its jobs go into the same batch and ours makes way for them.
    """
    if shutil.which(command[0]) is None:
        raise CliError(_NOT_FOUND, f"there is no program {command[0]!r}.", "Is it installed, is its name right?")
    terminal = Terminal(as_json=as_json)
    mode = resolve_mode("offline" if offline else None)
    server = find("url", url).value
    notes = _Notes()
    try:
        wrapped = _Wrapped(terminal, command, notes, grace_s=grace, quiet=quiet)
        if is_disabled() or (server is None and mode != "offline"):
            wrapped.say("no server is set, so nothing is reported; `argus login` sets one")
            return wrapped.run(None, dict(os.environ))
        get_token = token_source(token, server)
        if get_token() is None and mode != "offline":
            wrapped.say("no token is set: what is reported waits in a journal; `argus login` sets one")
        job_id = name or job_name(command)
        batch_id = choose_batch_id(job_id, batch, None)
        recorder = _recorder(
            None if mode == "offline" else server, get_token, batch_id, job_id, resolve_project(project)
        )
        wrapped.announce(batch_id, server, mode)
        job = {"model": model, "dataset": dataset, "command": shown_command(command)}
        recorder.begin({key: value for key, value in job.items() if value}, recorded_command())
        environment = {**os.environ, BATCH: batch_id, NOTES: notes.path, "ARGUS_PROJECT": resolve_project(project)}
        environment.update({key: value for key, value in (("ARGUS_URL", url), ("ARGUS_TOKEN", token)) if value})
        if offline:
            environment["ARGUS_MODE"] = "offline"
        return wrapped.run(recorder, environment)
    finally:
        notes.remove()


def job_name(command: Sequence[str]) -> str:
    """What a person would call it: the script or module, else the program."""
    words = list(command)
    for place, word in enumerate(words):
        if word == "-m" and place + 1 < len(words):
            return words[place + 1]
        if word.endswith((".py", ".sh", ".ipynb", ".R", ".jl")) and not word.startswith("-"):
            return os.path.splitext(os.path.basename(word))[0]
    return os.path.basename(words[0])


def shown_command(command: Sequence[str]) -> str:
    """The command as a shell reads it, secrets masked."""
    from argus._secrets import mask_arguments

    return shlex.join(mask_arguments(list(command)))


def recorded_command() -> str:
    """Our own command: a rerun by an agent wraps again."""
    from argus._secrets import mask_arguments

    return shlex.join(["argus", *mask_arguments(sys.argv[1:])])


def _recorder(server: str | None, token: Any, batch_id: str, job_id: str, project: str) -> Any:
    from argus._identity import Identity
    from argus._pipeline import Pipeline
    from argus.cli.record import Recorder

    pipeline = Pipeline(server, token, Identity(project, command=recorded_command()), batch_id)
    return Recorder(pipeline, token, batch_id, job_id)


class _Notes:
    """The file in which reporters inside the command write that they report."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="argus-run-")
        self.path = os.path.join(self._folder, "notes")
        with open(self.path, "wb"):
            pass

    def read(self) -> list[str]:
        """The words so far."""
        with open(self.path, encoding="utf-8") as file:
            return file.read().split()

    def remove(self) -> None:
        """The command has ended."""
        shutil.rmtree(self._folder, ignore_errors=True)


class _Wrapped:
    """One run of the command, from its start to its exit code."""

    def __init__(
        self, terminal: Terminal, command: Sequence[str], notes: _Notes, *, grace_s: float, quiet: bool
    ) -> None:
        self._terminal = terminal
        self._command = command
        self._notes = notes
        self._grace_s = grace_s
        self._quiet = quiet
        self._recorder: Any = None
        self._hand_over: threading.Thread | None = None
        self._stop_at: float | None = None
        self._sent: list[int] = []
        self._outputs = {"stdout": _Output(), "stderr": _Output()}

    def say(self, text: str) -> None:
        """A remark of ours between the command's lines."""
        if not self._quiet:
            self._terminal.note(f"argus: {text}")

    def announce(self, batch_id: str, server: str | None, mode: str) -> None:
        """Say where the run can be watched."""
        page = f"{server}/batches/{batch_id}" if server else None
        if self._terminal.as_json:
            self._terminal.emit({"type": "start", "batch_id": batch_id, "url": page, "mode": mode})
        else:
            self.say(f"watch it on {page}" if mode == "online" else f"{batch_id} is written to a journal")

    def run(self, recorder: Any, environment: dict[str, str]) -> int:
        """Run it; its exit code as a shell has it."""
        self._recorder = recorder
        flush_ours()
        environment.setdefault("PYTHONUNBUFFERED", "1")  # lines come as they are printed, not when a buffer is full
        child = Child(self._command, environment, echo=not self._terminal.as_json)
        try:
            child.start(self._on_output)
        except OSError as error:
            raise CliError(_NOT_FOUND - 1, f"{self._command[0]} cannot be started: {error}.") from error
        if recorder is not None:
            recorder.watch(child.pid, self._command[0])
        while not child.wait(_LOOK_S):
            self._look(child)
        returncode = child.finish()
        ended = outcome(returncode, recorder.tail if recorder is not None else [], stopped=self._stop_at is not None)
        if recorder is not None:
            self._finish(recorder, ended)
        if self._terminal.as_json:
            batch_id, pending = (recorder.batch_id, recorder.pending) if recorder is not None else (None, 0)
            end = {"type": "end", "batch_id": batch_id, "exit_code": ended.code, "reason": ended.reason}
            self._terminal.emit({**end, "pending": pending})
        return ended.code

    def _finish(self, recorder: Any, ended: Outcome) -> None:
        notes = self._notes.read()
        if self._hand_over is None and BEGUN in notes:
            recorder.hand_over()
        if self._hand_over is not None:
            self._hand_over.join()
        recorder.end(ended, notes, self._command[0])
        if recorder.pending:
            self.say(f"{recorder.pending} events wait in the journal; `argus sync` delivers them")

    def _look(self, child: Child) -> None:
        """What happens beside the command: it begins to report by itself, or somebody wants it to stop."""
        for name, output in self._outputs.items():
            progress = output.progress()
            if progress:
                self._report(name, progress)
        if self._recorder is None:
            return
        reports_itself = BEGUN in self._notes.read()
        if reports_itself and self._hand_over is None:
            self._hand_over = threading.Thread(target=self._recorder.hand_over, daemon=True)
            self._hand_over.start()
        if self._recorder.stop_asked.is_set():
            self._stop(child, reports_itself=reports_itself)

    def _stop(self, child: Child, *, reports_itself: bool) -> None:
        """SIGTERM, then SIGKILL; a command that reports itself sees the stop too and first gets time to end well."""
        now = time.monotonic()
        if self._stop_at is None:
            self._stop_at = now
            self.say("a stop was requested")
        passed = now - self._stop_at - (self._grace_s if reports_itself else 0.0)
        kill = getattr(signal, "SIGKILL", signal.SIGTERM)
        if passed >= 0 and signal.SIGTERM not in self._sent:
            self._sent.append(signal.SIGTERM)
            child.send_tree(signal.SIGTERM)
        elif passed >= self._grace_s and kill not in self._sent:
            self._sent.append(kill)
            child.send_tree(kill)

    def _on_output(self, stream: str, data: bytes) -> None:
        for line in self._outputs[stream].take(data):
            self._report(stream, line)

    def _report(self, stream: str, line: str) -> None:
        if self._recorder is not None:
            self._recorder.line(stream, line)
        if self._terminal.as_json:
            self._terminal.emit({"type": "line", "stream": stream, "line": line})


class _Output:
    """One stream of the command; a bar that rewrites itself is told now and then."""

    def __init__(self) -> None:
        self._cutter = LineCutter()
        self._lock = threading.Lock()
        self._told = ""
        self._told_at = time.monotonic()

    def take(self, data: bytes) -> list[str]:
        """Lines that are whole now; the last one at the end of the stream (no data)."""
        with self._lock:
            return self._cutter.feed(data) if data else self._cutter.close()

    def progress(self) -> str | None:
        """The state of a bar, when it has changed and the last was told some time ago."""
        now = time.monotonic()
        with self._lock:
            if now - self._told_at < _PROGRESS_EVERY_S or not self._cutter.is_rewritten:
                return None
            state = self._cutter.unfinished
        if not state or state == self._told:
            return None
        self._told, self._told_at = state, now
        return state

"""The agent's side of its runs: a folder and a supervisor (`shim`) for each, found again after a restart."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from argus._pause import RESUME_FROM, RESUME_JOBS
from argus._secrets import MASK
from argus.agent.store import read_whole, write_whole
from argus.agent.tree import session, signal_all

if TYPE_CHECKING:
    from argus.agent.policy import Policy

# Folders of runs that ended are kept for this long, the latest ones for ever.
_KEEP_S = 14 * 86_400.0
_KEEP_RUNS = 50


def rerun_environment(
    base: dict[str, str],
    recorded: dict[str, Any] | None,
    policy: Policy,
    *,
    batch_id: str,
    url: str,
    token: str | None,
) -> dict[str, str]:
    """The agent's environment, then what the policy takes of the recorded one, then where to report.

    Masked secrets are left out.
    """
    environment = {key: value for key, value in base.items() if not key.startswith(("ARGUS_AGENT_", "ARGUS_RESUME_"))}
    environment.update(
        {
            key: str(value)
            for key, value in (recorded or {}).items()
            if value is not None and value != MASK and policy.takes(key) and not key.startswith("ARGUS_RESUME_")
        }
    )
    environment["ARGUS_BATCH_ID"] = batch_id
    environment["ARGUS_URL"] = url
    if token:
        environment["ARGUS_TOKEN"] = token
    return environment


def resume_environment(kind: str, payload: dict[str, Any]) -> dict[str, str]:
    """Where a resumed process goes on from, for the SDK; nothing for other kinds."""
    if kind != "resume":
        return {}
    jobs = payload.get("resume_jobs")
    environment = {RESUME_FROM: str(payload.get("resume_from") or "")}
    if isinstance(jobs, dict) and jobs:
        environment[RESUME_JOBS] = json.dumps(jobs)
    return environment


class Runs:
    """The runs below one folder, by the ids of their commands."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._shims: list[subprocess.Popen[bytes]] = []
        os.makedirs(folder, mode=0o700, exist_ok=True)

    def run(self, command_id: str) -> Run:
        """The run of a command, begun or not."""
        return Run(os.path.join(self._folder, command_id))

    def start(self, command_id: str, order: dict[str, Any]) -> subprocess.Popen[bytes]:
        """Start a supervisor for a command. Where one has begun it already, the new one does nothing. Raises OSError.

        `order`: `command`, `cwd`, `env`, `grace_s`. It goes through a pipe, since it holds tokens.
        """
        run = self.run(command_id)
        os.makedirs(run.folder, mode=0o700, exist_ok=True)
        with open(os.path.join(run.folder, "shim.log"), "ab", opener=_private) as log:
            shim = subprocess.Popen(
                [sys.executable, "-P", "-m", "argus.agent.shim", run.folder],
                cwd=run.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        self._shims.append(shim)
        assert shim.stdin is not None
        try:
            with shim.stdin:
                shim.stdin.write(json.dumps(order).encode())
        except BrokenPipeError:
            pass  # it has died; whoever waits for its claim sees that
        return shim

    def reap(self) -> None:
        """Let go of supervisors that have ended."""
        self._shims = [shim for shim in self._shims if shim.poll() is None]

    def sweep(self, keep: set[str]) -> None:
        """Delete folders of runs that ended long ago. `keep`: ids of commands that are not over."""
        kept = {self.run(command_id).folder for command_id in keep}
        folders = [entry for entry in os.scandir(self._folder) if entry.is_dir(follow_symlinks=False)]
        folders.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
        for entry in folders[_KEEP_RUNS:]:
            if entry.path not in kept and time.time() - entry.stat().st_mtime > _KEEP_S:
                shutil.rmtree(entry.path, ignore_errors=True)


class Run:
    """One run, as its folder tells it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    @property
    def is_claimed(self) -> bool:
        """Whether a supervisor has begun it."""
        return os.path.exists(self._path("claim"))

    @property
    def is_supervised(self) -> bool:
        """Whether its supervisor lives: it holds a lock to its end, however that comes."""
        try:
            descriptor = os.open(self._path("claim"), os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    @property
    def process(self) -> dict[str, Any] | None:
        """`pid`, `born`, `at` of the command's process; None before it was started."""
        return read_whole(self._path("state.json"))

    @property
    def is_alive(self) -> bool:
        """Whether anything runs of what the command's shell began, even if that has ended itself."""
        return bool(self._left())

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        return os.path.exists(self._path("stop.json"))

    def forbid(self) -> None:
        """Claim it for nobody: a supervisor that comes late does not begin it. Raises OSError."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        try:
            os.close(os.open(self._path("claim"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            pass

    def events(self, since: int) -> list[dict[str, Any]]:
        """What happened, from the event with that number on."""
        try:
            with open(self._path("events.jsonl"), "rb") as file:
                lines = file.read().split(b"\n")[:-1]
        except OSError:
            return []
        return [json.loads(line) for line in lines[since:]]

    def stop(self, *, flag_s: float, grace_s: float) -> None:
        """Ask the supervisor to end the run: SIGTERM after `flag_s`, SIGKILL `grace_s` later. Raises OSError."""
        if not self.is_stopping:
            write_whole(self._path("stop.json"), {"flag_s": flag_s, "grace_s": grace_s, "at": time.time()})
        if not self.is_supervised:
            return
        with open(self._path("claim"), encoding="utf-8") as file:
            shim = int(file.read())
        try:
            os.kill(shim, signal.SIGUSR1)
        except (ProcessLookupError, PermissionError):
            pass  # it has ended meanwhile, and says so in its events

    def signal(self, number: int) -> bool:
        """Send a signal to all of a run that has lost its supervisor; False where it has ended."""
        left = self._left()
        signal_all(None, left, number)
        return bool(left)

    def _left(self) -> list[int]:
        process = self.process
        return [] if process is None else session(process["pid"], process["born"])

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

"""Processes that the agent started: each a process group of its own, so that a stop reaches all of it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from typing import Any

from argus._secrets import MASK


def rerun_command(command: str, overrides: dict[str, Any]) -> str:
    """The shell command with overrides appended as `key=value`, quoted so that they stay one word each."""
    words = [shlex.quote(f"{key}={_override_text(value)}") for key, value in overrides.items()]
    return " ".join([command, *words])


def rerun_environment(
    base: dict[str, str], recorded: dict[str, Any] | None, batch_id: str, url: str, token: str | None
) -> dict[str, str]:
    """The agent's environment, then the recorded one without masked secrets, then where to report."""
    environment = {key: value for key, value in base.items() if not key.startswith("ARGUS_AGENT_")}
    environment.update(
        {key: str(value) for key, value in (recorded or {}).items() if value is not None and value != MASK}
    )
    environment["ARGUS_BATCH_ID"] = batch_id
    environment["ARGUS_URL"] = url
    if token:
        environment["ARGUS_TOKEN"] = token
    return environment


class Children:
    """The runs of this agent: stopped with SIGTERM, and killed when they are still there `grace_s` seconds later."""

    def __init__(self, log_folder: str, grace_s: float) -> None:
        self._log_folder = log_folder
        self._grace_s = grace_s
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._kill_at: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._running)

    def start(self, batch_id: str, command: str, folder: str | None, environment: dict[str, str]) -> int:
        """Start a shell command for a batch and return its pid. Raises OSError.

        Its output goes to `<log folder>/<batch>.log`.
        """
        os.makedirs(self._log_folder, mode=0o700, exist_ok=True)
        name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in batch_id)
        with open(os.path.join(self._log_folder, f"{name}.log"), "ab") as log:
            # A recorded command is a shell's text, with activation prefixes.
            child = subprocess.Popen(  # noqa: S602 # nosec B602
                command,
                shell=True,
                cwd=folder or None,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running[batch_id] = child
        return child.pid

    def pid_of(self, batch_id: str) -> int | None:
        """The pid of a batch's running process; None where this agent process runs none."""
        child = self._running.get(batch_id)
        return child.pid if child is not None else None

    def stop_group(self, pid: int) -> None:
        """Ask a process group to end, and kill it after the grace period."""
        if signal_group(pid, signal.SIGTERM):
            self._kill_at.setdefault(pid, time.monotonic() + self._grace_s)

    def reap(self) -> list[tuple[str, int]]:
        """Collect runs that ended, as (batch id, exit code), and kill groups whose grace is over."""
        ended = [(batch_id, child.returncode) for batch_id, child in self._running.items() if child.poll() is not None]
        for batch_id, _ in ended:
            del self._running[batch_id]
        for pid, when in list(self._kill_at.items()):
            if not signal_group(pid, 0):
                del self._kill_at[pid]
            elif time.monotonic() >= when:
                signal_group(pid, signal.SIGKILL)
                del self._kill_at[pid]
        return ended


def signal_group(pid: int, number: int) -> bool:
    """Send a signal to the process group that `pid` leads; False where there is none of ours."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def birth(pid: int) -> float | None:
    """When a process was born, which tells it from a later one with the same pid; None where it is not there."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def _override_text(value: Any) -> str:
    """A value as configuration frameworks read it on a command line."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))

"""A training host of a test: an agent of its own folder, killed and started anew, and what became of its runs."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from argus_standalone.testing import Account

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "rerun.py"
_LOOK_S = 0.002
_PAUSED = 75
_PATIENCE_S = 60.0


class TrainingHost:
    """`argus-agent` on a host by another name than this machine's.

    Args:
        name: the host's name.
        folder: where all of it lies: the agent's home, the runs' journals, the witness of executions.
        url: how the agent reaches the server.
        prefix: a command in front of the agent's, such as one that enters another host's network.
    """

    def __init__(self, name: str, folder: Path, url: str, account: Account, prefix: tuple[str, ...] = ()) -> None:
        self.name = name
        self.folder = folder
        self.home = folder / "agent"
        self.witness = folder / "executions"
        self._url = url
        self._token = account.token
        self._prefix = prefix
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ARGUS_")}
        self._environment = kept | {"ARGUS_AGENT_HOME": str(self.home), "HOME": str(folder)}
        self._environment |= {"ARGUS_SPILL_DIR": str(folder / "journal"), "ARGUS_EXIT_FLUSH_S": "60"}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def register(self) -> None:
        """Make it known to the server."""
        words = ["register", "--url", self._url, "--token", self._token]
        # A host that is one has a name of its own.
        words += [] if self._prefix else ["--hostname", self.name]
        with self._log() as log:
            subprocess.run(self._command(*words), env=self._environment, stdout=log, stderr=log, check=True)

    def start(self) -> None:
        """Let it wait for commands."""
        with self._lock, self._log() as log:
            words = self._command("run", "--flag-grace=1", "--grace=1")
            self._process = subprocess.Popen(words, env=self._environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill -9; its runs go on."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._process.kill()
                self._process.wait(10)

    def kill_supervisor(self, command_id: str) -> None:
        """Kill -9 the parent of a run, if it has one now."""
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((self.home / "runs" / command_id / "claim").read_text()), signal.SIGKILL)

    def end(self) -> None:
        """Leave nothing behind."""
        self.kill()
        for process in psutil.process_iter(["cmdline"]):
            if any(str(self.folder) in word for word in process.info["cmdline"] or ()):
                with contextlib.suppress(psutil.Error):
                    process.kill()

    def executions(self) -> Counter[str]:
        """How often each batch was begun, and as `batch/resumed` how often it went on."""
        lines = self.witness.read_text().splitlines() if self.witness.exists() else []
        return Counter(line.split()[0] for line in lines)

    def epochs(self, batch_id: str) -> int:
        """How many epochs a run told before it ended."""
        ends = self.witness.with_suffix(".ends")
        lines = [line.split() for line in ends.read_text().splitlines()] if ends.exists() else []
        return int(dict(lines)[batch_id])

    def is_running(self, batch_id: str) -> bool:
        """Whether a process of a batch is there."""
        wanted = f"ARGUS_BATCH_ID={batch_id}".encode()
        for process in psutil.process_iter(["pid"]):
            with contextlib.suppress(OSError):
                if wanted in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0"):
                    return True
        return False

    def record(self, account: Account, how: str) -> str:
        """A batch that ended here, with a command that can be run again."""
        batch = f"source-{self.name}-{uuid.uuid4().hex[:8]}"
        command = shlex.join([sys.executable, str(SCRIPT), str(self.witness), how])
        source = {"project": "chaos", "host": self.name, "user": "ada", "command": command}
        told = (("batch_start", {"n_total_jobs": 1}), ("env_snapshot", {"cwd": str(self.folder)}), ("batch_done", {}))
        events = [
            {
                "schema_version": "1.1",
                "event_id": str(uuid.uuid4()),
                "event_type": kind,
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "batch_id": batch,
                "job_id": None,
                "source": source,
                "data": data,
            }
            for kind, data in told
        ]
        headers = {"Authorization": f"Bearer {account.token}"}
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = account.http.post("/api/events/batch", json={"events": events}, headers=headers)
                if answer.is_success and answer.json()["accepted"] == len(events):
                    return batch
            assert time.monotonic() < deadline, f"{batch} could not be recorded"
            time.sleep(0.2)

    def _command(self, *words: str) -> list[str]:
        return [*self._prefix, sys.executable, "-m", "argus.agent.cli", *words]

    def _log(self) -> Any:
        return (self.folder / "agent.log").open("ab")


class FolderWatch:
    """Calls `reached` when a run comes to a step that only the host's own files tell of. `kind` says of a command's id
    what it is.
    """

    def __init__(self, host: TrainingHost, reached: Callable[[str], None], kind: Callable[[str], str]) -> None:
        self._host = host
        self._reached = reached
        self._kind = kind
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._over.wait(_LOOK_S):
            for entry in _lines(self._host.home / "commands.jsonl"):
                if entry.get("state") == "begun":
                    self._reached(f"{entry.get('kind')}:begun")
            if self._host.witness.with_suffix(".saved").exists():
                self._reached("pause:saved")
            for run in (self._host.home / "runs").glob("*"):
                self._look_at(run)

    def _look_at(self, run: Path) -> None:
        kind = self._kind(run.name)
        if (run / "claim").exists():
            self._reached(f"{kind}:claimed")
        for event in _lines(run / "events.jsonl"):
            if event.get("step") == "spawned":
                self._reached(f"{kind}:running")
            if event.get("step") == "ended":
                self._reached("pause:over" if event.get("exit_code") == _PAUSED else f"{kind}:over")


def _lines(file: Path) -> list[dict[str, Any]]:
    """What a file says line by line; half a line, while it is written, is none."""
    found = []
    for line in file.read_bytes().split(b"\n") if file.exists() else ():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return [entry for entry in found if isinstance(entry, dict)]

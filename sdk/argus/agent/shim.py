"""The parent of one run: a process of its own that lives on when the agent dies.

It starts the command, keeps its output, stops it when the agent asks, and writes down how it ended. With the agent it
speaks through files of one folder: `claim` (a lock, held while it lives: a run is begun by the one who creates it, so
never twice), `state.json` (what was started), `stop.json` (the agent's wish), `events.jsonl` (what happened).

    python -m argus.agent.shim FOLDER < order.json
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from argus.agent import kernel
from argus.agent.output import RotatingFile, last_lines
from argus.agent.store import append_line, read_whole, write_whole
from argus.agent.tree import become_subreaper, birth, descendants, signal_all

if TYPE_CHECKING:
    from collections.abc import Callable

_READ_BYTES = 65_536
_TICK_S = 0.5
_KILL_TICK_S = 0.05
# What a run leaves behind is named only after it has had this long to end by itself.
_SETTLE_S = 1.0
_FULL_DISK_S = 1.0


def main(arguments: list[str]) -> int:
    """Supervise one run to its end. An order that did not arrive whole starts nothing."""
    folder = arguments[0]
    try:
        order = json.load(sys.stdin)
    except ValueError:
        return 2
    if claim(folder) is None:
        return 0
    Supervisor(folder, order).run()
    return 0


def claim(folder: str) -> int | None:
    """Become the one who begins the run of a folder; None where another did. The lock is held to our end."""
    own = os.path.join(folder, f"claim.{os.getpid()}")
    descriptor = os.open(own, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, str(os.getpid()).encode())
    os.fsync(descriptor)
    try:
        os.link(own, os.path.join(folder, "claim"))
    except FileExistsError:
        return None
    finally:
        os.unlink(own)
    return descriptor


class Supervisor:
    """One command, from its start until nothing of it is left."""

    def __init__(self, folder: str, order: dict[str, Any]) -> None:
        self._folder = folder
        self._order = order
        self._output_path = os.path.join(folder, "output.log")
        self._output = RotatingFile(self._output_path)
        self._process: subprocess.Popen[bytes] | None = None
        self._status: int | None = None
        self._is_printing = True
        self._is_alone = False
        self._is_told = False
        self._is_left_told = False
        self._settled_at = 0.0
        self._pids: set[int] = set()
        self._oom_before = kernel.oom_kills()
        self._begun = time.time()
        self._is_terminated = False
        self._unwritten: deque[Callable[[], None]] = deque()
        self._stop: dict[str, Any] | None = None
        self._term_at = self._kill_at = float("inf")

    def run(self) -> None:
        """Start the command and stay until all of it has ended."""
        become_subreaper()
        wake = _wake_on_signals(self._on_sigterm)
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        try:
            self._start(writing)
        except (OSError, ValueError) as error:
            self._tell("failed", detail=f"The command could not be started: {error}.")
            return
        finally:
            os.close(writing)
        while not (self._is_alone and self._status is not None):
            self._step(reading, wake)
        self._pump(reading)
        if not self._is_told:
            self._tell_end()
        self._tell("over")
        while not self._catch_up():
            time.sleep(_FULL_DISK_S)

    def _start(self, writing: int) -> None:
        # A recorded command is a shell's text, with activation prefixes.
        self._process = subprocess.Popen(  # noqa: S602 # nosec B602
            self._order["command"],
            shell=True,
            cwd=self._order.get("cwd") or None,
            env=self._order["env"],
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            start_new_session=True,
        )
        pid = self._process.pid
        self._pids.add(pid)
        state = {"pid": pid, "born": birth(pid), "at": time.time()}
        self._write(lambda: write_whole(os.path.join(self._folder, "state.json"), state))
        self._tell("spawned", pid=pid)

    def _step(self, reading: int, wake: int) -> None:
        tick = _KILL_TICK_S if self._kill_at < time.monotonic() else _TICK_S
        ready, _, _ = select.select([wake, reading] if self._is_printing else [wake], [], [], tick)
        if wake in ready:
            os.read(wake, 4096)
        self._catch_up()
        if reading in ready:
            self._is_printing = self._pump(reading, once=True)
        self._reap()
        self._look_for_stop()
        self._escalate()
        if self._status is not None and not self._is_alone:
            self._tell_of_rest()

    def _pump(self, reading: int, *, once: bool = False) -> bool:
        """Move output to the file; False at its end."""
        while True:
            try:
                data = os.read(reading, _READ_BYTES)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._output.write(data)
            if once:
                return True

    def _reap(self) -> None:
        assert self._process is not None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._is_alone = True
                return
            if pid == 0:
                return
            self._pids.add(pid)
            if pid == self._process.pid:
                self._status = self._process.returncode = os.waitstatus_to_exitcode(status)
                self._settled_at = time.monotonic() + _SETTLE_S

    def _tell_of_rest(self) -> None:
        """A command that ended ill has ended, whatever it left; of one that ended well the rest may be the training."""
        if self._is_left_told or time.monotonic() < self._settled_at:
            return
        self._is_left_told = True
        left = ", ".join(map(str, descendants(os.getpid())))
        if self._status == 0:
            self._tell("note", detail=f"The command has ended well and left processes that still run: {left}.")
        else:
            self._tell_end(f"It left processes that still run: {left}.")

    def _on_sigterm(self) -> None:
        self._is_terminated = True

    def _look_for_stop(self) -> None:
        """Begin a stop when the agent wishes it, or when the host goes down."""
        if self._stop is not None:
            return
        self._stop = read_whole(os.path.join(self._folder, "stop.json"))
        if self._stop is None and self._is_terminated:
            self._stop = {"flag_s": 0, "grace_s": self._order.get("grace_s", 30)}
        if self._stop is not None:
            self._term_at = time.monotonic() + float(self._stop.get("flag_s", 0))

    def _escalate(self) -> None:
        assert self._process is not None
        now = time.monotonic()
        if now >= self._term_at:
            grace_s = float((self._stop or {}).get("grace_s", 30))
            self._term_at, self._kill_at = float("inf"), now + grace_s
            self._tell("sigterm", pid=self._process.pid, detail=f"It has {grace_s:g} s to end, then SIGKILL.")
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)  # one that stands still would never hear of it
        elif now >= self._kill_at:
            if self._kill_at != 0:
                left = ", ".join(map(str, descendants(os.getpid())))
                self._tell("sigkill", pid=self._process.pid, detail=f"Still there after the grace period: {left}.")
                self._kill_at = 0.0
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        # A pid that was reaped may be another's by now, so its group is named only while it is ours.
        group = self._process.pid if self._status is None else None
        signal_all(group, descendants(os.getpid()), number)

    def _tell_end(self, detail: str | None = None) -> None:
        assert self._process is not None
        assert self._status is not None
        self._is_told = True
        code, number = (self._status, None) if self._status >= 0 else (None, -self._status)
        facts: dict[str, Any] = {"pid": self._process.pid, "exit_code": code, "signal": number, "detail": detail}
        if self._status != 0:
            facts.update(self._post_mortem())
        if self._output.lost_bytes:
            facts["detail"] = f"{detail or ''} {self._output.lost_bytes} bytes of output found no room.".strip()
        self._tell("ended", **facts, last_lines=last_lines(self._output_path))

    def _post_mortem(self) -> dict[str, Any]:
        said = kernel.messages(self._begun)
        kills = kernel.oom_kills()
        oom = kernel.oom_line(said, self._pids)
        if oom is None and kills is not None and self._oom_before is not None and kills > self._oom_before:
            oom = f"The kernel killed {kills - self._oom_before} process(es) of this cgroup for memory."
        return {"oom": oom, "gpu_errors": kernel.gpu_errors(said) or None}

    def _tell(self, step: str, **facts: Any) -> None:
        """Write down what happened, on the disk before anything else happens."""
        event = {"step": step, "at": datetime.now(UTC).isoformat()}
        event.update({key: value for key, value in facts.items() if value is not None})
        self._write(lambda: append_line(os.path.join(self._folder, "events.jsonl"), event))

    def _write(self, what: Callable[[], None]) -> None:
        """Write, in order. What a full disk does not take is tried again: the run must not end for it."""
        self._unwritten.append(what)
        self._catch_up()

    def _catch_up(self) -> bool:
        with suppress(OSError):
            while self._unwritten:
                self._unwritten[0]()
                self._unwritten.popleft()
        return not self._unwritten


def _wake_on_signals(on_sigterm: Any) -> int:
    """A descriptor that becomes readable with each signal. Handlers, for what is ignored would be so in the run too."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: on_sigterm())
    return reading


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

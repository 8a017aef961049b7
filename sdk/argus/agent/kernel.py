"""What the kernel says about the end of a run: its memory was gone, or a card failed. Where we may read it."""

from __future__ import annotations

import os
import re
import subprocess
import time

_TIMEOUT_S = 5.0
_MOST_GPU_ERRORS = 20
_KILLED = re.compile(r"Killed process (?P<pid>\d+)")
_UID = re.compile(r"\bUID:(\d+)")
_XID = re.compile(r"NVRM: Xid|amdgpu.*(?:ring .* timeout|GPU reset|uncorrectable)", re.IGNORECASE)
_SECONDS = re.compile(r"^(?:<\d+>)?\[\s*(\d+\.\d+)\]\s*(.*)$")


def oom_kills() -> int | None:
    """How often the kernel has killed for memory in our cgroup; None where that cannot be read."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            lines = file.read().splitlines()
        name = next(line[3:] for line in lines if line.startswith("0::"))
        with open(f"/sys/fs/cgroup{name.rstrip('/')}/memory.events", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("oom_kill "))
    except (OSError, ValueError, StopIteration):
        return None


def messages(since: float) -> list[str]:
    """The kernel's messages since an instant (`time.time()`), from the journal or from dmesg; empty if forbidden."""
    said = _output(["journalctl", "-k", "-q", "--no-pager", "-o", "cat", f"--since=@{int(since)}"])
    if said:
        return said
    begun = time.clock_gettime(time.CLOCK_MONOTONIC) - (time.time() - since) - 1
    parts = [_SECONDS.match(line) for line in _output(["dmesg"])]
    return [part[2] for part in parts if part is not None and float(part[1]) >= begun]


def oom_line(lines: list[str], pids: set[int]) -> str | None:
    """The line by which the kernel killed one of these processes, or else one of our user's."""
    killed = [(match, line) for line in lines if (match := _KILLED.search(line)) is not None]
    for match, line in killed:
        if int(match["pid"]) in pids:
            return line
    ours = str(os.getuid())
    return next((line for _, line in killed if (user := _UID.search(line)) and user[1] == ours), None)


def gpu_errors(lines: list[str]) -> list[str]:
    """Lines in which a driver says that a card failed."""
    return [line for line in lines if _XID.search(line)][:_MOST_GPU_ERRORS]


def _output(command: list[str]) -> list[str]:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else []

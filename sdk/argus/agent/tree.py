"""Everything that a run started, also what hid itself by a double fork. Linux; elsewhere the process group."""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> bool:
    """From now on orphans among our descendants become our children, not init's. False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def birth(pid: int) -> float | None:
    """When a process was born, which tells it from a later one with the same pid; None where it runs no more.

    Linux counts this from its start, whatever happens to the clock.
    """
    if os.path.exists("/proc/self/stat"):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else float(fields[19])
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def descendants(pid: int) -> list[int]:
    """Processes below `pid` that still run."""
    import psutil

    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
    return [process.pid for process in below if birth(process.pid) is not None]


def session(leader: int, born: float) -> list[int]:
    """Processes of the session that `leader` opened, who was born then; also when it has ended and others go on.

    Nobody gets the number of a session while somebody is in it, so a later process by that number means an empty one.
    """
    now = birth(leader)
    if now is not None and now != born:
        return []
    if not os.path.exists("/proc/self/stat"):
        return [leader] if now is not None else []
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _session_of(int(name)) == leader]


def _session_of(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[3])


def signal_all(group: int | None, pids: list[int], number: int) -> None:
    """Send a signal to a process group, where there is one, and to processes outside of it; to each once."""
    if group is not None:
        signal_group(group, number)
    for pid in pids:
        try:
            if os.getpgid(pid) != group:
                os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def signal_group(pid: int, number: int) -> bool:
    """Send a signal to the process group that `pid` leads; False where there is none of ours."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True

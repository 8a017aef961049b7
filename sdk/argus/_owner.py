"""Who holds a lock: enough to tell, from this host or another, whether the holder may still be alive."""

from __future__ import annotations

import os
import sys
import time

# A holder renews its lock file this often; one that was silent for the longer time is taken for dead.
BEAT_S = 15.0
LEASE_S = 90.0


def host_name() -> str:
    """This machine's name, as `socket.gethostname` gives it, without that import."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "unknown")


def identity() -> dict[str, object]:
    """This process, as its lock files name it. `nonce` tells two locks of one process apart."""
    pid = os.getpid()
    return {"host": host_name(), "pid": pid, "started": start_of(pid), "nonce": os.urandom(8).hex()}


def is_of_this_host(owner: dict[str, object]) -> bool:
    """Whether the owner's process can be looked up here; a file without a name is from before names were kept."""
    return owner.get("host", host_name()) == host_name()


def is_running(owner: dict[str, object]) -> bool:
    """Whether the owner's process lives on this host; another process that got its number later does not count."""
    pid = owner.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return False
    if sys.platform != "win32":  # there, signal 0 would be Ctrl-C
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # somebody else's process has that number, or the owner changed its user
    started = owner.get("started")
    return started is None or start_of(pid) in (started, None)


def start_of(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None where the system has no /proc."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def silence_s(path: str) -> float:
    """Seconds since the file was renewed, by the clock of the disk that it lies on, which may be another machine's."""
    probe = f"{path}.clock-{os.getpid()}"
    changed = os.stat(path).st_mtime
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT, 0o600))
        now = os.stat(probe).st_mtime
        os.unlink(probe)
    except OSError:
        now = time.time()
    return now - changed

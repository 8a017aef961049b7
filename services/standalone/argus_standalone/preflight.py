"""What must hold before anything starts; each failure is one sentence that says what to do."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from pathlib import Path
from typing import IO

# Made under an earlier umask, they may be readable to everybody.
_PRIVATE = ("argus.db", "argus.db-wal", "argus.db-shm", "config.key")
# Lies in the data folder while a restore changes it.
UNFINISHED_RESTORE = "restore.unfinished"


class PreflightError(Exception):
    """Argus cannot start; the message is for the person at the terminal."""


def check_port(host: str, port: int) -> None:
    """Make sure that the public port can be bound.

    Raises:
        PreflightError: it is taken, forbidden, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PreflightError(_port_sentence(host, port, error)) from error


def _port_sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program; choose another one, such as ARGUS_PORT={port + 1}."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be opened by this user; choose one above 1023 with ARGUS_PORT."
    return f"{host}:{port} cannot be opened ({error.strerror}); check ARGUS_HOST and ARGUS_PORT."


def _make_private(home: Path) -> None:
    # Others may pass through, to where the stack's PostgreSQL runs as a user of its own; they read and write nothing.
    home.chmod((home.stat().st_mode | 0o700) & ~0o066)
    for name in _PRIVATE:
        file = home / name
        if file.exists():
            file.chmod(0o600)


def claim_home(home: Path, *, may_be_unfinished: bool = False) -> IO[str]:
    """Make the data folder and lock it for this process; keep the returned file open.

    Raises:
        PreflightError: it cannot be written, another Argus uses it, or a restore was cut off in it.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        _make_private(home)
        lock = (home / "argus.lock").open("a+")
    except OSError as error:
        raise PreflightError(
            f"The data folder {home} cannot be written ({error.strerror}); choose another with ARGUS_HOME."
        ) from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise PreflightError(f"The data folder {home} cannot be written; choose another with ARGUS_HOME.")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise PreflightError(
            f"Another Argus already uses the data folder {home}; stop it, or choose another with ARGUS_HOME."
        ) from error
    if not may_be_unfinished and (home / UNFINISHED_RESTORE).exists():
        backup = (home / UNFINISHED_RESTORE).read_text().strip()
        lock.close()
        raise PreflightError(
            f"A restore was cut off in the data folder {home}; end it with `argus-server restore {backup}`."
        )
    return lock

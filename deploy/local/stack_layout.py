"""Where the local stack keeps its things, on which ports it listens, and the secrets that it made for itself."""

from __future__ import annotations

import base64
import errno
import fcntl
import json
import os
import random
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import platformdirs

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
SERVICES = ("auth", "ingest", "catalog", "realtime", "executor", "notifier")
WORKERS = ("auth", "ingest", "catalog", "executor", "notifier")
# Below every system's ephemeral range: a port of a killed process stays free until that process is back.
INTERNAL_PORTS = range(20_000, 32_000)


class StackError(Exception):
    """The stack cannot start; the text is the one sentence that a person needs."""


@dataclass(frozen=True)
class Public:
    """The address on which people reach this stack."""

    host: str
    port: int

    @classmethod
    def from_environment(cls) -> Public:
        """Read ARGUS_HOST and ARGUS_PORT.

        Raises:
            StackError: the port is no port.
        """
        said = os.environ.get("ARGUS_PORT") or "8000"
        if not said.isdigit() or not 0 < int(said) < 65536:
            raise StackError(f"ARGUS_PORT is {said!r}, and a port is a number from 1 to 65535.")
        return cls(os.environ.get("ARGUS_HOST") or "127.0.0.1", int(said))

    @property
    def bracketed(self) -> str:
        """The host as it stands before a port."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine."""
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # only compared  # nosec B104
        return f"http://{shown}:{self.port}"

    def check_free(self) -> None:
        """Raises StackError where nobody could listen there."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise StackError(self._why(error)) from None

    def _why(self, error: OSError) -> str:
        match error.errno:
            case errno.EADDRINUSE:
                return f"port {self.port} on {self.host} is taken: stop what uses it, or set ARGUS_PORT to another."
            case errno.EACCES:
                return f"port {self.port} is not yours to use: set ARGUS_PORT to one above 1023."
            case _:
                return f"cannot listen on {self.host}:{self.port} ({error.strerror}): set ARGUS_HOST and ARGUS_PORT."


class Layout:
    """Files of one stack under ARGUS_HOME/stack. Made readable by nobody else."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.room = home / "stack"
        self.logs = self.room / "logs"
        self.postgres = self.room / "postgres"
        self.state = self.room / "state.json"

    @classmethod
    def from_environment(cls) -> Layout:
        """The layout under ARGUS_HOME, or under the user's data folder."""
        return cls(Path(os.environ.get("ARGUS_HOME") or platformdirs.user_data_dir("argus")).expanduser().resolve())

    def open(self) -> TextIO:
        """Make the folders and take the lock, which lasts as long as the returned file is open.

        Raises:
            StackError: the folder cannot be written, or another stack runs in it.
        """
        try:
            for folder in (self.room, self.logs, self.room / "nats", self.room / "valkey"):
                folder.mkdir(parents=True, exist_ok=True)
            self.room.chmod(0o711)  # PostgreSQL passes through as another user where this runs as root
            lock = (self.room / "lock").open("a")
        except OSError as error:
            raise StackError(
                f"cannot write to {self.home} ({error.strerror}): set ARGUS_HOME to a folder of yours."
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StackError(
                f"a stack is running in {self.home} already: stop it, or set another ARGUS_HOME."
            ) from None
        return lock

    def write(self, name: str, text: str) -> Path:
        """Write a file that only its owner can read."""
        path = self.room / name
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        return path


@dataclass(frozen=True)
class Secrets:
    """Made once; the stack's parts know each other by them."""

    postgres: str
    nats: str
    valkey: str
    control: str
    config_key: str
    roles: dict[str, str]

    @classmethod
    def of(cls, layout: Layout) -> Secrets:
        """Read them, or make them now."""
        path = layout.room / "secrets.json"
        if not path.exists():
            names = ("postgres", "nats", "valkey", "control")
            made: dict[str, object] = {name: secrets.token_urlsafe(24) for name in names}
            made["config_key"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
            made["roles"] = {f"argus_{name}": secrets.token_urlsafe(24) for name in SERVICES}
            layout.write("secrets.json", json.dumps(made, indent=1))
        return cls(**json.loads(path.read_text()))


def free_ports(names: list[str]) -> dict[str, int]:
    """A free loopback port for each name, all different."""
    chosen: dict[str, int] = {}
    for port in random.sample(INTERNAL_PORTS, k=len(INTERNAL_PORTS)):
        if len(chosen) == len(names):
            break
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        chosen[names[len(chosen)]] = port
    return chosen

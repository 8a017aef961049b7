"""The two systems that are disturbed, with the same handles: processes, ways, a disk and a clock."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import psutil
import sqlalchemy as sa
import stack_postgres
from sqlalchemy.ext.asyncio import create_async_engine
from stack_layout import Layout, Secrets

from argus_kit.ports import free_port
from argus_standalone.testing import ServerProcess, is_ready
from rig.clock import Clock
from rig.disks import Disk
from rig.relay import Relay

ROOT = Path(__file__).resolve().parents[3]
LOCAL = ROOT / "deploy" / "local"
# On tmpfs nothing is slow, so a data folder without room for it is the machine's fault.
_READY_S = 120


class System(Protocol):
    """What a fault acts upon. `url` leads through the way `front`."""

    url: str
    ways: dict[str, Relay]
    disk: Disk | None
    clock: Clock

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process; one that is killed comes back by itself. Nothing where it is not there now."""

    def wait_ready(self, timeout_s: float = _READY_S) -> None:
        """Wait until the whole says that it is ready."""

    def query(self, statement: str, **values: Any) -> list[Any]:
        """Ask the database itself."""

    def logs(self) -> list[Path]:
        """Files that say what it did."""


class Surroundings:
    """Folder, disk and clock of one system."""

    def __init__(self, name: str) -> None:
        self.disk = Disk(name) if Disk.is_possible() else None
        base = self.disk.path if self.disk else Path(tempfile.mkdtemp(prefix=f"argus-chaos-{name}-"))
        # Not in pytest's own folder, which is closed to others: PostgreSQL passes through as another user where this
        # runs as root.
        base.chmod(0o755)
        self.home = base / "home"
        self.home.mkdir(mode=0o755)
        self.aside = Path(tempfile.mkdtemp(prefix=f"argus-chaos-{name}-aside-"))
        self.aside.chmod(0o755)
        self.clock = Clock(self.aside / "clock")


class Standalone:
    """`argus-server up`, brought back whenever it is killed."""

    def __init__(self) -> None:
        around = Surroundings("standalone")
        self.home, self.disk, self.clock = around.home, around.disk, around.clock
        self._server = ServerProcess(self.home, **self.clock.environment)
        self._server.log = around.aside / "server.log"
        self.ways = {"front": Relay(lambda: self._server.port)}
        self.url = f"http://127.0.0.1:{self.ways['front'].port}"

    def start(self) -> None:
        """Start, and wait until it is ready."""
        self._server.start()
        self.wait_ready()

    def stop(self) -> None:
        """End it in order."""
        assert self._server.end() == 0, self._server.output()
        self.ways["front"].close()
        if self.disk:
            self.disk.remove()

    def signal(self, name: str, number: signal.Signals) -> None:
        """See System."""
        assert self._server.process is not None
        if name == "server":
            self._server.process.send_signal(number)
            if number == signal.SIGKILL:
                self._server.process.wait(20)
                self._server.start()
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self._server.process.pid).children():
                if "nats" in child.name():
                    child.send_signal(number)

    def wait_ready(self, timeout_s: float = _READY_S) -> None:
        """See System. One that ended by itself, for want of room, is started anew as its owner would."""
        deadline = time.monotonic() + timeout_s
        while not is_ready(f"http://127.0.0.1:{self._server.port}"):
            assert self._server.process is not None
            if self._server.process.poll() is not None:
                self._server.start()
            assert time.monotonic() < deadline, f"not ready:\n{self._server.output()[-3000:]}"
            time.sleep(0.05)

    def query(self, statement: str, **values: Any) -> list[Any]:
        """See System."""
        with contextlib.closing(sqlite3.connect(f"file:{self.home / 'argus.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(statement, values).fetchall()

    def logs(self) -> list[Path]:
        """See System."""
        return [self._server.log]


class Stack:
    """`make stack`, without the setting up. `via_relays`: tests stand between the services and their servers;
    `environment`: variables besides.
    """

    def __init__(self, *, via_relays: bool = True, **environment: str) -> None:
        around = Surroundings("stack")
        self.home, self.disk, self.clock = around.home, around.disk, around.clock
        self.port = free_port()
        self.log = around.aside / "stack.log"
        self._layout = Layout(self.home)
        self.ways = {"front": Relay(lambda: self.port)}
        servers = ("postgres", "nats", "valkey") if via_relays else ()
        self.ways |= {name: Relay(lambda name=name: self._state()["ports"][name]) for name in servers}  # type: ignore[misc]
        self.url = f"http://127.0.0.1:{self.ways['front'].port}"
        via = {name: self.ways[name].port for name in servers}
        self._environment = {**os.environ, **self.clock.environment, "ARGUS_HOME": str(self.home)}
        self._environment |= {"ARGUS_PORT": str(self.port), "ARGUS_STACK_VIA": json.dumps(via)}
        self._environment.setdefault("ARGUS_WEB_ROOT", str(ROOT / "frontend" / "dist"))
        self._environment |= environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, within_s: float = 180) -> None:
        """Start it and wait until the whole is ready."""
        with self.log.open("ab") as log:
            command = [sys.executable, str(LOCAL / "stack.py")]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        try:
            self.wait_ready(within_s)
        except BaseException:
            # Else two dozen processes would stay, and slow down every test that follows.
            with contextlib.suppress(psutil.NoSuchProcess):
                self.end()
            raise

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to the launcher, and wait until nothing of the stack runs; returns its exit code."""
        assert self._process is not None
        mine = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(how)
        code = self._process.wait(30)
        psutil.wait_procs(mine, timeout=30)
        return code

    def stop(self) -> None:
        """As Ctrl-C does, for good."""
        assert self.end() == 0, self.log.read_text()
        for way in self.ways.values():
            way.close()
        if self.disk:
            self.disk.remove()

    def wait_ready(self, timeout_s: float = _READY_S) -> None:
        """See System."""
        deadline = time.monotonic() + timeout_s
        while not is_ready(f"http://127.0.0.1:{self.port}"):
            assert self._process is not None
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"not ready, see {self.log.parent}"
            time.sleep(0.1)

    def pids(self) -> dict[str, int]:
        """Process id by program name, of those that run right now."""
        address = urlsplit(self._state()["control"])
        with xmlrpc.client.ServerProxy(address.geturl()) as control:
            answer: Any = control.supervisor.getAllProcessInfo()
        return {program["name"]: program["pid"] for program in answer if program["pid"]}

    def ports(self) -> dict[str, int]:
        """Where each program listens."""
        found: dict[str, int] = self._state()["ports"]
        return found

    @property
    def admin_database_url(self) -> str:
        """For migrations."""
        return stack_postgres.admin_url(self.secrets, self.ports()["postgres"])

    @property
    def secrets(self) -> Secrets:
        """By which its parts know each other."""
        return Secrets.of(self._layout)

    def signal(self, name: str, number: signal.Signals) -> None:
        """See System."""
        with contextlib.suppress(KeyError, ProcessLookupError):
            os.kill(self.pids()[name], number)

    def kill(self, name: str) -> None:
        """Kill -9, and wait until the supervisor has another one."""
        before = self.pids()[name]
        self.signal(name, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while self.pids().get(name) in {None, before}:
            assert time.monotonic() < deadline, f"{name} did not come back"
            time.sleep(0.05)

    @contextlib.contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """Stop processes without ending them, for as long as the block takes."""
        for name in names:
            self.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            for name in names:
                self.signal(name, signal.SIGCONT)

    def query(self, statement: str, **values: Any) -> list[Any]:
        """See System."""
        url = self.admin_database_url

        async def ask() -> list[Any]:
            engine = create_async_engine(url)
            async with engine.connect() as connection:
                found = list((await connection.execute(sa.text(statement), values)).all())
            await engine.dispose()
            return found

        return asyncio.run(ask())

    def logs(self) -> list[Path]:
        """See System."""
        return [self.log, *sorted(self._layout.logs.glob("*.log"))]

    def _state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._layout.state.read_text())
        return found

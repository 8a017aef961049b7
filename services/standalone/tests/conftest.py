"""A real `argus-server` process for each test."""

from __future__ import annotations

from collections.abc import Iterator
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

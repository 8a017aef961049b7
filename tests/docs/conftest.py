"""One server for all blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from doc_server import DocServer


@pytest.fixture(scope="session")
def doc_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocServer]:
    """A server that the blocks speak to, surely ended after the last of them."""
    made = DocServer(tmp_path_factory.mktemp("docs"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """The empty folder in which a chain of blocks runs."""
    return tmp_path

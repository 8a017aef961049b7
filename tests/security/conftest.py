"""One world for all tests of this folder: each brings what it spoils."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from stage.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server with people and their things."""
    made = World(tmp_path_factory.mktemp("security") / "home")
    yield made
    made.close()

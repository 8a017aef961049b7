"""The data folder of a server that stands still."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from argus_kit.settings import Settings
from argus_standalone.backups.testing import add_artifact, fill, settings_of


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path) -> Path:
    """The data folder of a server that stands still: rows, and three artifacts of which two are the same."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "argus.db")
    fill(folder / "argus.db")
    for name, content in (("a", b"one"), ("b", b"two" * 1000), ("c", b"one")):
        add_artifact(folder, folder / "argus.db", name, content)
    return folder


@pytest.fixture
def settings(home: Path) -> Settings:
    """Settings of that server."""
    return settings_of(home)

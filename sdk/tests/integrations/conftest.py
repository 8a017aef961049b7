"""What the tests of the adapters share. Frameworks are imported inside of tests: without them these are not run, by
their mark, but they are collected.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import argus

QUIET = {"heartbeat": False, "stop_polling": False, "resource_snapshot": False, "capture_environment": False}


@pytest.fixture
def options(ingest) -> dict[str, Any]:
    """Options of an adapter that reports to the test's server, and only what it was made for."""
    return {"project": "vision", "argus_url": ingest.url, **QUIET}


@pytest.fixture
def program(ingest, tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a script of its own process to its end, with the server in its environment."""

    def run(code: str, *arguments: str, launcher: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "train.py"
        path.write_text(code)
        return subprocess.run(
            [sys.executable, *launcher.split(), str(path), *arguments],
            env={**os.environ, "ARGUS_URL": ingest.url, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run


@pytest.fixture
def data(ingest) -> Callable[[str], list[dict[str, Any]]]:
    """The data of all events of a type, in order."""
    return lambda event_type: [event["data"] for event in ingest.of_type(event_type)]


@pytest.fixture
def kinds(ingest) -> Callable[[], list[str]]:
    """The types of events that came, by their first; the record of the surroundings comes at a time of its own."""
    return lambda: [name for name in ingest.types() if name != "env_snapshot"]


@pytest.fixture(autouse=True)
def no_run_left():
    yield
    argus.finish()

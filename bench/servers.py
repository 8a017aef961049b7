"""Servers to measure: standalone and the stack behind Traefik, in folders of their own, with a person and a token."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx

from argus_kit.ports import free_port
from argus_standalone.testing import is_ready

ROOT = Path(__file__).parents[1]


class Target(NamedTuple):
    """A running server: the process that was started for it, a token to report with, seconds from start to ready, and
    its folder.
    """

    url: str
    token: str
    pid: int
    ready_s: float
    home: Path


COMMANDS = {
    "standalone": [sys.executable, "-m", "argus_standalone.cli", "up"],
    "stack": [sys.executable, str(ROOT / "deploy" / "local" / "stack.py")],
}


# One person holds all the streams of a benchmark; nobody does so otherwise. And no backup begins in its middle.
MORE = {"ARGUS_SSE_MAX_STREAMS_PER_USER": "10000", "ARGUS_BACKUP_EVERY_HOURS": "0"}


@contextlib.contextmanager
def running(mode: str, **settings: str) -> Iterator[Target]:
    """Run a server of this mode, with these variables besides, until the block ends."""
    with tempfile.TemporaryDirectory(prefix=f"argus-bench-{mode}-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        url = f"http://127.0.0.1:{(port := free_port())}"
        environment = {**os.environ, **MORE, **settings, "ARGUS_HOME": home}
        environment |= {"ARGUS_PORT": str(port), "ARGUS_HOST": "127.0.0.1"}
        process = subprocess.Popen(
            COMMANDS[mode], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
        )
        begin = time.monotonic()
        try:
            wait_ready(url, process, 900)
            ready_s = round(time.monotonic() - begin, 2)
            yield Target(url, person_with_token(url), process.pid, ready_s, Path(home))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def wait_ready(url: str, process: subprocess.Popen[bytes], timeout_s: float = 120) -> None:
    """Wait for 200 from /readyz."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if is_ready(url):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"{url} did not become ready")


def person_with_token(url: str) -> str:
    """Register somebody, and mint a reporter token for them."""
    with httpx.Client(base_url=url, timeout=30) as client:
        person = {"username": "bench", "email": "bench@example.org", "password": "benchmark 2026"}
        client.post("/api/auth/register", json=person).raise_for_status()
        login = {"username_or_email": "bench", "password": "benchmark 2026"}
        session = client.post("/api/auth/login", json=login).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {session}"}
        made = client.post("/api/tokens", json={"name": "bench", "scope": "reporter"}, headers=headers)
        token: str = made.raise_for_status().json()["token"]
        return token

"""For tests: real `argus-server` processes on free ports and folders of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from argus_kit.testing import free_port


class ServerProcess:
    """One `argus-server up`."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = home
        self.log = home.parent / f"{home.name}.log"
        self._environment = {
            **os.environ,
            "ARGUS_HOME": str(home),
            "ARGUS_PORT": str(self.port),
            "ARGUS_HOST": "127.0.0.1",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; does not wait."""
        command = [sys.executable, "-m", "argus_standalone.cli", "up"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=subprocess.STDOUT)

    def wait_ready(self, timeout_s: float = 60) -> None:
        """Wait for 200 from /readyz."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            assert self.process is not None
            assert self.process.poll() is None, self.output()
            time.sleep(0.05)
        raise AssertionError(f"not ready:\n{self.output()}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(20)

    def output(self) -> str:
        """All that it printed so far."""
        return self.log.read_text(errors="replace")

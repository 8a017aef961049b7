"""Starts the identity providers of this folder as processes of their own, on free ports of this machine."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from argus_kit.ports import free_port

HERE = Path(__file__).resolve().parent
_READY_S = 30


class Server:
    """One that runs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(trust_env=False, timeout=10)

    def control(self, **wish: Any) -> dict[str, Any]:
        """Say how it should be from now on; returns what it noted."""
        answer = self._http.post(f"{self.url}/control", json=wish)
        answer.raise_for_status()
        return answer.json()

    def visit(self, url: str) -> httpx.Response:
        """Follow a redirect there as a browser would; the answer leads back."""
        return self._http.get(url)

    def close(self) -> None:
        self._http.close()


@contextlib.contextmanager
def running(script: str, *arguments: str) -> Iterator[Server]:
    """Start it, and stop it at the end."""
    port = free_port()
    with tempfile.TemporaryFile() as output:
        command = [sys.executable, str(HERE / script), "--port", str(port), *arguments]
        process = subprocess.Popen(command, stdout=output, stderr=output)
        server = Server(f"http://127.0.0.1:{port}")
        try:
            _wait(process, port)
            yield server
        finally:
            server.close()
            process.terminate()
            process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("the identity provider did not start")

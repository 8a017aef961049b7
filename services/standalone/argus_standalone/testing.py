"""For tests: real `argus-server` processes on free ports and folders of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import httpx

from argus_kit.ports import free_port

# A path of each service, as deploy/traefik/dynamic.yaml divides them.
_OF_SERVICES = ("/api/auth/me", "/api/artifacts", "/api/batches", "/api/sse", "/api/agents", "/api/notifications", "/")


def is_ready(url: str) -> bool:
    """Whether a server says that it is ready, and its gateway, where it has one, sends to every service.

    With several replicas a gateway asks each twice a second whether it takes requests: it hears of it a moment later.
    """
    with contextlib.suppress(httpx.HTTPError), httpx.Client(base_url=url, timeout=5) as client:
        if client.get("/readyz").status_code == 200:
            return all(client.get(path).text.strip() != "no available server" for path in _OF_SERVICES)
    return False


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

    def wait_ready(self, timeout_s: float = 180) -> None:
        """Wait for 200 from /readyz; a server that never comes so far is killed."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            assert self.process is not None
            assert self.process.poll() is None, self.output()
            time.sleep(0.05)
        self.end(signal.SIGKILL)
        raise AssertionError(f"not ready:\n{self.output()}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(20)

    def wait_said(self, text: str, timeout_s: float = 60) -> None:
        """Wait until it printed `text`: it is ready a moment before it says what follows."""
        deadline = time.monotonic() + timeout_s
        while text not in self.output():
            assert time.monotonic() < deadline, f"did not say {text!r}:\n{self.output()}"
            time.sleep(0.05)

    def output(self) -> str:
        """All that it printed so far."""
        return self.log.read_text(errors="replace")


class Account:
    """A person on a running server, with a browser session and a reporter's token.

    Args:
        url: the server's public address.
        username: a name that is free there; the first person of a server becomes its administrator.
    """

    def __init__(self, url: str, username: str = "ada") -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=15)
        password = "correct horse 1"
        person = {"username": username, "email": f"{username}@example.org", "password": password}
        answer = self.http.post("/api/auth/register", json=person)
        assert answer.status_code == 201, answer.text
        login = {"username_or_email": username, "password": password}
        self.session: str = self.http.post("/api/auth/login", json=login).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {self.session}"
        self.token, self.token_id = self.new_token()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def new_token(self, scope: str = "reporter") -> tuple[str, int]:
        """Mint a token; its text and its id."""
        answer = self.http.post("/api/tokens", json={"name": "test", "scope": scope})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made["token"], made["id"]

    def get(self, path: str, **params: str | int) -> Any:
        """A JSON answer that must be 200."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def close(self) -> None:
        """Release the connection."""
        self.http.close()

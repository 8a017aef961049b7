"""A real Argus server for all tests of the commands that talk to one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argus.cli import main
from argus_standalone.testing import Account, ServerProcess

PASSWORD = "correct horse 1"  # what `Account` registers with


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A ready server."""
    made = ServerProcess(tmp_path_factory.mktemp("argus") / "home")
    made.start()
    made.wait_ready()
    yield made
    made.end()


@pytest.fixture(scope="package")
def ada(server: ServerProcess) -> Iterator[Account]:
    """A person with a reporter's token."""
    account = Account(server.url)
    yield account
    account.close()


@pytest.fixture(autouse=True)
def home(journals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of the test's own, a person without settings, and a plain terminal."""
    monkeypatch.delenv("ARGUS_TOKEN")
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def known(ada: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The environment knows the server and the token."""
    monkeypatch.setenv("ARGUS_URL", ada.url)
    monkeypatch.setenv("ARGUS_TOKEN", ada.token)
    return ada


class Answer:
    """What a command printed and ended with."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def argus(capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run a command here: `argus("ls", "--json")`."""

    def run(*words: str) -> Answer:
        capfd.readouterr()
        code = main(list(words))
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def command(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command in a process of its own."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "argus", *words],
            # Long enough for a busy machine: what a test waits for is the event, not this limit.
            env={**os.environ, "ARGUS_EXIT_FLUSH_S": "60", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def script(home: Path) -> Callable[[str], str]:
    """Write a training script and return its path."""

    def write(code: str, name: str = "train.py") -> str:
        path = home / name
        path.write_text(code)
        return str(path)

    return write


def eventually(check: Callable[[], Any], timeout_s: float = 120) -> Any:
    """Call `check` until it returns something true."""
    deadline = time.monotonic() + timeout_s
    while not (found := check()):
        assert time.monotonic() < deadline, f"still {found!r}"
        time.sleep(0.05)
    return found


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Any]:
    return eventually


class Uploads:
    """Posts events as a raw client does."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def __call__(self, batch_id: str, *events: tuple[str, str | None, dict[str, Any]], project: str = "vision") -> None:
        import uuid

        body = [
            {
                "event_id": str(uuid.uuid4()),
                "event_type": kind,
                "schema_version": "1.1",
                "batch_id": batch_id,
                "job_id": job_id,
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "source": {"project": project, "host": "gpu-1", "user": "ada"},
                "data": data,
            }
            for kind, job_id, data in events
        ]
        headers = {"Authorization": f"Bearer {self._account.token}"}
        answer = self._account.http.post("/api/events/batch", json={"events": body}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["rejected"] == 0, answer.text


@pytest.fixture
def post(ada: Account) -> Uploads:
    """`post(batch_id, (event_type, job_id, data), ...)`."""
    return Uploads(ada)

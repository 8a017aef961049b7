"""Real clients in processes of their own against a real server process."""

from __future__ import annotations

import collections
import contextlib
import os
import sqlite3
import subprocess
import sys
import time
import uuid
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from rig.systems import Stack

from argus_contracts.event_rows import TYPES_BY_CODE, event_id
from argus_contracts.events import INGESTED_TYPES
from argus_standalone.testing import Account, ServerProcess

SCRIPTS = Path(__file__).parent / "scripts"
PUBLISHED = "argus-reporter==0.1.3"


@pytest.fixture(scope="session")
def published_python() -> Path:
    """A Python of its own in which the published client is installed, unmodified; kept between runs."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    folder = Path(platformdirs.user_cache_dir("argus-tests")) / f"{PUBLISHED.replace('==', '-')}-{version}"
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PUBLISHED]
        subprocess.run(command, check=True, timeout=300)
        done.write_text(PUBLISHED)
    return python


@pytest.fixture(scope="session")
def whole_stack() -> Iterator[Stack]:
    """One stack for all tests; each leaves it running."""
    made = Stack(via_relays=False)
    made.start()
    yield made
    made.stop()


@pytest.fixture(params=["standalone", "stack"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerProcess | Stack]:
    """A ready server of either mode."""
    if request.param == "stack":
        yield request.getfixturevalue("whole_stack")
        return
    made = ServerProcess(tmp_path / "home")
    made.start()
    made.wait_ready()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end()


@pytest.fixture
def ada(server: ServerProcess | Stack) -> Iterator[Account]:
    """A person with a token."""
    account = Account(server.url, f"ada-{uuid.uuid4().hex[:8]}")
    yield account
    account.close()


class Training:
    """A script that reports, in a process of its own; it says on stdout what it did."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._errors = log.open("ab")
        self.log = log
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )

    def hear(self, word: str) -> str:
        """Wait for the line that begins with `word`, and return the rest of it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            first, _, rest = line.strip().partition(" ")
            if first == word:
                return rest
        raise AssertionError(f"never said {word!r}:\n{self.log.read_text()}")

    def tell(self, word: str) -> None:
        """Let the script go on."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def end(self, timeout_s: float = 60) -> str:
        """Wait for a good end; returns what is left of the output."""
        output, _ = self.process.communicate(timeout=timeout_s)
        assert self.process.returncode == 0, f"{output}\n{self.log.read_text()}"
        return output

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait(10)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self._errors.close()


@pytest.fixture
def train(server: ServerProcess | Stack, ada: Account, tmp_path: Path) -> Iterator[Callable[..., Training]]:
    """Start a script of this folder: `train("own_client.py", "steady")`, by another Python when one is given."""
    people_home = tmp_path / "person"
    people_home.mkdir()
    running: list[Training] = []

    def start(script: str, *arguments: str, python: Path | None = None) -> Training:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ARGUS_", "PYTHON"))}
        environment = {**kept, "HOME": str(people_home), "ARGUS_URL": server.url, "ARGUS_TOKEN": ada.token}
        command = [str(python or sys.executable), str(SCRIPTS / script), *arguments]
        running.append(Training(command, environment, tmp_path / f"training-{len(running)}.log"))
        return running[-1]

    yield start
    for training in running:
        training.close()


_EVENTS = (
    "select e.type_code, e.job_id, e.event_key from event e join batch b on b.batch_key = e.batch_key "
    "where b.id = :batch order by e.id"
)


class Stored:
    """What lies in the database of a server, read from the database itself."""

    def __init__(self, server: ServerProcess | Stack, batch_id: str) -> None:
        found = server.query(_EVENTS, batch=batch_id) if isinstance(server, Stack) else _in_file(server, batch_id)
        sent = [(TYPES_BY_CODE[code], job, event_id(bytes(key))) for code, job, key in found]
        self.events = [event for event in sent if event[0] in INGESTED_TYPES]
        self.ids = [event[2] for event in self.events]
        self.types = collections.Counter(event[0] for event in self.events)

    def assert_once(self) -> None:
        """No event twice."""
        assert len(self.ids) == len(set(self.ids))


def _in_file(server: ServerProcess, batch_id: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(f"file:{server.home / 'argus.db'}?mode=ro", uri=True)) as connection:
        return connection.execute(_EVENTS, {"batch": batch_id}).fetchall()


def eventually(check: Callable[[], Any], timeout_s: float = 20) -> Any:
    """Call `check` until it returns something true."""
    deadline = time.monotonic() + timeout_s
    while not (found := check()):
        assert time.monotonic() < deadline, f"still {found!r} after {timeout_s} s"
        time.sleep(0.05)
    return found


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Any]:
    return eventually


@pytest.fixture
def stored(server: ServerProcess | Stack) -> Callable[[str], Stored]:
    """What is stored of a batch."""
    return lambda batch_id: Stored(server, batch_id)

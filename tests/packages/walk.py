"""A newcomer's walk: the commands of "Start in five minutes" and of "Connect a training", as the pages have them, with
wheels just built, in an empty folder and an empty home. Every step is timed, by the clock and by what it took of the
processors: of a machine with nothing else to do the second tells more.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import psutil
from doc_blocks import ROOT, Block, of_page
from doc_runs import SHELLS, is_for_frameworks

from argus_kit.ports import free_port

PAGES: Final = ("docs/start.md", "docs/connect/index.md", "docs/connect/python.md", "docs/connect/command.md")
# What a newcomer with the packages has not: the sources, a batch of that name; and what begins a server a second time.
NOT_WALKED: Final = re.compile(r"^(?:make |ARGUS_HOST=|argus \w+ nightly)", re.MULTILINE)
PERSON: Final = {"username": "ada", "email": "ada@example.org", "password": "correct horse battery 1"}
# Nothing is waited for that does not come; the machine may have much else to do.
_PATIENCE_S: Final = 300


class Step(NamedTuple):
    """What somebody did, and what it took: by the clock, and of processors, of this process' children."""

    what: str
    seconds: float
    processor_s: float


@dataclass
class Walk:
    """Somebody who has Python, our two wheels, and the pages. `pins` are the versions that were tested with."""

    folder: Path
    wheels: Mapping[str, Path]
    pins: Path
    steps: list[Step] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    token: str = ""
    server: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        ended = os.times()
        self.before_s = ended.children_user + ended.children_system
        self.url = f"http://localhost:{free_port()}"
        self.http = httpx.Client(base_url=self.url, timeout=30)
        (self.folder / "home").mkdir()

    def go(self) -> None:
        """All of it.

        Raises:
            AssertionError: a command of a page did not do what the page says.
        """
        self._timed("python -m venv", lambda: self._run([sys.executable, "-m", "venv", self.folder / "venv"]))
        for page in PAGES:
            for block in of_page(ROOT / page):
                if not NOT_WALKED.search(block.text) and not is_for_frameworks([block]):
                    self._block(block)

    def end(self) -> None:
        """End the server in order."""
        self.http.close()
        if self.server is not None:
            self.server.send_signal(signal.SIGTERM)
            assert self.server.wait(60) == 0

    def table(self) -> str:
        """The steps and how long each took."""
        return "".join(f"{one.seconds:7.1f} s {one.processor_s:7.1f} s  {one.what}\n" for one in self.steps)

    def _block(self, block: Block) -> None:
        if name := block.marks.get("file"):
            (self.folder / name).write_text(block.text)
        elif block.language == "python":
            script = self.folder / "block.py"
            script.write_text(f"{block.setup}\n{block.text}")
            self._timed(f"{block.place} (a script)", lambda: self._run(["python", script]))
        elif block.language in SHELLS:
            if block.setup:
                self._run(["bash", "-euc", block.setup])
            for line in filter(None, block.text.splitlines()):
                self._line(line, f"{block.place} {line}")

    def _line(self, line: str, what: str) -> None:
        if line == "argus-server up":
            self._timed(what, self._up)
            self._timed("register, and make a token (in the browser)", self._register)
        elif line == "python first.py":
            self._timed(what, lambda: self._curve(line))
        else:
            self._timed(what, lambda: self._run(["bash", "-euc", self._filled_in(line)]))

    def _filled_in(self, line: str) -> str:
        line = line.replace("http://localhost:8000", self.url).replace("em_live_...", self.token)
        line = re.sub(r"pip install argus-(server|reporter)", lambda f: self._install(f"argus_{f[1]}"), line)
        return re.sub(r"^pip ", "python -m pip ", line)

    def _install(self, name: str) -> str:
        return f"pip install --quiet --no-cache-dir -c {self.pins} {self.wheels[f'{name}.whl']}"

    def _up(self) -> None:
        with (self.folder / "server.log").open("wb") as log:
            self.server = subprocess.Popen(
                [self.folder / "venv/bin/argus-server", "up"], cwd=self.folder, env=self._environment(), stdout=log,
                stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self._until(lambda: self.http.get("/readyz").status_code == 200)

    def _register(self) -> None:
        self.http.post("/api/auth/register", json=PERSON).raise_for_status()
        login = {"username_or_email": PERSON["username"], "password": PERSON["password"]}
        session = self.http.post("/api/auth/login", json=login).raise_for_status().json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {session}"
        made = self.http.post("/api/tokens", json={"name": "first", "scope": "reporter"}).raise_for_status()
        self.token = made.json()["token"]

    def _curve(self, line: str) -> None:
        """Run it, and see meanwhile when its curve has its first points."""
        script = threading.Thread(target=lambda: self._run(["bash", "-euc", line]))
        at, before = time.monotonic(), self._processor_s()
        script.start()
        self._until(lambda: bool(self._points()))
        self._note("from `python first.py` to the first points of its curve", at, before)
        self._note("from nothing to a live curve", self.began, 0)
        script.join(_PATIENCE_S)
        assert not script.is_alive()
        self._until(lambda: len(self._points()) == 60)

    def _points(self) -> list[Any]:
        batches = self.http.get("/api/batches", params={"project": "first-steps"}).json()
        if not batches:
            return []
        batch = batches[-1]["id"]
        jobs = self.http.get(f"/api/batches/{batch}/jobs").json()
        if not jobs:
            return []
        found = self.http.get(f"/api/jobs/{batch}/{jobs[0]['id']}/metrics", params={"names": "loss"})
        return [point for series in found.json()["series"] for point in series["values"]]

    def _until(self, is_so: Any) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            try:
                if is_so():
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError((self.folder / "server.log").read_text())

    def _timed(self, what: str, step: Any) -> None:
        at, before = time.monotonic(), self._processor_s()
        step()
        self._note(what, at, before)

    def _note(self, what: str, at: float, before: float) -> None:
        self.steps.append(Step(what, time.monotonic() - at, self._processor_s() - before))

    def _processor_s(self) -> float:
        """Of all children that ended, and of the server with its own."""
        ended = os.times()
        total = ended.children_user + ended.children_system - self.before_s
        if self.server is not None:
            server = psutil.Process(self.server.pid)
            for one in (server, *server.children(recursive=True)):
                taken = one.cpu_times()
                total += taken.user + taken.system
        return total

    def _run(self, command: list[str | Path]) -> None:
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment(), capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=_PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    def _environment(self) -> dict[str, str]:
        kept = {n: text for n, text in os.environ.items() if not n.startswith(("ARGUS_", "PYTHON", "VIRTUAL_ENV"))}
        return kept | {
            "PATH": f"{self.folder / 'venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "XDG_CONFIG_HOME": str(self.folder / "home" / ".config"),
            "ARGUS_HOME": str(self.folder / "data"),
            "ARGUS_PORT": self.url.rpartition(":")[2],
        }

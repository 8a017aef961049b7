"""A real `argus-server up` with a person, tokens, and some batches to read. Needs the standard library alone, because
the environment of the frameworks has nothing of the server.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from doc_blocks import ROOT

BIN = ROOT / ".venv" / "bin"
PATIENCE_S = 120
PERSON = {"username": "ada", "email": "ada@example.org", "password": "correct horse battery 1"}
# What pages speak of: a batch with two jobs, one of which ran out of memory.
SEED = """
import argus

with argus.Reporter("lr-sweep", source_project="vision", batch_id="lr-sweep") as reporter:
    for number, lr in enumerate([0.1, 0.01], start=1):
        setting = {"lr": lr, "seed": number}
        with reporter.job(f"j{number}", model="resnet50", dataset="cifar10", config=setting) as job:
            for epoch in range(5):
                numbers = {"train_loss": 1 / (epoch + 1), "val_loss": 2 / (epoch + 2), "val_acc": 1 - lr / (epoch + 1)}
                job.epoch(epoch, **numbers)
            job.metrics({"val_acc": 1 - lr / 5, "val_loss": 0.33})
with argus.Reporter("nightly", source_project="vision", batch_id="nightly") as reporter:
    with reporter.job("j1", model="vit", dataset="cifar10", config={"lr": 0.1, "seed": 3}) as job:
        job.epoch(0, train_loss=0.5, val_loss=0.6, val_acc=0.8)
        job.log("epoch 0 is over")
"""


@dataclass
class DocServer:
    """The server that the blocks speak to."""

    folder: Path
    url: str = ""
    token: str = ""
    viewer: str = ""
    session: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def home(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start it, register the first person, make the tokens, and report what there is to read."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("ARGUS_", "PYTHON"))}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [BIN / "argus-server", "up"],
                env={**kept, "ARGUS_HOME": str(self.home), "ARGUS_PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()
        self.ask("POST", "/api/auth/register", PERSON)
        login = {"username_or_email": PERSON["username"], "password": PERSON["password"]}
        self.session = self.ask("POST", "/api/auth/login", login)["access_token"]
        self.token = self.ask("POST", "/api/tokens", {"name": "training", "scope": "reporter"})["token"]
        self.viewer = self.ask("POST", "/api/tokens", {"name": "notebook", "scope": "viewer"})["token"]
        self._report()

    def stop(self) -> None:
        """End it, and wait until it has gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request as the person, and its answer."""
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self.session}"} if self.session else {}
        )
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.loads(answer.read() or b"null")

    def environment(self, folder: Path) -> dict[str, str]:
        """What a block finds in its environment."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("ARGUS_", "PYTHON", "VIRTUAL"))}
        home = folder / "home"
        home.mkdir(exist_ok=True)
        return kept | {
            "PATH": f"{Path(sys.executable).parent}:{BIN}:{kept.get('PATH', '')}",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "ARGUS_URL": self.url,
            "ARGUS_TOKEN": self.token,
            "SESSION": self.session,
            "ARGUS_HOME": str(self.home),
            "ARGUS_PORT": self.url.rpartition(":")[2],
            "NO_COLOR": "1",
        }

    def filled_in(self, text: str) -> str:
        """A block's text with this server's address and tokens in place of those that pages name."""
        for name in ("http://localhost:8000", "https://argus.example.org"):
            text = text.replace(name, self.url)
        return text.replace("em_live_...", self.token).replace("em_view_...", self.viewer)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError((self.folder / "server.log").read_text())

    def _report(self) -> None:
        room = self.folder / "seed"
        room.mkdir()
        done = subprocess.run(
            [BIN / "python", "-c", SEED],
            env=self.environment(room),
            cwd=room,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

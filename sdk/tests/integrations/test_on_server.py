"""One study and one training against a real server: what its pages will read."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.integrations

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "correct horse 1"


class Server:
    """A server of the main environment, which this one lacks, and a person on it."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.session = ""
        environment = {**os.environ, "ARGUS_HOME": str(home), "ARGUS_PORT": str(port), "ARGUS_HOST": "127.0.0.1"}
        command = [str(ROOT / ".venv" / "bin" / "python"), "-m", "argus_standalone.cli", "up"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, path: str, body: dict | None = None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self.session}"} if self.session else {}
        )
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=15) as answer:
            return json.loads(answer.read() or "null")

    def is_ready(self) -> bool:
        assert self.process.poll() is None
        try:
            self.ask("/readyz")
        except (urllib.error.URLError, ValueError, ConnectionError):
            return False
        return True


@pytest.fixture
def server(tmp_path, wait_until, monkeypatch):
    made = Server(tmp_path / "home")
    try:
        wait_until(made.is_ready, timeout_s=120)
        person = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
        made.ask("/api/auth/register", person)
        login = made.ask("/api/auth/login", {"username_or_email": "ada", "password": PASSWORD})
        made.session = login["access_token"]
        monkeypatch.setenv("ARGUS_URL", made.url)
        monkeypatch.setenv("ARGUS_TOKEN", made.ask("/api/tokens", {"name": "t", "scope": "reporter"})["token"])
        yield made
    finally:
        made.process.terminate()
        made.process.wait(30)


def test_a_study_and_a_training_as_the_pages_read_them(server, tmp_path):
    for command in (["optuna_sweep.py", "--trials", "8", "--epochs", "4"], ["pytorch_plain.py", "--epochs", "2"]):
        script = str(ROOT / "examples" / command[0])
        done = subprocess.run(
            [sys.executable, script, *command[1:]], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr
    items = server.ask("/api/jobs?page_size=100")["items"]
    jobs = [item["job"] for item in items]
    trials = [job for job in jobs if job["id"].startswith("digits-mlp-")]
    assert len(trials) == 8
    assert {job["status"] for job in trials} <= {"done", "pruned"}
    for job in jobs:
        path = f"/api/jobs/{job['batch_id']}/{urllib.parse.quote(job['id'], safe='')}"
        detail = server.ask(path)
        assert detail["project"] == "digits"
        if job in trials:
            assert detail["extra"]["optuna"]["study_name"] == "digits-mlp"
            assert set(detail["extra"]["optuna"]["params"]) == {"width", "lr", "alpha"}
            assert detail["n_points"] == detail["summary"]["accuracy"]["n"]
        else:
            assert detail["extra"]["config"]["parameters"] == 4810
            assert detail["summary"]["train/loss"]["n"] == 44
            assert detail["last_epoch"] == 1
    batches = {server.ask(f"/api/batches/{job['batch_id']}")["status"] for job in jobs}
    assert batches == {"done"}

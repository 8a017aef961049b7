"""`argus-server up`: ready, honest about what is wrong, and gone without a trace when told to stop."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
from pathlib import Path

import httpx
import psutil
import pytest

from argus_standalone.testing import ServerProcess


def test_it_becomes_ready_says_where_and_answers_the_contract_liveness(server: ServerProcess) -> None:
    server.start()
    server.wait_ready()
    assert httpx.get(f"{server.url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{server.url}/readyz").json()["waiting_for"] == []
    assert httpx.get(f"{server.url}/openapi.json", timeout=60).json()["info"]["title"] == "Argus"
    assert server.end() == 0
    assert re.search(rf"Argus is ready at http://localhost:{server.port}", server.output())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_that_was_started(server: ServerProcess, how: signal.Signals) -> None:
    server.start()
    server.wait_ready()
    assert server.process is not None
    children = psutil.Process(server.process.pid).children(recursive=True)
    assert any("nats-server" in child.name() for child in children)
    server.end(how)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_not_even_a_kill_leaves_a_server_behind(server: ServerProcess) -> None:
    server.start()
    server.wait_ready()
    assert server.process is not None
    children = psutil.Process(server.process.pid).children(recursive=True)
    server.end(signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_a_killed_nats_server_comes_back_and_readiness_says_so(server: ServerProcess) -> None:
    server.start()
    server.wait_ready()
    assert server.process is not None
    (nats,) = [c for c in psutil.Process(server.process.pid).children() if "nats-server" in c.name()]
    nats.kill()
    nats.wait(10)
    server.wait_ready()


def test_a_second_start_finds_the_data_of_the_first(server: ServerProcess) -> None:
    server.start()
    server.wait_ready()
    person = {"username": "ada", "email": "ada@example.org", "password": "correct horse 1"}
    assert httpx.post(f"{server.url}/api/auth/register", json=person, timeout=60).status_code == 201
    server.end()
    server.start()
    server.wait_ready()
    login = {"username_or_email": "ada", "password": "correct horse 1"}
    assert httpx.post(f"{server.url}/api/auth/login", json=login, timeout=60).status_code == 200


def test_a_taken_port_is_told_in_one_sentence(server: ServerProcess) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()
        server.start()
        assert server.process is not None
        assert server.process.wait(120) != 0
    assert server.output().count("\n") == 1
    assert f"Port {server.port} on 127.0.0.1 is taken" in server.output()


def test_a_folder_that_cannot_be_made_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    server = ServerProcess(tmp_path / "file" / "home")
    server.log = tmp_path / "log"
    server.start()
    assert server.process is not None
    assert server.process.wait(120) != 0
    assert server.output().count("\n") == 1
    assert "cannot be written" in server.output()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o500)
    server = ServerProcess(tmp_path / "home")
    server.start()
    assert server.process is not None
    assert server.process.wait(120) != 0
    assert "cannot be written" in server.output()


def test_two_never_share_a_folder(server: ServerProcess) -> None:
    server.start()
    server.wait_ready()
    second = ServerProcess(server.home)
    second.log = server.home.parent / "second.log"
    second.start()
    assert second.process is not None
    assert second.process.wait(30) != 0
    assert "Another Argus already uses the data folder" in second.output()


def test_an_admin_can_be_made_on_the_command_line(server: ServerProcess) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "argus_standalone.cli", "admin", "create"]
    options = ["--username", "root", "--email", "root@example.org", "--password-stdin"]
    environment = {**os.environ, "ARGUS_HOME": str(server.home)}
    subprocess.run([*command, *options], input=b"correct horse 1", env=environment, check=True, timeout=120)
    with sqlite3.connect(server.home / "argus.db") as database:
        assert database.execute("select username, is_admin from user").fetchall() == [("root", 1)]


def test_what_it_keeps_is_nobody_elses_to_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o777)
    (home / "config.key").write_text("0123456789abcdef" * 4)
    (home / "config.key").chmod(0o644)
    server = ServerProcess(home)
    server.start()
    server.wait_ready()
    server.end()
    assert not home.stat().st_mode & 0o066
    readable = [path for path in home.rglob("*") if path.stat().st_mode & 0o077 and path != home]
    assert readable == []


def test_production_does_not_start_with_a_laptops_settings(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "home", ARGUS_ENV="prod")
    server.start()
    assert server.process is not None
    assert server.process.wait(60) != 0
    for name in ("ARGUS_CONFIG_KEY", "ARGUS_BASE_URL", "ARGUS_SMTP_HOST"):
        assert name in server.output()
    assert "Traceback" not in server.output()

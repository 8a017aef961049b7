"""`argus-server admin`: what it changes in a running server, and what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from argus_standalone.testing import ServerProcess

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PASSWORD = "violet-harbour-93-kettle"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Both engines; on PostgreSQL a superuser's address, as an operator has."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'argus.db'}"
    return str(request.getfixturevalue("postgres_database").url.render_as_string(hide_password=False))


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Run:
    """The command, in a process of its own."""

    def run(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "ARGUS_HOME": str(tmp_path / "home"), "ARGUS_DB_URL": database_url}
        command = [sys.executable, "-m", "argus_standalone.cli", "admin", *words]
        return subprocess.run(command, env=environment, input=text, capture_output=True, text=True, check=False)

    return run


def _create(run: Run, name: str = "ada", *more: str, text: str = f"{PASSWORD}\n") -> subprocess.CompletedProcess[str]:
    options = more or ("--password-stdin",)
    return run("create", "--username", name, "--email", f"{name}@example.org", *options, text=text)


def test_makes_lists_and_unmakes_administrators(run: Run) -> None:
    assert _create(run).returncode == 0
    generated = _create(run, "bob", "--generate", text="")
    assert re.search(r"^Password: \S{20,}$", generated.stdout, re.MULTILINE)
    assert [line.split("\t")[0] for line in run("list").stdout.splitlines()] == ["ada", "bob"]
    assert run("demote", "bob@example.org").returncode == 0
    assert [line.split("\t")[0] for line in run("list").stdout.splitlines()] == ["ada"]
    last = run("demote", "ada")
    assert (last.returncode, "last administrator" in last.stderr) == (1, True)
    assert run("promote", "bob").returncode == 0


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a b", f"{PASSWORD}\n", "username"),
        ("ada", "short\n", "password"),
        ("ada", "password12\n", "guess"),
        ("ada", "", "password"),
    ],
)
def test_says_what_is_wrong_and_never_the_password(run: Run, name: str, text: str, why: str) -> None:
    answer = _create(run, name, text=text)
    assert answer.returncode == 1
    assert why in answer.stderr
    assert not text.strip() or text.strip() not in answer.stderr + answer.stdout
    assert "Traceback" not in answer.stderr


def test_a_name_is_taken_once_and_a_stranger_is_named(run: Run) -> None:
    _create(run)
    assert "taken" in _create(run).stderr
    for command in ("promote", "demote", "unlock", "reset-password"):
        assert "no account with the name or address eve" in run(command, "eve").stderr


def test_a_running_server_lets_the_first_administrator_in_and_knows_the_rest(
    server: ServerProcess, tmp_path: Path
) -> None:
    server.start()
    server.wait_ready()
    server.wait_said("Nobody has an account yet")

    def run(*words: str, text: str = "") -> str:
        environment = {**os.environ, "ARGUS_HOME": str(server.home)}
        command = [sys.executable, "-m", "argus_standalone.cli", "admin", *words]
        done = subprocess.run(command, env=environment, input=text, capture_output=True, text=True, check=True)
        return done.stdout

    run("create", "--username", "ada", "--email", "ada@example.org", "--password-stdin", text=PASSWORD)

    def log_in(password: str) -> httpx.Response:
        return httpx.post(f"{server.url}/api/auth/login", json={"username_or_email": "ada", "password": password})

    headers = {"Authorization": f"Bearer {log_in(PASSWORD).json()['access_token']}"}
    rows = httpx.get(f"{server.url}/api/admin/audit-log?action=register", headers=headers).json()
    assert [(row["user_id"], row["metadata"]) for row in rows] == [(None, {"by": "command line", "is_admin": True})]
    link = run("reset-password", "ada").split()[-1]
    assert log_in(PASSWORD).status_code == 401
    choice = {"token": link.partition("token=")[2], "new_password": "amber-lantern-57-canoe"}
    assert httpx.post(f"{server.url}/api/auth/reset-password", json=choice).status_code == 200
    assert log_in("amber-lantern-57-canoe").status_code == 200
    for _ in range(6):
        locked = log_in("wrong-wrong-wrong-1")
    assert locked.status_code == 423
    run("unlock", "ada")
    assert log_in("amber-lantern-57-canoe").status_code == 200
    server.end()
    server.start()
    server.wait_ready()
    assert server.output().count("Nobody has an account yet") == 1

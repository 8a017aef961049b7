"""What is published: the same bytes each time, whole, and enough to run Argus and to report to it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import httpx
import packages
import pytest
import sbom
from versions import current

from argus_kit.ports import free_port

pytestmark = pytest.mark.packages

# Nothing is measured here, and the machine may have much else to do.
PATIENCE_S = 300

SCRIPT = """
import argus, sys
run = argus.init(project="packed", group="clean", config={"lr": 0.1})
for step in range(3):
    run.log({"loss": 1 / (step + 1)})
argus.finish()
print(argus.__file__)
"""


def test_two_builds_are_the_same_bytes(built: dict[str, Path], tmp_path: Path) -> None:
    again = packages.build(tmp_path)
    assert len(again) == len(built) == 4
    assert {path.name: digest(path) for path in again} == {path.name: digest(path) for path in built.values()}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["argus_server", "argus_reporter"])
def test_a_wheel_says_what_it_is_and_holds_nothing_else(built: dict[str, Path], name: str) -> None:
    with zipfile.ZipFile(built[f"{name}.whl"]) as wheel:
        names = wheel.namelist()
        said = message_from_string(wheel.read(next(n for n in names if n.endswith("/METADATA"))).decode())
    assert said["Version"] == current()
    assert said["License-Expression"] == "Apache-2.0"
    assert {n.rsplit("/", 1)[1] for n in names if "/licenses/" in n} == {"LICENSE", "NOTICE"}
    assert not [n for n in names if re.search(r"(^|/)(tests|__pycache__|node_modules|\.env)(/|$)|\.pyc$", n)]


def test_the_server_has_every_service_the_migrations_and_the_pages(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["argus_server.whl"]) as wheel:
        names = set(wheel.namelist())
        page = wheel.read("argus_standalone/web/index.html").decode()
    root = Path(__file__).parents[2]
    sources = [path for pattern in ("libs/*/argus_*", "services/*/argus_*") for path in root.glob(f"{pattern}/**/*.py")]
    assert sources
    expected = {"/".join(path.relative_to(root).parts[2:]) for path in sources}
    assert expected <= names
    for asset in re.findall(r'(?:src|href)="/(assets/[^"]+)"', page):
        assert f"argus_standalone/web/{asset}" in names


def test_the_source_archive_builds_the_same_wheel(built: dict[str, Path], tmp_path: Path) -> None:
    with tarfile.open(built["argus_server.tar.gz"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = (source / "dist").glob("*.whl")
    assert digest(wheel) == digest(built["argus_server.whl"])


def test_in_a_clean_environment_argus_runs_and_takes_a_training(clean_python: Path, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://localhost:{port}"
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("ARGUS_", "PYTHON", "VIRTUAL_ENV"))}
    surroundings = kept | {"ARGUS_HOME": str(tmp_path / "data"), "ARGUS_PORT": str(port), "HOME": str(tmp_path)}
    log = tmp_path / "server.log"
    with log.open("w") as output:
        command = [clean_python.parent / "argus-server", "up"]
        server = subprocess.Popen(
            command, cwd=tmp_path, env=surroundings, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        wait_until_ready(url, server, log)
        page = httpx.get(url, headers={"Accept": "text/html"}, timeout=PATIENCE_S)
        assert '<div id="app">' in page.text
        reported = report(clean_python, surroundings | {"ARGUS_URL": url, "ARGUS_TOKEN": token(url)}, tmp_path)
        assert Path(reported.strip()).is_relative_to(clean_python.parents[1])
        seen = httpx.get(f"{url}/api/batches", headers=session(url), timeout=PATIENCE_S).json()
        assert [batch["project"] for batch in seen] == ["packed"]
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE_S) == 0, log.read_text()
    assert f"Argus is ready at {url}" in log.read_text()


def wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    transport = httpx.HTTPTransport(retries=10)
    with httpx.Client(transport=transport, timeout=10) as client:
        while server.poll() is None:
            try:
                if client.get(f"{url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                continue
    pytest.fail(log.read_text())


PERSON = {"username": "ada", "email": "ada@example.org", "password": "correct horse battery 1"}


def token(url: str) -> str:
    httpx.post(f"{url}/api/auth/register", json=PERSON, timeout=PATIENCE_S).raise_for_status()
    asked = {"name": "clean", "scope": "reporter"}
    made = httpx.post(f"{url}/api/tokens", json=asked, headers=session(url), timeout=PATIENCE_S)
    made.raise_for_status()
    text: str = made.json()["token"]
    return text


def session(url: str) -> dict[str, str]:
    login = {"username_or_email": PERSON["username"], "password": PERSON["password"]}
    answer = httpx.post(f"{url}/api/auth/login", json=login, timeout=PATIENCE_S).raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def report(python: Path, surroundings: dict[str, str], room: Path) -> str:
    done = subprocess.run(
        [python, "-c", SCRIPT],
        cwd=room,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestBills:
    """The bills of materials; each is held against CycloneDX's own schema when it is written."""

    def test_they_name_what_is_brought_along_and_are_the_same_each_time(self) -> None:
        bills = dict(sbom.bills())
        assert bills == dict(sbom.bills())
        names = {name: {part["name"] for part in json.loads(text)["components"]} for name, text in bills.items()}
        assert {"fastapi", "sqlalchemy", "asyncpg", "greenlet"} <= names["argus-server"]
        assert "typer" in names["argus-reporter"]
        assert {"vue", "echarts"} <= names["argus-web"]
        assert not {"pytest", "ruff", "mypy"} & names["argus-server"]

    def test_each_part_has_its_version_and_nearly_each_its_licence(self) -> None:
        for text in dict(sbom.bills()).values():
            parts = json.loads(text)["components"]
            assert all(part["version"] and part["purl"] for part in parts)
            assert [part["name"] for part in parts if not part.get("licenses")] == []


def test_a_requirement_is_the_highest_floor() -> None:
    floors = ["msgspec>=0.19", "msgspec>=0.20", "pyjwt[crypto]>=2.9", "uvloop>=0.21; platform_system != 'Windows'"]
    assert packages.merged(floors) == [
        "msgspec>=0.20",
        "pyjwt[crypto]>=2.9",
        "uvloop>=0.21; platform_system != 'Windows'",
    ]

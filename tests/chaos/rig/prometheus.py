"""A real Prometheus on loopback with our rules, for tests that ask it what dashboards and alerts ask."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import generate_observability
import httpx
import yaml

from argus_kit.ports import free_port

FOLDER: Final = generate_observability.FOLDER
IS_HERE: Final = bool(shutil.which("prometheus") and shutil.which("promtool"))
WHY_NOT: Final = "Prometheus is not installed here (Debian: apt-get install prometheus)"
_START_S: Final = 30


def configuration(targets: Mapping[str, str], rules: Path = FOLDER / "alerts.yaml") -> dict[str, Any]:
    """Our prometheus.yaml, asking these addresses (by the name of their process) once a second."""
    said: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    said["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    said["rule_files"] = [str(rules)]
    (job,) = said["scrape_configs"]
    # What the container's name says there is said by a label here: all addresses are 127.0.0.1.
    job["static_configs"] = [{"targets": [at], "labels": {"service": name}} for name, at in targets.items()]
    job.pop("relabel_configs")
    return said


class Prometheus:
    """One that runs, and is asked over its own API."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=10)

    def get(self, path: str, **params: str) -> Any:
        """The data of an answer.

        Raises:
            AssertionError: Prometheus refuses the question; its text says why.
        """
        said = self._http.get(f"/api/v1/{path}", params=params).json()
        assert said["status"] == "success", f"{params}: {said.get('errorType')}: {said.get('error')}"
        assert not said.get("warnings"), f"{params}: {said['warnings']}"
        return said["data"]

    def query(self, expression: str) -> list[Any]:
        """The series that an expression has now."""
        found: list[Any] = self.get("query", query=expression.replace("$__rate_interval", "1m"))["result"]
        return found

    def targets(self, within_s: float = 60) -> dict[str, str]:
        """What each target is, by its service, once all were asked: `up`, or the error."""
        deadline = time.monotonic() + within_s
        while True:
            active = self.get("targets", state="active")["activeTargets"]
            found = {one["labels"]["service"]: one["lastError"] or one["health"] for one in active}
            if (found and set(found.values()) == {"up"}) or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def rules(self, within_s: float = 60) -> dict[str, str]:
        """The health of each rule, by its name, once all were evaluated."""
        deadline = time.monotonic() + within_s
        while True:
            groups = self.get("rules")["groups"]
            found = {one["name"]: one.get("lastError") or one["health"] for group in groups for one in group["rules"]}
            if (found and "unknown" not in found.values()) or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def is_ready(self) -> bool:
        """Whether it answers yet."""
        with contextlib.suppress(httpx.HTTPError):
            return self._http.get("/-/ready").status_code == 200
        return False

    def close(self) -> None:
        """Release the connection."""
        self._http.close()


@contextlib.contextmanager
def running(folder: Path, targets: Mapping[str, str]) -> Iterator[Prometheus]:
    """Start one that scrapes `targets`, with its data in `folder`; ended at the end."""
    port = free_port()
    written = folder / "prometheus.yml"
    written.write_text(yaml.safe_dump(configuration(targets)))
    command = [
        "prometheus", f"--config.file={written}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + _START_S
        while not prometheus.is_ready():
            assert process.poll() is None, (folder / "prometheus.log").read_text()
            assert time.monotonic() < deadline, (folder / "prometheus.log").read_text()
            time.sleep(0.1)
        yield prometheus
    finally:
        prometheus.close()
        process.terminate()
        process.wait(20)

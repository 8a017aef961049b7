"""Who reports while the system is disturbed: processes with the SDK, and bare HTTP that does not give up."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import httpx

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "reporter.py"
# What a kill -9 may cost: see the journal's tick.
MAY_LOSE_S = 0.2


class Call(NamedTuple):
    """One call of the SDK that returned."""

    job: str
    kind: str
    number: int
    at: float


class Reporter:
    """A process with the SDK, and after its death the next one, which must deliver what the first left."""

    def __init__(self, name: str, url: str, token: str, folder: Path, journal: Path, clock: dict[str, str]) -> None:
        self.batch = name
        self._folder = folder
        self._witness = folder / f"{name}.calls"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ARGUS_")}
        self._environment = kept | {"ARGUS_URL": url, "ARGUS_TOKEN": token, "ARGUS_SPILL_DIR": str(journal)}
        self._environment |= {"ARGUS_EXIT_FLUSH_S": "60", "HOME": str(folder)}
        self._clock = clock
        self._process: subprocess.Popen[str] | None = None
        self.killed_at: float | None = None
        self.accepted = 0

    def start(self, seconds: float, jobs: int) -> None:
        """Begin to report."""
        self._process = self._run(f"{seconds}", f"{jobs}", str(self._witness), clock=self._clock)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, where it still runs."""
        assert self._process is not None
        if self._process.poll() is None:
            if number == signal.SIGKILL:
                self.killed_at = time.monotonic()
            self._process.send_signal(number)

    def finish(self) -> None:
        """Wait for the end; after a death, start the next run and wait for its end."""
        assert self._process is not None
        self._end(self._process, died=self.killed_at is not None)
        if self.killed_at is not None:
            self._process = self._run("after", self.batch, clock={})
            self._end(self._process, died=False)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def calls(self) -> list[Call]:
        """What the process wrote down."""
        if not self._witness.exists():
            return []
        found = []
        for line in self._witness.read_text().splitlines():
            job, kind, number, at = line.split()
            found.append(Call(job, kind, int(number), float(at)))
        return found

    def promised(self) -> list[Call]:
        """Calls whose event must be stored: all, or all but the last moment before the death."""
        until = self.killed_at - MAY_LOSE_S if self.killed_at is not None else float("inf")
        return [call for call in self.calls() if call.at < until]

    def _run(self, *arguments: str, clock: dict[str, str]) -> subprocess.Popen[str]:
        with (self._folder / f"{self.batch}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(SCRIPT), self.batch, *arguments],
                env=self._environment | clock,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def _end(self, process: subprocess.Popen[str], *, died: bool) -> None:
        output, _ = process.communicate(timeout=240)
        if died and process.returncode == -signal.SIGKILL:
            return
        assert process.returncode == 0, (self._folder / f"{self.batch}.log").read_text()
        stats: dict[str, Any] = json.loads(output)
        self.accepted += stats["accepted"]
        lost = {name: stats[name] for name in ("dropped", "rejected", "pending") if stats[name]}
        assert not lost, f"{self.batch} says {stats}"
        if died:  # it had come to its end before the kill reached it
            self.killed_at = None


class Poster:
    """Bare HTTP: sends each request until it is acknowledged, and some of them once more."""

    def __init__(self, name: str, url: str, token: str, seed: int) -> None:
        self.batch = name
        self.sent: list[str] = []
        self.trouble: list[str] = []
        self._url, self._token = url, token
        self._chance = random.Random(seed)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._end = 0.0

    def start(self, seconds: float) -> None:
        """Begin to post."""
        self._end = time.monotonic() + seconds
        self._thread.start()

    def finish(self) -> None:
        """Wait until all is acknowledged."""
        self._thread.join(120)
        assert not self._thread.is_alive(), f"still posting: {self.trouble[-3:]}"

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        with httpx.Client(base_url=self._url, headers=headers, timeout=10) as client:
            self._post(client, [self._event("batch_start"), self._event("job_start")])
            number = 0
            while time.monotonic() < self._end:
                size = self._chance.choice([1, 1, 5, 40])
                events = [self._event("job_epoch", epoch=number + more, loss=0.5) for more in range(size)]
                number += size
                self._post(client, events)
                if self._chance.random() < 0.2:
                    self._post(client, events)
                time.sleep(self._chance.uniform(0, 0.05))
            self._post(client, [self._event("job_done"), self._event("batch_done")])

    def _event(self, kind: str, **data: Any) -> dict[str, Any]:
        self.sent.append(str(uuid.uuid4()))
        return {
            "schema_version": "1.1",
            "event_id": self.sent[-1],
            "event_type": kind,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "batch_id": self.batch,
            "job_id": "posted" if kind.startswith("job_") else None,
            "source": {"project": "chaos"},
            "data": data,
        }

    def _post(self, client: httpx.Client, events: list[dict[str, Any]]) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                answer = client.post("/api/events/batch", json={"events": events})
            except httpx.HTTPError as error:
                self.trouble.append(repr(error))
            else:
                if answer.status_code == 200 and answer.json()["accepted"] == len(events):
                    return
                self.trouble.append(f"{answer.status_code} {answer.text[:300]}")
                # 404: what Traefik says to everything between its start and the reading of its routes.
                assert answer.status_code in {200, 404, 429, 500, 502, 503, 504}, self.trouble[-1]
            time.sleep(0.1)
        raise AssertionError(f"never acknowledged: {self.trouble[-3:]}")

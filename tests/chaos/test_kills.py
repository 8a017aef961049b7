"""Every process of the stack is killed in turn while a real training reports: the training ends well, every event that
the client counted is in PostgreSQL exactly once, and an open page has seen each of them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sklearn_matrix.py"
COUNTS = re.compile(r"Events: (\d+) counted, (\d+) acknowledged, (\d+) rejected, (\d+) dropped, (\d+) left")


class Example:
    """The example as a user starts it, with what it prints."""

    def __init__(self, url: str, token: str, home: Path, *arguments: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
        environment = kept | {"ARGUS_URL": url, "ARGUS_TOKEN": token, "HOME": str(home), "ARGUS_EXIT_FLUSH_S": "60"}
        command = [sys.executable, str(EXAMPLE), *arguments]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def is_running(self) -> bool:
        """Whether it still trains."""
        return self.process.poll() is None

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return "\n".join(self.lines)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.is_running:
            self.process.kill()
            self.process.wait(10)
        self._reader.join(10)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def batch_id(self) -> str:
        """The batch that it named in its first line."""
        deadline = time.monotonic() + 60
        while not (found := re.search(r"^Batch (\S+):", self.output, re.MULTILINE)):
            assert self.is_running, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)
        return found[1]

    def end(self) -> tuple[int, ...]:
        """Wait for the end; counted, acknowledged, rejected, dropped, left."""
        self.process.wait(240)
        self.close()
        found = COUNTS.search(self.output)
        assert found, self.output
        return tuple(int(number) for number in found.groups())


@pytest.fixture
def start(stack: Any, ada: Any, tmp_path: Path) -> Iterator[Callable[..., Example]]:
    """Starts the example, and surely ends it after the test."""
    started: list[Example] = []

    def begin(*arguments: str) -> Example:
        started.append(Example(stack.url, ada.token, tmp_path, *arguments))
        return started[-1]

    yield begin
    for example in started:
        example.close()


@pytest.mark.parametrize(
    "names",
    [
        ("ingest", "realtime", "catalog", "nats"),
        ("postgres", "valkey", "traefik", "auth", "ingest-worker", "nats", "ingest"),
    ],
    ids=["services", "servers"],
)
def test_nothing_is_lost_or_doubled(
    stack: Any, ada: Any, page: Any, rows: Any, eventually: Any, start: Any, names: tuple[str, ...]
) -> None:
    example = start("--epochs", "30", "--pause", "0.1", "--name", f"chaos-{names[0]}")
    batch_id = example.batch_id()
    eventually(lambda: rows(batch_id).types["job_epoch"] > 5)
    for name in names:
        assert example.is_running, f"the example ended before {name} was killed:\n{example.output}"
        stack.kill(name)
        time.sleep(1.5)
    counted, acknowledged, rejected, dropped, left = example.end()
    assert (rejected, dropped, left) == (0, 0, 0), example.output
    assert counted == acknowledged
    assert example.process.returncode == 0, example.output

    stack.wait_ready()
    stored = rows(batch_id)
    assert len(stored.ids) == len(set(stored.ids)), "an event twice"
    assert len(stored.ids) == counted, f"{counted} counted, {len(stored.ids)} stored: {stored.types}"
    assert stored.types["job_epoch"] == 9 * 30
    assert (stored.types["job_done"], stored.types["batch_done"]) == (9, 1)
    points = stack.query(
        "select coalesce(sum(n), 0) from (select batch_key, n_points as n from metric_block "
        "union all select batch_key, n_rows from metric_chunk) m join batch b using (batch_key) where b.id = :batch",
        batch=batch_id,
    )
    assert points == [(9 * 30,)]

    # What was promised to the bus has left, and the page has seen all of it.
    eventually(lambda: stack.query("select count(*) from ingest_outbox") == [(0,)])
    eventually(lambda: page.resyncs or set(stored.ids) <= page.seen)
    assert page.resyncs == []
    assert page.connections > 1, "the page never had to reconnect, so this showed nothing"
    assert set(stored.ids) <= page.seen

    batch = ada.get(f"/api/batches/{batch_id}")
    assert (batch["status"], batch["n_done"], batch["n_failed"]) == ("done", 9, 0)
    jobs = ada.get(f"/api/batches/{batch_id}/jobs")
    assert len(jobs) == 9
    for job in jobs:
        epochs = ada.get(f"/api/jobs/{batch_id}/{job.get('id') or job['job_id']}/epochs")
        assert [point["epoch"] for point in epochs] == list(range(30))

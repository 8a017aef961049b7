"""A server, an agent and trainings on a real card: `python tests/gpu/check_lab.py`, on a machine with an NVIDIA GPU.

No test runs it, since machines for tests have no card. It checks that the server tells of the card what nvidia-smi
tells, who holds it, why a training that wanted too much of it died, and that pause, resume, run again and stop work
while it computes. Needs argus-server and argus-reporter[agent] installed, and PyTorch. Prints one line per check; exits
with 1 when one fails.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from argus_standalone.testing import Account, ServerProcess

TRAIN = Path(__file__).with_name("train.py")
PATIENCE_S = 90.0
failures: list[str] = []


class Lab:
    """A server and an agent of this machine, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = ServerProcess(folder / "server")
        self.server.start()
        self.server.wait_ready()
        self.account = Account(self.server.url)
        told = {"ARGUS_URL": self.server.url, "ARGUS_TOKEN": self.account.token}
        kept = {"ARGUS_AGENT_HOME": str(folder / "agent"), "ARGUS_SPILL_DIR": str(folder / "journal")}
        self.environment = os.environ | told | kept
        agent = [sys.executable, "-m", "argus.agent.cli"]
        subprocess.run([*agent, "register"], env=self.environment, check=True)
        self.agent_log = (folder / "agent.log").open("ab")
        self.agent = subprocess.Popen(
            [*agent, "run", "--flag-grace=3", "--grace=3"],
            env=self.environment,
            stdout=self.agent_log,
            stderr=self.agent_log,
        )

    def train(self, name: str, *arguments: object) -> tuple[subprocess.Popen[str], str]:
        """Start a training; its process and its batch."""
        folder = self.folder / name
        folder.mkdir()
        words = [sys.executable, str(TRAIN), *map(str, arguments)]
        process = subprocess.Popen(
            words, cwd=folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("batch "):
                return process, line.split()[1]
        raise AssertionError(f"{shlex.join(words)} told no batch")

    def batch(self, batch_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.account.get(f"/api/batches/{batch_id}")
        return found

    def epochs(self, batch_id: str) -> list[int]:
        """The epochs that the server has of a training."""
        answer = self.account.get(f"/api/jobs/{batch_id}/matmul/epochs")
        rows = answer if isinstance(answer, list) else answer["items"]
        return [int(row["epoch"]) for row in rows]

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.account.http.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    def end(self) -> None:
        self.agent.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.agent.wait(20)
        self.server.end(signal.SIGTERM)


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    with tempfile.TemporaryDirectory(prefix="argus-gpu-", ignore_cleanup_errors=True) as folder:
        made = Lab(Path(folder))
        try:
            yield made
        finally:
            made.end()
            if failures:
                print((Path(folder) / "agent.log").read_text()[-3000:])
                print(made.server.output()[-3000:])


def main() -> int:
    with lab() as made:
        check_the_card(made)
        check_out_of_memory(made)
        check_pause_and_resume(made)
        check_again_and_stop(made)
    return 1 if failures else 0


def check_the_card(made: Lab) -> None:
    """While it computes, pages tell of it what nvidia-smi tells."""
    process, batch = made.train("card", "--gib", 20, "--epochs", 12)
    host = socket.gethostname()
    page_of = f"/api/hosts/{host}"
    wait("a training's load reaches the page of hosts", lambda: (made.account.get(page_of)["gpu_util_pct"] or 0) > 50)
    smi = nvidia_smi("utilization.gpu", "memory.used", "temperature.gpu", "power.draw")
    page = made.account.get(page_of)
    card = page["gpus"][0]
    for ours, theirs, apart in (
        ("mem_mb", "memory.used", 64),
        ("temp_c", "temperature.gpu", 15),
        ("power_w", "power.draw", 250),
    ):
        near = abs(card[ours] - smi[theirs]) < apart
        check(f"{ours} as nvidia-smi tells", near, f"{card[ours]}, {smi[theirs]}")
    check("the training is among those of the host", batch in json.dumps(page["running_jobs_top5"]))
    lanes = made.account.get(f"/api/hosts/{host}/gpus")
    check("the card has a lane with the batch that held it", batch in json.dumps(lanes))
    process.wait(120)
    wait("it ends done", lambda: made.batch(batch)["status"] == "done")
    job = made.account.get(f"/api/jobs/{batch}/matmul")
    peak = job["gpu_memory_peak_mb"] or 0
    check("the job's most memory", peak >= 20 * 1024, str(peak))
    snapshots = made.account.get(f"/api/batches/{batch}/resources")["snapshots"]
    loads = [one.get("gpu_util_pct") for one in snapshots]
    check("its loads over time", max((load or 0) for load in loads) > 90, f"{len(loads)}: {loads}")
    facts = made.batch(batch)["env_snapshot"] or {}
    known = [facts.get(name) for name in ("gpu_names", "driver_version", "cuda_driver_version")]
    check("the record of the run names card and driver", all(known), str(known))


def check_out_of_memory(made: Lab) -> None:
    """A training that wanted more than the card has; the crash card says so."""
    process, batch = made.train("memory", "--gib", 200)
    process.communicate(timeout=120)
    wait("a training without memory fails", lambda: made.batch(batch)["status"] == "failed")
    crash = made.account.get(f"/api/jobs/{batch}/matmul/crash")
    check("and the crash card says that the GPU's memory ran out", crash["kind"] == "cuda_oom", str(crash["kind"]))


def check_pause_and_resume(made: Lab) -> None:
    """Pause frees the card; resume goes on by the agent, on the same curve."""
    process, batch = made.train("pause", "--gib", 20, "--epochs", 15)
    wait("three epochs arrive", lambda: len(made.epochs(batch)) >= 3)
    made.post(f"/api/batches/{batch}/pause")
    code = process.wait(60)
    check("it leaves with the code of a pause", code == 75, str(code))
    wait("the batch is paused", lambda: made.batch(batch)["status"] == "paused")
    free = nvidia_smi("memory.used")["memory.used"]
    check("and the card is free", free < 10 * 1024, f"{free} MiB")
    made.post(f"/api/batches/{batch}/resume")
    wait("it goes on and ends", lambda: made.batch(batch)["status"] == "done")
    epochs = made.epochs(batch)
    check("each epoch once, in order", epochs == list(range(15)), str(epochs))


def check_again_and_stop(made: Lab) -> None:
    """Run again on the host, then stop; what has changed there is told."""
    process, batch = made.train("again", "--gib", 4, "--epochs", 4)
    process.wait(120)
    wait("it ends", lambda: made.batch(batch)["status"] == "done")
    made.post(f"/api/batches/{batch}/inspect")
    drift: dict[str, Any] = {}

    def is_told() -> bool:
        drift.update(made.account.get(f"/api/batches/{batch}/drift"))
        return drift["status"] == "ready"

    wait("what has changed on the host is told", is_told)
    check("and that is neither the card nor its driver", "gpu" not in json.dumps(drift), json.dumps(drift)[:1200])
    result = made.post(f"/api/batches/{batch}/rerun", overrides={"epochs": 1000})
    again = str(result["batch_id"])
    wait("it runs again on the card", lambda: len(made.epochs(again)) >= 2)
    made.post(f"/api/batches/{again}/stop")
    wait("and stops", lambda: made.batch(again)["status"] in {"stopped", "cancelled"})


def nvidia_smi(*fields: str) -> dict[str, float]:
    """What nvidia-smi says of the first card."""
    command = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits", "-i", "0"]
    values = subprocess.check_output(command, text=True).strip().split(",")
    return dict(zip(fields, map(float, values), strict=True))


def wait(what: str, holds: Callable[[], bool]) -> None:
    """Until it holds; a question that fails is asked again."""
    begin, last = time.monotonic(), ""
    while time.monotonic() - begin < PATIENCE_S:
        try:
            if holds():
                check(what, True, f"after {time.monotonic() - begin:.1f} s")
                return
        except (AssertionError, KeyError, TypeError) as error:
            last = str(error)[:300]
        time.sleep(0.25)
    check(what, False, f"not within {PATIENCE_S:.0f} s {last}")


def check(what: str, holds: bool, more: str = "") -> None:
    """One line: whether it holds, and what was seen."""
    print(f"{'ok  ' if holds else 'FAIL'} {what}{f': {more}' if more else ''}", flush=True)
    if not holds:
        failures.append(what)


if __name__ == "__main__":
    sys.exit(main())

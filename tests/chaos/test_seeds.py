"""Random processes are killed in quick succession, also while others are still coming back. A seed can be repeated:
`make chaos ARGUS_CHAOS_SEEDS=1,2,3` runs those, and a failure names its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

SCRIPT = Path(__file__).parent / "scripts" / "load.py"
SEEDS = [int(seed) for seed in os.environ.get("ARGUS_CHAOS_SEEDS", "1,2").split(",")]
# The likelier ones stand on the path of an event.
VICTIMS = (
    ["ingest"] * 3 + ["nats"] * 2 + ["realtime"] * 2 + ["postgres", "valkey", "catalog", "traefik", "ingest-worker"]
)
SECONDS = 20


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_or_doubled(
    stack: Any, ada: Any, page: Any, rows: Any, eventually: Any, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
    environment = kept | {"ARGUS_URL": stack.url, "ARGUS_TOKEN": ada.token, "HOME": str(tmp_path)}
    environment["ARGUS_EXIT_FLUSH_S"] = "60"
    log = (tmp_path / "load.log").open("wb")
    loads = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(SECONDS)], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
        for _ in range(2)
    ]
    killed: list[str] = []
    begin = time.monotonic()
    while time.monotonic() - begin < SECONDS - 2:
        time.sleep(chance.uniform(0.3, 1.5))
        name = chance.choice(VICTIMS)
        # One that is not back yet cannot be killed again.
        with contextlib.suppress(KeyError, ProcessLookupError):
            os.kill(stack.pids()[name], 9)
            killed.append(name)
    outputs = [load.communicate(timeout=240)[0] for load in loads]
    log.close()
    assert len(killed) > 5
    stack.wait_ready(120)

    everything: set[str] = set()
    for load, output in zip(loads, outputs, strict=True):
        assert load.returncode == 0, (output, (tmp_path / "load.log").read_text())
        words = dict(line.split(" ", 1) for line in output.splitlines())
        stats, batch = json.loads(words["stats"]), words["batch"]
        assert (stats["dropped"], stats["rejected"], stats["pending"]) == (0, 0, 0), (seed, killed, stats)
        stored = rows(batch)
        assert len(stored.ids) == len(set(stored.ids)), (seed, killed)
        assert len(stored.ids) == stats["accepted"], (seed, killed, stats, stored.types)
        points = stack.query(
            "select sum(n_points) from metric_block m join batch b using (batch_key) where b.id = :batch", batch=batch
        )
        assert points == [(stored.types["job_epoch"],)], (seed, killed)
        assert ada.get(f"/api/batches/{batch}")["status"] == "done"
        everything |= set(stored.ids)
    eventually(lambda: stack.query("select count(*) from ingest_outbox") == [(0,)], 60)
    eventually(lambda: page.resyncs or everything <= page.seen, 60)
    # Seconds without NATS pile up more than one reader is kept waiting for: then it is told to read anew.
    assert everything <= page.seen or page.resyncs, (seed, killed, len(everything - page.seen))

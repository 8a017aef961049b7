"""Processes that are killed at random moments beside a server that fails at random: nothing older than 200 ms is lost,
and nothing is stored twice. Each seed is one life; after some lives an heir delivers what they left.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

LIVES = 36
# A tick, the interpreter's lock and a write: what may be in memory alone when the process dies, on a machine that lets
# its threads run.
_LOSABLE_S = 0.2

_LIFE = """
import os, random, sys, threading, time
from argus import Reporter

# How long other threads of this process had to wait at the worst: so much later may they write.
beats, latest = [time.monotonic()], [0.0]
def beat():
    while True:
        time.sleep(0.01)
        now = time.monotonic()
        latest[0] = max(latest[0], now - beats[0])
        beats[0] = now
threading.Thread(target=beat, daemon=True).start()

seed, lives = int(sys.argv[1]), random.Random(int(sys.argv[1]))
options = dict(heartbeat=False, stop_polling=False, resource_snapshot=False, capture_environment=False)
with Reporter("life", batch_id=f"life-{seed}", source_project="seeds", **options) as r, r.job("j1") as job:
    for n in range(1_000_000):
        if n % 5 == 0:
            job.log(f"line {n}")
        elif n % 3 == 0:
            job.metric("reward", n / 7, step=n)
        else:
            job.epoch(n, train_loss=n / 3, val_loss=float("nan") if n % 11 == 0 else 0.5)
        late = max(latest[0], time.monotonic() - beats[0])
        os.write(1, b"%d %.6f %.3f\\n" % (n, time.time(), late))
        time.sleep(lives.choice((0.0, 0.0, 0.001, 0.004)))
"""


class Chaos:
    """Faults for the fake server, drawn from a seed: errors, refusals, answers that are lost, events it fails on."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def disturb(self, ingest) -> None:
        kind = self._random.choice(["fault", "fault", "busy", "lost answer", "internal", "calm"])
        if kind == "fault":
            ingest.faults.append((self._random.choice([500, 502, 503, 408]), {}))
        elif kind == "busy":
            ingest.faults.append((429, {"Retry-After": "0.05"}))
        elif kind == "lost answer":
            ingest.drop_answers += 1
        elif kind == "internal":
            unlucky = self._random.randrange(7)
            ingest.reject = lambda event: "internal: just now" if hash(event["event_id"]) % 7 == unlucky else None
        else:
            ingest.reject = lambda event: None


def live(seed: int, environment: dict[str, str]) -> int:
    """One life of up to a second; returns the last event that must survive it."""
    lot = random.Random(1000 + seed)
    process = subprocess.Popen(
        [sys.executable, "-c", _LIFE, str(seed)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    said = [process.stdout.readline()]
    until = time.monotonic() + lot.uniform(0.0, 1.0)
    while time.monotonic() < until:
        said.append(process.stdout.readline())
    killed_at = time.time()
    process.kill()
    said += process.communicate()[0].splitlines()
    # The last line may be cut.
    counted = [words for words in map(bytes.split, said) if len(words) == 3 and len(words[2]) >= len("0.000")]
    losable_s = _LOSABLE_S + max((float(late) for _, _, late in counted), default=0)
    return max((int(n) for n, at, _ in counted if float(at) < killed_at - losable_s), default=-1)


@pytest.mark.slow
def test_killed_lives_lose_nothing_old_and_repeat_nothing(ingest, reporter, journals, monkeypatch):
    environment = {**os.environ, "ARGUS_URL": ingest.url}
    chaos = Chaos(7)
    survivors: dict[int, int] = {}
    for first in range(0, LIVES, 4):
        seeds = range(first, first + 4)
        with ThreadPoolExecutor(4) as pool:
            lives = {seed: pool.submit(live, seed, environment) for seed in seeds}
            while not all(life.done() for life in lives.values()):
                chaos.disturb(ingest)
                time.sleep(0.05)
        survivors |= {seed: life.result() for seed, life in lives.items()}
    ingest.faults.clear()
    ingest.drop_answers = 0
    ingest.reject = lambda event: None
    monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "60")
    with reporter("heir") as heir:
        pass

    assert list(journals.glob("*.jsonl")) == []
    assert max(survivors.values()) > 50
    for seed, last in survivors.items():
        stored = sorted(
            event["data"].get("epoch", event["data"].get("step", -1))
            if event["event_type"] != "log_line"
            else int(event["data"]["line"].split()[1])
            for event in ingest.events.values()
            if event["batch_id"] == f"life-{seed}" and event["event_type"] in ("job_epoch", "job_step", "log_line")
        )
        assert stored == list(range(len(stored))), f"seed {seed} has a hole or an event twice"
        assert len(stored) > last, f"seed {seed} lost {last - len(stored) + 1} events that were old enough"
    assert heir.stats.rejected == heir.stats.torn == 0

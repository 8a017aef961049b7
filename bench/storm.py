"""A storm of failures: 10,000 of one batch in a minute, and 10,000 over 500 batches, 20 in a request.

    python -m bench.storm [--quick]

Prints one JSON object. Starts a standalone server for each, whose mails go to a mail server in this process. Measured
are: from the sending of the first failures to their row in the inbox; from the last answer until the inbox has counted
all; the server's memory before and at its peak; new rows of the notifier, a delivery that waits among them; and mails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import time
import uuid
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import psutil
from aiosmtpd.smtp import SMTP
from bench.servers import Target, running

from argus_kit.ports import free_port

_AT_ONCE: Final = 8
_IN_ONE: Final = 20
_LOOK_S: Final = 0.02
_TABLES: Final = ("notification", "delivery", "surge", "unsubscribe_token")


class Mails:
    """A mail server that counts."""

    def __init__(self) -> None:
        self.count = 0

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 (the name is theirs)
        self.count += 1
        return "250 OK"


def failure(batch_id: str, number: int) -> dict[str, Any]:
    """One job that fails now."""
    return {
        "event_id": str(uuid.uuid4()),
        "schema_version": "1.1",
        "event_type": "job_failed",
        "timestamp": datetime.now(UTC).isoformat(),
        "batch_id": batch_id,
        "job_id": f"job-{number}",
        "source": {"project": "storm", "host": "bench-host", "user": "bench"},
        "data": {"reason": ("CUDA out of memory", "ValueError: shape", "exit code 1")[number % 3]},
    }


async def storm(target: Target, mails: Mails, *, failures: int, batches: int, seconds: float) -> dict[str, Any]:
    """One storm, and what it left."""
    names = [f"storm-{uuid.uuid4().hex[:8]}" for _ in range(batches)]
    before, sent_before = rows(target), mails.count
    peak = asyncio.create_task(_peak_mib(target.pid))
    memory = _rss_mib(target.pid)
    headers = {"Authorization": f"Bearer {target.token}"}
    limits = httpx.Limits(max_connections=_AT_ONCE * 2)
    async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=60, limits=limits) as client:
        begin = time.perf_counter()
        first = asyncio.create_task(_until(target, names[:1], 1))
        await _send(client, names, failures, seconds)
        sending_s = time.perf_counter() - begin
        counted_s = await _until(target, names, failures)
        first_s = await first
        # What the last windows counted goes to mails and channels when they end.
        await asyncio.sleep(125)
    peak.cancel()
    with suppress(asyncio.CancelledError):
        await peak
    after = rows(target)
    return {
        "failures": failures,
        "batches": batches,
        "sent_in_s": round(sending_s, 1),
        "first_in_inbox_ms": round(first_s * 1000, 1),
        "all_counted_after_s": round(counted_s, 2),
        "memory_before_mib": memory,
        "memory_peak_mib": max(_PEAKS),
        "rows": {name: after[name] - before[name] for name in _TABLES},
        "mails_sent": mails.count - sent_before,
    }


async def _send(client: httpx.AsyncClient, names: list[str], failures: int, seconds: float) -> None:
    firsts = iter(range(0, failures, _IN_ONE))
    begin = time.perf_counter()

    async def one() -> None:
        for first in firsts:
            await asyncio.sleep(max(0.0, begin + seconds * first / failures - time.perf_counter()))
            numbers = range(first, min(first + _IN_ONE, failures))
            events = [failure(names[number % len(names)], number) for number in numbers]
            answer = await client.post("/api/events/batch", json={"events": events})
            answer.raise_for_status()

    await asyncio.gather(*(one() for _ in range(_AT_ONCE)))


async def _until(target: Target, names: list[str], count: int) -> float:
    """Seconds until the inbox tells of so many."""
    begin = time.perf_counter()
    marks = ",".join("?" * len(names))
    while time.perf_counter() - begin < 600:
        with closing(_database(target)) as database:
            asked = f"select coalesce(sum(count), 0) from notification where batch_id in ({marks})"
            # One that tells of several batches tells of those again that were told alone.
            waves = (
                "select coalesce(sum(count), 0) from notification where batch_ids is not null and batch_ids <> 'null'"
            )
            alone, together = (database.execute(*one).fetchone()[0] for one in ((asked, names), (waves,)))
            if (together or alone) >= count:
                return time.perf_counter() - begin
        await asyncio.sleep(_LOOK_S)
    raise RuntimeError(f"the inbox never told of {count}")


def rows(target: Target) -> dict[str, int]:
    """How many rows the notifier has."""
    with closing(_database(target)) as database:
        return {name: database.execute(f"select count(*) from {name}").fetchone()[0] for name in _TABLES}


def _database(target: Target) -> sqlite3.Connection:
    (path,) = target.home.glob("*.db")
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)


_PEAKS: list[float] = [0.0]


async def _peak_mib(pid: int) -> None:
    _PEAKS[:] = [0.0]
    while True:
        _PEAKS[0] = max(_PEAKS[0], _rss_mib(pid))
        await asyncio.sleep(0.2)


def _rss_mib(pid: int) -> float:
    return round(psutil.Process(pid).memory_info().rss / 2**20, 1)


async def measure(*, quick: bool) -> dict[str, Any]:
    """Both storms, on a server each."""
    failures, seconds, batches = (500, 5.0, 25) if quick else (10_000, 60.0, 500)
    return {
        "one_batch": await _alone(failures=failures, batches=1, seconds=seconds),
        "many_batches": await _alone(failures=failures, batches=batches, seconds=seconds),
    }


async def _alone(*, failures: int, batches: int, seconds: float) -> dict[str, Any]:
    mails, port = Mails(), free_port()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mails, loop=loop), "127.0.0.1", port)
    os.environ |= {"ARGUS_SMTP_HOST": "127.0.0.1", "ARGUS_SMTP_PORT": str(port), "ARGUS_SMTP_USE_TLS": "0"}
    started = running("standalone")
    target = await asyncio.to_thread(started.__enter__)
    try:
        # The mail that welcomes whoever registered is none of the storm's.
        await asyncio.sleep(3)
        return await storm(target, mails, failures=failures, batches=batches, seconds=seconds)
    finally:
        await asyncio.to_thread(started.__exit__, None, None, None)
        server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    print(json.dumps(asyncio.run(measure(quick=parser.parse_args().quick))))

"""What one of each thing takes that is no event: a stream that is open, an agent that waits, a question whether to
stop, a page that opens, a point that was merged.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from bench.cpu import Usage
from bench.fanout import Client
from bench.hosts import Line, SimulatedAgent
from bench.ingest import body_of
from bench.system import System

_STREAMS: Final = 400
_AGENTS: Final = 60
_AGENTS_S: Final = 40.0
_POLLS: Final = 500
TOGETHER: Final = 8
_PAGES: Final = 40
# A page of the web app asks about so many things when it opens.
_ASKED: Final = ("/api/dashboard", "/api/batches?limit=50", "/api/projects", "/api/batches/{batch}/jobs")
_FIRST_BATCH: Final = "select id from batch order by batch_key limit 1"
_UNMERGED: Final = (
    "select count(*) from metric_block join job using (batch_key, job_no) where status in ('done', 'failed', 'skipped')"
)
_EPOCHS: Final = 2_000
_JOBS: Final = 4
_NUMBERS: Final = 20


def measure(system: System) -> dict[str, Any]:
    """All of them, one after another."""
    return {
        "page": page(system),
        "stop_poll_alone": polls(system, 1),
        "stop_poll": polls(system, TOGETHER),
        "agent": asyncio.run(agents(system)),
        "stream": asyncio.run(streams(system)),
        "merged_point": merged_point(system),
    }


def page(system: System) -> dict[str, Any]:
    """Opening pages: processor time of one, over few batches; `P5` says how that grows."""
    batch = system.ask(_FIRST_BATCH)
    headers = {"Authorization": f"Bearer {system.target.token}"}
    usage, begin, size = Usage(system.target.pid), time.monotonic(), 0
    with httpx.Client(base_url=system.target.url, headers=headers, timeout=60) as client:
        for _ in range(_PAGES):
            for path in _ASKED:
                answer = client.get(path.format(batch=batch)).raise_for_status()
                size += answer.num_bytes_downloaded
    return _each(system, usage, begin, _PAGES) | {"bytes": round(size / _PAGES)}


def polls(system: System, clients: int) -> dict[str, Any]:
    """Reporters that ask whether to stop, as each does every ten seconds: so many share a statement."""
    batch = system.ask(_FIRST_BATCH)

    async def ask_all() -> None:
        left = iter(range(_POLLS))

        async def ask() -> None:
            line = Line(system.target.url, system.target.token)
            for _ in left:
                await line.ask("GET", f"/api/batches/{batch}/stop-requested")
            line.close()

        await asyncio.gather(*(ask() for _ in range(clients)))

    usage, begin = Usage(system.target.pid), time.monotonic()
    asyncio.run(ask_all())
    return _each(system, usage, begin, _POLLS)


async def agents(system: System) -> dict[str, Any]:
    """Agents that wait for commands with held polls, and beat: processor time a second of one."""

    async def ignore(_host: SimulatedAgent, _command: dict[str, Any]) -> None:
        return None

    target = system.target
    run = uuid.uuid4().hex[:6]
    hosts = [SimulatedAgent(target.url, target.token, f"idle-{run}-{n}", ignore) for n in range(_AGENTS)]
    for first in range(0, _AGENTS, 4):
        await asyncio.gather(*(host.register() for host in hosts[first : first + 4]))
    before = system.memory_mib("executor")
    tasks = [asyncio.create_task(host.serve(is_held=True, begin_s=8 * n / _AGENTS)) for n, host in enumerate(hosts)]
    await asyncio.sleep(10)
    usage, begin = Usage(target.pid), time.monotonic()
    await asyncio.sleep(_AGENTS_S)
    found = await asyncio.to_thread(_each, system, usage, begin, _AGENTS * _AGENTS_S)
    after = system.memory_mib("executor")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return found | {"kib": round(max(0.0, after - before) * 1024 / _AGENTS, 1)}


async def streams(system: System) -> dict[str, Any]:
    """Open streams that hear nothing: memory of one, in realtime and in the gateway."""
    # In a thread, where asking has a loop of its own.
    batch_id = await asyncio.to_thread(system.ask, _FIRST_BATCH)
    url = httpx.URL(system.target.url)
    request = (
        f"GET /api/sse?channels=batch:{batch_id} HTTP/1.1\r\nHost: {url.host}\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {system.target.token}\r\n\r\n"
    ).encode()
    before = {name: system.memory_mib(name) for name in ("realtime", "traefik")}
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(_STREAMS // 50):
        some = [Client(request, loop.create_future(), []) for _ in range(50)]
        for client in some:
            await loop.create_connection(lambda client=client: client, url.host, url.port)
        async with asyncio.timeout(60):
            await asyncio.gather(*(client.hello for client in some))
        clients += some
    grown = {name: round((system.memory_mib(name) - was) * 1024 / _STREAMS, 1) for name, was in before.items()}
    for client in clients:
        client.transport.abort()
    return {"kib": grown}


def merged_point(system: System) -> dict[str, Any]:
    """Curves as merging leaves them, of jobs that ended: bytes on disk of one point, and what merging takes."""
    tables = ("metric_chunk", "metric_column")
    headers = {"Authorization": f"Bearer {system.target.token}"}
    points = "select coalesce(sum(n_points), 0) from metric_column"
    _until(system, _UNMERGED)
    for table in tables:
        system.ask(f"vacuum full {table}")
    before = (system.ask(points), sum(_size(system, table) for table in tables))
    batch = f"bench-merged-{uuid.uuid4().hex[:8]}"
    usage, begin = Usage(system.target.pid), time.monotonic()
    with httpx.Client(base_url=system.target.url, headers=headers, timeout=60) as client:
        for first in range(0, _EPOCHS * _JOBS, 500):
            events = json.loads(body_of(0, first // 500, 500, _NUMBERS - 4))["events"]
            events = [event | {"batch_id": batch, "job_id": f"job-{first // 500 % _JOBS}"} for event in events]
            for place, event in enumerate(events):
                event["data"]["epoch"] = first // 500 // _JOBS * 500 + place
            client.post("/api/events/batch", json={"events": events}).raise_for_status()
        ends = [_end(batch, "job_done", f"job-{n}") for n in range(_JOBS)]
        client.post("/api/events/batch", json={"events": [*ends, _end(batch, "batch_done")]}).raise_for_status()
    key = f"(select batch_key from batch where id = '{batch}')"
    _until(system, f"select count(*) from metric_block where batch_key = {key}")
    stored = _EPOCHS * _JOBS * _NUMBERS
    spent = _each(system, usage, begin, stored)
    for table in tables:
        system.ask(f"vacuum full {table}")
    added = int(system.ask(points)) - int(before[0])
    grown = sum(_size(system, table) for table in tables) - before[1]
    return spent | {"points": added, "bytes": round(grown / added, 2)}


def _end(batch: str, kind: str, job: str | None = None) -> dict[str, Any]:
    return {
        "schema_version": "1.1",
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "timestamp": datetime.now(UTC).isoformat(),
        "batch_id": batch,
        "job_id": job,
        "source": {"project": "bench"},
        "data": {},
    }


def _until(system: System, nothing_left: str) -> None:
    deadline = time.monotonic() + 120
    while left := system.ask(nothing_left):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{left} blocks are not merged")
        time.sleep(0.5)


def _size(system: System, table: str) -> int:
    size: int = system.ask(f"select pg_total_relation_size('{table}')")
    return size


def _each(system: System, usage: Usage, begin: float, count: float) -> dict[str, Any]:
    spent = system.spent(usage, begin)
    return {"cpu_us": {name: round(cpu / count * 1e6, 2) for name, cpu in spent.items()}}

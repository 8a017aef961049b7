"""What pages ask for, with many batches, jobs and points stored: dashboard, lists, a board, a matrix, queries.

    python -m bench.pages --url http://127.0.0.1:8000 --token em_live_... [--home FOLDER] [--pid PID] [--quick]

Batches of twenty jobs are reported through the API, spread over forty projects and a quarter of a year; every
twentieth still runs, every twenty-fifth job failed. With `--home`, the folder of that server, 250 points are then put
behind every job (`bench/points.py`). Each question is asked thirty times, or fewer where it takes long, none with an
ETag. The same is measured with a tenth of the batches first: `growth` is what the median has become of that. With
`--pid`, the process that was started as the server, `cpu_ms` is the processor time that it and its children took for a
request: on a busy machine that tells more than the time does. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from bench import points
from bench.cpu import Usage

RUN = uuid.uuid4().hex[:8]
JOBS, PROJECTS, TRIES = 20, 40, 30
# A question that takes longer than all of these may is asked less often.
SPENT_S, FEWEST = 20, 5
CLIENTS, EVENTS_AT_ONCE = 4, 2_000
NOW, SPAN_S = time.time(), 90 * 24 * 3600
PROJECT = f"pages-{RUN}-7"
QUESTIONS = {
    "dashboard": "/api/dashboard",
    "batches": "/api/batches?limit=50",
    "compact": "/api/batches/compact?limit=50",
    "jobs": "/api/jobs?page_size=50",
    "failed jobs": "/api/jobs?page_size=50&status=failed",
    "projects": "/api/projects",
    "project": f"/api/projects/{PROJECT}",
    "leaderboard": f"/api/projects/{PROJECT}/leaderboard?metric=ACC",
    "matrix": f"/api/projects/{PROJECT}/matrix?metric=ACC",
    "search": "/api/batches?limit=50&q=pages",
}
# Over one project, as its page asks, and over all that there are.
QUERIES: dict[str, dict[str, Any]] = {
    "query": {
        "query": f'project = "{PROJECT}" and metrics.ACC > 0.9 and config.lr < 0.05',
        "sort": ["-metrics.ACC"],
        "columns": ["config.lr"],
    },
    "query of all": {"query": "metrics.ACC > 0.9"},
    "query of settings, all": {"query": "config.lr < 0.0005 and metrics.ACC > 0.9"},
    "seed groups": {"query": f'project = "{PROJECT}"', "group_by": ["seed"], "columns": ["metrics.ACC"]},
    "seed groups, all": {"query": "", "group_by": ["seed"], "columns": ["metrics.ACC"]},
}


def batch(number: int) -> Iterator[dict[str, Any]]:
    """The events of one batch."""
    batch_id, project = f"pages-{RUN}-{number}", f"pages-{RUN}-{number % PROJECTS}"
    # Scattered over the time, so that a tenth of the batches is as old as all of them; those that run began last.
    began = NOW - (number * 7_919_333 % SPAN_S if number % 20 else number)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began))

    def event(kind: str, job: str | None = None, **data: Any) -> dict[str, Any]:
        source = {"project": project, "host": f"gpu-{number % 8}", "user": "bench"}
        return {
            "event_id": str(uuid.uuid4()), "schema_version": "1.1", "event_type": kind, "timestamp": at,
            "batch_id": batch_id, "job_id": job, "source": source, "data": data,
        }  # fmt: skip

    yield event("batch_start", n_total_jobs=JOBS)
    for place in range(JOBS):
        job, score = f"job-{place}", (number * 31 + place * 17) % 1000 / 1000
        config = {"lr": 10 ** -(1 + number % 4), "seed": number % 5, "optimizer": {"name": "adam"}}
        yield event("job_start", job, model=f"model-{place % 5}", dataset=f"data-{place // 5}", config=config)
        yield event("job_epoch", job, epoch=1, train_loss=1 - score, val_loss=1.1 - score)
        if (number + place) % 25:
            yield event("job_done", job, status="DONE", elapsed_s=60.0, metrics={"ACC": score, "F1": score / 2})
        else:
            yield event("job_failed", job, error="CUDA out of memory", elapsed_s=30.0)
    if number % 20:
        yield event("batch_done", n_done=JOBS, n_failed=0)


async def fill(client: httpx.AsyncClient, numbers: range) -> None:
    """Report these batches."""

    async def report(own: range) -> None:
        events: list[dict[str, Any]] = []
        for number in own:
            events += batch(number)
            if len(events) >= EVENTS_AT_ONCE or number == own[-1]:
                while (answer := await client.post("/api/events/batch", json={"events": events})).status_code == 429:
                    await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
                answer.raise_for_status()
                events = []

    await asyncio.gather(*(report(numbers[one::CLIENTS]) for one in range(CLIENTS)))


async def ask(client: httpx.AsyncClient, pid: int | None) -> dict[str, dict[str, float]]:
    """Milliseconds of each question."""
    found = {}
    for name in (*QUESTIONS, *QUERIES):
        times: list[float] = []
        usage = None if pid is None else Usage(pid)
        while len(times) < TRIES and (len(times) < FEWEST or sum(times) < SPENT_S * 1000):
            begin = time.perf_counter()
            if name in QUESTIONS:
                answer = await client.get(QUESTIONS[name])
            else:
                answer = await client.post("/api/query", json={"limit": 50, **QUERIES[name]})
            times.append((time.perf_counter() - begin) * 1000)
            answer.raise_for_status()
        times.sort()
        tries = len(times)
        found[name] = {"p50_ms": round(times[tries // 2], 1), "p95_ms": round(times[int(tries * 0.95)], 1)}
        if usage is not None:
            found[name]["cpu_ms"] = round(usage.seconds() / tries * 1000, 1)
    return found


async def measure(url: str, token: str, home: Path | None, pid: int | None, *, quick: bool) -> dict[str, Any]:
    """All of it."""
    most = 1_000 if quick else 10_000
    n_points = 0

    async def stored(client: httpx.AsyncClient, numbers: range) -> dict[str, dict[str, float]]:
        nonlocal n_points
        await fill(client, numbers)
        if home is not None:
            n_points = await asyncio.to_thread(points.add, home)
        return await ask(client, pid)

    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client:
        few = await stored(client, range(most // 10))
        many = await stored(client, range(most // 10, most))
    for name, figures in many.items():
        figures |= {f"few_{figure}": value for figure, value in few[name].items() if figure != "p95_ms"}
        figures["growth"] = round(figures["p50_ms"] / max(few[name]["p50_ms"], 0.1), 2)
    return {"n_batches": most, "n_jobs": most * JOBS, "n_points": n_points, **many}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.url, options.token, options.home, options.pid, quick=options.quick))))


if __name__ == "__main__":
    main()

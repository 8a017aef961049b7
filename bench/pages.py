"""What pages ask for, with many batches and jobs stored: dashboard, lists, a board, a matrix, a search.

    python -m bench.pages --url http://127.0.0.1:8000 --token em_live_... [--quick]

Batches of twenty jobs are reported through the API, spread over forty projects; every twentieth still runs. Each
question is asked thirty times, none with an ETag. The same is measured with a tenth of the batches first: `growth` is
what the median has become of that. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

RUN = uuid.uuid4().hex[:8]
JOBS, PROJECTS, TRIES = 20, 40, 30
CLIENTS, EVENTS_AT_ONCE = 4, 2_000
QUESTIONS = {
    "dashboard": "/api/dashboard",
    "batches": "/api/batches?limit=50",
    "compact": "/api/batches/compact?limit=50",
    "jobs": "/api/jobs?page_size=50",
    "projects": "/api/projects",
    "project": f"/api/projects/pages-{RUN}-7",
    "leaderboard": f"/api/projects/pages-{RUN}-7/leaderboard?metric=ACC",
    "matrix": f"/api/projects/pages-{RUN}-7/matrix?metric=ACC",
    "search": "/api/batches?limit=50&q=pages",
}


def batch(number: int) -> Iterator[dict[str, Any]]:
    """The events of one batch."""
    batch_id, project = f"pages-{RUN}-{number}", f"pages-{RUN}-{number % PROJECTS}"

    def event(kind: str, job: str | None = None, **data: Any) -> dict[str, Any]:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - number))
        source = {"project": project, "host": f"gpu-{number % 8}", "user": "bench"}
        return {
            "event_id": str(uuid.uuid4()), "schema_version": "1.1", "event_type": kind, "timestamp": at,
            "batch_id": batch_id, "job_id": job, "source": source, "data": data,
        }  # fmt: skip

    yield event("batch_start", n_total_jobs=JOBS)
    for place in range(JOBS):
        job, score = f"job-{place}", (number * 31 + place * 17) % 1000 / 1000
        yield event("job_start", job, model=f"model-{place % 5}", dataset=f"data-{place // 5}")
        yield event("job_epoch", job, epoch=1, train_loss=1 - score, val_loss=1.1 - score)
        yield event("job_done", job, status="DONE", elapsed_s=60.0, metrics={"ACC": score})
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


async def ask(client: httpx.AsyncClient) -> dict[str, dict[str, float]]:
    """Milliseconds of each question."""
    found = {}
    for name, path in QUESTIONS.items():
        times = []
        for _ in range(TRIES):
            begin = time.perf_counter()
            answer = await client.get(path)
            times.append((time.perf_counter() - begin) * 1000)
            answer.raise_for_status()
        times.sort()
        found[name] = {"p50_ms": round(times[TRIES // 2], 1), "p95_ms": round(times[int(TRIES * 0.95)], 1)}
    return found


async def measure(url: str, token: str, *, quick: bool) -> dict[str, Any]:
    """All of it."""
    most = 1_000 if quick else 10_000
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client:
        await fill(client, range(most // 10))
        few = await ask(client)
        await fill(client, range(most // 10, most))
        many = await ask(client)
    for name, figures in many.items():
        figures["growth"] = round(figures["p50_ms"] / max(few[name]["p50_ms"], 0.1), 2)
    return {"n_batches": most, "n_jobs": most * JOBS, **many}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.url, options.token, quick=options.quick))))


if __name__ == "__main__":
    main()

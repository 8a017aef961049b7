"""What a chart costs: one metric of one job with 10 k, 100 k and 1 M points stored, 2,000 returned; 50 curves at once.

    python -m bench.curves --url http://127.0.0.1:8000 --token em_live_... [--quick]

Points are reported through the API first (noise on a decaying curve, times that jitter), each job ends, and the clock
runs once they are merged; `fresh` is the same read before that. Bytes are those of the body as a browser gets it.
`extremes` says that the lowest and the highest value came back as they were sent. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import exp
from typing import Any

import httpx

RUN = uuid.uuid4().hex[:8]
BATCH = f"bench-curves-{RUN}"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = 5_000
WANTED = 2_000
JOBS, METRICS, LONG = 2, 25, 100_000
# Merging looks every ten seconds, and takes some for a million points.
MERGED_AFTER_S = 30


def bodies(job: str, count: int, names: list[str], extremes: dict[str, tuple[float, float]]) -> Iterator[bytes]:
    """Requests that report `count` steps of a job, and its end; `extremes` learns what was sent."""
    draw = random.Random(job)
    sent: dict[str, list[float]] = {name: [] for name in names}
    for begin in range(0, count, AT_ONCE):
        events = []
        for step in range(begin, min(begin + AT_ONCE, count)):
            trend = 2 * exp(-3 * step / count)
            values = {name: trend + draw.gauss(0, 0.05) for name in names}
            for name, value in values.items():
                sent[name].append(value)
            events.append(_event("job_step", job, step, {"step": step, **values}))
        yield json.dumps({"events": events}).encode()
    yield json.dumps({"events": [_event("job_done", job, count, {})]}).encode()
    for name, values in sent.items():
        extremes[name] = (min(values), max(values))


def _event(kind: str, job: str, step: int, data: dict[str, Any]) -> dict[str, Any]:
    at = BEGIN + timedelta(seconds=0.1 * step, microseconds=(step * 7919) % 5000)
    return {
        "schema_version": "1.1",
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "timestamp": at.isoformat(),
        "batch_id": BATCH,
        "job_id": job,
        "source": {"project": "bench", "host": "bench-host", "user": "bench"},
        "data": data,
    }


class Bench:
    """Fills a server and asks it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        """`client` carries address and token."""
        self.client = client

    async def fill(self, job: str, count: int, names: list[str]) -> dict[str, tuple[float, float]]:
        """Report a job; returns lowest and highest value of each metric."""
        extremes: dict[str, tuple[float, float]] = {}
        for body in bodies(job, count, names, extremes):
            while (answer := await self._post(body)).status_code == 429:
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
            answer.raise_for_status()
        return extremes

    async def _post(self, body: bytes) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return await self.client.post("/api/events/batch", content=body, headers=headers)

    async def chart(self, job: str, **part: Any) -> tuple[float, int, Any]:
        """Milliseconds, bytes of the body as it travelled, and what it says."""
        begin = time.perf_counter()
        async with self.client.stream(
            "GET", f"/api/jobs/{BATCH}/{job}/metrics", params={"names": "loss", "points": WANTED, **part}
        ) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        took = (time.perf_counter() - begin) * 1000
        answer.raise_for_status()
        return took, len(raw), _decoded(raw, answer)

    async def many(self) -> tuple[float, int, Any]:
        """Fifty curves in one request."""
        names = [f"m{place}" for place in range(METRICS)]
        asked = {
            "points": WANTED,
            "series": [{"batch_id": BATCH, "job_id": f"many-{job}", "metrics": names} for job in range(JOBS)],
        }
        begin = time.perf_counter()
        async with self.client.stream("POST", "/api/metrics/query", json=asked) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        took = (time.perf_counter() - begin) * 1000
        answer.raise_for_status()
        return took, len(raw), _decoded(raw, answer)


def _decoded(raw: bytes, answer: httpx.Response) -> Any:
    return json.loads(httpx.Response(200, headers=answer.headers, content=raw).content)


def figures(tries: list[tuple[float, int, Any]]) -> dict[str, Any]:
    """Percentiles of some tries."""
    times = sorted(took for took, _, _ in tries)
    return {
        "p50_ms": round(times[len(times) // 2], 1),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 1),
        "bytes": tries[-1][1],
    }


def exact(answer: Any, sent: dict[str, tuple[float, float]]) -> bool:
    """Whether a curve's extremes came back, in the points and in the summary."""
    (one,) = answer["series"]
    found = (min(one["values"]), max(one["values"]))
    return found == sent["loss"] == (one["summary"]["min"], one["summary"]["max"]) and len(one["steps"]) <= WANTED


async def measure(url: str, token: str, *, quick: bool) -> dict[str, Any]:
    """All of it."""
    sizes = {"10k": 10_000, "100k": 100_000} | ({} if quick else {"1M": 1_000_000})
    found: dict[str, Any] = {}
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        bench, sent = Bench(client), {}
        for name, count in sizes.items():
            sent[name] = await bench.fill(name, count, ["loss"])
            found[f"{name} fresh"] = figures([await bench.chart(name) for _ in range(3)])
        if not quick:
            for job in range(JOBS):
                await bench.fill(f"many-{job}", LONG, [f"m{place}" for place in range(METRICS)])
        await asyncio.sleep(MERGED_AFTER_S)
        for name, count in sizes.items():
            tries = [await bench.chart(name) for _ in range(30)]
            part = [await bench.chart(name, from_step=count // 2, to_step=count // 2 + count // 100) for _ in range(10)]
            found[name] = figures(tries) | {
                "points": len(tries[-1][2]["series"][0]["steps"]),
                "extremes": exact(tries[-1][2], sent[name]),
                "zoom_p50_ms": figures(part)["p50_ms"],
            }
        begin = time.perf_counter()
        all_points = await client.get(f"/api/jobs/{BATCH}/100k/metrics", params={"points": 20_000})
        found["20k of 100k"] = {
            "p50_ms": round((time.perf_counter() - begin) * 1000, 1),
            "bytes": len(all_points.content),
        }
        if not quick:
            found["50x100k"] = figures([await bench.many() for _ in range(10)])
    return found


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.url, options.token, quick=options.quick))))


if __name__ == "__main__":
    main()

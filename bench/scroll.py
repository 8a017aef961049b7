"""How smoothly the web app scrolls what is long: a list of 100,000 jobs, a matrix of 60 models and 60 datasets.

    python -m bench.scroll --url http://127.0.0.1:8000 [--quick]

In a real browser without a graphics card, by 60 pixels in every frame and by a page and more; `still` says how far
apart frames are on the same page while nothing moves: read the others beside it. The matrix is reported job by job.
The list is the server's first answer told over and over, so that what is measured is the page. `busy_ms_a_frame` is
processor time of the page's thread: it tells the truth on a machine that others keep busy too. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
RUN = uuid.uuid4().hex[:8]
BATCH, SIDE = f"scroll-{RUN}", 60
PERSON = {
    "username": f"scroll-{RUN}",
    "email": f"scroll-{RUN}@example.org",
    "password": f"Correct-horse-{RUN}-1",
}
EVENTS_AT_ONCE = 500


def story() -> Iterator[dict[str, Any]]:
    """A batch with a job for each model and dataset."""
    yield _event("batch_start", None, n_total_jobs=SIDE * SIDE)
    for place in range(SIDE * SIDE):
        row, column = divmod(place, SIDE)
        yield _event("job_start", f"job-{place}", model=f"model-{row}", dataset=f"data-{column}")
        score = (place * 37 % 1000) / 1000
        yield _event("job_done", f"job-{place}", status="DONE", metrics={"ACC": score, "F1": score / 2})
    yield _event("batch_done", None, n_done=SIDE * SIDE, n_failed=0)


def _event(kind: str, job: str | None, **data: Any) -> dict[str, Any]:
    source = {"project": "scroll", "host": "gpu-1", "user": "bench"}
    return {
        "event_id": str(uuid.uuid4()), "schema_version": "1.1", "event_type": kind, "timestamp": "2026-11-01T08:00:00Z",
        "batch_id": BATCH, "job_id": job, "source": source, "data": data,
    }  # fmt: skip


async def prepare(url: str) -> None:
    """An account with the batch."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        (await client.post("/api/auth/register", json=PERSON)).raise_for_status()
        login = {"username_or_email": PERSON["username"], "password": PERSON["password"]}
        session = (await client.post("/api/auth/login", json=login)).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {session}"}
        made = await client.post("/api/tokens", json={"name": "scroll", "scope": "reporter"}, headers=headers)
        headers = {"Authorization": f"Bearer {made.raise_for_status().json()['token']}"}
        events = list(story())
        for begin in range(0, len(events), EVENTS_AT_ONCE):
            body = {"events": events[begin : begin + EVENTS_AT_ONCE]}
            while (sent := await client.post("/api/events/batch", json=body, headers=headers)).status_code == 429:
                await asyncio.sleep(float(sent.headers.get("Retry-After", 1)))
            sent.raise_for_status()


def measure(url: str, *, quick: bool) -> dict[str, Any]:
    """All of it."""
    asyncio.run(prepare(url))
    options = {"url": url, "person": PERSON, "batchId": BATCH, "rows": 100_000, "frames": 120 if quick else 600}
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["node", str(HERE / "browser" / "scroll.mjs"), json.dumps(options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(json.dumps(measure(options.url.rstrip("/"), quick=options.quick)))


if __name__ == "__main__":
    main()

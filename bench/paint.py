"""What a person waits for in the web app: paint, clicks, and a page that follows 32 running jobs. In a real browser.

    python -m bench.paint --url http://127.0.0.1:8000 [--quick]

Needs Chromium (CHROMIUM_PATH) and the packages of the browser tests (`make e2e` installs them). Each page is opened
with an empty cache, as it is and with a processor four times slower; `floor` is a page of one line in the same browser.
Prints one JSON object, medians in milliseconds.
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
BATCH, JOBS, EPOCHS = f"paint-{RUN}", 32, 60
PERSON = {"username": f"paint-{RUN}", "email": f"paint-{RUN}@example.org", "password": f"Correct-horse-{RUN}-1"}


def story() -> Iterator[dict[str, Any]]:
    """A batch of 32 running jobs, and twenty that are done."""
    for number in range(20):
        yield _event("batch_start", f"{BATCH}-{number}", None, n_total_jobs=1)
        yield _event("job_start", f"{BATCH}-{number}", "job", model="mlp", dataset=f"data-{number % 4}")
        yield _event("job_done", f"{BATCH}-{number}", "job", status="DONE", metrics={"ACC": number / 20})
        yield _event("batch_done", f"{BATCH}-{number}", None, n_done=1, n_failed=0)
    yield _event("batch_start", BATCH, None, n_total_jobs=JOBS)
    for place in range(JOBS):
        job = f"job-{place}"
        yield _event("job_start", BATCH, job, model=f"model-{place % 8}", dataset=f"data-{place // 8}")
        for epoch in range(EPOCHS):
            loss = (place + 2) / (epoch + 3)
            yield _event(
                "job_epoch", BATCH, job, epoch=epoch, train_loss=loss, val_loss=loss * 1.1, val_accuracy=1 - loss
            )


def _event(kind: str, batch: str, job: str | None, **data: Any) -> dict[str, Any]:
    source = {"project": "paint", "host": "gpu-1", "user": "bench"}
    return {
        "event_id": str(uuid.uuid4()), "schema_version": "1.1", "event_type": kind, "timestamp": "2026-11-01T08:00:00Z",
        "batch_id": batch, "job_id": job, "source": source, "data": data,
    }  # fmt: skip


async def prepare(url: str) -> str:
    """An account with something to look at; returns its token."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        (await client.post("/api/auth/register", json=PERSON)).raise_for_status()
        login = {"username_or_email": PERSON["username"], "password": PERSON["password"]}
        session = (await client.post("/api/auth/login", json=login)).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {session}"}
        made = await client.post("/api/tokens", json={"name": "paint", "scope": "reporter"}, headers=headers)
        token: str = made.raise_for_status().json()["token"]
        events = list(story())
        for begin in range(0, len(events), 500):
            body = {"events": events[begin : begin + 500]}
            sent = await client.post("/api/events/batch", json=body, headers={"Authorization": f"Bearer {token}"})
            sent.raise_for_status()
    return token


def measure(url: str, *, quick: bool) -> dict[str, Any]:
    """All of it."""
    token = asyncio.run(prepare(url))
    options: dict[str, Any] = {"url": url, "person": PERSON, "token": token, "batchId": BATCH, "jobId": "job-0"}
    options |= {"tries": 1 if quick else 5, "seconds": 2 if quick else 8}
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["node", HERE / "browser" / "paint.mjs", json.dumps(options)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
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

"""An event that was acknowledged is in the very next answer of every page, also of one that was asked for before."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from argus_standalone.testing import Account, ServerProcess

_METRIC = "metric=ACC"
# What a page asks, and what of it must follow the events of round 1, 2, 3, ...
_PAGES = {
    "/api/dashboard": lambda answer, n: answer["projects"][0]["n_batches"] == n,
    "/api/projects": lambda answer, n: answer[0]["jobs_done"] == n,
    "/api/projects/fresh": lambda answer, n: answer["n_batches"] == n,
    f"/api/projects/fresh/leaderboard?{_METRIC}": lambda answer, n: answer[0]["best_metric"] == n / 100,
    f"/api/projects/fresh/matrix?{_METRIC}": lambda answer, n: answer["values"] == [[n / 100]],
    "/api/batches?limit=50": lambda answer, n: len(answer) == n,
    "/api/jobs?page_size=50": lambda answer, n: answer["total"] == len(answer["items"]) == n,
}


def _events(n: int) -> list[dict[str, Any]]:
    at = datetime.now(UTC).isoformat()

    def event(kind: str, job: str | None, **data: Any) -> dict[str, Any]:
        return {
            "event_id": uuid.uuid4().hex,
            "schema_version": "1.1",
            "event_type": kind,
            "timestamp": at,
            "batch_id": f"batch-{n}",
            "job_id": job,
            "source": {"project": "fresh"},
            "data": data,
        }

    ended = event("job_done", "j", status="DONE", elapsed_s=1.0, metrics={"ACC": n / 100})
    return [event("batch_start", None, n_total_jobs=1), event("job_start", "j", model="m", dataset="d"), ended]


def test_no_page_lags_behind_an_acknowledged_event(server: ServerProcess) -> None:
    server.start()
    server.wait_ready()
    with Account(server.url, "ada") as ada:
        etags: dict[str, str] = {}
        for n in range(1, 6):
            headers = {"Authorization": f"Bearer {ada.token}"}
            stored = ada.http.post("/api/events/batch", json={"events": _events(n)}, headers=headers)
            assert stored.json()["accepted"] == 3, stored.text
            for page, follows in _PAGES.items():
                answer = ada.http.get(page, headers={"If-None-Match": etags.get(page, "")})
                assert answer.status_code == 200, (page, n)
                assert follows(answer.json(), n), (page, n, answer.text)
                etags[page] = answer.headers["etag"]

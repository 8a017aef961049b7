"""One job with numbers that no float holds, and odd names, spoils no read of those who see it, on either database."""

from __future__ import annotations

import pytest

from argus_kit.clock import now

HUGE = 10**400
METRICS = {"MSE": HUGE, "MAE": -HUGE, "R2": 0.5, 'a "quoted" name': 1.5, "back\\slash": 2.0, "loss": "NaN"}
EXTRA = {
    "config": {"lr": HUGE, "seed": HUGE, "deep": [{"seed": [HUGE]}]},
    "optuna": {"study_name": "odd", "trial_id": HUGE, "params": {"lr": HUGE}, "target_metric": "MSE"},
    "exit_code": HUGE,
    "tags": [HUGE, "x"],
}


@pytest.fixture
async def odd(world):
    """Two jobs as others are, and one that is not."""
    await world.batch("b", status="done", end_time=now(), n_done=3, env_snapshot={"config": {"lr": HUGE}})
    ended = {"status": "done", "end_time": now(), "elapsed_s": 5}
    for name, value in (("one", 1.0), ("two", 2.0)):
        extra = {"config": {"lr": 0.1}, "optuna": {"study_name": "odd", "trial_id": value, "params": {"lr": value}}}
        await world.job("b", name, metrics={"MSE": value, "MAE": value, "R2": value}, extra=extra, **ended)
    await world.job("b", "odd", metrics=METRICS, latest=METRICS, extra=EXTRA, **ended)
    await world.job("b", "failed", metrics=METRICS, extra=EXTRA, **{**ended, "status": "failed"})
    return world


BOARDS = ("", "?metric=MSE", "?metric=MSE&seeds=true", "?metric=MAE&seeds=false&also=MSE")
READS = [
    *("/api/batches", "/api/batches/compact", "/api/jobs", "/api/dashboard", "/api/attention", "/api/search?q=odd"),
    *("/api/batches/b", *(f"/api/batches/b/{rest}" for rest in ("jobs", "jobs/eta-all", "metrics", "export.csv"))),
    *("/api/batches/b/board-metrics", "/api/batches/b/epochs/latest", "/api/batches/b/health"),
    *(f"/api/batches/b/matrix{asked}" for asked in BOARDS),
    *("/api/projects", "/api/projects/vision", "/api/projects/vision/overview", "/api/projects/vision/resources"),
    *(f"/api/projects/vision/{board}{asked}" for board in ("matrix", "leaderboard") for asked in BOARDS),
    *(f"/api/projects/vision/leaderboard/{rest}" for rest in ("trend?metric=MSE", "export?metric=MSE")),
    *("/api/projects/vision/export.csv", "/api/projects/vision/export-raw.csv", "/api/projects/vision/board-metrics"),
    *(f"/api/projects/vision/matrix/export?metric=MSE&format={form}" for form in ("csv", "jsonl", "parquet", "latex")),
    *(f"/api/jobs/b/odd{rest}" for rest in ("", "/eta", "/neighbours", "/metrics")),
    *("/api/jobs/b/failed/crash", "/api/studies", "/api/studies/odd", "/api/studies/odd/importance"),
    *("/api/query/fields", "/api/stats/gpu-hours-by-user"),
]
QUERIES = [
    {"query": "metrics.MSE < 5"},
    {"query": "metrics.MSE > 5 or config.lr > 5"},
    {"query": "config.seed is null", "columns": ["config.lr", "metrics.MSE"]},
    {"query": "", "sort": ["-metrics.MSE"], "limit": 1},
    {"query": "", "sort": ["config.lr"]},
    {"query": "", "group_by": ["seed"], "columns": ["metrics.MSE"]},
    {"query": "", "group_by": ["config.lr"], "columns": ["metrics.MAE"], "sort": ["config.lr"]},
    {"from": "batches", "query": "metrics.MSE < 5 or config.lr < 1", "sort": ["metrics.MSE"]},
]


async def test_it_is_read(odd):
    refused = {path: answer.text for path in READS if (answer := await odd.get(path)).status_code != 200}
    assert refused == {}


async def test_it_is_asked_for(odd):
    for asked in QUERIES:
        answer = await odd.client.post("/api/query", json=asked, headers=odd.headers["ada"])
        assert answer.status_code == 200, (asked, answer.text)
        if "sort" in asked and answer.json()["cursor"]:
            more = {**asked, "cursor": answer.json()["cursor"]}
            answer = await odd.client.post("/api/query", json=more, headers=odd.headers["ada"])
            assert answer.status_code == 200, (asked, answer.text)


async def test_it_is_compared_and_exported(odd):
    jobs = {"jobs": [{"batch_id": "b", "job_id": name} for name in ("one", "odd")]}
    await odd.batch("c")
    await odd.job("c", "odd", metrics=METRICS, extra=EXTRA)
    for path in ("/api/compare?batches=b,c", "/api/compare/export.csv?batches=b,c"):
        answer = await odd.get(path)
        assert answer.status_code == 200, answer.text
    assert (await odd.client.post("/api/compare/jobs", json=jobs, headers=odd.headers["ada"])).status_code == 200
    for form in ("csv", "jsonl", "parquet", "latex", "markdown"):
        for more in ({}, {"columns": ["config.lr", "metrics.MSE"]}, {"group_by": ["config.lr"]}):
            asked = {"query": "", "format": form, **more}
            answer = await odd.client.post("/api/query/export", json=asked, headers=odd.headers["ada"])
            assert answer.status_code == 200, (asked, answer.text)


async def test_a_number_that_no_float_holds_is_none(odd):
    board = await odd.read("/api/projects/vision/matrix?metric=MSE&seeds=false")
    assert board["values"] == [[1.0]]
    found = await odd.client.post("/api/query", json={"query": "metrics.MSE > 0"}, headers=odd.headers["ada"])
    assert {job["id"] for job in found.json()["jobs"]} == {"one", "two"}

"""The rows of the wire contract for the front page, projects, hosts, studies and sums: every key that it names, and
those that existing pages read beside them.
"""

from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from argus_kit.clock import now
from argus_schema import catalog as own


def keys(text):
    return set(text.split())


CARD = keys(
    "project running_batches jobs_done jobs_failed eta_seconds last_event_at is_starred is_demo failure_rate gpu_hours"
    " top_models batch_volume_7d n_batches total_batches best_metric best_metric_key owners"
)
SNAPSHOT = keys(
    "id host timestamp gpu_util_pct gpu_mem_mb gpu_mem_total_mb gpu_temp_c cpu_util_pct ram_mb ram_total_mb"
    " disk_free_mb disk_total_mb pid"
)
HOST = keys(
    "host last_seen gpu_util_pct gpu_mem_mb gpu_mem_total_mb gpu_temp_c cpu_util_pct ram_mb ram_total_mb disk_free_mb"
    " disk_total_mb running_jobs running_jobs_top5 warnings"
)
JOB_OF_HOST = keys("job_id model dataset user pid")
STUDY = keys("study_name n_trials n_done n_failed best_value best_metric direction sampler last_run")
STUDY_DETAIL = keys(
    "study_name direction sampler n_trials n_done n_failed best_value best_metric param_keys metric_keys trials"
)
TRIAL = keys(
    "trial_id job_id batch_id status start_time end_time elapsed_s params value metric_name metrics"
)  # fmt: skip

# By address: the place of a row in the answer, and the keys that it has at least.
ROWS = [
    ("/api/dashboard", (), keys("scope counters projects activity hosts notifications generated_at")),
    (
        "/api/dashboard",
        ("counters",),
        keys("running_batches jobs_running jobs_done_24h jobs_failed_24h active_hosts my_running avg_gpu_util"),
    ),
    ("/api/dashboard", ("projects", 0), CARD),
    ("/api/dashboard", ("projects", 0, "top_models", 0), keys("model dataset metric_name metric_value")),
    ("/api/dashboard", ("activity", 0), keys("event_type batch_id job_id project timestamp summary message")),
    ("/api/dashboard", ("hosts", 0), HOST),
    ("/api/dashboard", ("hosts", 0, "running_jobs_top5", 0), JOB_OF_HOST),
    (
        "/api/dashboard",
        ("notifications", 0),
        keys("kind message timestamp target_type target_id level title body id"),
    ),
    ("/api/projects", (0,), CARD),
    (
        "/api/projects/vision",
        (),
        keys(
            "project n_batches running_batches jobs_done jobs_failed failure_rate gpu_hours best_metric first_event_at"
            " last_event_at batches_this_week is_starred owners is_public public_description"
        ),
    ),
    ("/api/projects/vision", ("best_metric",), keys("name value")),
    (
        "/api/projects/vision/active-batches",
        (0,),
        keys(
            "batch_id project owner_id host status n_total n_done n_failed completion_pct start_time last_event_at"
            " eta_seconds is_stalled running_jobs warnings user elapsed_s eta_s gpu_util_pct gpu_mem_mb"
            " gpu_mem_total_mb disk_free_mb last_event_age_s sparkline best_so_far_pct"
        ),
    ),
    (
        "/api/projects/vision/active-batches",
        (0, "running_jobs", 0),
        keys("job_id model dataset status start_time metrics epoch total_epochs val_loss trend loss_trace"),
    ),
    (
        "/api/projects/vision/leaderboard?metric=ACC",
        (0,),
        keys("model dataset best_metric metric_name batch_id job_id status train_epochs elapsed_s metrics"),
    ),
    ("/api/projects/vision/matrix?metric=ACC", (), keys("project metric rows cols values batch_ids")),
    (
        "/api/projects/vision/resources",
        (),
        keys(
            "project gpu_hours jobs_completed avg_job_minutes hourly_heatmap host_distribution by_host timeseries"
            " total_gpu_hours"
        ),
    ),
    ("/api/projects/vision/resources", ("by_host", 0), keys("host gpu_hours")),
    ("/api/resources", (0,), SNAPSHOT),
    ("/api/hosts/gpu-1/timeseries", (), keys("host metric buckets host_total_capacity")),
    ("/api/hosts/gpu-1/timeseries", ("buckets", 0), keys("ts total by_batch")),
    (
        "/api/compare?batches=a,b",
        (),
        keys("batches metric_union metric_keys"),
    ),
    (
        "/api/compare?batches=a,b",
        ("batches", 0),
        keys(
            "batch_id project status n_total n_done n_failed start_time end_time owner_id jobs best_metric metrics"
            " loss_curve model dataset"
        ),
    ),
    ("/api/studies", ("studies", 0), STUDY),
    ("/api/studies/tpe", (), STUDY_DETAIL),
    ("/api/studies/tpe", ("trials", 0), TRIAL),
    ("/api/studies/tpe/trials/3", (), TRIAL | {"study_name"}),
    ("/api/stats/gpu-hours-by-user?days=30", (0,), keys("user_id username gpu_hours job_count")),
    ("/api/meta/hints", (), keys("locale hints")),
]


async def read(lab, address, who="ada"):
    path, _, query = address.partition("?")
    return await lab.read(path, who, **dict(parse_qsl(query)))


@pytest.fixture
async def lab(world):
    """A running batch with every kind of job, another one that is done, a host, a study."""
    at = now()
    optuna = {
        "study_name": "tpe",
        "trial_id": 3,
        "params": {"lr": 0.1},
        "direction": "maximize",
        "target_metric": "ACC",
    }
    ended = {"end_time": at, "elapsed_s": 3600}
    await world.batch("a")
    await world.batch("b", status="done", end_time=at)
    await world.job("a", "done", status="done", metrics={"ACC": 0.9}, extra={"optuna": optuna}, **ended)
    await world.job("a", "failed", status="failed", reason="RuntimeError: no", **ended)
    await world.job("a", "runs", latest={"val_loss": 0.5}, val_loss_trace=[0.7, 0.5], last_epoch=2)
    await world.job("b", "done", status="done", metrics={"ACC": 0.8}, **ended)
    await world.snapshot("a", gpu_util_pct=90.0, gpu_mem_mb=5.0, proc_gpu_mem_mb=4.0, extra={"pid": 7})
    return world


async def test_every_row_has_its_keys(lab):
    for address, place, expected in ROWS:
        row = await read(lab, address)
        for step in place:
            row = row[step]
        assert expected <= set(row), (address, place, expected - set(row))


async def test_hints_are_eleven_and_speak_the_readers_language(lab):
    answer = await lab.client.get("/api/meta/hints", headers={"Accept-Language": "zh"})
    assert answer.json()["locale"] == "zh-CN"
    assert len(answer.json()["hints"]) == 11


async def test_hours_of_people_count_gpus_in_the_window_and_one_sees_ones_own(lab):
    await lab.person("root", is_admin=True)
    await lab.person("bob")
    await lab.job("a", "wide", status="done", end_time=now(), elapsed_s=1800, metrics={"gpu_count": 4})
    await lab.job("a", "old", status="done", end_time=now() - timedelta(days=40), elapsed_s=36_000)
    (ada,) = await read(lab, "/api/stats/gpu-hours-by-user?days=30", "root")
    assert (ada["username"], ada["gpu_hours"], ada["job_count"]) == ("ada", 5.0, 5)
    assert (await read(lab, "/api/stats/gpu-hours-by-user?days=365", "root"))[0]["gpu_hours"] == 15.0
    (bob,) = await read(lab, "/api/stats/gpu-hours-by-user", "bob")
    assert (bob["username"], bob["gpu_hours"], bob["job_count"]) == ("bob", 0.0, 0)
    assert (await lab.get("/api/stats/gpu-hours-by-user", days=366)).status_code == 422


async def test_active_hosts_and_their_mean(lab):
    await lab.snapshot("a", "gpu-2", gpu_util_pct=70.0)
    await lab.snapshot("a", "old", at=now() - timedelta(minutes=6), gpu_util_pct=1.0)
    counters = (await read(lab, "/api/dashboard"))["counters"]
    assert (counters["active_hosts"], counters["avg_gpu_util"]) == (2, 80.0)


async def test_starred_projects_and_scopes_are_heeded(lab):
    await lab.batch("c", project="alone")
    await lab.insert(own.star, user_id=lab.people["ada"], target_type="project", target_id="vision", starred_at=now())
    assert [card["project"] for card in await read(lab, "/api/projects?starred=true")] == ["vision"]
    assert [card["project"] for card in await read(lab, "/api/projects")] == ["vision", "alone"]
    assert await read(lab, "/api/projects?scope=shared") == []

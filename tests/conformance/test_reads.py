"""Every read of the wire contract as a page asks it, against both modes: status, keys and kinds of what is answered.

The tables are the contract's: sections 1 to 9 of its reads, and what the pages of existing users read beside them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

Shape = Mapping[str, str]
_KINDS: Mapping[str, tuple[type, ...]] = {
    "s": (str,),
    "i": (int,),
    "f": (int, float),
    "b": (bool,),
    "o": (dict,),
    "l": (list,),
    "n": (type(None),),
}


def shape(text: str) -> Shape:
    """Keys with their kinds, as in `id:s host:sn`: text, integer, float, bool, object, list; n: may be null."""
    return dict(pair.split(":") for pair in text.split())


BATCH = shape(
    "id:s experiment_type:sn project:s user:sn host:sn command:sn n_total:in n_done:i n_failed:i status:sn"
    " start_time:sn end_time:sn env_snapshot:on source_batch_id:sn"
)
JOB = shape(
    "id:s batch_id:s model:sn dataset:sn status:sn start_time:sn end_time:sn elapsed_s:in metrics:on is_idle_flagged:b"
    " avg_batch_time_ms:fn gpu_memory_peak_mb:fn n_params:in"
)
EPOCH_LATEST = shape("job_id:s epoch:i train_loss:fn val_loss:fn lr:fn val_loss_trace:l")
SNAPSHOT = shape(
    "id:i host:s timestamp:s gpu_util_pct:fn gpu_mem_mb:fn gpu_mem_total_mb:fn gpu_temp_c:fn cpu_util_pct:fn ram_mb:fn"
    " ram_total_mb:fn disk_free_mb:fn disk_total_mb:fn"
)
OF_BATCH = shape(
    "ts:s gpu_util:fn vram_used_mb:fn vram_total_mb:fn cpu_util:fn ram_used_mb:fn ram_total_mb:fn disk_free_gb:fn"
    " proc_cpu_pct:fn proc_ram_mb:fn proc_gpu_mem_mb:fn gpu_util_pct:fn gpu_mem_mb:fn gpu_temp_c:fn disk_free_mb:fn"
    " extra:on"
)
ETA = shape("eta_s:in eta_iso:sn epochs_done:i epochs_total:i avg_epoch_time_s:fn elapsed_s:i")
LINE = shape("id:i event_id:sn ts:s job_id:sn level:s line:s")
CARD = shape(
    "project:s running_batches:i jobs_done:i jobs_failed:i last_event_at:sn is_starred:b is_demo:b failure_rate:fn"
    " gpu_hours:f top_models:l batch_volume_7d:l n_batches:i"
)
LEADER = shape(
    "model:s dataset:s best_metric:fn metric_name:sn batch_id:s job_id:s status:sn train_epochs:in elapsed_s:in"
    " metrics:on"
)
MATRIX = shape("project:s metric:s rows:l cols:l values:l batch_ids:l")
ACTIVE = shape(
    "batch_id:s project:s owner_id:in host:sn status:sn n_total:in n_done:i n_failed:i completion_pct:fn start_time:sn"
    " last_event_at:sn eta_seconds:in is_stalled:b running_jobs:l warnings:l user:sn elapsed_s:in eta_s:in"
    " gpu_util_pct:fn gpu_mem_mb:fn disk_free_mb:fn last_event_age_s:in sparkline:l best_so_far_pct:fn"
)
ACTIVE_JOB = shape(
    "job_id:s model:sn dataset:sn status:sn start_time:sn metrics:on epoch:in total_epochs:in val_loss:fn trend:sn"
    " loss_trace:l"
)
USE = shape(
    "project:s gpu_hours:f jobs_completed:i avg_job_minutes:fn hourly_heatmap:l host_distribution:o timeseries:l"
)
TRIAL = shape(
    "trial_id:i job_id:s batch_id:s status:sn start_time:sn end_time:sn elapsed_s:in params:o value:fn metric_name:sn"
    " metrics:on"
)
PIN = shape("batch_id:s pinned_at:s project:s status:sn n_total:in n_done:i n_failed:i start_time:sn")
PUBLIC_LINK = shape("slug:s url:s batch_id:s created_at:s expires_at:sn view_count:i last_viewed:sn")
PUBLIC_BATCH = shape(
    "id:s project:s experiment_type:sn host:sn command:sn n_total:in n_done:i n_failed:i status:sn start_time:sn"
    " end_time:sn owner_label:sn"
)
PUBLIC_JOB = shape("id:s batch_id:s model:sn dataset:sn status:sn start_time:sn end_time:sn elapsed_s:in metrics:on")

# Address, way to a row in the answer, what the row is.
READS: tuple[tuple[str, tuple[str | int, ...], Shape], ...] = (
    ("/api/batches?scope=mine&limit=5", (0,), BATCH),
    ("/api/batches?project={project}&status=running&since=2020-01-01", (0,), BATCH),
    ("/api/batches/compact?project={project}&resource_limit=5", (), shape("batches:l")),
    ("/api/batches/compact", ("batches", 0), shape("batch:o jobs:l epochs_latest:l resources:l")),
    ("/api/batches/compact", ("batches", 0, "epochs_latest", 0), EPOCH_LATEST),
    ("/api/batches/compact", ("batches", 0, "resources", 0), SNAPSHOT),
    ("/api/batches/{batch}", (), BATCH),
    ("/api/batches/{batch}", ("env_snapshot",), shape("git_sha_short:s git_remote_url:s")),
    ("/api/batches/{batch}/jobs", (0,), JOB),
    (
        "/api/batches/{batch}/health",
        (),
        shape("batch_id:s is_stalled:b last_event_age_s:in failure_count:i warnings:l stalled_threshold_s:i"),
    ),
    ("/api/batches/{batch}/eta", (), shape("batch_id:s eta_seconds:in pending_count:i sampled_done_jobs:i")),
    ("/api/batches/{batch}/jobs/eta-all", ("runs",), ETA),
    ("/api/batches/{batch}/resources?limit=100", (), shape("host:s snapshots:l")),
    ("/api/batches/{batch}/resources", ("snapshots", 0), OF_BATCH),
    ("/api/batches/{batch}/log-lines?limit=20&bust=1", (0,), shape("ts:s job_id:sn level:s line:s")),
    ("/api/batches/{batch}/epochs/latest", ("jobs", 0), EPOCH_LATEST),
    ("/api/batches/{batch}/stop-requested", (), {}),
    ("/api/batches/{batch}/rerun-info", (), {}),
    ("/api/jobs?status=DONE&project={project}&since=24h&page=1&page_size=5", (), shape("items:l total:i page:i")),
    ("/api/jobs?batch_id={batch}", ("items", 0), shape("job:o project:s host:sn batch_name:sn")),
    ("/api/jobs?batch_id={batch}", ("items", 0, "job"), JOB),
    ("/api/jobs/{batch}/runs", (), JOB),
    ("/api/jobs/{batch}/runs/epochs", (0,), shape("timestamp:s epoch:i train_loss:fn val_loss:fn lr:fn")),
    ("/api/jobs/{batch}/runs/log-lines?limit=20&since=0", (0,), LINE),
    ("/api/jobs/{batch}/runs/eta", (), ETA | shape("job_id:s")),
    ("/api/jobs/{batch}/nobody/epochs", (), {}),
    ("/api/dashboard?scope=all", ("counters",), shape("running_batches:i jobs_running:i my_running:i avg_gpu_util:fn")),
    ("/api/dashboard", ("projects", 0), CARD | shape("eta_seconds:in")),
    ("/api/dashboard", ("activity", 0), shape("event_type:s batch_id:s job_id:sn timestamp:s summary:s message:s")),
    ("/api/dashboard", ("hosts", 0), shape("host:s last_seen:s running_jobs:i running_jobs_top5:l warnings:l")),
    ("/api/dashboard", ("notifications", 0), shape("kind:s message:s timestamp:s level:s title:s body:sn")),
    ("/api/projects?scope=mine", (0,), CARD),
    (
        "/api/projects/{project}",
        (),
        shape(
            "project:s n_batches:i running_batches:i jobs_done:i jobs_failed:i failure_rate:fn gpu_hours:f"
            " best_metric:on first_event_at:sn last_event_at:sn batches_this_week:i is_starred:b owners:l is_public:bn"
            " public_description:sn"
        ),
    ),
    ("/api/projects/{project}/active-batches", (0,), ACTIVE),
    ("/api/projects/{project}/active-batches", (0, "running_jobs", 0), ACTIVE_JOB),
    ("/api/projects/{project}/leaderboard?metric=MSE&limit=10", (0,), LEADER),
    ("/api/projects/{project}/matrix?metric=MSE", (), MATRIX),
    ("/api/projects/{project}/resources", (), USE),
    ("/api/resources/hosts", (), {}),
    ("/api/resources?host={host}&limit=5&since=2020-01-01", (0,), SNAPSHOT),
    (
        "/api/hosts/{host}/timeseries?metric=gpu_mem_mb&since=now-1h&bucket_seconds=60",
        (),
        shape("host:s metric:s buckets:l host_total_capacity:fn"),
    ),
    ("/api/hosts/{host}/timeseries?since=now-1h", ("buckets", 0), shape("ts:s total:fn by_batch:o")),
    ("/api/compare?batches={batch},{other}", (), shape("batches:l metric_union:l metric_keys:l")),
    (
        "/api/compare?batches={batch},{other}",
        ("batches", 0),
        shape(
            "batch_id:s project:s status:sn n_total:in n_done:i n_failed:i start_time:sn end_time:sn owner_id:in jobs:l"
            " best_metric:on metrics:o loss_curve:l model:sn dataset:sn"
        ),
    ),
    ("/api/studies", ("studies", 0), shape("study_name:s n_trials:i n_done:i n_failed:i best_value:fn last_run:sn")),
    ("/api/studies/{study}?sort=value&order=desc", (), shape("study_name:s param_keys:l metric_keys:l trials:l")),
    ("/api/studies/{study}", ("trials", 0), TRIAL),
    ("/api/studies/{study}/trials/3", (), TRIAL | shape("study_name:s")),
    ("/api/studies/nobody-reported-this", (), shape("study_name:s trials:l")),
    ("/api/stats/gpu-hours-by-user?days=30", (0,), shape("user_id:i username:s gpu_hours:f job_count:i")),
    ("/api/meta/hints", (), shape("locale:s hints:o")),
    (
        "/api/batches/{batch}/shares",
        (0,),
        shape("batch_id:s grantee_id:i grantee_username:s permission:s created_at:s"),
    ),
    ("/api/projects/shares", (0,), shape("owner_id:i project:s grantee_id:i grantee_username:s permission:s")),
    ("/api/batches/{batch}/public-shares", (0,), PUBLIC_LINK),
    ("/api/public-shares/mine", (0,), PUBLIC_LINK),
    ("/api/stars", (0,), shape("target_type:s target_id:s starred_at:s")),
    ("/api/pins", (0,), PIN),
    ("/api/notifications?limit=5&unread_only=false", (), {}),
)
# Without a credential.
PUBLIC: tuple[tuple[str, tuple[str | int, ...], Shape], ...] = (
    ("/api/meta/hints", (), shape("locale:s hints:o")),
    ("/api/public/{slug}", (), PUBLIC_BATCH),
    ("/api/public/{slug}/jobs", (0,), PUBLIC_JOB),
    ("/api/public/{slug}/jobs/runs", (), PUBLIC_JOB),
    ("/api/public/{slug}/jobs/runs/epochs", (0,), shape("timestamp:s epoch:i train_loss:fn val_loss:fn lr:fn")),
    # What existing pages for the public ask, whose addresses are those for people.
    ("/api/batches/{slug}", (), BATCH),
    ("/api/batches/{slug}/jobs", (0,), JOB),
    ("/api/jobs/{slug}/runs", (), JOB),
    ("/api/jobs/{slug}/runs/epochs", (0,), shape("epoch:i")),
    ("/api/projects", (), {}),
    ("/api/public/projects", (), {}),
)
FILES: tuple[tuple[str, str, str], ...] = (
    (
        "/api/batches/{batch}/export.csv",
        "{batch}.csv",
        "batch_id,job_id,model,dataset,status,epochs,elapsed_s,MSE,MAE,RMSE,R2,PCC,MAPE",
    ),
    (
        "/api/projects/{project}/export.csv",
        "{project}_leaderboard.csv",
        "batch_id,model,dataset,status,epochs,elapsed_s,MSE,MAE,RMSE,R2,PCC,MAPE",
    ),
    (
        "/api/projects/{project}/export-raw.csv",
        "{project}_raw.csv",
        "batch_id,job_id,model,dataset,status,elapsed_s,metric,value",
    ),
    (
        "/api/compare/export.csv?batches={batch},{other}",
        "compare.csv",
        "batch_id,project,job_id,model,dataset,status,elapsed_s,MAE,MSE",
    ),
)


@dataclass(frozen=True)
class Lab:
    """What was reported, and the names that stand in addresses."""

    names: Mapping[str, str]
    person: httpx.Client
    visitor: httpx.Client

    def read(self, client: httpx.Client, address: str) -> httpx.Response:
        """Ask for an address of the tables."""
        return client.get(address.format(**self.names))


@pytest.fixture
def lab(server: Any, ada: Any, eventually: Callable[..., Any]) -> Iterator[Lab]:
    """Two batches of a person with everything that the tables read, shared, starred, pinned and opened by a link."""
    tail = uuid.uuid4().hex[:8]
    names = {"batch": f"reads-{tail}", "other": f"other-{tail}", "project": f"project-{tail}"}
    names |= {"host": f"host-{tail}", "study": f"study-{tail}"}
    guest = type(ada)(server.url, f"guest-{tail}")
    with httpx.Client(base_url=server.url, timeout=30) as visitor:
        sent = ada.http.post(
            "/api/events/batch",
            json={"events": list(_events(names))},
            headers={"Authorization": f"Bearer {ada.token}"},
        )
        assert {one["status"] for one in sent.json()["results"]} == {"accepted"}, sent.text
        eventually(lambda: ada.get(f"/api/batches/{names['other']}")["status"] == "done")
        share = {"grantee_username": f"guest-{tail}", "permission": "viewer"}
        for path, body in (
            (f"/api/batches/{names['batch']}/shares", share),
            ("/api/projects/shares", share | {"project": names["project"]}),
            ("/api/stars", {"target_type": "project", "target_id": names["project"]}),
            ("/api/pins", {"batch_id": names["batch"]}),
        ):
            assert ada.http.post(path, json=body).is_success, path
        made = ada.http.post(f"/api/batches/{names['batch']}/public-share", json={})
        assert made.status_code == 201, made.text
        yield Lab(names | {"slug": made.json()["slug"]}, ada.http, visitor)
    guest.close()


def _events(names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    def event(kind: str, batch: str, job: str | None = None, **data: Any) -> dict[str, Any]:
        return {
            "schema_version": "1.1",
            "event_id": str(uuid.uuid4()),
            "event_type": kind,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "batch_id": names[batch],
            "job_id": job,
            "source": {"project": names["project"], "host": names["host"], "user": "root"},
            "data": data,
        }

    optuna = {"study_name": names["study"], "trial_id": 3, "params": {"lr": 0.1}, "direction": "minimize"}
    environment = {"git_sha": "0" * 40, "git_remote": "git@example.org:lab/code.git"}
    for batch in ("batch", "other"):
        yield event("batch_start", batch, n_total_jobs=3, command="python train.py")
        yield event("env_snapshot", batch, **environment)
        yield event("job_start", batch, "runs", model="resnet", dataset="cifar")
        yield event("job_epoch", batch, "runs", epoch=0, train_loss=1.0, val_loss=2.0, lr=0.1)
        yield event("job_epoch", batch, "runs", epoch=1, train_loss=0.5, val_loss=1.0, lr=0.1)
        yield event("log_line", batch, "runs", line="hello", level="info")
        yield event("job_start", batch, "good", model="vit", dataset="cifar", optuna=optuna)
        yield event("job_done", batch, "good", status="DONE", elapsed_s=60, metrics={"MSE": 0.5, "MAE": 0.25})
        yield event("job_start", batch, "bad", model="vit", dataset="mnist")
        yield event("job_failed", batch, "bad", error="RuntimeError: no")
        yield event("resource_snapshot", batch, gpu_util_pct=50.0, gpu_mem_mb=100.0, gpu_mem_total_mb=200.0, ram_mb=1.0)
    yield event("batch_done", "other", n_done=1, n_failed=1)


def _faults(answer: httpx.Response, way: tuple[str | int, ...], expected: Shape) -> list[str]:
    if answer.status_code != 200:
        return [f"{answer.status_code} {answer.text[:200]}"]
    row = answer.json()
    for step in way:
        try:
            row = row[step]
        except (KeyError, IndexError, TypeError):
            return [f"nothing at {step!r} of {str(row)[:200]}"]
    missing = [f"no {key}" for key in expected if key not in row]
    wrong = [
        f"{key} is {row[key]!r}"
        for key, kinds in expected.items()
        if key in row and not isinstance(row[key], tuple(kind for letter in kinds for kind in _KINDS[letter]))
    ]
    return missing + wrong


def test_every_read_has_its_keys_and_kinds(lab: Lab) -> None:
    asked = [(address, way, _faults(lab.read(lab.person, address), way, row)) for address, way, row in READS]
    asked += [(address, way, _faults(lab.read(lab.visitor, address), way, row)) for address, way, row in PUBLIC]
    assert [(address, way, faults) for address, way, faults in asked if faults] == []


def test_files_have_their_names_and_heads(lab: Lab) -> None:
    for address, name, head in FILES:
        answer = lab.read(lab.person, address)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name.format(**lab.names)}"'
        first, *rows = answer.text.split("\r\n")
        assert first == head
        assert rows[-1] == ""
        assert len(rows) > 1


def test_refusals_and_answers_without_a_body_are_those_of_the_contract(lab: Lab) -> None:
    for address, status in (
        ("/api/batches/nobody", 404),
        ("/api/jobs/{batch}/nobody", 404),
        ("/api/compare?batches={batch}", 400),
        ("/api/compare?batches={batch},nobody", 404),
        ("/api/compare", 422),
        ("/api/studies/{study}?sort=wrong", 400),
        ("/api/studies/{study}/trials/99", 404),
        ("/api/studies/{study}/trials/x", 422),
        ("/api/projects/nobody", 404),
        ("/api/hosts/nobody/timeseries", 404),
        ("/api/stats/gpu-hours-by-user?days=366", 422),
        ("/api/batches?limit=501", 422),
    ):
        assert lab.read(lab.person, address).status_code == status, address
    for address in ("/api/batches?since=garbage", "/api/batches?status=garbage"):
        assert lab.read(lab.person, address).json() == [], address
    for address in ("/api/batches", "/api/batches/{batch}", "/api/dashboard", "/api/jobs"):
        answer = lab.read(lab.visitor, address)
        assert answer.status_code == (404 if "{" in address else 401), address
    assert lab.read(lab.visitor, "/api/public/nobody").status_code == 404
    for address in ("/api/pins/{batch}", "/api/stars/project/{project}", "/api/pins/nobody"):
        assert lab.person.delete(address.format(**lab.names)).status_code == 204, address


def test_an_answer_that_stayed_the_same_is_not_sent_again(lab: Lab) -> None:
    path = f"/api/batches/{lab.names['other']}/jobs"
    first = lab.person.get(path)
    again = lab.person.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

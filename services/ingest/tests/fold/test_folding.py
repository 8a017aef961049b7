"""What single events do to batch and jobs, in memory."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from argus_contracts.event_rows import event_key
from argus_contracts.events import Event, Source
from argus_ingest.fold.folding import fold
from argus_ingest.fold.state import Arrival, BatchState, Tracked
from argus_kit.actor import Actor

T0 = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ACTOR = Actor(1, "ada", is_admin=False, kind="token", scope="reporter")
RECEIVED = T0 + timedelta(hours=1)


def arrival(kind, job=None, minute=0, *, project="vision", **data):
    at = T0 + timedelta(minutes=minute)
    source = Source(project, host="gpu-01", user="ada", command="python train.py")
    event = Event(f"{kind}-{minute}-{job}", kind, at.isoformat(), at, "b", job, source, data)
    return Arrival(event, ACTOR, event_key(event.event_id), at, None)


def folded(*arrivals, batch=None):
    tracked = Tracked(batch or BatchState(1, "b", is_placeholder=True))
    for place, one in enumerate(arrivals, 1):
        one.db_id = place
    fold(tracked, arrivals, RECEIVED)
    return tracked


def point(minute, kind="job_epoch", **data):
    return arrival(kind, "j", minute, **data)


class TestMetrics:
    def test_the_summary_of_a_metric(self):
        values = [(0, 3.0), (1, 1.0), (2, math.nan), (3, 1.0), (4, math.inf)]
        job = folded(*(point(n, epoch=n, loss=value) for n, value in values), point(5, epoch=5, lr=1)).jobs["j"]
        assert job.summary == {
            "loss": {"n": 5, "last": "Infinity", "last_step": 4, "min": 1.0, "min_step": 1, "max": 3.0, "max_step": 0},
            "lr": {"n": 1, "last": 1.0, "last_step": 5, "min": 1.0, "min_step": 5, "max": 1.0, "max_step": 5},
        }

    def test_a_metric_without_a_finite_number_has_no_extremes(self):
        found = folded(point(0, epoch=0, loss=math.nan)).jobs["j"].summary["loss"]
        assert found == {"n": 1, "last": "NaN", "last_step": 0, "min": None, "min_step": None, "max": None,
                         "max_step": None}  # fmt: skip

    def test_steps_count_no_epochs(self):
        job = folded(point(0, epoch=1, val_loss=2.0), point(1, "job_step", step=700, val_loss=1.0, grad=3)).jobs["j"]
        assert (job.n_points, job.last_epoch, job.val_loss_trace) == (1, 1, [2.0])
        assert job.latest == {"val_loss": 1.0, "grad": 3.0}
        assert [(block.names, block.first_step, block.payload[1]) for block in job.blocks] == [
            (["val_loss"], 1, 0),
            (["val_loss", "grad"], 700, 1),
        ]
        assert job.n_blocks == 2

    def test_a_restart_is_marked_with_where_it_goes_on(self):
        before = [point(n, epoch=n) for n in range(1, 6)]
        again = arrival("job_start", "j", 10)
        after = [point(11, epoch=4), point(12, epoch=3), point(13, "job_step", step=40)]
        late = point(2, epoch=0)
        job = folded(arrival("job_start", "j"), *before, again, *after, late).jobs["j"]
        assert job.resumes == [{"at": (T0 + timedelta(minutes=10)).timestamp(), "epoch": 3, "step": 40}]

    def test_a_first_start_is_no_restart(self):
        assert folded(point(3, epoch=1), arrival("job_start", "j", 3), point(4, epoch=2)).jobs["j"].resumes is None
        assert folded(arrival("job_start", "j"), arrival("job_start", "j", 1)).jobs["j"].resumes is None

    def test_a_restart_that_reported_nothing_is_replaced_by_the_next(self):
        starts = [arrival("job_start", "j", minute) for minute in (10, 20)]
        job = folded(point(1, epoch=1), *starts, point(21, epoch=1)).jobs["j"]
        assert [resume["epoch"] for resume in job.resumes] == [1]

    def test_a_job_keeps_a_bounded_number_of_metrics(self):
        job = folded(*(point(n, epoch=n, **{f"m{n}": 1}) for n in range(1200))).jobs["j"]
        assert (len(job.summary), len(job.latest), len(job.blocks[0].names)) == (1000, 1000, 1200)


class TestBatches:
    @pytest.mark.parametrize("kind", ["job_start", "log_line", "env_snapshot", "batch_failed"])
    def test_any_event_but_a_snapshot_makes_one(self, kind):
        batch = folded(arrival(kind, "j", 3, project="p")).batch
        assert not batch.is_placeholder
        assert (batch.project, batch.host, batch.start_time) == ("p", "gpu-01", T0 + timedelta(minutes=3))

    def test_a_snapshot_leaves_a_placeholder(self):
        batch = folded(arrival("resource_snapshot", gpu_util_pct=1.0)).batch
        assert batch.is_placeholder
        assert (batch.status, batch.start_time, batch.last_event_at) == (None, None, T0)

    def test_resume_keeps_the_start_and_what_it_does_not_say(self):
        first = arrival("batch_start", experiment_type="grid", n_total_jobs=4, command="a")
        again = arrival("batch_start", minute=9, project="nlp", experiment_type="", n_total_jobs=None)
        batch = folded(first, arrival("batch_failed", minute=5, reason="boom"), again).batch
        assert (batch.status, batch.end_time, batch.error) == ("running", None, None)
        assert (batch.start_time, batch.project, batch.experiment_type, batch.n_total) == (T0, "nlp", "grid", None)

    def test_resume_without_the_key_keeps_the_total(self):
        batch = folded(arrival("batch_start", n_total_jobs=4), arrival("batch_start", minute=1)).batch
        assert batch.n_total == 4

    def test_the_end_gives_its_own_counts(self):
        batch = folded(arrival("job_done", "a"), arrival("batch_done", minute=1, n_done=7, n_failed=None)).batch
        assert (batch.status, batch.n_done, batch.n_failed) == ("done", 7, 0)
        assert batch.end_time == T0 + timedelta(minutes=1)

    def test_the_end_of_a_stopping_batch_is_stopped(self):
        state = BatchState(1, "b", status="stopping", start_time=T0, stop_requested_at=T0)
        batch = folded(arrival("batch_failed", minute=1, reason="asked"), batch=state).batch
        assert (batch.status, batch.error, batch.stopped_by) == ("stopped", "asked", "batch_failed")

    def test_a_start_that_another_overtook_only_fills_in(self):
        newest = arrival("batch_start", minute=1, command="python sweep.py")
        batch = folded(newest, arrival("batch_start", command="argus run", experiment_type="run", n_total_jobs=1)).batch
        assert (batch.command, batch.experiment_type, batch.n_total) == ("python sweep.py", "run", 1)
        batch = folded(arrival("batch_start"), arrival("batch_start", minute=1, n_total_jobs=3)).batch
        assert batch.n_total == 3

    def test_the_last_of_several_processes_ends_their_batch(self):
        events = [
            arrival("batch_start", joined=True),
            arrival("job_start", "a"),
            arrival("batch_start", minute=1, joined=True),
            arrival("job_start", "b", minute=1),
            arrival("job_failed", "a", minute=2),
            arrival("batch_done", minute=2, joined=True),
        ]
        batch = folded(*events).batch
        assert (batch.status, batch.end_time, batch.n_failed) == ("running", None, 1)
        events += [arrival("job_done", "b", minute=3), arrival("batch_done", minute=3, joined=True)]
        batch = folded(*events).batch
        assert (batch.status, batch.n_done, batch.n_failed) == ("done", 1, 1)
        batch = folded(*events, arrival("batch_start", minute=4, joined=True)).batch
        assert (batch.status, batch.end_time) == ("running", None)

    def test_a_stalled_batch_lives_again_by_news_only(self):
        old = BatchState(1, "b", status="stalled", start_time=T0, last_event_at=T0 + timedelta(minutes=5))
        assert folded(arrival("log_line", minute=5, line="x"), batch=old).batch.status == "stalled"
        assert folded(arrival("resource_snapshot", minute=6), batch=old).batch.status == "running"

    def test_a_time_ahead_of_ours_is_not_the_latest(self):
        assert folded(arrival("log_line", minute=600, line="x")).batch.last_event_at == RECEIVED

    def test_the_first_env_snapshot_wins(self):
        batch = folded(arrival("env_snapshot", git_sha="a"), arrival("env_snapshot", minute=1, git_sha="b")).batch
        assert batch.new_env == {"git_sha": "a"}


class TestJobs:
    def test_a_job_from_start_to_end(self):
        tracked = folded(
            arrival("job_start", "j", model="m", dataset="d", seed=3),
            arrival("job_done", "j", 2, elapsed_s=12.9, metrics={"MSE": math.nan, "setting": "x"}),
        )
        job = tracked.jobs["j"]
        assert (job.status, job.model, job.dataset, job.extra) == ("done", "m", "d", {"seed": 3})
        assert (job.elapsed_s, job.metrics) == (12, {"MSE": "NaN", "setting": "x"})
        assert job.end_time == T0 + timedelta(minutes=2)
        assert (tracked.batch.n_jobs, tracked.batch.n_done) == (1, 1)

    def test_a_failure_adds_to_what_the_start_said(self):
        job = folded(
            arrival("job_start", "j", optuna={"study_name": "s"}),
            arrival("job_failed", "j", 1, status="FAILED", reason="oom", elapsed_s=1.0),
        ).jobs["j"]
        assert (job.status, job.reason) == ("failed", "oom")
        assert job.extra == {"optuna": {"study_name": "s"}, "reason": "oom"}

    def test_a_restart_clears_end_results_and_curve(self):
        tracked = folded(
            arrival("job_start", "j", model="m"),
            arrival("job_epoch", "j", 1, epoch=9, val_loss=0.1),
            arrival("job_failed", "j", 2, error="oom", elapsed_s=3),
            arrival("job_start", "j", 3),
        )
        job = tracked.jobs["j"]
        assert (job.status, job.model, job.start_time) == ("running", "m", T0 + timedelta(minutes=3))
        assert (job.end_time, job.elapsed_s, job.metrics, job.reason) == (None, None, None, None)
        assert (job.n_points, job.last_epoch, job.latest, job.val_loss_trace) == (0, None, None, None)
        assert tracked.batch.n_failed == 0

    def test_the_end_may_bring_the_whole_configuration(self):
        start = arrival("job_start", "j", config={"lr": 1}, config_digest="a", run_dir="/runs/1")
        end = arrival("job_done", "j", 1, config={"lr": 2, "seed": 3}, config_digest="b")
        assert folded(start, end).jobs["j"].extra == {**end.event.data, "run_dir": "/runs/1"}

    def test_a_late_start_only_adds_what_it_knows(self):
        job = folded(arrival("job_done", "j", 5, metrics={"a": 1}), arrival("job_start", "j", 0, model="m")).jobs["j"]
        assert (job.status, job.model, job.metrics, job.start_time) == ("done", "m", {"a": 1}, T0)

    def test_an_epoch_does_not_revive_an_ended_job(self):
        assert folded(arrival("job_done", "j"), arrival("job_epoch", "j", 1, epoch=1)).jobs["j"].status == "done"

    def test_running_jobs_of_an_ended_batch_are_lost_until_heard_of(self):
        start = (arrival("job_start", "a"), arrival("job_start", "b"), arrival("batch_failed", minute=5))
        assert {job.status for job in folded(*start).jobs.values()} == {"lost"}
        tracked = folded(*start, arrival("job_epoch", "a", 4, epoch=1), arrival("log_line", "b", 6, line="still here"))
        assert {job_id: job.status for job_id, job in tracked.jobs.items()} == {"a": "lost", "b": "running"}

    def test_a_log_line_makes_no_job(self):
        assert folded(arrival("log_line", "b", line="heartbeat")).jobs == {}

    @pytest.mark.parametrize("elapsed", [math.nan, math.inf])
    def test_an_elapsed_time_that_is_no_number_is_none(self, elapsed):
        assert folded(arrival("job_done", "j", elapsed_s=elapsed)).jobs["j"].elapsed_s is None


class TestCurves:
    def test_the_summary_follows_the_newest_point(self):
        points = [arrival("job_epoch", "j", n, epoch=n, val_loss=float(n), note="x", ok=True) for n in range(25)]
        job = folded(*points).jobs["j"]
        assert (job.n_points, job.last_epoch, job.latest) == (25, 24, {"val_loss": 24.0})
        assert job.val_loss_trace == [float(n) for n in range(5, 25)]
        assert (job.first_epoch_at, job.last_epoch_at) == (T0, T0 + timedelta(minutes=24))

    def test_a_repeated_epoch_replaces(self):
        job = folded(
            arrival("job_epoch", "j", 0, epoch=1, val_loss=3.0), arrival("job_epoch", "j", 1, epoch=1, val_loss=2.0)
        ).jobs["j"]
        assert (job.n_points, job.val_loss_trace, len(job.points)) == (1, [2.0], 2)

    def test_a_point_that_comes_late_fills_its_gap(self):
        job = folded(
            arrival("job_epoch", "j", 5, epoch=5, val_loss=1.0), arrival("job_epoch", "j", 4, epoch=4, val_loss=9.0)
        ).jobs["j"]
        assert (job.n_points, job.last_epoch, job.latest, job.val_loss_trace) == (2, 5, {"val_loss": 1.0}, [1.0])

    def test_what_is_no_number_in_json_is_still_a_point(self):
        job = folded(arrival("job_epoch", "j", epoch=1, train_loss=math.nan, grad="Infinity", host="gpu")).jobs["j"]
        assert math.isnan(job.points[0].values["train_loss"])
        assert job.points[0].values["grad"] == math.inf
        assert job.latest == {"train_loss": "NaN", "grad": "Infinity"}

"""A run as users write it, and the events that it becomes."""

from __future__ import annotations

import contextlib
import importlib.metadata
import inspect
import logging
from pathlib import Path

import numpy as np
import pytest

import argus
from argus import JobContext, Reporter


class TestRun:
    def test_a_run_becomes_the_contracts_events_in_order(self, ingest, reporter):
        with reporter("sweep", experiment_type="forecast", n_total=1, command="python train.py") as r:
            with r.job("j1", model="m", dataset="d", optuna={"study_name": "s"}) as job:
                for epoch in range(3):
                    job.epoch(epoch, train_loss=0.5, val_loss=0.6, lr=1e-3, batch_time_ms=2.0, accuracy=0.9)
                job.log("halfway", level="WARNING")
                job.metrics({"MSE": 0.1})
                job.metrics({"MAE": 0.2})
        events = list(ingest.events.values())
        assert [event["event_type"] for event in events] == [
            "batch_start", "job_start", "job_epoch", "job_epoch", "job_epoch", "log_line", "job_done", "batch_done",
        ]  # fmt: skip
        start, job_start, epoch = events[0], events[1], events[2]
        assert start["data"] == {"experiment_type": "forecast", "n_total_jobs": 1, "command": "python train.py"}
        assert start["source"]["project"] == "tests"
        assert start["source"]["command"] == "python train.py"
        assert job_start["data"] == {"model": "m", "dataset": "d", "optuna": {"study_name": "s"}}
        assert epoch["data"] == {
            "epoch": 0, "train_loss": 0.5, "val_loss": 0.6, "lr": 0.001, "batch_time_ms": 2.0, "accuracy": 0.9,
        }  # fmt: skip
        assert events[5]["data"] == {"line": "halfway", "level": "warning"}
        done = events[6]["data"]
        assert done.pop("elapsed_s") >= 0
        assert done == {"status": "DONE", "metrics": {"MSE": 0.1, "MAE": 0.2}, "train_epochs": 3}
        assert events[7]["data"]["n_done"] == 1
        assert events[7]["data"]["n_failed"] == 0
        assert {event["batch_id"] for event in events} == {r.batch_id}
        assert {event["job_id"] for event in events[1:7]} == {"j1"}

    def test_the_counts_agree_with_the_server(self, ingest, reporter):
        with reporter() as r, r.job("j1") as job:
            for epoch in range(500):
                job.epoch(epoch, train_loss=0.1)
        stats = r.stats
        assert (stats.accepted, stats.acked, stats.pending, stats.dropped) == (504, 504, 0, 0)
        assert len(ingest.events) == 504
        assert stats.as_dict()["accepted"] == 504

    def test_a_failed_job_does_not_fail_the_batch_that_catches_it(self, ingest, reporter):
        with reporter() as r:
            with pytest.raises(RuntimeError), r.job("bad"):
                raise RuntimeError("out of memory")
            with r.job("good"):
                pass
        assert ingest.of_type("job_failed")[0]["data"]["reason"] == "RuntimeError: out of memory"
        assert ingest.of_type("batch_done")[0]["data"]["n_failed"] == 1
        assert ingest.of_type("batch_done")[0]["data"]["n_done"] == 1

    def test_tensors_and_odd_numbers_arrive_as_they_were(self, ingest, reporter):
        running = np.array([1.0])
        with reporter() as r, r.job("j1") as job:
            job.epoch(np.int64(0), train_loss=np.float32(0.5), val_loss=float("nan"), per_class=running)
            running += 1
            job.epoch(1, train_loss=float("inf"))
        first, second = (event["data"] for event in ingest.of_type("job_epoch"))
        assert first == {"epoch": 0, "train_loss": 0.5, "val_loss": "NaN", "per_class": [1.0]}
        assert second == {"epoch": 1, "train_loss": "Infinity"}

    def test_single_metrics_are_points_of_their_step(self, ingest, reporter):
        with reporter() as r, r.job("j1") as job:
            job.metric("reward", 3.5, step=100)
            job.metrics_step({"a/b": 1.0, "c": 2.0}, step=200)
        assert [event["data"] for event in ingest.of_type("job_step")] == [
            {"step": 100, "reward": 3.5},
            {"step": 200, "a/b": 1.0, "c": 2.0},
        ]
        assert "train_epochs" not in ingest.of_type("job_done")[0]["data"]

    def test_wrong_calls_never_raise_and_are_told_once(self, ingest, reporter, caplog):
        with reporter() as r, r.job("j1") as job:
            for _ in range(3):
                job.epoch("three")
            job.metrics("no dict")
            job.metrics_step({"step": 1}, step=2)
            job.metrics_step("no dict", step=2)
            job.metric("step", 1.0, step=2)
            job.log(object())
            job.epoch(0, train_loss=object())
            r.emit("no such event")
            r.emit("job_done")
        assert r.stats.dropped_reasons == {"unknown_type": 1}
        assert len([record for record in caplog.records if record.message.startswith("JobContext.epoch")]) == 1


class TestDescription:
    """What a run says about itself: settings, title, labels, and how it ended."""

    def test_settings_of_the_run_go_with_its_context(self, ingest, reporter, wait_until):
        import argparse

        settings = argparse.Namespace(lr=0.1, layers=[1, 2])
        with reporter(config=settings, capture_environment=True):
            settings.lr = 0.2
            wait_until(
                lambda: ingest.types()["env_snapshot"] == 1, 60
            )  # a run that ends at once waits for little of it
        (snapshot,) = ingest.of_type("env_snapshot")
        assert snapshot["data"]["config"] == {"lr": 0.1, "layers": [1, 2]}
        assert snapshot["data"]["python_version"]

    def test_they_are_reported_where_the_context_is_not(self, ingest, reporter):
        with reporter(config={"lr": 0.1}):
            pass
        assert [event["data"] for event in ingest.of_type("env_snapshot")] == [{"config": {"lr": 0.1}}]

    def test_settings_of_a_job_and_labels_of_both(self, ingest, reporter):
        with reporter(name="Sweep", tags="one", notes="why") as r:
            with r.job("j1", model="m", config={"depth": 3}, name="Job", tags=("a", "b"), notes="n", optuna={"x": 1}):
                pass
        start = ingest.of_type("batch_start")[0]["data"]
        assert (start["name"], start["tags"], start["notes"]) == ("Sweep", ["one"], "why")
        job = ingest.of_type("job_start")[0]["data"]
        assert (job["config"], job["name"], job["tags"], job["notes"]) == ({"depth": 3}, "Job", ["a", "b"], "n")
        assert (job["model"], job["optuna"]) == ("m", {"x": 1})

    def test_an_end_can_be_told_without_an_exception(self, ingest, reporter):
        r = reporter()
        r.__enter__()
        first, second = r.job("j1").__enter__(), r.job("j2").__enter__()
        first.abort("out of memory", exit_code=137)
        first.close()
        second.close()
        r.abort("a job failed", exit_code=1)
        r.close()
        (failed,) = ingest.of_type("job_failed")
        assert (failed["job_id"], failed["data"]["reason"], failed["data"]["exit_code"]) == ("j1", "out of memory", 137)
        assert [event["job_id"] for event in ingest.of_type("job_done")] == ["j2"]
        (end,) = ingest.of_type("batch_failed")
        assert (end["data"]["reason"], end["data"]["exit_code"]) == ("a job failed", 1)
        assert ingest.types()["batch_done"] == 0


class TestBatchIds:
    def test_a_new_id_has_the_prefix_and_twelve_digits(self, reporter):
        prefix, digits = reporter("sweep").batch_id.split("-")
        assert prefix == "sweep"
        assert len(digits) == 12

    def test_an_id_can_be_given_and_wins_over_resume_from(self, reporter):
        assert reporter(batch_id="b-1").batch_id == "b-1"
        assert reporter(resume_from="b-2").batch_id == "b-2"
        assert reporter(batch_id="b-1", resume_from="b-2").batch_id == "b-1"

    def test_the_environment_gives_the_first_reporter_its_id(self, reporter, monkeypatch):
        monkeypatch.setenv("ARGUS_BATCH_ID", "rerun-1")
        assert reporter(batch_id="mine").batch_id == "mine"
        assert reporter().batch_id == "rerun-1"
        assert reporter().batch_id != "rerun-1"

    def test_a_resumed_run_does_not_count_for_the_whole_batch(self, ingest, reporter):
        with reporter(resume_from="b-2"):
            pass
        assert "n_done" not in ingest.of_type("batch_done")[0]["data"]

    def test_derived_ids_follow_the_contract(self):
        import hashlib

        expected = "bench-" + hashlib.sha256(b"p|e|deadbeef").hexdigest()[:16]
        assert argus.derive_batch_id("p", "e", "deadbeef") == expected
        assert argus.derive_batch_id("p", "e", git_sha="deadbeef", prefix="x") == "x" + expected[5:]
        assert argus.derive_batch_id("p", "e", "") == argus.derive_batch_id("p", "e", "no-git")


class TestOff:
    def test_disabled_does_nothing_at_all(self, ingest, reporter, journals, monkeypatch, caplog):
        monkeypatch.setenv("ARGUS_DISABLE", "TRUE")
        with reporter() as r, r.job("j1") as job:
            job.epoch(0, train_loss=0.5)
            assert job.upload("/etc") == 0
            assert not r.stopped
        assert ingest.paths == []
        assert not journals.exists()
        assert caplog.records == []
        assert r.stats.accepted == 0

    def test_without_a_server_it_says_so_once(self, caplog, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        for _ in range(2):
            with Reporter("x") as r, r.job("j") as job:
                job.epoch(0)
        assert [record.message for record in caplog.records] == ["ARGUS_URL is not set: nothing is reported"]

    def test_the_address_may_stand_in_a_file(self, ingest, monkeypatch, tmp_path):
        (tmp_path / "configs").mkdir()
        (tmp_path / "configs" / "monitor.yaml").write_text(f"# where\nmonitor_url: '{ingest.url}'  # here\n")
        monkeypatch.chdir(tmp_path)
        with Reporter("x", resource_snapshot=False, stop_polling=False, capture_environment=False):
            pass
        assert ingest.types() == {"batch_start": 1, "batch_done": 1}


class TestBackground:
    @pytest.mark.parametrize("key", ["stop_requested", "requested"])
    def test_a_stop_is_seen_by_reporter_and_jobs(self, ingest, reporter, wait_until, key, caplog):
        caplog.set_level(logging.INFO)
        with reporter(batch_id="a/b", stop_polling=0.05) as r, r.job("j1") as job:
            assert not job.stopped
            ingest.stop_answer = {key: True}
            wait_until(lambda: job.stopped)
            assert r.stopped
        assert "/api/batches/a%2Fb/stop-requested" in ingest.paths

    def test_a_pause_ends_the_process_at_the_next_checkpoint_and_is_told_last(self, ingest, reporter, wait_until):
        with pytest.raises(SystemExit) as left:
            with reporter(batch_id="b", stop_polling=0.05) as r:
                with r.job("done"):
                    pass
                with r.job("other") as other, r.job("j1") as job:
                    job.checkpoint("a.pt", epoch=0)
                    assert not job.pause_requested
                    ingest.stop_answer = {"stop_requested": False, "pause_requested": True}
                    wait_until(lambda: job.pause_requested and other.pause_requested and r.pause_requested)
                    job.checkpoint("b.pt", epoch=1, step=70, metrics={"acc": 0.5})
        assert left.value.code == 75
        assert ingest.types() == {
            "batch_start": 1,
            "job_start": 3,
            "job_done": 1,
            "job_checkpoint": 2,
            "batch_paused": 1,
        }
        saved = {"path": str(Path.cwd() / "b.pt"), "epoch": 1, "step": 70}
        assert ingest.of_type("job_checkpoint")[1]["data"] == {**saved, "metrics": {"acc": 0.5}}
        told = ingest.of_type("batch_paused")[0]["data"]
        assert told["checkpoint"] == {"job_id": "j1", **saved}
        assert told["jobs"] == ["j1", "other"]

    def test_a_pause_that_is_taken_back_ends_nothing(self, ingest, reporter, wait_until):
        ingest.stop_answer = {"stop_requested": False, "pause_requested": True}
        with reporter(stop_polling=0.05) as r, r.job("j1") as job:
            wait_until(lambda: job.pause_requested)
            ingest.stop_answer = {"stop_requested": False, "pause_requested": False}
            wait_until(lambda: not job.pause_requested)
            job.checkpoint("a.pt")
        assert ingest.types()["job_done"] == 1

    def test_who_catches_the_end_of_a_paused_process_ends_it_all_the_same(self, ingest, reporter, wait_until):
        ingest.stop_answer = {"stop_requested": False, "pause_requested": True}
        with pytest.raises(SystemExit) as left, reporter(stop_polling=0.05) as r, r.job("j1") as job:
            wait_until(lambda: job.pause_requested)
            with contextlib.suppress(SystemExit):
                job.checkpoint("a.pt")
        assert left.value.code == 75
        assert ingest.types()["batch_paused"] == 1

    def test_one_of_several_processes_that_share_a_batch_tells_of_its_own_jobs(self, ingest, reporter, wait_until):
        ingest.stop_answer = {"stop_requested": False, "pause_requested": True}
        with pytest.raises(SystemExit), reporter(stop_polling=0.05, joined=True) as r, r.job("mine") as job:
            wait_until(lambda: job.pause_requested)
            job.checkpoint("a.pt")
        told = ingest.of_type("batch_paused")[0]["data"]
        assert (told["joined"], told["jobs"]) == (True, ["mine"])

    def test_a_resumed_process_knows_from_where_each_job_goes_on(self, ingest, reporter, monkeypatch):
        monkeypatch.setenv("ARGUS_BATCH_ID", "paused-1")
        monkeypatch.setenv("ARGUS_RESUME_FROM", "/data/b.pt")
        with reporter(batch_id=None) as r, r.job("b") as job:
            assert (argus.resume_path(), job.resume_from) == ("/data/b.pt", "/data/b.pt")
            monkeypatch.setenv("ARGUS_RESUME_JOBS", '{"a": "/data/a.pt"}')
            assert (argus.resume_path("a"), job.resume_from) == ("/data/a.pt", None)
        assert ingest.of_type("batch_start")[0]["data"]["resumed"] is True
        assert "n_done" not in ingest.of_type("batch_done")[0]["data"]

    def test_heartbeats_go_to_the_active_job_or_the_batch(self, ingest, reporter, wait_until):
        with reporter(heartbeat=0.05) as r:
            wait_until(lambda: ingest.types()["log_line"] >= 1)
            with r.job("j1"):
                wait_until(lambda: any(event["job_id"] == "j1" for event in ingest.of_type("log_line")))
        first = ingest.of_type("log_line")[0]
        assert first["job_id"] == r.batch_id
        assert first["data"]["line"] == "heartbeat"
        assert first["data"]["level"] == "debug"

    def test_the_first_sample_comes_at_once_and_nothing_after_the_end(self, ingest, reporter, wait_until):
        with reporter(resource_snapshot=30, capture_environment=True):
            wait_until(lambda: ingest.types()["resource_snapshot"] == 1 and ingest.types()["env_snapshot"] == 1)
        assert list(ingest.events.values())[-1]["event_type"] == "batch_done"
        assert ingest.of_type("env_snapshot")[0]["data"]["python_version"]

    def test_the_shortest_run_reports_its_context_too(self, ingest, reporter):
        with reporter(capture_environment=True):
            pass
        assert [event["event_type"] for event in ingest.events.values()] == [
            "batch_start",
            "env_snapshot",
            "batch_done",
        ]

    def test_no_thread_is_left_behind(self, ingest, reporter, wait_until):
        import threading

        before = threading.active_count()
        with reporter(resource_snapshot=True, heartbeat=True, stop_polling=True, capture_environment=True):
            pass
        wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("argus-")])
        assert before <= threading.active_count()


class TestFiles:
    def test_images_of_a_folder_are_uploaded_to_the_job(self, ingest, reporter, tmp_path):
        (tmp_path / "plots").mkdir()
        (tmp_path / "plots" / "a.png").write_bytes(b"\x89PNG picture")
        (tmp_path / "plots" / "b.txt").write_text("no image")
        with reporter() as r, r.job("j/1") as job:
            assert job.upload(tmp_path, glob="**/*") == 1
            assert ingest.types()["job_start"] == 1
        (path, body) = ingest.artifacts[0]
        assert path == "/api/jobs/j%2F1/artifacts"
        assert b'name="file"; filename="a.png"' in body
        assert b"Content-Type: image/png" in body
        assert b"\x89PNG picture" in body
        assert b'name="kind"\r\n\r\nimage' in body

    def test_an_artifact_carries_label_and_metadata(self, ingest, reporter, tmp_path):
        (tmp_path / "model.bin").write_bytes(b"w" * 1_000_000)
        with reporter() as r, r.job("j1") as job:
            assert job.artifact(tmp_path / "model.bin", label="weights", meta={"epoch": 3})
            assert not job.artifact(tmp_path / "none.bin")
        body = ingest.artifacts[0][1]
        assert b'name="label"\r\n\r\nweights' in body
        assert b'name="meta"\r\n\r\n{"epoch": 3}' in body
        assert b"w" * 1_000_000 in body

    def test_folders_are_uploaded_to_the_batch_at_a_good_end(self, ingest, reporter, tmp_path):
        (tmp_path / "fig.svg").write_text("<svg/>")
        with reporter(auto_upload_dirs=[tmp_path, tmp_path / "missing"]) as r:
            pass
        assert [path for path, _ in ingest.artifacts] == [f"/api/batches/{r.batch_id}/artifacts"]

    def test_an_upload_that_fails_returns_zero(self, ingest, reporter, tmp_path, monkeypatch):
        monkeypatch.setattr("argus._uploads._BEFORE_UPLOAD_S", 0.1)
        (tmp_path / "a.png").write_bytes(b"x")
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.1")
        with reporter() as r, r.job("j1") as job:
            ingest.down()
            assert job.upload(tmp_path / "a.png") == 0


class TestDoor:
    def test_all_is_what_is_promised(self):
        assert argus.__all__ == [
            "SCHEMA_VERSION", "Api", "ApiError", "ExperimentReporter", "JobContext", "Reporter", "ResumeError", "Run",
            "__version__", "alert", "derive_batch_id", "emit", "finish", "get_batch_id", "init", "log", "new_batch_id",
            "resume_path", "set_batch_id", "sub_env",
        ]  # fmt: skip
        assert all(hasattr(argus, name) for name in argus.__all__)
        assert argus.__version__ == importlib.metadata.version("argus-reporter")

    def test_the_arguments_of_earlier_versions_are_taken(self):
        names = set(inspect.signature(Reporter).parameters)
        assert {
            "batch_prefix", "experiment_type", "source_project", "command", "n_total", "heartbeat", "stop_polling",
            "resource_snapshot", "monitor_url", "token", "auto_upload_dirs", "batch_id", "resume_from",
        } <= names  # fmt: skip
        assert {"epoch", "metrics", "log", "upload", "stopped", "job_id"} <= set(dir(JobContext))

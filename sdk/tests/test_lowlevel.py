"""The event-by-event interface of older scripts."""

from __future__ import annotations

import argus
from argus import ExperimentReporter


class TestExperimentReporter:
    def test_every_method_becomes_its_event(self, ingest, tmp_path):
        rep = ExperimentReporter(url=ingest.url + "/", project="p", host="h", user="u", commit="c", timeout=5)
        batch_id = rep.batch_start(experiment_type="t", n_total=1, command="run")
        assert rep.current_batch_id == batch_id
        rep.job_start("j", model="m", dataset="d", run_dir="/x")
        rep.job_epoch("j", 0, train_loss=0.1, extra=1)
        rep.log_line("j", "text", level="error")
        rep.resource_snapshot(cpu_util_pct=3.0)
        rep.job_done("j", metrics={"MSE": 1}, elapsed_s=1.5, train_epochs=1, resources={"gpu": 0})
        rep.job_failed("k", reason="r", elapsed_s=2)
        rep.batch_failed(reason="r")
        rep.batch_done(n_done=1, n_failed=1, total_elapsed_s=3.0)
        (tmp_path / "f.bin").write_bytes(b"data")
        rep.job_artifact("j", tmp_path / "f.bin", label="l", meta={"a": 1})
        rep.close(timeout=5)
        assert set(ingest.types()) == {
            "batch_start", "job_start", "job_epoch", "log_line", "resource_snapshot", "job_done", "job_failed",
            "batch_failed", "batch_done",
        }  # fmt: skip
        assert {event["batch_id"] for event in ingest.events.values()} == {batch_id}
        assert ingest.of_type("job_done")[0]["source"] == {
            "project": "p", "host": "h", "user": "u", "commit": "c", "command": "run",
        }  # fmt: skip
        assert ingest.of_type("job_start")[0]["data"]["run_dir"] == "/x"
        assert len(ingest.artifacts) == 1
        assert rep.stats.acked == rep.stats.accepted == 9

    def test_a_command_that_comes_late_is_told_all_the_same(self, ingest):
        rep = ExperimentReporter(url=ingest.url, project="p")
        assert rep._pipeline is not None
        assert rep._pipeline.flush(5)  # its worker is up and has nothing to write
        rep.batch_start(experiment_type="t", n_total=1, command="python train.py")
        rep.close(timeout=5)
        (started,) = ingest.of_type("batch_start")
        assert started["source"]["command"] == "python train.py"

    def test_an_event_before_its_batch_is_dropped_and_counted(self, ingest):
        with ExperimentReporter(url=ingest.url, project="p") as rep:
            rep.job_start("j")
        assert rep.stats.dropped_reasons == {"no_batch": 1}

    def test_disabled_it_only_hands_out_ids(self, ingest, monkeypatch):
        monkeypatch.setenv("ARGUS_DISABLE", "1")
        with ExperimentReporter(url=ingest.url, project="p") as rep:
            assert rep.disabled
            assert rep.batch_start("t", 1).startswith("batch-")
        assert ingest.paths == []

    def test_its_journal_lies_beside_the_spill_path(self, ingest, tmp_path):
        ingest.down()
        rep = ExperimentReporter(url=ingest.url, project="p", spill_path=tmp_path / "mine" / "spill-1-1.jsonl")
        rep.batch_start("t", 1)
        rep.close(timeout=0.2)
        assert list((tmp_path / "mine").glob("journal-*.jsonl"))


class TestModuleFunctions:
    def test_emit_goes_through_the_open_reporter(self, ingest, reporter):
        argus.emit("log_line", line="nobody listens")
        with reporter() as r:
            assert argus.get_batch_id() == r.batch_id
            argus.emit("log_line", job_id="j", line="x")
            argus.emit("log_line", batch_id="elsewhere", line="y")
            argus.set_batch_id("another")
            argus.emit("log_line", line="z")
            argus.set_batch_id(r.batch_id)
        argus.emit("log_line", line="nobody listens")
        assert argus.get_batch_id() is None
        first, second, third = ingest.of_type("log_line")
        assert (first["job_id"], first["batch_id"], first["data"]) == ("j", r.batch_id, {"line": "x"})
        assert second["batch_id"] == "elsewhere"
        assert third["batch_id"] == "another"

    def test_variables_are_put_into_texts(self, monkeypatch):
        monkeypatch.setenv("PLACE", "lab")
        assert argus.sub_env("http://$PLACE/${ROOM}/${NONE}/$", ROOM=7) == "http://lab/7/${NONE}/$"
        assert argus.sub_env(5) == 5

"""`argus.init`: a run as users of other trackers write it, and the events that it becomes."""

from __future__ import annotations

import argparse
import json
import signal
from dataclasses import dataclass

import numpy as np
import pytest

import argus
from argus import ResumeError, _pause, _resume

QUIET = {
    "heartbeat": False,
    "stop_polling": False,
    "resource_snapshot": False,
    "capture_environment": False,
}


@pytest.fixture(autouse=True)
def no_run_left():
    yield
    argus.finish()


@pytest.fixture
def init(ingest):
    def begin(project="vision", **options):
        return argus.init(project, monitor_url=ingest.url, **{**QUIET, **options})

    return begin


@pytest.fixture
def data(ingest):
    """The data of all events of a type, in order."""
    return lambda event_type: [event["data"] for event in ingest.of_type(event_type)]


class TestRun:
    def test_becomes_a_job_of_a_batch_of_its_own(self, ingest, init, data):
        with init(name="first", config={"lr": 0.1}, tags=["a"], notes="why", model="cnn", dataset="mnist") as run:
            assert argus.run is run
            run.log({"loss": 1.0})
            run.log({"loss": 0.5, "val": {"acc": 0.9, "best": {"f1": 1}}})
        assert argus.run is None
        kinds = [name for name in ingest.types() if name != "env_snapshot"]
        assert kinds == ["batch_start", "job_start", "job_step", "job_done", "batch_done"]
        start, job_start = ingest.of_type("batch_start")[0], ingest.of_type("job_start")[0]
        assert start["source"]["project"] == "vision"
        assert "joined" not in start["data"]
        assert job_start["job_id"] == run.id
        assert job_start["data"].pop("config_digest")
        assert job_start["data"] == {
            "model": "cnn", "dataset": "mnist", "name": "first", "tags": ["a"], "notes": "why", "config": {"lr": 0.1},
        }  # fmt: skip
        assert data("job_step") == [
            {"step": 0, "loss": 1.0},
            {"step": 1, "loss": 0.5, "val/acc": 0.9, "val/best/f1": 1},
        ]
        assert data("job_done")[0]["metrics"] == {"loss": 0.5, "val/acc": 0.9, "val/best/f1": 1}
        assert run.url == f"{ingest.url}/batches/{run.reporter.batch_id}/jobs/{run.id}"

    @pytest.mark.parametrize(
        ("name", "begin"),
        [("lr 1e-3/a", "lr-1e-3-a-"), ("第一次", "第一次-"), ("///", ""), ("x" * 300, "x" * 64 + "-")],
    )
    def test_is_known_by_its_name_in_lists_that_show_ids(self, init, name, begin):
        with init(name=name) as one:
            first = one.id
        with init(name=name) as other:
            assert first != other.id
        assert first.startswith(begin)
        assert len(first) == len(begin) + 8

    def test_steps_can_be_given_and_rows_put_together(self, init, data):
        with init() as run:
            run.log({"loss": 3.0}, step=10)
            run.log({"loss": 2.0})
            run.log({"lr": 0.1}, commit=False)
            run.log({"loss": 1.0})
            run.log({"loss": 0.5, "step": 40})
            run.log({"left": 1}, commit=False)
            assert run.step == 41
        steps = [(row.pop("step"), row) for row in data("job_step")]
        assert steps == [
            (10, {"loss": 3.0}), (11, {"loss": 2.0}), (12, {"lr": 0.1, "loss": 1.0}), (40, {"loss": 0.5}),
            (41, {"left": 1}),
        ]  # fmt: skip

    def test_texts_go_to_the_summary_and_other_things_nowhere(self, init, data, caplog):
        with init() as run:
            run.log({"note": "warm", "ok": True, "tensor": np.float32(0.5), "array": np.zeros(3), "none": None})
            run.summary["best"] = 0.9
            run.summary.stage = "end"
        assert data("job_step") == [{"step": 0, "ok": 1, "tensor": 0.5}]
        assert data("job_done")[0]["metrics"] == {
            "note": "warm", "ok": 1, "tensor": 0.5, "best": 0.9, "stage": "end",
        }  # fmt: skip
        assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
            "array is a ndarray, neither a number nor a text: not logged"
        ]

    def test_what_is_not_finite_arrives(self, init, data):
        with init() as run:
            run.log({"loss": float("nan")})
        assert data("job_step") == [{"step": 0, "loss": "NaN"}]

    def test_wrong_calls_never_raise(self, init, data, caplog):
        run = init()
        run.log(None)
        run.log({"loss": 1}, step="three")
        run.log({"step": float("nan")})
        run.finish()
        run.log({"late": 1})
        run.finish()
        argus.log({"loss": 1})
        assert data("job_step") == []
        assert len([record for record in caplog.records if record.levelname == "WARNING"]) >= 4

    def test_disabled_does_nothing_at_all(self, ingest, init, journals):
        with init(mode="disabled") as run:
            run.log({"loss": 1.0})
            run.config.lr = 1
        assert ingest.paths == []
        assert not journals.exists()

    def test_offline_needs_no_server(self, ingest, init, journals):
        with init(mode="offline", id="r1", resume="allow") as run:
            run.log({"loss": 1.0})
        assert ingest.paths == []
        assert sum(len(path.read_text().splitlines()) for path in journals.rglob("*.jsonl")) >= 5

    def test_a_second_init_ends_the_first(self, ingest, init, data):
        first, second = init(), init()
        assert (first.is_open, second.is_open) == (False, True)
        argus.log({"x": 1})
        argus.finish()
        assert [event["job_id"] for event in ingest.of_type("job_step")] == [second.id]
        assert len(data("batch_done")) == 2


class TestConfig:
    def test_is_read_and_written_as_attributes_and_items(self, init):
        run = init(config=argparse.Namespace(lr=0.1, layers=[1, 2]))
        assert (run.config.lr, run.config["layers"], "lr" in run.config, len(run.config)) == (0.1, [1, 2], True, 2)
        run.config.update({"lr": 0.2}, seed=3)
        run.config.setdefaults(seed=4, depth=5)
        run.config["name"] = "x"
        del run.config["layers"]
        assert run.config.as_dict() == {"lr": 0.2, "seed": 3, "depth": 5, "name": "x"}
        assert sorted(run.config) == sorted(run.config.keys())
        assert run.config.get("none", 1) == 1
        with pytest.raises(AttributeError, match="no field 'momentum': there are lr"):
            _ = run.config.momentum

    def test_a_change_before_the_first_point_is_in_the_start(self, init, data):
        @dataclass
        class Options:
            lr: float = 0.1
            api_token: str = "em_live_secret"

        run = init(config=Options())
        run.config.seed = 7
        run.log({"loss": 1.0})
        argus.finish()
        starts = data("job_start")
        assert [start["config"] for start in starts] == [
            {"lr": 0.1, "api_token": starts[0]["config"]["api_token"]},
            {"lr": 0.1, "api_token": starts[0]["config"]["api_token"], "seed": 7},
        ]
        assert "em_live" not in json.dumps(starts)
        assert "config" not in data("job_done")[0]

    def test_a_later_change_comes_with_the_end(self, init, data):
        run = init(config={"lr": 0.1})
        run.log({"loss": 1.0})
        run.config.lr = 0.01
        run.finish()
        assert len(data("job_start")) == 1
        assert data("job_done")[0]["config"] == {"lr": 0.01}
        assert data("job_done")[0]["config_digest"] != data("job_start")[0]["config_digest"]

    def test_what_holds_no_settings_is_refused(self, init):
        with pytest.raises(TypeError, match="int holds no named values"):
            init(config=3)


class TestEnd:
    def test_an_exception_fails_run_and_batch(self, ingest, init, data):
        with pytest.raises(ZeroDivisionError), init() as run:
            run.log({"loss": 1})
            _ = 1 / 0
        assert data("job_failed")[0]["reason"] == "ZeroDivisionError: division by zero"
        assert data("batch_failed")[0]["reason"] == "ZeroDivisionError: division by zero"

    @pytest.mark.parametrize(("code", "expected"), [(0, "job_done"), (None, "job_done"), (3, "job_failed")])
    def test_an_exit_code_says_how_it_went(self, init, data, code, expected):
        init()
        argus.finish(code)
        assert len(data(expected)) == 1

    @pytest.mark.parametrize(
        ("last_line", "reason"),
        [
            ("pass", None),
            ("sys.exit(0)", None),
            ("sys.exit(3)", "RunFailed: exit code 3"),
            ("sys.exit('no data')", "RunFailed: no data"),
            ("raise ValueError('bad')", "RunFailed: ValueError: bad"),
            ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(10)", "RunFailed: terminated by SIGTERM"),
            ("os.kill(os.getpid(), signal.SIGINT); time.sleep(10)", "RunFailed: KeyboardInterrupt"),
        ],
    )
    def test_a_process_that_ends_ends_its_run(self, script, data, last_line, reason):
        process = script(f"import argus\nargus.init('vision', **{QUIET!r})\nargus.log({{'loss': 1.0}})\n{last_line}\n")
        _, errors = process.communicate(timeout=30)
        assert "argus" not in errors.replace("argus.init", "") or reason is not None, errors
        assert len(data("job_step")) == 1
        if reason is None:
            assert (len(data("job_done")), len(data("batch_done"))) == (1, 1)
        else:
            assert [row["reason"] for row in [*data("job_failed"), *data("batch_failed")]] == [reason, reason]
        if "SIGTERM" in last_line:
            assert process.returncode == -signal.SIGTERM

    def test_a_forked_child_leaves_the_run_to_its_parent(self, script, data):
        code = (
            f"import argus\nrun = argus.init('vision', **{QUIET!r})\n"
            "child = os.fork()\n"
            "argus.log({'child' if child == 0 else 'parent': 1})\n"
            "if child == 0: sys.exit(0)\n"
            "os.waitpid(child, 0)\n"
        )
        process = script(code)
        process.communicate(timeout=30)
        assert process.returncode == 0
        assert sorted(key for row in data("job_step") for key in row) == ["child", "parent", "step", "step"]
        assert (len(data("job_done")), len(data("batch_done"))) == (1, 1)


class TestGroup:
    def test_runs_of_a_group_share_a_batch_and_their_steps_do_not_mix(self, ingest, init, data):
        first = init(group="lr sweep", config={"lr": 1})
        first.finish()
        second = init(group="lr sweep")
        argus.finish()
        assert init(group="other").reporter.batch_id != first.reporter.batch_id == second.reporter.batch_id
        assert first.reporter.batch_id.startswith("lr-sweep-")
        assert first.id != second.id
        assert init("else", group="lr sweep").reporter.batch_id != first.reporter.batch_id
        start = data("batch_start")[0]
        assert start["joined"] is True
        assert "n_total_jobs" not in start

    def test_a_run_that_fails_fails_its_job_and_leaves_the_batch_to_the_others(self, init, data):
        init(group="g")
        argus.finish(1)
        assert len(data("job_failed")) == 1
        assert data("batch_failed") == []
        assert data("batch_done")[0]["joined"] is True
        assert "n_done" not in data("batch_done")[0]

    def test_an_agents_rerun_reports_into_the_batch_that_it_was_given(self, init, monkeypatch):
        monkeypatch.setenv("ARGUS_BATCH_ID", "rerun-7")
        assert init(group="g").reporter.batch_id == "rerun-7"


class TestResume:
    def known(self, monkeypatch, known):
        monkeypatch.setattr("argus._init.ask", lambda *_: known)

    def test_an_id_finds_its_batch_again(self, init, data):
        first = init(id="r1")
        first.finish()
        second = init(id="r1", resume="allow")
        assert second.reporter.batch_id == first.reporter.batch_id
        assert [start.get("resumed") for start in data("batch_start")][:1] == [None]
        second.finish()
        assert data("batch_start")[1]["resumed"] is True

    def test_steps_go_on_where_they_ended(self, ingest, init, data):
        job = {"last_epoch": 3, "summary": {"loss": {"last_step": 41}, "acc": {"last_step": 40}}}
        ingest.stop_answer = job
        run = init(id="r1", resume="must")
        assert (run.resumed, run.step) == (True, 42)
        run.log({"loss": 1})
        run.finish()
        assert data("job_step") == [{"step": 42, "loss": 1}]

    def test_must_insists_on_a_run_and_never_on_none(self, init, monkeypatch):
        self.known(monkeypatch, _resume.Known(exists=False))
        with pytest.raises(ResumeError, match="no run 'r1'"):
            init(id="r1", resume="must")
        assert init(id="r1", resume="never").resumed is False
        assert init(id="r1", resume="allow").resumed is False
        self.known(monkeypatch, _resume.Known(exists=True, next_step=5))
        with pytest.raises(ResumeError, match="a run 'r1' already"):
            init(id="r1", resume="never")

    def test_a_silent_server_forbids_nothing(self, ingest, init, caplog, monkeypatch):
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.1")
        ingest.down()
        run = init(id="r1", resume="must")
        run.log({"loss": 1})
        run.finish()
        assert "could not be asked" in caplog.text

    def test_true_goes_on_with_the_last_run_that_did_not_end_well(self, init):
        first = init(resume=True)
        first.finish(1)
        second = init(resume=True)
        assert second.id == first.id
        second.finish()
        third = init(resume=True)
        assert third.id != first.id
        assert init(group="g", resume=True).id != third.id

    @pytest.mark.parametrize("by_hand", [False, True])
    def test_a_process_that_was_started_to_resume_goes_on_with_the_paused_run(
        self, ingest, init, data, monkeypatch, tmp_path, by_hand
    ):
        saved = str(tmp_path / "a.pt")
        _pause.write_note(saved, "r7", 3)
        monkeypatch.setenv("ARGUS_BATCH_ID", "paused-1")
        monkeypatch.setenv("ARGUS_RESUME_FROM", saved)
        if not by_hand:
            monkeypatch.setenv("ARGUS_RESUME_JOBS", json.dumps({"r7": saved}))
        ingest.stop_answer = {"last_epoch": 3, "summary": {}}
        run = init()
        assert (run.id, run.step, run.resume_from) == ("r7", 4, saved)
        run.finish()
        assert ingest.of_type("batch_start")[0]["batch_id"] == "paused-1"
        assert data("batch_start")[0]["resumed"] is True
        assert init().id != "r7"

    def test_of_several_paused_jobs_the_script_has_to_say_which(self, init, monkeypatch):
        monkeypatch.setenv("ARGUS_RESUME_FROM", "/data/b.pt")
        monkeypatch.setenv("ARGUS_RESUME_JOBS", '{"a": "/data/a.pt", "b": "/data/b.pt"}')
        assert init().id not in {"a", "b"}
        assert init(id="a").resume_from == "/data/a.pt"

    def test_a_word_of_no_meaning_is_refused(self, init):
        with pytest.raises(ValueError, match="resume is one of"):
            init(resume="perhaps")

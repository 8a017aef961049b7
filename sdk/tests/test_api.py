"""`argus.Api` against a real server."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import types

import pytest

import argus
from argus import _api

QUIET = {"heartbeat": False, "resource_snapshot": False, "capture_environment": False}


@pytest.fixture
def api(ada, monkeypatch):
    """Knows the server by the environment; five runs are there, of which three differ by their seed alone."""
    monkeypatch.setenv("ARGUS_URL", ada.url)
    monkeypatch.setenv("ARGUS_TOKEN", ada.token)
    made = argus.Api()
    if not made.jobs().count():
        runs = [(1e-4, 0, 0.90), (1e-4, 1, 0.92), (1e-4, 2, 0.94), (1e-2, 0, 0.5), (1e-1, 0, float("nan"))]
        for lr, seed, accuracy in runs:
            run = argus.init("vision", id=f"lr{lr}-s{seed}", model="cnn", config={"lr": lr, "seed": seed}, **QUIET)
            run.log({"val_acc": accuracy})
            run.finish()
    return made


class TestJobs:
    def test_a_condition_finds_runs_that_were_reported(self, api):
        found = list(
            api.jobs("config.lr < 1e-3 and metrics.val_acc > 0.9", sort="-metrics.val_acc", columns="config.lr")
        )
        assert [job["id"] for job in found] == ["lr0.0001-s2", "lr0.0001-s1"]
        assert [job["values"] for job in found] == [{"config.lr": 1e-4}] * 2

    def test_pages_follow_each_other_unseen(self, api, monkeypatch):
        monkeypatch.setattr(_api, "_PAGE", 2)
        assert len({job["id"] for job in api.jobs()}) == 5
        assert len(list(api.jobs(limit=3))) == 3
        assert list(api.jobs(limit=0)) == []
        assert api.jobs("metrics.val_acc is nan").count() == 1

    def test_groups_of_seeds(self, api):
        first, *others = api.jobs(group_by="seed", columns=["metrics.val_acc"]).rows()
        assert (first["n"], first["config"], len(others)) == (3, {"lr": 1e-4}, 2)
        assert first["metrics.val_acc.mean"] == pytest.approx(0.92)
        assert first["metrics.val_acc.std"] == pytest.approx(0.02)

    def test_rows_are_flat(self, api):
        (row,) = api.jobs("id = 'lr0.01-s0'", columns=["config.lr"]).rows()
        assert (row["project"], row["model"], row["status"], row["owner"]) == ("vision", "cnn", "done", "ada")
        assert (row["metrics.val_acc"], row["config.lr"]) == (0.5, 0.01)

    def test_asking_again_sees_what_came_meanwhile(self, api):
        jobs = api.jobs("id = 'later'")
        assert list(jobs) == []
        argus.init("vision", id="later", config={"lr": 1}, **QUIET).finish()
        assert [job["id"] for job in jobs] == ["later"]


class TestPandas:
    def test_without_it_the_error_says_what_to_do(self, api, monkeypatch):
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(ImportError, match="pip install pandas"):
            api.jobs().to_pandas()

    def test_a_frame_is_made_of_the_rows(self, api, monkeypatch):
        if _has_pandas():
            frame = api.jobs("config.lr = 1e-4", sort="id").to_pandas()
            assert list(frame["metrics.val_acc"]) == [0.90, 0.92, 0.94]
            assert str(frame["started"].dtype).startswith("datetime64[")
            return
        made = types.SimpleNamespace(DataFrame=_Frame, to_datetime=lambda values, utc: ("times", values))
        monkeypatch.setitem(sys.modules, "pandas", made)
        frame = api.jobs("config.lr = 1e-4", sort="id").to_pandas()
        assert frame["metrics.val_acc"] == [0.90, 0.92, 0.94]
        assert frame["started"][0] == "times"


class TestRefusals:
    def test_a_query_that_is_not_understood_is_told_with_its_place(self, api):
        with pytest.raises(argus.ApiError, match="Is it model") as refused:
            list(api.jobs("modle = 'cnn'"))
        assert (refused.value.status, refused.value.code) == (422, "query.invalid")
        assert refused.value.details["position"] == 0

    def test_a_wrong_token(self, ada, api):
        with pytest.raises(argus.ApiError, match="argus login") as refused:
            list(argus.Api(ada.url, "em_live_wrong").jobs())
        assert refused.value.status == 401

    def test_nobody_there(self):
        with pytest.raises(argus.ApiError, match="cannot be reached"):
            list(argus.Api("http://127.0.0.1:9", "em_live_x").jobs())

    def test_no_address(self):
        with pytest.raises(argus.ApiError, match="not an http"):
            argus.Api("ftp://example.org")

    def test_no_server_set(self, monkeypatch):
        monkeypatch.delenv("ARGUS_URL", raising=False)
        with pytest.raises(argus.ApiError, match="No server is set"):
            argus.Api()


def test_importing_argus_does_not_load_it():
    code = "import sys, argus; assert 'argus._api' not in sys.modules; argus.Api; assert 'argus._api' in sys.modules"
    subprocess.run([sys.executable, "-c", code + "; assert 'http.client' not in sys.modules"], check=True)


class _Frame(dict):
    """What the test needs of a DataFrame where pandas is not installed: columns of rows."""

    def __init__(self, rows):
        super().__init__({name: [row.get(name) for row in rows] for name in rows[0]})


def _has_pandas():
    return importlib.util.find_spec("pandas") is not None

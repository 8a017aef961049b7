"""The `argus` command."""

from __future__ import annotations

import json

import pytest

from argus.cli import main


def leave_a_journal(ingest, reporter, monkeypatch):
    monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.1")
    ingest.down()
    with reporter("old") as r, r.job("j") as job:
        for epoch in range(10):
            job.epoch(epoch, train_loss=0.1)
    ingest.up()
    return r.stats.pending


def test_version(capsys):
    assert main(["version"]) == 0
    assert "0.4.0" in capsys.readouterr().out


class TestSync:
    @pytest.mark.parametrize("what", ["folder", "file", "default"])
    def test_journals_are_delivered_now(self, ingest, reporter, journals, monkeypatch, capsys, what):
        waiting = leave_a_journal(ingest, reporter, monkeypatch)
        path = {"folder": [str(journals)], "file": [str(next(journals.glob("*.jsonl")))], "default": []}[what]
        assert main(["sync", *path, "--url", ingest.url]) == 0
        assert json.loads(capsys.readouterr().out)["delivered"] == waiting == len(ingest.events)
        assert list(journals.iterdir()) == []

    def test_what_is_not_delivered_stays(self, ingest, reporter, journals, monkeypatch, capsys):
        leave_a_journal(ingest, reporter, monkeypatch)
        assert main(["sync", "--url", ingest.url, "--token", "wrong"]) == 1
        assert json.loads(capsys.readouterr().out)["journals_left"] == 1
        assert main(["sync", "--url", ingest.url]) == 0

    def test_a_path_that_is_not_there_is_said(self, ingest, capsys):
        assert main(["sync", "/no/such/place", "--url", ingest.url]) == 2
        assert "does not exist" in capsys.readouterr().err


class TestDoctor:
    def test_all_well(self, ingest, capsys):
        assert main(["doctor", "--url", ingest.url]) == 0
        assert "takes your token" in capsys.readouterr().out
        assert ingest.events == {}

    def test_a_refused_token(self, ingest, capsys):
        assert main(["doctor", "--url", ingest.url, "--token", "em_live_old"]) == 1
        assert "refuses your token: API token invalid" in capsys.readouterr().out

    def test_no_token(self, ingest, capsys, monkeypatch):
        monkeypatch.delenv("ARGUS_TOKEN")
        assert main(["doctor", "--url", ingest.url]) == 1
        assert "ARGUS_TOKEN is not set" in capsys.readouterr().out

    def test_no_server(self, ingest, capsys):
        ingest.down()
        assert main(["doctor", "--url", ingest.url]) == 1
        assert "cannot be reached" in capsys.readouterr().out

    def test_no_address(self, capsys):
        assert main(["doctor"]) == 2
        assert "ARGUS_URL" in capsys.readouterr().err

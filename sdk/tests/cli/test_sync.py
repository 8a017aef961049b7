"""`argus sync`: what it prints and ends with. What it does is tested with its engine."""

from __future__ import annotations

import json
import signal

import pytest

from argus import Reporter


@pytest.fixture
def journal(known, journals):
    """An offline run's journal; returns its batch and how many events it has."""
    with Reporter(
        "far", mode="offline", heartbeat=False, stop_polling=False, resource_snapshot=False, capture_environment=False
    ) as r:
        with r.job("j") as job:
            for epoch in range(10):
                job.epoch(epoch, train_loss=0.1)
    return r.batch_id, sum(len(path.read_bytes().splitlines()) for path in journals.glob("*.jsonl"))


def test_all_arrives_and_is_proven(argus, known, journal, journals):
    batch_id, count = journal
    answer = argus("sync", "--verify")
    assert answer.code == 0
    row = next(line.split() for line in answer.out.splitlines() if line.startswith(batch_id))
    assert row[1:] == [str(count), str(count), "0", "0", "0", str(count)]
    assert "the server has them all" in answer.out
    assert list(journals.glob("*.jsonl")) == []
    assert known.get(f"/api/jobs/{batch_id}/j")["n_points"] == 10


def test_what_the_client_had_given_up_is_said(capfd):
    from argus._ledger import BatchReport
    from argus._sync import SyncReport
    from argus.cli import syncing
    from argus.cli.terminal import Terminal

    report = SyncReport(batches={"b": BatchReport("b", stored=3, dropped={"journal_full": 10, "buffer_full": 2})})
    syncing._print(Terminal(), report, verify=False)
    assert "b had given up events" in (err := capfd.readouterr().err)
    assert "2 buffer_full, 10 journal_full" in err
    assert syncing.as_dict(report)["batches"]["b"]["dropped"] == {"journal_full": 10, "buffer_full": 2}


def test_json(argus, known, journal):
    batch_id, count = journal
    report = argus("sync", "--json").json
    assert (report["ok"], report["stored"], report["journals"], report["proof"]) == (True, count, 1, None)
    assert report["batches"][batch_id]["ended"] is True


def test_a_file_that_is_named(argus, known, journal, journals):
    [path] = journals.glob("*.jsonl")
    assert argus("sync", str(path)).code == 0
    assert not path.exists()


def test_what_is_left_is_said(argus, known, journal):
    answer = argus("sync", "--token", "em_live_x")
    assert answer.code == 1
    assert "refuses events" in answer.err
    assert " stays: " in answer.err
    left = argus("sync", "--token", "em_live_x", "--json").json
    assert (left["ok"], len(left["left"])) == (False, 1)


def test_a_server_that_is_away(argus, journal):
    assert argus("sync", "--url", "http://127.0.0.1:9", "--timeout", "0.5").code == 1


def test_nothing_to_do(argus, known, journals):
    assert argus("sync").code == 0
    assert argus("sync", "--json").json["stored"] == 0


def test_a_path_that_is_not_there(argus, known):
    answer = argus("sync", "/no/such/place", "--json")
    assert answer.code == 2
    assert "does not exist" in json.loads(answer.err)["error"]["message"]


def test_live_follows_an_offline_run_to_its_end(command, known, script, argus):
    path = script(
        "import sys\nfrom argus import Reporter\n"
        "with Reporter('far', mode='offline', capture_environment=False) as r, r.job('j') as job:\n"
        "    job.epoch(0, train_loss=1.0)\n"
        "    print(r.batch_id, flush=True)\n"
        "    sys.stdin.readline()\n"
        "    job.epoch(1, train_loss=0.5)\n"
    )
    import subprocess
    import sys

    with subprocess.Popen([sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as training:
        batch_id = training.stdout.readline().strip()
        process = command("sync", "--live", "--json")
        try:
            _until(lambda: known.http.get(f"/api/jobs/{batch_id}/j").status_code == 200)
            assert known.get(f"/api/batches/{batch_id}")["status"] == "running"
        finally:
            training.communicate("\n")
    out, _ = process.communicate(timeout=180)
    assert json.loads(out)["ok"] is True
    assert process.returncode == 0
    assert known.get(f"/api/batches/{batch_id}")["status"] == "done"
    assert known.get(f"/api/jobs/{batch_id}/j")["n_points"] == 2


def test_ctrl_c_ends_it_in_order(command, known, journals, eventually):
    with Reporter("far", mode="offline", capture_environment=False) as r:
        process = command("sync", "--live", "--json")
        eventually(lambda: known.http.get(f"/api/batches/{r.batch_id}").status_code == 200)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=180)
    assert process.returncode == 130
    assert json.loads(out)["left"]


def _until(check):
    import time

    deadline = time.monotonic() + 120
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""What was begun and what is to be said survives crashes and does not grow for ever."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.agent import ledger as module
from argus.agent.ledger import Ledger


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "agent")


def size(ledger):
    return Path(ledger._path).stat().st_size


def test_facts_and_messages_are_there_after_a_restart(folder):
    first = Ledger(folder)
    first.note("a", {"ack": "started"}, {"report": {"step": "spawned"}}, kind="rerun", state="started")
    first.note("a", {"report": {"step": "ended"}})
    first.said("a", 0)
    again = Ledger(folder)
    assert again.get("a")["state"] == "started"
    assert [message["n"] for _, message in again.unsaid()] == [1, 2]
    assert [entry["id"] for entry in again.open("rerun")] == ["a"]
    assert (Path(folder) / "commands.jsonl").stat().st_mode & 0o777 == 0o600


@given(cut=st.integers(1, 200))
def test_a_line_that_a_crash_cut_is_lost_alone(tmp_path_factory, cut):
    folder = str(tmp_path_factory.mktemp("agent"))
    first = Ledger(folder)
    first.note("a", kind="rerun", state="begun")
    kept = size(first)
    first.note("b", {"ack": "started"}, kind="rerun", state="begun", error="x" * 100)
    os.truncate(first._path, min(kept + cut, size(first) - 2))
    again = Ledger(folder)
    again.note("c", kind="rerun", state="begun")
    assert [entry["id"] for entry in Ledger(folder).all()] == ["a", "c"]


def test_it_is_written_anew_without_what_is_long_over(folder, monkeypatch):
    old = Ledger(folder)
    with monkeypatch.context() as context:
        context.setattr(time, "time", lambda: 0.0)
        old.note("over", kind="rerun", state="over")
        old.note("going-on", kind="rerun", state="started")
        old.note("unsaid", {"ack": "failed"}, kind="rerun", state="failed")
        old.note("withdrawn", kind="rerun", state="withdrawn")
    for _ in range(50):
        old.note("young", kind="rerun", state="over")
    before = size(old)
    monkeypatch.setattr(module, "_COMPACT_FROM_BYTES", 0)
    again = Ledger(folder)
    assert size(old) < before
    assert [entry["id"] for entry in again.all()] == ["going-on", "unsaid", "young"]
    again.note("unsaid", {"report": {}})
    assert [message["n"] for _, message in Ledger(folder).unsaid()] == [0, 1]


def test_a_reader_changes_nothing(folder):
    Ledger(folder).note("a", state="begun")
    path = Path(folder) / "commands.jsonl"
    with path.open("ab") as file:
        file.write(b'{"id": "half')
    before = path.read_bytes()
    assert [entry["id"] for entry in Ledger(folder, is_ours=False).all()] == ["a"]
    assert path.read_bytes() == before


def test_a_line_that_the_disk_takes_half_of_did_not_happen(folder):
    ledger = Ledger(folder)
    ledger.note("a", kind="rerun", state="started")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size(ledger) + 20, hard))
    try:
        with pytest.raises(OSError, match="full"):
            ledger.note("b", kind="rerun", state="begun", batch_id="never")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    ledger.note("c", kind="rerun", state="begun")
    for told in (ledger, Ledger(folder)):
        assert [entry["id"] for entry in told.open("rerun")] == ["a", "c"]

"""Journals on disk: what is written is read back, once, in order; what is acknowledged leaves the disk."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus import _journal
from argus._journal import DiskJournal, MemoryJournal

URL = "http://here"


def lines(start, count, size=0):
    return [f'{{"n":{number}{" " * size}}}\n'.encode() for number in range(start, start + count)]


def drain(journal, most_lines=100, most_bytes=1 << 20):
    read = []
    while (chunk := journal.next_chunk(most_lines, most_bytes)) is not None:
        assert sum(len(part) for part in chunk.parts) == chunk.count
        read += [line.rstrip(b"\n") + b"\n" for part in chunk.parts for line in part]
        journal.acknowledge(chunk)
    return read


@pytest.fixture
def disk(tmp_path):
    journal = DiskJournal(str(tmp_path), URL, 1 << 30)
    yield journal
    journal.close()


@pytest.fixture(params=["disk", "memory"])
def journal(request, tmp_path):
    journal = DiskJournal(str(tmp_path), URL, 1 << 30) if request.param == "disk" else MemoryJournal()
    yield journal
    if request.param == "disk":
        journal.close()


class TestEveryJournal:
    def test_lines_come_back_once_and_in_order(self, journal):
        journal.append(lines(0, 250))
        journal.append(lines(250, 50))
        assert journal.waiting == 300
        assert drain(journal) == lines(0, 300)
        assert journal.waiting == 0
        assert journal.next_chunk(10, 1000) is None

    def test_a_chunk_stays_the_same_until_it_is_acknowledged(self, journal):
        journal.append(lines(0, 10))
        chunk = journal.next_chunk(5, 1000)
        journal.append(lines(10, 10))
        assert journal.next_chunk(100, 1 << 20) is chunk
        journal.acknowledge(chunk)
        assert drain(journal) == lines(5, 15)

    def test_a_line_longer_than_a_chunk_comes_alone(self, journal):
        journal.append(lines(0, 3, size=500_000))
        chunk = journal.next_chunk(100, 1000)
        assert chunk.count == 1
        assert drain(journal, most_bytes=1000) == lines(0, 3, size=500_000)


class TestDisk:
    def test_acknowledged_lines_leave_the_disk_while_the_run_goes_on(self, disk, tmp_path):
        for start in range(0, 1000, 100):
            disk.append(lines(start, 100))
            drain(disk)
            assert sum(path.stat().st_size for path in tmp_path.glob("*.jsonl")) == 0

    def test_long_journals_are_cut_into_segments_that_go_one_by_one(self, disk, tmp_path, monkeypatch):
        monkeypatch.setattr(_journal, "SEGMENT_BYTES", 1000)
        for start in range(0, 500, 10):
            disk.append(lines(start, 10))
        before = len(list(tmp_path.glob("*.jsonl")))
        assert before > 4
        disk.acknowledge(disk.next_chunk(200, 1 << 20))
        assert drain(disk)[-1:] == lines(499, 1)
        assert len(list(tmp_path.glob("*.jsonl"))) == 1

    def test_closing_leaves_only_what_waits(self, tmp_path):
        journal = DiskJournal(str(tmp_path), URL, 1 << 30)
        journal.append(lines(0, 5))
        drain(journal)
        journal.close()
        assert list(tmp_path.iterdir()) == []
        journal = DiskJournal(str(tmp_path), URL, 1 << 30)
        journal.append(lines(0, 5))
        journal.close()
        assert [path.read_bytes() for path in tmp_path.glob("*.jsonl")] == [b"".join(lines(0, 5))]

    def test_a_write_that_the_disk_takes_half_of_leaves_no_half(self, disk, tmp_path, monkeypatch):
        disk.append(lines(0, 5))
        import os

        real = os.write
        monkeypatch.setattr("argus._segment.os.write", _half_then_full(real))
        with pytest.raises(OSError, match="No space"):
            disk.append(lines(5, 5))
        monkeypatch.setattr("argus._segment.os.write", real)
        disk.append(lines(10, 5))
        assert drain(disk) == lines(0, 5) + lines(10, 5)

    def test_files_are_for_their_owner_only(self, disk, tmp_path):
        disk.append(lines(0, 1))
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}

    def test_the_cap_counts_what_lies_in_the_folder_already(self, tmp_path):
        (tmp_path / "spill-1-1.jsonl").write_bytes(b"x" * 20_000_000)
        journal = DiskJournal(str(tmp_path), URL, 24_500_000)
        journal.append(lines(0, 1, size=4_000_000))
        assert not journal.is_full
        journal.append(lines(1, 1, size=1_000_000))
        assert journal.is_full
        journal.close()

    def test_a_sync_brings_what_is_new_to_the_disk_and_nothing_twice(self, disk, monkeypatch):
        synced = []
        monkeypatch.setattr("argus._segment.os.fsync", synced.append)
        disk.sync()
        disk.append(lines(0, 5))
        disk.sync()
        disk.sync()
        assert len(synced) == 1

    def test_many_segments_need_few_descriptors(self, tmp_path, monkeypatch):
        monkeypatch.setattr(_journal, "SEGMENT_BYTES", 100)
        journal = DiskJournal(str(tmp_path), URL, 1 << 30)
        before = len(list(Path("/proc/self/fd").iterdir()))
        for start in range(0, 1000, 10):
            journal.append(lines(start, 10))
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
        assert drain(journal) == lines(0, 1000)
        journal.close()

    def test_the_cap_follows_what_other_processes_write_meanwhile(self, tmp_path, monkeypatch):
        monkeypatch.setattr(_journal, "SEGMENT_BYTES", 1000)
        journal = DiskJournal(str(tmp_path), URL, 10_000)
        journal.append(lines(0, 1, size=2000))
        (tmp_path / "journal-other-1-aa-000001.jsonl").write_bytes(b"x" * 7_000)
        journal.append(lines(1, 1, size=500))
        assert not journal.is_full
        journal.append(lines(2, 1, size=1000))
        assert journal.is_full
        journal.close()


class TestPolicy:
    """When the journal is brought to the disk itself (ARGUS_JOURNAL_FSYNC)."""

    @pytest.mark.parametrize(("policy", "least", "most"), [("never", 0, 0), ("always", 2, 100), ("interval", 0, 0)])
    def test_it_is_kept(self, reporter, monkeypatch, policy, least, most):
        synced = []
        monkeypatch.setenv("ARGUS_JOURNAL_FSYNC", policy)
        monkeypatch.setattr("argus._segment.os.fsync", synced.append)
        with reporter(mode="offline") as r:
            r.emit("log_line", line="x", job_id="j")
            assert r.flush(5)
        assert least <= len(synced) <= most

    def test_the_interval_is_kept_by_a_thread_of_its_own(self, reporter, monkeypatch, wait_until):
        synced = []
        monkeypatch.setattr("argus._pipeline._SYNC_EVERY_S", 0.02)
        monkeypatch.setattr(
            "argus._segment.os.fsync", lambda _descriptor: synced.append(threading.current_thread().name)
        )
        with reporter(mode="offline") as r:
            r.emit("log_line", line="x", job_id="j")
            wait_until(lambda: bool(synced))
        assert set(synced) == {"argus-fsync"}

    def test_a_disk_that_fails_to_sync_costs_a_line_of_log(self, reporter, monkeypatch, caplog):
        def broken(_descriptor):
            raise OSError(5, "Input/output error")

        monkeypatch.setenv("ARGUS_JOURNAL_FSYNC", "always")
        monkeypatch.setattr("argus._segment.os.fsync", broken)
        with reporter(mode="offline") as r:
            r.emit("log_line", line="x", job_id="j")
        assert r.stats.dropped == 0
        assert len([record for record in caplog.records if "cannot be synced" in record.message]) == 1


class TestMemory:
    def test_it_is_bounded_and_says_what_it_did_not_take(self):
        journal = MemoryJournal(most_bytes=100)
        assert journal.append(lines(0, 20)) == 20 - journal.waiting
        assert 0 < journal.waiting < 20


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=40))
def test_any_order_of_writing_and_sending_loses_and_repeats_nothing(tmp_path_factory, steps):
    journal = DiskJournal(str(tmp_path_factory.mktemp("j")), URL, 1 << 30)
    written, read = 0, []
    for write, count in steps:
        if write:
            journal.append(lines(written, count))
            written += count
        elif (chunk := journal.next_chunk(count, 200)) is not None:
            read += [line + b"\n" for part in chunk.parts for line in part]
            journal.acknowledge(chunk)
    read += drain(journal)
    journal.close()
    assert read == lines(0, written)


def _half_then_full(real):
    calls = iter([True])

    def write(descriptor, data):
        if next(calls, False):
            return real(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    return write

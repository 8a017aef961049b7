"""What the dead left: found, taken by one heir alone, read whatever its state, and only sent where it belongs."""

from __future__ import annotations

import json
import os
import resource
import time
from pathlib import Path

import pytest

from argus._adoption import adopt, groups_at, sort_lines, take
from argus._journal import DiskJournal

URL = "http://here"


def event(number=0, **fields):
    envelope = {"event_id": f"id-{number:08}", "event_type": "log_line", "schema_version": "1.1", "batch_id": "dead"}
    return {**envelope, "data": {"n": number}, **fields}


def line(number=0, **fields):
    return json.dumps(event(number, **fields)).encode()


def leave(folder, numbers, url=URL):
    """A journal whose owner has died."""
    journal = DiskJournal(str(folder), url, 1 << 30)
    journal.append([line(number) + b"\n" for number in numbers])
    journal.close()


def drain(orphan):
    chunks = []
    while (chunk := orphan.next_chunk(1000, 1 << 20)) is not None:
        chunks.append(chunk)
        orphan.acknowledge(chunk)
    return chunks


def numbers(orphans):
    return [
        json.loads(text)["data"]["n"]
        for orphan in orphans
        for chunk in drain(orphan)
        for part in chunk.parts
        for text in part
    ]


class TestJournals:
    def test_all_orphans_are_found_oldest_first_and_removed_when_read(self, tmp_path):
        for start in (0, 10, 20):
            leave(tmp_path, range(start, start + 10))
            for path in tmp_path.glob("*.jsonl"):
                os.utime(path, (start, path.stat().st_mtime - 100))
        assert numbers(adopt(str(tmp_path), URL)) == list(range(30))
        assert list(tmp_path.iterdir()) == []

    def test_one_heir_alone_gets_it(self, tmp_path):
        leave(tmp_path, range(5))
        first = list(adopt(str(tmp_path), URL))
        assert list(adopt(str(tmp_path), URL)) == []
        assert numbers(first) == [0, 1, 2, 3, 4]

    def test_an_heir_that_gives_up_leaves_it_to_another(self, tmp_path):
        leave(tmp_path, range(5))
        for orphan in adopt(str(tmp_path), URL):
            orphan.next_chunk(2, 1 << 20)
            orphan.close()
        assert numbers(adopt(str(tmp_path), URL)) == [0, 1, 2, 3, 4]

    def test_a_living_owner_keeps_it(self, tmp_path):
        journal = DiskJournal(str(tmp_path), URL, 1 << 30)
        journal.append([line() + b"\n"])
        assert list(adopt(str(tmp_path), URL)) == []
        journal.close()

    def test_events_are_sent_to_no_other_server(self, tmp_path):
        leave(tmp_path, range(5), url="http://elsewhere")
        assert list(adopt(str(tmp_path), URL)) == []
        assert numbers(adopt(str(tmp_path), "http://elsewhere")) == [0, 1, 2, 3, 4]

    def test_a_folder_that_is_not_there_holds_nothing(self, tmp_path):
        assert list(adopt(str(tmp_path / "none"), URL)) == []

    def test_locks_of_processes_that_wrote_nothing_are_swept_in_time(self, tmp_path):
        lock = tmp_path / "journal-h-1-aa.lock"
        lock.write_text("{}")
        list(adopt(str(tmp_path), URL))
        assert lock.exists()
        os.utime(lock, (0, time.time() - 120))
        list(adopt(str(tmp_path), URL))
        assert not lock.exists()

    def test_thousands_of_them_need_few_open_files(self, ingest, reporter, journals, wait_until):
        journals.mkdir()
        for number in range(200):
            leave(journals, [number], url=ingest.url)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 60, hard))
        try:
            with reporter() as r:
                wait_until(lambda: r.stats.adopted == 200, timeout_s=60)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert list(journals.iterdir()) == []


class TestDamage:
    def test_a_line_that_a_crash_cut_is_recognised_and_the_rest_is_read(self, tmp_path):
        (tmp_path / "journal-h-1-aa-000001.jsonl").write_bytes(line(0) + b"\n" + line(1) + b"\n" + line(2)[:20])
        (orphan,) = adopt(str(tmp_path), URL)
        chunks = drain(orphan)
        assert [chunk.count for chunk in chunks] == [2, 0]
        assert chunks[-1].torn == 1
        assert list(tmp_path.iterdir()) == []

    def test_a_last_line_that_only_lacks_its_newline_is_read(self, tmp_path):
        (tmp_path / "journal-h-1-aa-000001.jsonl").write_bytes(line(0) + b"\n" + line(1))
        assert numbers(adopt(str(tmp_path), URL)) == [0, 1]

    def test_garbage_between_events_is_set_apart(self, tmp_path):
        data = line(0) + b"\n\0\0\0\0\n\xff\xfe{]\n" + b'"text"\n' + line(1) + b"\n"
        (tmp_path / "journal-h-1-aa-000001.jsonl").write_bytes(data)
        (orphan,) = adopt(str(tmp_path), URL)
        (chunk,) = drain(orphan)
        assert chunk.count == 2
        assert chunk.unreadable == [b"\xff\xfe{]", b'"text"']

    def test_bare_words_for_numbers_become_texts(self):
        (text,), unreadable = sort_lines([b'{"event_type":"job_epoch","data":{"a":NaN,"b":-Infinity}}'])
        assert json.loads(text)["data"] == {"a": "NaN", "b": "-Infinity"}
        assert unreadable == []


class TestSpillFilesOfPublishedClients:
    @pytest.mark.parametrize("name", ["spill-123-1700000000.jsonl", "spill-9-1.jsonl"])
    def test_they_are_read_and_removed(self, tmp_path, name):
        (tmp_path / name).write_bytes(line(0) + b"\n" + line(1) + b"\n")
        assert numbers(adopt(str(tmp_path), URL)) == [0, 1]
        assert list(tmp_path.iterdir()) == []

    def test_one_that_is_being_drained_is_left_for_a_while(self, tmp_path, monkeypatch):
        path = tmp_path / "spill-1-1.jsonl.draining"
        path.write_bytes(line(0) + b"\n")
        assert list(adopt(str(tmp_path), URL)) == []
        now = time.time()
        monkeypatch.setattr("argus._adoption.time.time", lambda: now + 3600)
        assert numbers(adopt(str(tmp_path), URL)) == [0]

    def test_a_late_line_of_the_client_is_read_too(self, tmp_path):
        (tmp_path / "spill-1-1.jsonl").write_bytes(line(0) + b"\n")
        with (tmp_path / "spill-1-1.jsonl").open("ab") as late:
            (orphan,) = adopt(str(tmp_path), URL)
            orphan.acknowledge(orphan.next_chunk(100, 1 << 20))
            late.write(line(1) + b"\n")
            late.flush()
            assert numbers([orphan]) == [1]

    def test_they_reach_the_server_through_the_next_reporter(self, ingest, reporter, journals):
        journals.mkdir()
        envelope = {
            "schema_version": "1.1", "event_type": "job_epoch", "timestamp": "2026-04-23T09:23:06Z",
            "batch_id": "old", "job_id": "j", "source": {"project": "p"},
        }  # fmt: skip
        (journals / "spill-77-1.jsonl").write_text(
            "".join(
                json.dumps({**envelope, "event_id": f"old-event-{n}", "data": {"epoch": n, "train_loss": float("nan")}})
                + "\n"
                for n in range(1200)
            )
        )
        with reporter() as r:
            assert r.flush(5)
        assert r.stats.adopted == 1200
        assert len([one for one in ingest.events.values() if one["batch_id"] == "old"]) == 1200
        assert list(journals.iterdir()) == []


def test_a_file_that_was_set_aside_can_be_sent_again(tmp_path):
    path = tmp_path / "rejected-1-aa.jsonl"
    path.write_text(json.dumps({"rejected_at": 1, "reason": "no", "event": event(4)}) + "\n")
    assert numbers(take(group, None) for group in groups_at(str(path))) == [4]
    assert list(tmp_path.iterdir()) == []

"""Who holds a journal: told by the system's locks, and by names and signs of life where a disk has none."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from argus import _locks, _owner
from argus._journal import DiskJournal
from argus._locks import FileLock, read_owner

OTHER_HOST = {"url": "http://here", "host": "another-host", "pid": 1, "started": 1, "nonce": "aa"}


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "journal-h-1-aa.lock")


@pytest.fixture(params=["with locks", "without locks"])
def disk(request, monkeypatch):
    """A disk that can lock, and one (some network mounts) that cannot."""
    if request.param == "without locks":

        def unsupported(_descriptor):
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(_locks, "_try_lock", unsupported)


def write(path, owner, age_s=0.0):
    Path(path).write_text(json.dumps(owner))
    os.utime(path, (time.time() - age_s, time.time() - age_s))


@pytest.mark.usefixtures("disk")
class TestEveryDisk:
    def test_one_holds_it_until_it_is_released(self, path):
        first = FileLock.acquire(path, url="http://here")
        assert FileLock.acquire(path) is None
        first.release(remove=False)
        second = FileLock.acquire(path)
        assert second.url == "http://here"
        second.release(remove=True)
        assert not Path(path).exists()

    def test_the_file_names_its_holder(self, path):
        lock = FileLock.acquire(path, url="http://here")
        owner = read_owner(path)
        assert (owner["url"], owner["pid"], owner["host"]) == ("http://here", os.getpid(), _owner.host_name())
        lock.release(remove=False)
        assert read_owner(path) == {"url": "http://here"}

    def test_a_holder_on_another_host_is_given_time_to_be_heard(self, path):
        write(path, OTHER_HOST, age_s=_owner.LEASE_S / 2)
        assert FileLock.acquire(path) is None
        write(path, OTHER_HOST, age_s=_owner.LEASE_S * 2)
        lock = FileLock.acquire(path)
        assert lock.owner == OTHER_HOST
        assert lock.url == "http://here"

    def test_a_sign_of_life_renews_it(self, path):
        lock = FileLock.acquire(path)
        os.utime(path, (0, 0))
        assert lock.beat()
        assert time.time() - Path(path).stat().st_mtime < 60

    def test_a_lock_that_was_taken_over_is_noticed(self, path):
        lock = FileLock.acquire(path)
        write(path, OTHER_HOST)
        assert not lock.beat()

    def test_a_lock_that_somebody_removed_is_noticed(self, path):
        lock = FileLock.acquire(path)
        Path(path).unlink()
        assert not lock.beat()

    def test_a_dead_process_holds_nothing(self, path):
        code = (
            "import os, sys\nfrom argus import _locks\n"
            "if sys.argv[2] == 'without':\n"
            "    def no(_): raise OSError(37, 'No locks available')\n"
            "    _locks._try_lock = no\n"
            "assert _locks.FileLock.acquire(sys.argv[1], url='http://there')\nprint('held', flush=True)\n"
            "sys.stdin.read()\n"
        )
        kind = "without" if _locks._try_lock.__name__ == "unsupported" else "with"
        holder = subprocess.Popen(
            [sys.executable, "-c", code, path, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout.readline() == "held\n"
        assert FileLock.acquire(path) is None
        holder.kill()
        holder.communicate()
        lock = FileLock.acquire(path)
        assert lock.url == "http://there"
        lock.release(remove=True)


class TestNames:
    @pytest.fixture(autouse=True)
    def _no_locks(self, monkeypatch):
        def unsupported(_descriptor):
            raise OSError(errno.ENOTSUP, "Operation not supported")

        monkeypatch.setattr(_locks, "_try_lock", unsupported)

    def test_a_number_that_another_process_got_later_is_not_the_holder(self, path):
        me = os.getpid()
        write(path, {"url": "", "host": _owner.host_name(), "pid": me, "started": _owner.start_of(me)})
        assert FileLock.acquire(path) is None
        write(path, {"url": "", "host": _owner.host_name(), "pid": me, "started": 1})
        assert FileLock.acquire(path) is not None

    def test_while_one_judges_nobody_else_does(self, path):
        Path(f"{path}.claim").touch()
        assert FileLock.acquire(path) is None
        os.utime(f"{path}.claim", (0, 0))
        assert FileLock.acquire(path) is not None
        assert not Path(f"{path}.claim").exists()

    def test_a_journal_is_kept_on_such_a_disk(self, ingest, reporter, journals, monkeypatch, wait_until):
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.2")
        ingest.down()
        with reporter("first") as r:
            pass
        assert r.stats.pending == 2
        wait_until(lambda: not any(thread.name == "argus-sender" for thread in threading.enumerate()))
        ingest.up()
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "5")
        with reporter("second") as heir:
            pass
        assert heir.stats.adopted == 2
        assert list(journals.iterdir()) == []


class TestLostLock:
    def lines(self, *numbers):
        return [b'{"event_type":"log_line","n":%d}\n' % number for number in numbers]

    def test_a_frozen_owner_that_wakes_goes_on_in_other_files(self, tmp_path):
        journal = DiskJournal(str(tmp_path), "http://here", 1 << 30)
        journal.append(self.lines(1))
        (lock,) = tmp_path.glob("*.lock")
        write(lock, OTHER_HOST)  # an heir on another host took it for dead
        journal.beat()
        journal.append(self.lines(2))
        assert len(list(tmp_path.glob("*.lock"))) == 2
        assert [path.read_bytes() for path in tmp_path.glob("*.jsonl") if b'"n":2' in path.read_bytes()] == self.lines(
            2
        )
        chunks = []
        while (chunk := journal.next_chunk(10, 1000)) is not None:
            chunks += chunk.parts[0]
            journal.acknowledge(chunk)
        assert [line + b"\n" for line in chunks] == self.lines(1, 2)
        journal.close()

    def test_a_folder_that_somebody_removed_is_made_again(self, tmp_path):
        import shutil

        folder = tmp_path / "journals"
        journal = DiskJournal(str(folder), "http://here", 1 << 30)
        journal.append(self.lines(1))
        shutil.rmtree(folder)
        journal.append(self.lines(2))
        (segment,) = folder.glob("*.jsonl")
        assert segment.read_bytes() == self.lines(2)[0]
        assert list(folder.glob("*.lock"))
        sent = []
        while (chunk := journal.next_chunk(10, 1000)) is not None:
            sent += chunk.parts[0]
            journal.acknowledge(chunk)
        assert len(sent) == 2
        journal.close()
        assert list(folder.iterdir()) == []

    def test_a_sealed_segment_that_somebody_removed_is_counted_as_lost(self, tmp_path, monkeypatch, caplog):
        monkeypatch.setattr("argus._journal.SEGMENT_BYTES", 40)
        journal = DiskJournal(str(tmp_path), "http://here", 1 << 30)
        for number in range(6):
            journal.append(self.lines(number, number))
        (third,) = tmp_path.glob("*-000003.jsonl")
        third.unlink()
        kept = 0
        while (chunk := journal.next_chunk(10, 1000)) is not None:
            kept += chunk.count
            journal.acknowledge(chunk)
        assert (kept, journal.take_lost(), journal.take_lost()) == (10, 2, 0)
        assert "are lost" in caplog.text
        journal.close()


def test_the_start_of_a_process_is_known_here():
    assert _owner.start_of(os.getpid()) == _owner.start_of(os.getpid())
    assert _owner.start_of(2**22 + 1) is None

"""Journals that are delivered from outside: later, while they grow, with proof, and each event once."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from argus._locks import read_owner
from argus._sync import sync

TOKEN = "em_live_test"


def write_offline(reporter, prefix="off", epochs=20):
    with reporter(prefix, mode="offline", monitor_url=None) as r, r.job("j1", model="m") as job:
        for epoch in range(epochs):
            job.epoch(epoch, train_loss=0.5)
            job.metric("reward", 1.0, step=epoch)
    return r


class TestOffline:
    def test_a_run_without_a_server_is_a_journal_only(self, ingest, reporter, journals, monkeypatch):
        r = write_offline(reporter)
        assert ingest.paths == []
        assert r.stats.accepted == r.stats.pending == 44
        assert r.stats.dropped == 0
        (segment,) = journals.glob("offline-*.jsonl")
        assert len(segment.read_bytes().splitlines()) == 44

    def test_flush_waits_for_the_journal_alone(self, reporter, journals):
        with reporter(mode="offline") as r, r.job("j1") as job:
            job.epoch(0, train_loss=0.5)
            assert r.flush(5)
            (segment,) = journals.glob("offline-*.jsonl")
            assert b'"job_epoch"' in segment.read_bytes()

    def test_the_mode_may_stand_in_the_environment(self, ingest, reporter, journals, monkeypatch):
        monkeypatch.setenv("ARGUS_MODE", "offline")
        with reporter():
            pass
        assert ingest.paths == []
        assert list(journals.glob("offline-*.jsonl"))
        monkeypatch.setenv("ARGUS_MODE", "disabled")
        with reporter() as r:
            pass
        assert r.stats.accepted == 0

    def test_the_next_reporter_leaves_it_to_a_sync(self, ingest, reporter, journals):
        write_offline(reporter)
        with reporter("online") as r:
            pass
        assert r.stats.adopted == 0
        assert list(journals.glob("offline-*.jsonl"))

    def test_files_are_not_uploaded_and_that_is_said(self, ingest, reporter, tmp_path, caplog):
        (tmp_path / "a.png").write_bytes(b"x")
        with reporter(mode="offline") as r, r.job("j1") as job:
            assert job.upload(tmp_path / "a.png") == 0
        assert ingest.artifacts == []
        assert "not uploaded offline" in caplog.text

    def test_without_any_disk_the_loss_is_counted(self, reporter, tmp_path, monkeypatch, caplog):
        (tmp_path / "a-file").write_text("")
        monkeypatch.setenv("ARGUS_SPILL_DIR", str(tmp_path / "a-file" / "folder"))
        r = write_offline(reporter)
        assert r.stats.dropped_reasons == {"no_disk": 44}
        assert r.stats.pending == 0
        assert "44 events are lost" in caplog.text


class TestSync:
    @pytest.mark.parametrize("verify", [False, True])
    def test_all_of_it_is_delivered_and_counted_by_batch(self, ingest, reporter, journals, verify):
        first, second = write_offline(reporter, "one"), write_offline(reporter, "two", 5)
        seen = []
        report = sync(str(journals), ingest.url, TOKEN, verify=verify, on_progress=lambda it: seen.append(it.journals))
        assert report.ok
        assert report.journals == 2
        assert report.proof is (True if verify else None)
        assert {batch_id: batch.stored for batch_id, batch in report.batches.items()} == {
            first.batch_id: 44,
            second.batch_id: 14,
        }
        assert [batch.verified for batch in report.batches.values()] == ([44, 14] if verify else [0, 0])
        assert all(batch.ended and batch.dropped == {} for batch in report.batches.values())
        assert ingest.types() == {
            "batch_start": 2, "job_start": 2, "job_epoch": 25, "job_step": 25, "job_done": 2, "batch_done": 2,
        }  # fmt: skip
        assert seen
        assert list(journals.iterdir()) == []

    def test_one_file_may_be_named(self, ingest, reporter, journals):
        write_offline(reporter)
        (segment,) = journals.glob("*.jsonl")
        assert sync(str(segment), ingest.url, TOKEN).total("stored") == 44
        assert list(journals.iterdir()) == []

    def test_a_second_sync_has_nothing_to_do(self, ingest, reporter, journals):
        write_offline(reporter)
        sync(str(journals), ingest.url, TOKEN)
        report = sync(str(journals), ingest.url, TOKEN)
        assert report.ok
        assert report.batches == {}

    def test_a_path_that_is_not_there_is_an_error(self, ingest, tmp_path):
        with pytest.raises(FileNotFoundError):
            sync(str(tmp_path / "none"), ingest.url, TOKEN)

    def test_outages_are_waited_out_and_nothing_is_stored_twice(self, ingest, reporter, journals):
        write_offline(reporter)
        ingest.faults = [(503, {}), (429, {"Retry-After": "0.1"})]
        ingest.drop_answers = 1
        report = sync(str(journals), ingest.url, TOKEN)
        assert report.ok
        assert report.total("stored") == len(ingest.events) == 44
        assert report.total("duplicates") == 44
        assert report.total("sent") == 3 * 44  # a cut kept-alive connection is tried again below

    def test_what_is_not_delivered_in_time_stays(self, ingest, reporter, journals):
        write_offline(reporter)
        ingest.down()
        report = sync(str(journals), ingest.url, TOKEN, timeout_s=0.5)
        assert not report.ok
        assert "not all was delivered in time" in report.error
        (left,) = report.left
        assert left.reason == "it is not delivered yet"
        ingest.up()
        assert sync(str(journals), ingest.url, TOKEN).total("stored") == 44

    def test_a_refused_token_ends_it_at_once_and_nothing_is_lost(self, ingest, reporter, journals):
        write_offline(reporter)
        report = sync(str(journals), ingest.url, "wrong")
        assert "refuses events" in report.error
        assert len(report.left) == 1
        assert sync(str(journals), ingest.url, lambda: TOKEN).ok

    def test_what_the_server_rejects_is_counted_and_set_aside(self, ingest, reporter, journals):
        write_offline(reporter)
        ingest.reject = lambda event: "cursed" if event["data"].get("epoch") == 7 else None
        report = sync(str(journals), ingest.url, TOKEN, verify=True)
        (batch,) = report.batches.values()
        assert (batch.stored, batch.rejected, batch.verified) == (43, 1, 43)
        assert json.loads(Path(report.rejected_path).read_text())["reason"] == "cursed"
        assert report.ok

    def test_torn_lines_and_garbage_are_counted(self, ingest, reporter, journals):
        write_offline(reporter)
        (segment,) = journals.glob("*.jsonl")
        segment.write_bytes(segment.read_bytes() + b"no event\n" + b'{"event_id": "cut')
        report = sync(str(journals), ingest.url, TOKEN)
        (batch,) = report.batches.values()
        assert (batch.stored, batch.torn, report.unreadable) == (44, 1, 1)

    def test_what_the_client_had_dropped_is_in_the_report(self, ingest, reporter, journals):
        with reporter(mode="offline") as r:
            r.emit("no such event")
        (batch,) = sync(str(journals), ingest.url, TOKEN).batches.values()
        assert batch.dropped == {"unknown_type": 1}

    def test_losses_of_a_client_that_was_killed_are_known_too(self, ingest, script, journals):
        process = script(
            "r = reporter('killed', mode='offline')\nr.__enter__()\nr.emit('no such event')\nr.emit('nor this')\n"
            "r.flush(5)\nprint('ready', flush=True)\ntime.sleep(60)\n"
        )
        assert process.stdout.readline() == "ready\n"
        process.kill()
        process.communicate()
        (batch,) = sync(str(journals), ingest.url, TOKEN, verify=True).batches.values()
        assert batch.dropped == {"unknown_type": 2}
        assert (batch.stored, batch.ended) == (1, False)


class TestProof:
    def test_an_event_that_the_server_lost_is_stored_and_proven_then(self, ingest, reporter, journals):
        write_offline(reporter)
        real, forgotten = ingest.take, []

        def take(event):
            answer = real(event)
            if event["data"].get("epoch") == 3 and not forgotten:
                forgotten.append(ingest.events.pop(event["event_id"]))
            return answer

        ingest.take = take
        report = sync(str(journals), ingest.url, TOKEN, verify=True)
        assert forgotten
        assert report.ok
        assert report.total("verified") == len(ingest.events) == 44

    def test_a_server_that_keeps_losing_it_leaves_the_file(self, ingest, reporter, journals):
        write_offline(reporter)
        real = ingest.take

        def take(event):
            answer = real(event)
            if event["data"].get("epoch") == 3:
                ingest.events.pop(event["event_id"], None)
            return answer

        ingest.take = take
        report = sync(str(journals), ingest.url, TOKEN, verify=True)
        assert report.proof is False
        assert not report.ok
        assert "does not have them" in report.error
        assert list(journals.glob("offline-*.jsonl"))


class TestLive:
    def test_a_growing_journal_is_followed_to_its_end(self, ingest, reporter, journals, wait_until):
        reports = []
        with reporter(mode="offline") as r, r.job("j1") as job:
            job.epoch(0, train_loss=0.5)
            assert r.flush(5)
            follower = threading.Thread(
                target=lambda: reports.append(sync(str(journals), ingest.url, TOKEN, live=True, verify=True))
            )
            follower.start()
            wait_until(lambda: ingest.types()["job_epoch"] == 1)
            (segment,) = journals.glob("*.jsonl")
            assert segment.stat().st_size > 0
            for epoch in range(1, 30):
                job.epoch(epoch, train_loss=0.5)
            wait_until(lambda: ingest.types()["job_epoch"] == 30)
        follower.join(20)
        (report,) = reports
        assert report.ok
        assert ingest.duplicates == 34  # the proofs, nothing else was sent twice
        assert report.total("stored") == report.total("verified") == len(ingest.events) == 34
        assert report.total("duplicates") == 0
        assert list(journals.iterdir()) == []

    def test_without_live_a_living_journal_is_left_and_said(self, ingest, reporter, journals):
        with reporter(mode="offline") as r:
            r.flush(5)
            report = sync(str(journals), ingest.url, TOKEN)
            assert not report.ok
            assert "--live follows it" in report.left[0].reason
            assert ingest.events == {}

    def test_what_was_followed_before_is_not_sent_again(self, ingest, reporter, journals, wait_until):
        stop = threading.Event()
        with reporter(mode="offline") as r, r.job("j1") as job:
            job.epoch(0, train_loss=0.5)
            assert r.flush(5)
            stop.set()
            sync(str(journals), ingest.url, TOKEN, live=True, stop=stop)
            done = threading.Event()
            follower = threading.Thread(target=lambda: sync(str(journals), ingest.url, TOKEN, live=True, stop=done))
            follower.start()
            wait_until(lambda: len(ingest.events) == 3)
            done.set()
            follower.join(20)
            assert list(journals.glob("*.sent"))
        assert sync(str(journals), ingest.url, TOKEN).total("duplicates") == 0
        assert ingest.duplicates == 0
        assert len(ingest.events) == 5
        assert list(journals.iterdir()) == []

    def test_delivered_segments_give_their_room_back_to_the_writer(
        self, ingest, reporter, journals, wait_until, monkeypatch
    ):
        monkeypatch.setattr("argus._journal.SEGMENT_BYTES", 20_000)
        stop = threading.Event()
        with reporter(mode="offline") as r, r.job("j1") as job:
            follower = threading.Thread(target=lambda: sync(str(journals), ingest.url, TOKEN, live=True, stop=stop))
            assert r.flush(5)
            follower.start()
            for start in range(0, 600, 50):
                for epoch in range(start, start + 50):
                    job.epoch(epoch, train_loss=0.5)
                assert r.flush(5)
            wait_until(lambda: ingest.types()["job_epoch"] == 600)
            wait_until(lambda: len(list(journals.glob("*.jsonl"))) <= 1)
            job.epoch(600, train_loss=0.5)
            stop.set()
            follower.join(20)
        assert sync(str(journals), ingest.url, TOKEN).ok
        assert [event["data"]["epoch"] for event in ingest.of_type("job_epoch")] == list(range(601))

    def test_the_journal_of_a_reporter_that_is_online_is_left_to_it(self, ingest, reporter, journals):
        ingest.token = "another"
        with reporter() as r:
            r.flush(0.3)
            report = sync(str(journals), ingest.url, "another", live=True)
            assert "delivers it itself" in report.left[0].reason
            assert ingest.events == {}

    def test_two_follow_one_journal_one_after_the_other(self, ingest, reporter, journals):
        with reporter(mode="offline") as r:
            assert r.flush(5)
            from argus._following import Follower

            (group,) = {str(path).removesuffix(".lock") for path in journals.glob("*.lock")}
            first = Follower.of(group)
            assert Follower.of(group) is None
            first.close()
            second = Follower.of(group)
            assert second is not None
            second.close()
            assert read_owner(f"{group}.lock")["pid"]

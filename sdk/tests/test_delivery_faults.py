"""The way to the server when the server, or the way, is ill: nothing lost, nothing twice, nothing blocked."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from argus import _sender
from argus._courier import Courier
from argus._segment import Segment
from argus._sync import sync


def train(reporter, epochs=50):
    with reporter.job("j1", model="m", dataset="d") as job:
        for epoch in range(epochs):
            job.epoch(epoch, train_loss=1 / (epoch + 1))


def has_let_go():
    """Whether no reporter of this process still waits for its last request, with its journal in hand."""
    return not any(thread.name == "argus-sender" for thread in threading.enumerate())


def assert_all_arrived(ingest, stats, epochs=50):
    assert stats.pending == 0
    assert stats.dropped == 0
    assert stats.accepted == stats.acked == len(ingest.events)
    assert [event["data"]["epoch"] for event in ingest.of_type("job_epoch")] == list(range(epochs))


class TestTransientFaults:
    def test_errors_of_the_server_are_retried(self, ingest, reporter):
        ingest.faults = [(500, {}), (503, {}), (502, {})]
        with reporter() as r:
            train(r)
        assert_all_arrived(ingest, r.stats)

    def test_429_waits_as_long_as_it_says(self, ingest, reporter):
        ingest.faults = [(429, {"Retry-After": "1"})]
        started = time.monotonic()
        with reporter() as r:
            train(r)
            assert r.flush(5)
        assert time.monotonic() - started >= 1.0
        assert_all_arrived(ingest, r.stats)

    def test_a_lost_answer_gives_no_second_event(self, ingest, reporter):
        ingest.drop_answers = 1
        with reporter() as r:
            train(r)
        assert_all_arrived(ingest, r.stats)
        assert r.stats.duplicates == ingest.duplicates > 0

    def test_a_refused_connection_is_waited_out(self, ingest, reporter, wait_until):
        ingest.down()
        with reporter() as r:
            train(r)
            wait_until(lambda: r.stats.sent > 0)
            ingest.up()
            assert r.flush(10)
        assert_all_arrived(ingest, r.stats)

    def test_a_kept_alive_connection_that_was_cut_costs_nothing(self, ingest, reporter):
        with reporter() as r:
            train(r, 10)
            assert r.flush(5)
            ingest.down()
            ingest.up()
            r.emit("log_line", line="after the restart", job_id="j1")
            assert r.flush(5)
        assert r.stats.acked == len(ingest.events) == r.stats.accepted

    def test_a_slow_server_does_not_slow_the_training(self, ingest, reporter):
        ingest.delay_s = 3.0
        with reporter() as r, r.job("j1") as job:
            for epoch in range(1000):
                job.epoch(epoch, train_loss=0.5)
            assert ingest.events == {}  # not one answer was waited for
            ingest.delay_s = 0.0
        assert_all_arrived(ingest, r.stats, 1000)

    def test_internal_errors_of_single_events_are_retried(self, ingest, reporter):
        failures = iter(["internal: race", "internal: race"])
        ingest.reject = lambda event: next(failures, None) if event["data"].get("epoch") == 3 else None
        with reporter() as r:
            train(r)
        assert r.stats.rejected == 0
        assert r.stats.acked == len(ingest.events) == r.stats.accepted

    def test_a_page_of_some_gateway_acknowledges_nothing(self, ingest, reporter, wait_until):
        ingest.raw_answer = b"<html>please log in</html>"
        with reporter() as r:
            train(r)
            wait_until(lambda: r.stats.sent > 0)
            assert r.stats.acked == 0
            ingest.raw_answer = None
            assert r.flush(10)
        assert_all_arrived(ingest, r.stats)

    def test_a_date_as_retry_after_is_kept_too(self, ingest, reporter):
        ingest.faults = [(503, {"Retry-After": formatdate(time.time() + 2, usegmt=True)})]
        started = time.monotonic()
        with reporter() as r:
            train(r)
            assert r.flush(8)
        assert time.monotonic() - started >= 1.0
        assert_all_arrived(ingest, r.stats)

    def test_an_error_of_our_own_is_survived(self, ingest, reporter, monkeypatch, caplog):
        real, failures = Courier.deliver, iter([RuntimeError("unforeseen")])

        def deliver(self, chunk, ledger):
            for failure in failures:
                raise failure
            return real(self, chunk, ledger)

        monkeypatch.setattr(Courier, "deliver", deliver)
        with reporter() as r:
            train(r)
            assert r.flush(8)
        assert_all_arrived(ingest, r.stats)
        assert len([record for record in caplog.records if "unforeseen" in record.message]) == 1

    def test_a_busy_run_does_not_keep_the_journals_of_the_dead_from_going_home(
        self, ingest, reporter, wait_until, monkeypatch
    ):
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.1")
        ingest.down()
        with reporter("dead") as dead:
            train(dead)
        wait_until(has_let_go)
        ingest.up()
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "5")
        with reporter("busy") as r, r.job("j1") as job:
            epochs = iter(range(1_000_000))
            wait_until(lambda: job.epoch(next(epochs), train_loss=0.5) or r.stats.adopted == dead.stats.pending)
        assert ingest.duplicates == 0


class TestTls:
    """Each fault of TLS is an outage: told once, waited out, the journal kept."""

    def test_a_server_that_speaks_no_tls(self, ingest, reporter, journals, monkeypatch, caplog, wait_until):
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.5")
        with reporter(monitor_url=ingest.url.replace("http:", "https:")) as r:
            train(r)
        assert r.stats.pending == r.stats.accepted
        assert "SSL" in caplog.text
        wait_until(has_let_go)
        assert sync(str(journals), ingest.url, ingest.token).total("stored") == r.stats.accepted

    def test_a_certificate_that_nobody_vouches_for(
        self, ingest, reporter, journals, monkeypatch, caplog, tmp_path, wait_until
    ):
        key, certificate = self_signed(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        ingest.tls = context
        ingest.down()
        ingest.up()
        url = ingest.url.replace("http:", "https:")
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.5")
        with reporter(monitor_url=url) as r:
            train(r)
        assert r.stats.pending == r.stats.accepted
        assert "CERTIFICATE_VERIFY_FAILED" in caplog.text
        wait_until(has_let_go)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "5")
        with reporter("heir", monitor_url=url) as heir:
            pass
        assert heir.stats.adopted == r.stats.accepted


def test_a_proxy_of_the_environment_is_used(ingest, reporter, monkeypatch):
    monkeypatch.setenv("http_proxy", ingest.url.replace("http://", "http://user:secret@"))
    monkeypatch.setenv("no_proxy", "elsewhere.example")
    with reporter(monitor_url="http://argus.example/base") as r:
        train(r)
    assert_all_arrived(ingest, r.stats)
    assert set(ingest.paths) == {"http://argus.example:80/base/api/events/batch"}


class TestRefusedCredentials:
    @pytest.mark.parametrize("status", [401, 403, 404])
    def test_events_are_kept_and_sent_when_it_is_mended(
        self, ingest, reporter, wait_until, monkeypatch, caplog, status
    ):
        monkeypatch.setattr(_sender, "HOLD_S", 0.1)
        ingest.faults = [(status, {})] * 3
        with reporter() as r:
            train(r)
            wait_until(lambda: not ingest.faults)
            assert r.flush(5)
        assert_all_arrived(ingest, r.stats)
        assert len([record for record in caplog.records if "refuses events" in record.message]) == 1

    def test_a_token_replaced_in_the_environment_is_taken_up(self, ingest, reporter, wait_until, monkeypatch):
        monkeypatch.setattr(_sender, "HOLD_S", 0.1)
        monkeypatch.setenv("ARGUS_TOKEN", "em_live_expired")
        with reporter() as r:
            train(r)
            wait_until(lambda: r.stats.sent > 0)
            assert ingest.events == {}
            monkeypatch.setenv("ARGUS_TOKEN", ingest.token)
            assert r.flush(5)
        assert_all_arrived(ingest, r.stats)

    def test_a_replaced_token_is_noticed_long_before_the_next_slow_try(
        self, ingest, reporter, wait_until, monkeypatch, caplog
    ):
        monkeypatch.setenv("ARGUS_TOKEN", "em_live_expired")
        with reporter() as r:
            train(r)
            wait_until(lambda: "refuses events" in caplog.text)
            monkeypatch.setenv("ARGUS_TOKEN", ingest.token)
            wait_until(lambda: r.stats.pending == 0)
        assert_all_arrived(ingest, r.stats)
        assert len([record for record in caplog.records if "refuses events" in record.message]) == 1

    def test_the_end_does_not_wait_for_what_cannot_be_mended(self, ingest, reporter, journals):
        ingest.token = "another"
        started = time.monotonic()
        with reporter() as r:
            train(r)
        assert time.monotonic() - started < 3
        assert r.stats.pending == r.stats.accepted > 0
        assert list(journals.glob("journal-*.jsonl"))


class TestPoison:
    def test_a_rejected_event_is_kept_with_its_reason_and_holds_nobody_up(self, ingest, reporter, journals):
        ingest.reject = lambda event: "epoch 7 is cursed" if event["data"].get("epoch") == 7 else None
        with reporter() as r:
            train(r)
        assert r.stats.rejected == 1
        assert r.stats.acked == r.stats.accepted - 1 == len(ingest.events)
        (record,) = [
            json.loads(line) for path in journals.glob("rejected-*.jsonl") for line in path.read_text().splitlines()
        ]
        assert record["reason"] == "epoch 7 is cursed"
        assert record["event"]["data"]["epoch"] == 7
        assert list(journals.glob("journal-*")) == []

    def test_a_server_that_refuses_whole_requests_costs_only_the_one_at_fault(self, ingest, reporter):
        ingest.refuse_whole = lambda event: event["data"].get("epoch") == 7
        with reporter() as r:
            train(r)
        assert r.stats.rejected == 1
        assert r.stats.acked == r.stats.accepted - 1 == len(ingest.events)

    def test_a_request_that_is_too_large_is_cut(self, ingest, reporter):
        ingest.most_bytes = 20_000
        with reporter() as r, r.job("j1") as job:
            for _ in range(40):
                job.log("x" * 2_000)
            job.log("y" * 30_000)
        assert r.stats.rejected == 1
        assert r.stats.acked == r.stats.accepted - 1 == len(ingest.events)

    def test_a_server_that_takes_500_at_most_is_served_so(self, ingest, reporter):
        ingest.most_events = 500
        with reporter() as r:
            train(r, 3000)
        assert_all_arrived(ingest, r.stats, 3000)

    def test_a_server_without_gzip_is_served_without(self, ingest, reporter):
        ingest.knows_gzip = False
        with reporter() as r:
            train(r)
        assert_all_arrived(ingest, r.stats)
        assert r.stats.rejected == 0

    def test_the_user_is_told_once(self, ingest, reporter, caplog):
        ingest.reject = lambda event: "no epochs today" if event["event_type"] == "job_epoch" else None
        with reporter() as r:
            train(r)
        assert r.stats.rejected == 50
        assert len([record for record in caplog.records if "no epochs today" in record.message]) == 1


class TestExit:
    def test_it_is_bounded_and_the_rest_is_left_to_the_next_reporter(
        self, ingest, reporter, journals, monkeypatch, wait_until
    ):
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.5")
        ingest.down()
        started = time.monotonic()
        with reporter("first") as r:
            train(r)
        assert time.monotonic() - started < 2
        assert r.stats.pending == r.stats.accepted == 54
        wait_until(has_let_go)
        ingest.up()
        with reporter("second") as heir:
            pass
        assert heir.stats.adopted == 54
        assert heir.stats.acked == heir.stats.accepted == 2
        assert len(ingest.events) == 56
        assert list(journals.iterdir()) == []

    def test_a_server_that_hangs_does_not_hold_the_end_up(self, ingest, reporter, monkeypatch):
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.5")
        ingest.delay_s = 4
        started = time.monotonic()
        with reporter() as r:
            train(r)
        assert time.monotonic() - started < 2.5
        assert r.stats.accepted == 54

    def test_an_address_that_is_none_costs_nothing_but_a_line(self, reporter, monkeypatch, caplog):
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.2")
        with reporter(monitor_url="ftp://somewhere") as r:
            train(r)
        assert r.stats.pending == r.stats.accepted
        assert "is not an http:// or https:// address" in caplog.text

    def test_events_after_the_end_are_counted_as_dropped(self, reporter):
        with reporter() as r:
            pass
        r.emit("log_line", line="late")
        assert r.stats.dropped_reasons == {"closed": 1}
        assert r.stats.pending == 0


class TestNoDisk:
    def test_events_go_through_memory_where_no_folder_can_be_written(self, ingest, reporter, tmp_path, monkeypatch):
        file = tmp_path / "a-file"
        file.write_text("")
        monkeypatch.setenv("ARGUS_SPILL_DIR", str(file / "folder"))
        with reporter() as r:
            train(r)
        assert_all_arrived(ingest, r.stats)

    def test_events_go_through_memory_while_the_disk_is_full(self, ingest, reporter, monkeypatch, caplog):
        monkeypatch.setattr("argus._segment.Segment.append", _disk_full)
        with reporter() as r:
            train(r)
        assert_all_arrived(ingest, r.stats)
        assert "the journal cannot be written" in caplog.text

    @pytest.mark.parametrize("mode", ["online", "offline"])
    def test_a_disk_that_hangs_holds_neither_the_training_nor_the_end_up(self, reporter, monkeypatch, mode):
        released = threading.Event()
        real = Segment.append

        def hang(self, data, lines):
            released.wait()
            real(self, data, lines)

        monkeypatch.setattr(Segment, "append", hang)
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.3")
        try:
            with reporter(mode=mode) as r, r.job("j1") as job:
                for epoch in range(1000):
                    job.epoch(epoch, train_loss=0.5)
        finally:
            released.set()
        assert r.stats.accepted == 1004
        assert r.stats.acked == 0

    def test_a_full_journal_keeps_how_the_run_ended(self, ingest, reporter, journals, monkeypatch, caplog, wait_until):
        monkeypatch.setenv("ARGUS_JOURNAL_MAX_MB", "0")  # leaves room for two segments
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "0.1")
        ingest.down()
        with reporter("full") as r, r.job("j1") as job:
            for _ in range(3000):
                job.log("x" * 2000)
            wait_until(lambda: r.stats.dropped > 0 and len(r._pipeline.buffer) == 0)
        wait_until(has_let_go)
        ingest.up()
        dropped = r.stats.dropped_reasons["journal_full"]
        assert 0 < dropped < 3000
        assert r.stats.pending == r.stats.accepted - dropped
        assert sum(path.stat().st_size for path in journals.glob("*.jsonl")) < 8_000_000
        monkeypatch.setenv("ARGUS_EXIT_FLUSH_S", "10")
        with reporter("heir"):
            pass
        types = ingest.types()
        assert types["log_line"] == 3000 - dropped
        assert (types["job_start"], types["job_done"], types["batch_done"]) == (1, 1, 2)
        assert len([record for record in caplog.records if "size limit" in record.message]) == 1
        (end,) = [event for event in ingest.of_type("batch_done") if event["batch_id"] == r.batch_id]
        assert 0 < end["data"]["client_dropped"]["journal_full"] <= dropped


def self_signed(folder):
    """A key and a certificate of 127.0.0.1 that signs itself; their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "argus test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "key.pem", folder / "cert.pem"


def _disk_full(*_args):
    raise OSError(28, "No space left on device")

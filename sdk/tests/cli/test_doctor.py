"""`argus ping` and `argus doctor`: every line with what to do, against a real server and against faults."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from argus._transport import Reply
from argus.cli import local_checks, network_checks
from argus.cli.diagnosis import FAIL, WARN, WELL, Check, exit_code


@pytest.fixture
def checks(argus):
    """Run the doctor: exit code, and its lines by name."""

    def run(*words):
        answer = argus("doctor", "--json", *words)
        assert answer.json["ok"] is (answer.code == 0)
        return answer.code, {check["name"]: check for check in answer.json["checks"]}

    return run


class TestDoctor:
    def test_all_is_well(self, argus, known, checks):
        code, found = checks()
        assert code == 0
        assert {"address", "proxy", "dns", "server", "clock", "token", "events", "journal", "disk", "gpu"} <= set(found)
        assert "reporter token of ada (ARGUS_TOKEN)" in found["token"]["text"]
        answer = argus("doctor")
        assert "All is well" in answer.out
        assert "\x1b" not in answer.out

    def test_it_reports_nothing(self, known, checks):
        before = len(known.get("/api/batches"))
        checks()
        assert len(known.get("/api/batches")) == before

    def test_no_token(self, ada, checks):
        code, found = checks("--url", ada.url)
        assert (code, found["token"]["status"]) == (4, FAIL)
        assert "argus login" in found["token"]["todo"]

    def test_a_token_that_is_refused(self, ada, checks):
        code, found = checks("--url", ada.url, "--token", "em_live_x")
        assert (code, found["token"]["status"]) == (4, FAIL)

    def test_a_viewers_token_may_not_report(self, ada, checks):
        viewer, _ = ada.new_token("viewer")
        code, found = checks("--url", ada.url, "--token", viewer)
        assert (code, found["events"]["status"]) == (4, FAIL)
        assert "scope reporter" in found["events"]["todo"]

    @pytest.mark.parametrize(
        ("url", "name"),
        [("http://127.0.0.1:9", "server"), ("https://127.0.0.1:9", "tls"), ("http://no.invalid", "dns")],
    )
    def test_no_server(self, checks, url, name):
        code, found = checks("--url", url, "--token", "x")
        assert (code, found[name]["status"]) == (3, FAIL)
        assert found[name]["todo"]
        assert "journal" in found  # what is here is looked at all the same

    def test_another_kind_of_server(self, ingest, checks):
        ingest.raw_answer = b"<html>login</html>"
        code, found = checks("--url", ingest.url, "--token", "em_live_x")
        assert code == 1
        assert FAIL in {check["status"] for check in found.values()}

    def test_journals_that_wait(self, known, checks, journals):
        journals.mkdir()
        (journals / "journal-1-000001.jsonl").write_text("{}\n" * 1000)
        (journals / "rejected-1.jsonl").write_text("{}\n")
        code, found = checks()
        assert (code, found["journal"]["status"], found["rejected"]["status"]) == (0, WARN, WARN)
        assert "argus sync" in found["journal"]["todo"]

    def test_journals_that_are_full(self, known, checks, journals, monkeypatch):
        journals.mkdir()
        (journals / "journal-1-000001.jsonl").write_text("x" * 20_000)
        monkeypatch.setenv("ARGUS_JOURNAL_MAX_MB", "0.01")
        code, found = checks()
        assert (code, found["journal"]["status"]) == (1, FAIL)

    def test_a_folder_that_cannot_be_written(self, known, checks, tmp_path, monkeypatch):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("ARGUS_SPILL_DIR", str(tmp_path / "file" / "journals"))
        code, found = checks()
        assert (code, found["journal"]["status"]) == (1, FAIL)
        assert "ARGUS_SPILL_DIR" in found["journal"]["todo"]

    def test_settings_that_are_passed_over(self, known, checks, home, tmp_path):
        (home / ".argus.toml").write_text('token = "em_live_x"\n')
        (tmp_path / "config.toml").write_text("")
        (tmp_path / "config.toml").chmod(0o644)
        code, found = checks()
        assert (code, found["settings"]["status"]) == (0, WARN)
        assert "chmod 600" in found["settings"]["todo"]

    def test_a_proxy(self, known, checks, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://ada:secret@proxy.invalid:3128")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert "by no_proxy" in checks()[1]["proxy"]["text"]
        monkeypatch.delenv("no_proxy")
        code, found = checks()
        assert (code, found["proxy"]["status"]) == (3, WARN)
        assert "proxy.invalid:3128" in found["proxy"]["text"]
        assert "secret" not in str(found)


class TestChecks:
    @pytest.mark.parametrize(
        ("offset", "status", "words"),
        [(0, WELL, "agrees"), (3, WELL, "agrees"), (60, WARN, "ahead"), (-60, WARN, "behind"), (4000, FAIL, "ahead")],
    )
    def test_the_clock(self, offset, status, words):
        now = time.time()
        check = network_checks.clock(Reply(200, {"date": formatdate(now - offset, usegmt=True)}, b""), now)
        assert check.status == status
        assert words in check.text

    def test_a_server_without_a_date(self):
        assert network_checks.clock(Reply(200, {}, b""), time.time()).status == WELL

    @pytest.mark.parametrize(
        ("http", "status"),
        [(200, WELL), (400, WELL), (422, WELL), (401, FAIL), (403, FAIL), (404, FAIL), (429, WARN), (503, WARN)],
    )
    def test_whether_events_are_taken(self, http, status):
        assert network_checks.intake(Reply(http, {}, b'{"detail":"x","results":[]}')).status == status

    def test_little_disk(self, monkeypatch, tmp_path):
        usage = os.statvfs(tmp_path)
        assert usage.f_bavail
        monkeypatch.setattr(local_checks, "_LITTLE_DISK_BYTES", 2**62)
        assert local_checks.disk(str(tmp_path)).status == WARN

    def test_the_first_failure_is_the_exit_code(self):
        found = [Check("a", WARN, ""), Check("b", FAIL, "", code=3), Check("c", FAIL, "", code=4)]
        assert exit_code(found) == 3
        assert exit_code(found[:1]) == 0


class TestPing:
    def test_says_how_quickly_and_whether_ready(self, argus, known):
        assert "and is ready" in argus("ping").out
        answer = argus("ping", "--json").json
        assert answer["ready"] is True
        assert answer["version"].count(".") == 2
        assert 0 < answer["latency_ms"] < 60_000

    def test_nobody_there(self, argus):
        assert argus("ping", "--url", "http://127.0.0.1:9").code == 3


@pytest.fixture
def secure(tmp_path):
    """A TLS server on 127.0.0.1 with a certificate of its own authority; its port, and the authority's file."""
    day = timedelta(days=1)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + 40 * day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while not over.is_set():
                plain, _ = listening.accept()
                with contextlib.suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as one:
                    one.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        yield port, str(certificate)
        over.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()


class TestTls:
    def test_a_certificate_that_is_trusted(self, secure, monkeypatch):
        port, authority = secure
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority)
        check = network_checks.tls("127.0.0.1", port)
        assert (check.status, check.text) == (WELL, "TLSv1.3, certificate good for 39 days")
        monkeypatch.setattr(network_checks, "_CERTIFICATE_DAYS", 60)
        assert network_checks.tls("127.0.0.1", port).status == WARN

    def test_one_that_is_not(self, secure):
        check = network_checks.tls("127.0.0.1", secure[0])
        assert (check.status, check.code) == (FAIL, 3)
        assert "not trusted" in check.text
        assert "REQUESTS_CA_BUNDLE" in check.todo

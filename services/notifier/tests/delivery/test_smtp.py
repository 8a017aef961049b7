"""Mail to a real SMTP server that is slow, full, or picky about encryption and logins; and workers that are killed."""

import asyncio
import contextlib
import datetime as dt
import email
import os
import signal
import ssl
import sys
from collections import Counter
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from argus_kit.clock import frozen, now
from argus_kit.ports import free_port
from argus_notifier.mail import repository as mails
from argus_notifier.settings import NotifierSettings
from argus_schema import notifier as tables

COUNT = 4


class Box:
    """Counts by message id what came whole. `rcpt` and `slow_s` are what the server does to all."""

    def __init__(self):
        self.came = Counter()
        self.rcpt = "250 OK"
        self.slow_s = 0.0
        self.kill = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):
        self.came[email.message_from_bytes(envelope.content)["Message-ID"]] += 1
        if self.kill is not None:
            os.kill(self.kill, signal.SIGKILL)
            self.kill = None
        await asyncio.sleep(self.slow_s)
        return "250 OK"


@contextlib.asynccontextmanager
async def serving(box, **more):
    port, loop = free_port(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop, **more), "127.0.0.1", port)
    try:
        yield NotifierSettings(smtp_host="127.0.0.1", smtp_port=port, smtp_use_tls=False)
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
def put(database):
    async def add(count=1):
        row = {"target": "ada@example.org", "subject": "s", "body_text": "b", "event_type": "e"}
        async with database.write() as connection:
            await mails.add(connection, [{**row, "dedupe_key": f"k{number}"} for number in range(count)])

    return add


@pytest.fixture
def rows(database):
    async def found():
        async with database.read() as connection:
            return list((await connection.execute(sa.select(tables.delivery).order_by(tables.delivery.c.id))).all())

    return found


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A server's side of TLS, whose certificate this process trusts from then on; `(context, trust)`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    at = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "mail.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, lambda: monkeypatch.setenv("SSL_CERT_FILE", str(path))


class TestFaults:
    async def test_a_slow_server_is_left_and_asked_again_with_the_same_id(self, put, rows, queue):
        box = Box()
        box.slow_s = 5
        await put()
        async with serving(box) as settings:
            async with queue(settings.model_copy(update={"smtp_timeout_s": 0.3})) as delivery:
                await delivery.all_due()
                assert [row.status for row in await rows()] == ["waiting"]
                box.slow_s = 0
                with frozen(now() + timedelta(minutes=1)):
                    await delivery.all_due()
        assert [row.status for row in await rows()] == ["sent"]
        # It came whole twice, for the first yes was not waited for: the receiver can tell by the id.
        assert list(box.came.values()) == [2]

    @pytest.mark.parametrize(("answer", "status"), [("550 unknown", "failed"), ("450 full", "waiting")])
    async def test_what_is_said_to_a_recipient_decides(self, put, rows, queue, answer, status):
        box = Box()
        box.rcpt = answer
        await put()
        async with serving(box) as settings, queue(settings) as delivery:
            await delivery.all_due()
            (row,) = await rows()
            assert (row.status, answer[:3] in row.last_error) == (status, True)
            assert not box.came


class TestGuards:
    async def test_starttls_with_a_certificate_that_is_trusted(self, put, rows, queue, certificate):
        context, trust = certificate
        trust()
        box = Box()
        await put()
        async with serving(box, tls_context=context, require_starttls=True) as settings:
            async with queue(settings.model_copy(update={"smtp_use_tls": True})) as delivery:
                await delivery.all_due()
        assert [row.status for row in await rows()] == ["sent"]
        assert list(box.came.values()) == [1]

    async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(self, put, rows, queue, certificate):
        box = Box()
        await put()
        async with serving(box, tls_context=certificate[0]) as settings:
            async with queue(settings.model_copy(update={"smtp_use_tls": True})) as delivery:
                await delivery.all_due()
        assert [row.status for row in await rows()] == ["waiting"]
        assert not box.came

    async def test_a_server_without_starttls_gets_no_mail_in_the_clear(self, put, rows, queue):
        box = Box()
        await put()
        async with serving(box) as settings:
            async with queue(settings.model_copy(update={"smtp_use_tls": True})) as delivery:
                await delivery.all_due()
        assert [row.status for row in await rows()] == ["waiting"]
        assert not box.came

    @pytest.mark.parametrize("is_right", [True, False])
    async def test_a_login_that_is_refused_is_tried_again_later_and_never_quoted(self, put, rows, queue, is_right):
        box = Box()
        await put()

        def check(server, session, envelope, mechanism, data):
            return AuthResult(success=is_right and data.password == b"sesame 99", handled=False)

        async with serving(box, authenticator=check, auth_require_tls=False) as settings:
            known = {**settings.model_dump(), "smtp_user": "argus", "smtp_pass": "sesame 99"}
            async with queue(NotifierSettings(**known)) as delivery:
                await delivery.all_due()
        (row,) = await rows()
        assert row.status == ("sent" if is_right else "waiting")
        if not is_right:
            assert "535" in row.last_error
            assert "sesame" not in row.last_error


@pytest.mark.parametrize("how", ["claimed", "data", "acknowledged", "uncommitted", "written", "never"])
async def test_a_worker_that_is_killed_at_each_step(database, database_url, tmp_path, put, rows, how):
    """`data`: the server has the mail whole, and the worker dies before it hears so."""
    box = Box()
    await put(COUNT)
    async with serving(box) as settings:
        ended, heard = await _worker(database_url, tmp_path, settings.smtp_port, how, box)
        assert ended == (0 if how == "never" else -signal.SIGKILL)
        d = tables.delivery.c
        async with database.write() as connection:
            held = sa.update(tables.delivery).where(d.status == "sending")
            await connection.execute(held.values(claimed_until=now() - timedelta(seconds=1)))
        ended, _ = await _worker(database_url, tmp_path, settings.smtp_port, "never", box)
        assert ended == 0
    assert [row.status for row in await rows()] == ["sent"] * COUNT
    assert len(box.came) == COUNT
    assert [key for key in heard if box.came[key] != 1] == []
    # Only what was under way when it died may have come twice: there are two places.
    assert sum(box.came.values()) <= COUNT + 2
    if how in {"claimed", "never"}:
        assert set(box.came.values()) == {1}
    if how == "data":
        assert max(box.came.values()) == 2


async def _worker(database_url, home, port, how, box):
    script = Path(__file__).with_name("worker_process.py")
    command = [sys.executable, str(script), database_url, str(home), str(port), how, "smtp"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    box.kill = process.pid if how == "data" else None
    said, _ = await process.communicate()
    return process.returncode, [line for line in said.decode().split() if line.startswith("<argus-")]

"""Nobody reaches the network that Argus stands in by naming a server: mail servers here; identity providers in auth's
own tests, the check itself in libs/kit/tests/test_outbound.py.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stage.mailbox import USER, Mailbox
from stage.people import Call, Client, Person, register

from argus_standalone.testing import ServerProcess

# A few: ten tries an hour are all that a server gives. All spellings are the kit's tests.
PRIVATE = ["127.1", "localhost", "169.254.169.254", "[::ffff:127.0.0.1]", "10.0.0.1"]
PATH = "/api/admin/email/smtp/test"


class Lab:
    """A server that allows one private address, which `mailbox` does not have."""

    def __init__(self, home: Path, **settings: str) -> None:
        cheap = {"ARGUS_AUTH_ARGON2_TIME_COST": "1", "ARGUS_AUTH_ARGON2_MEMORY_KIB": "1024"}
        self.server = ServerProcess(home, **cheap, **settings)
        self.server.start()
        self.server.wait_ready()
        self.client = Client(self.server.url)
        self.admin: Person = register(self.client, "ada")

    def try_mail(self, **body: Any) -> Any:
        return self.client.send("POST", Call(PATH, body), self.admin.session)

    def close(self) -> None:
        self.client.close()
        assert self.server.end() == 0


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox("for the mail server only")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Lab]:
    """Its environment names the mailbox as the mail server."""
    made = Lab(tmp_path_factory.mktemp("ssrf") / "home", **mailbox.settings, ARGUS_OUTBOUND_ALLOW="127.0.0.99/32")
    yield made
    made.close()


class Listener:
    """Counts who connects."""

    def __init__(self) -> None:
        self.calls = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            caller.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


class TestTryingAMailServer:
    def test_private_addresses_are_refused_and_not_even_called(self, lab: Lab, listener: Listener) -> None:
        for host in PRIVATE:
            answer = lab.try_mail(host=host, port=listener.port, use_tls=False)
            assert answer.status_code == 403, host
            assert answer.json()["error"]["code"] == "outbound.refused"
        assert listener.calls == 0

    def test_other_ports_are_refused_also_of_public_servers(self, lab: Lab) -> None:
        assert lab.try_mail(host="8.8.8.8", port=6379).status_code == 403

    def test_the_environments_own_server_may_be_private(self, lab: Lab, mailbox: Mailbox) -> None:
        port = mailbox.server_address[1]
        answer = lab.try_mail(host="127.0.0.1", port=port, username=USER, password=mailbox.password, use_tls=False)
        assert answer.json()["ok"], answer.text
        assert any(to == "ada@example.org" and "try the mail server" in text for to, text in mailbox.mails)

    def test_the_older_names_of_the_fields_are_read(self, lab: Lab) -> None:
        answer = lab.try_mail(smtp_host="127.0.0.5", smtp_port=25, smtp_from_address="a@b.example", use_tls=False)
        assert answer.status_code == 403

    def test_an_allowed_server_is_called_and_what_it_says_is_told(self, lab: Lab) -> None:
        answer = lab.try_mail(host="127.0.0.99", port=2525, use_tls=False)
        assert (answer.status_code, answer.json()["ok"]) == (200, False)

    def test_only_an_administrator_may_try(self, lab: Lab) -> None:
        other = register(lab.client, "bob")
        answer = lab.client.send("POST", Call(PATH, {"host": "8.8.8.8"}), other.session)
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "auth.admin_required"

    def test_after_ten_tries_there_is_a_pause(self, lab: Lab) -> None:
        answers = [lab.try_mail(host="10.0.0.1", port=25) for _ in range(3)]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["Retry-After"]) > 0


class TestAConfiguredMailServer:
    def test_a_private_one_that_was_typed_in_is_not_called(self, lab: Lab, listener: Listener) -> None:
        for key, value in (("host", "127.0.0.2"), ("port", listener.port)):
            lab.client.ask("PUT", f"/api/admin/system-config/smtp/{key}", lab.admin.session, json={"value": value})
        lab.client.ask("POST", "/api/auth/request-password-reset", json={"email": "ada@example.org"})
        deadline = threading.Event()
        for _ in range(100):
            if "mail.not_sent" in lab.server.output():
                break
            deadline.wait(0.1)
        assert "is not a public address" in lab.server.output()
        assert listener.calls == 0

    def test_the_stored_password_goes_to_no_other_server(self, tmp_path: Path, mailbox: Mailbox) -> None:
        thief = Mailbox("whatever is sent")
        thief.start()
        lab = Lab(tmp_path / "home", **mailbox.settings, ARGUS_OUTBOUND_ALLOW="127.0.0.0/8")
        try:
            port = thief.server_address[1]
            answer = lab.try_mail(host="127.0.0.1", port=port, username=USER, password="***", use_tls=False)
            assert answer.json()["ok"] is False
            assert thief.tried == []
            # The same by way of the settings.
            for key, value in (("host", "127.0.0.2"), ("port", port), ("use_tls", False)):
                lab.client.ask("PUT", f"/api/admin/system-config/smtp/{key}", lab.admin.session, json={"value": value})
            lab.client.ask("POST", "/api/auth/request-password-reset", json={"email": "ada@example.org"})
            assert thief.waited_for_a_call()
            assert thief.tried == []
        finally:
            thief.stop()
            lab.close()

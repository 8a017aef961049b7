"""A full run at the most talkative level, and then nothing that is secret stands in any log, trace or metric of it."""

from __future__ import annotations

import http.server
import json
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from stage.mailbox import Mailbox

from argus_contracts.tokens import new_token
from argus_kit.ports import free_port
from argus_standalone.testing import ServerProcess

ROOT = Path(__file__).resolve().parents[2]
CONFIG_KEY = secrets.token_hex(32)
SMTP_PASSWORD = f"smtp-{secrets.token_hex(12)}"
TALKATIVE = {
    "ARGUS_LOG_LEVEL": "DEBUG",
    "ARGUS_CONFIG_KEY": CONFIG_KEY,
    "ARGUS_OUTBOUND_ALLOW": "127.0.0.0/8",
    "ARGUS_AUTH_ARGON2_TIME_COST": "1",
    "ARGUS_AUTH_ARGON2_MEMORY_KIB": "1024",
}


def made_up(what: str) -> str:
    """A password-like text that occurs nowhere else."""
    return f"Zq7-{what}-{secrets.token_hex(10)}"


class Run:
    """What people, scripts and agents do with secrets on a running server. `used` are the secrets, by what they are."""

    def __init__(self, url: str, mailbox: Mailbox) -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        self.mailbox = mailbox
        mailbox.mails.clear()
        self.used: dict[str, str] = {"the key of the settings": CONFIG_KEY, "the mail server's password": SMTP_PASSWORD}
        self.answers: list[str] = []

    def keep(self, name: str, value: str) -> str:
        self.used[name] = value
        return value

    def ask(self, method: str, path: str, credential: str | None = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        headers |= more.pop("headers", {})
        answer = self.http.request(method, path, headers=headers, **more)
        if not answer.is_success:
            self.answers.append(answer.text)
        return answer

    def all(self) -> None:
        """All of it."""
        with self.http:
            self._all()

    def _all(self) -> None:
        self.register()
        self.log_in()
        self.browse()
        self.tokens()
        self.recover()
        self.administer()
        self.agents()
        self.mistakes()

    def register(self) -> None:
        self.password = self.keep("a password", made_up("first"))
        person = {"username": "ada", "email": "ada@example.org", "password": self.password}
        assert self.ask("POST", "/api/auth/register", json=person).status_code == 201
        verify = self.keep("a link that verifies", self.mailbox.token("ada@example.org", "verify-email"))
        assert self.ask("POST", "/api/auth/verify-email", json={"token": verify}).status_code == 200
        assert self.ask("POST", "/api/auth/verify-email", json={"token": verify}).status_code == 400

    def log_in(self, password: str | None = None) -> None:
        login = {"username_or_email": "ada", "password": self.keep("a wrong password", made_up("wrong"))}
        assert self.ask("POST", "/api/auth/login", json=login).status_code == 401
        answer = self.ask("POST", "/api/auth/login", json={**login, "password": password or self.password})
        assert answer.status_code == 200, answer.text
        self.session = self.keep(f"a session {len(self.used)}", answer.json()["access_token"])

    def browse(self) -> None:
        login = {"username_or_email": "ada", "password": self.password}
        mode = {"X-Argus-Session": "cookie"}
        answer = self.ask("POST", "/api/auth/login", json=login, headers=mode)
        self.keep("a browser's session", answer.json()["access_token"])
        for turn in range(3):
            self.keep(f"a refresh token {turn}", next(iter(self.http.cookies.values())))
            answer = self.ask("POST", "/api/auth/refresh", headers=mode)
            assert answer.status_code == 200, answer.text
            self.keep(f"a renewed session {turn}", answer.json()["access_token"])
        # The first one again, as a second tab or a thief would send it.
        cookie = f"{next(iter(self.http.cookies))}={self.used['a refresh token 0']}"
        self.http.cookies.clear()
        again = self.ask("POST", "/api/auth/refresh", headers={**mode, "Cookie": cookie})
        if again.status_code == 200:
            self.keep("a second tab's session", again.json()["access_token"])
        unknown = self.keep("a forged refresh token", secrets.token_urlsafe(32))
        cookie = f"{cookie.partition('=')[0]}={unknown}"
        assert self.ask("POST", "/api/auth/refresh", headers={**mode, "Cookie": cookie}).status_code == 401
        self.http.cookies.clear()

    def tokens(self) -> None:
        for scope in ("reporter", "viewer"):
            made = self.ask("POST", "/api/tokens", self.session, json={"name": scope, "scope": scope}).json()
            token = self.keep(f"a {scope}'s token", made["token"])
            assert self.ask("GET", "/api/batches", token).status_code == 200
            for path in ("/api/sse?channels=visible", "/api/events/stream?"):
                with self.http.stream("GET", f"{path}&token={token}") as stream:
                    assert stream.status_code == 200, path
            assert self.ask("GET", f"/api/batches?token={token}").status_code == 401
        event = {"schema_version": "1.1", "event_id": secrets.token_hex(8), "timestamp": "2026-01-01T00:00:00Z"}
        event |= {"event_type": "batch_start", "batch_id": "secretive", "source": {"project": "p"}, "data": {}}
        body = {"events": [event]}
        assert self.ask("POST", "/api/events/batch", self.used["a reporter's token"], json=body).status_code == 200
        forged = self.keep("a forged token", new_token("em_live")[0])
        assert self.ask("GET", "/api/batches", forged).status_code == 401
        with self.http.stream("GET", f"/api/sse?channels=visible&token={forged}") as stream:
            assert stream.status_code == 401
        broken = self.keep("a broken session", self.session[:-4] + "AAAA")
        assert self.ask("GET", "/api/auth/me", broken).status_code == 401
        assert self.ask("GET", f"/api/sse?channels=visible&token={broken}").status_code == 401

    def recover(self) -> None:
        assert self.ask("POST", "/api/auth/request-password-reset", json={"email": "ada@example.org"}).is_success
        link = self.keep("a link that resets", self.mailbox.token("ada@example.org", "reset-password"))
        self.password = self.keep("a reset password", made_up("reset"))
        reset = {"token": link, "new_password": self.password}
        assert self.ask("POST", "/api/auth/reset-password", json=reset).status_code == 200
        assert self.ask("POST", "/api/auth/reset-password", json=reset).status_code == 400
        self.log_in()
        changed = self.keep("a changed password", made_up("changed"))
        change = {"current_password": self.password, "new_password": changed}
        assert self.ask("POST", "/api/auth/change-password", self.session, json=change).status_code == 200
        self.password = changed
        move = {"new_email": "ada2@example.org", "current_password": changed}
        assert self.ask("POST", "/api/auth/change-email", self.session, json=move).status_code == 200
        moved = self.keep("a link to a new address", self.mailbox.token("ada2@example.org", "verify-new-email"))
        assert self.ask("GET", f"/api/auth/verify-new-email?token={moved}&look=true").status_code == 200
        assert self.ask("GET", f"/api/auth/verify-new-email?token={moved[:-2]}zz").status_code >= 400
        assert self.ask("POST", "/api/auth/verify-new-email", json={"token": moved}).status_code == 200

    def administer(self) -> None:
        invite = self.ask("POST", "/api/admin/users/invites", self.session, json={"note": "x"}).json()
        self.keep("an invite", invite["code"])
        guest = {
            "username": "guest",
            "email": "guest@example.org",
            "password": self.keep("a guest's", made_up("guest")),
        }
        self.ask("POST", "/api/auth/register", json={**guest, "invite_code": invite["code"]})
        for group, key, what in (
            ("smtp", "password", "a configured mail password"),
            ("oauth", "github_client_secret", "a provider's secret"),
        ):
            value = self.keep(what, made_up(key))
            path = f"/api/admin/system-config/{group}/{key}"
            assert self.ask("PUT", path, self.session, json={"value": value}).status_code == 200
            assert value not in self.ask("GET", f"/api/admin/system-config/{group}", self.session).text
            assert self.ask("PUT", path, self.session, json={"value": value, "more": 1}).status_code == 422
            assert self.ask("PUT", path, self.session, json={"value": [value]}).status_code == 422
            assert self.ask("DELETE", path, self.session).status_code == 204
        provider = {"name": "Lab", "issuer": "http://127.0.0.1:1", "client_id": "argus"}
        provider["client_secret"] = self.keep("an issuer's secret", made_up("issuer"))
        path = "/api/admin/security/oidc-providers/lab"
        assert provider["client_secret"] not in self.ask("PUT", path, self.session, json=provider).text
        assert self.ask("PUT", path, self.session, json={**provider, "more": 1}).status_code == 422
        self.ask("POST", f"{path}/test", self.session)
        self.ask("POST", "/api/admin/security/jwt/rotate", self.session)

    def agents(self) -> None:
        made = self.ask("POST", "/api/agents/register", self.session, json={"hostname": "gpu-1"}).json()
        token = self.keep("an agent's token", made["agent_token"])
        assert self.ask("POST", f"/api/agents/{made['agent_id']}/heartbeat", token, json={}).status_code < 500
        assert self.ask("GET", "/api/batches", token).status_code in {401, 403}

    def mistakes(self) -> None:
        """Requests that are wrong around a secret: the answer must not hold it either."""
        secret = self.keep("a password in a bad request", made_up("bad"))
        for body in (
            {"username_or_email": "ada", "password": [secret]},
            {"username_or_email": "ada", "password": {"value": secret}},
            {"password": secret},
            {"username_or_email": "x" * 300, "password": secret},
            [{"password": secret}],
        ):
            assert self.ask("POST", "/api/auth/login", json=body).status_code == 422
        for password in (secret[:9], secret * 20, f"\u0000{secret}"):
            person = {"username": "eve", "email": "not an address", "password": password, "more": "x"}
            assert self.ask("POST", "/api/auth/register", json=person).status_code == 422
        change = {"current_password": secret, "new_password": secret + "x", "more": {"token": secret}}
        self.ask("POST", "/api/auth/change-password", self.session, json=change)
        self.ask("POST", "/api/auth/reset-password", json={"token": secret, "new_password": "short"})
        raw = f'{{"username_or_email": "ada", "password": "{secret}"'
        self.ask("POST", "/api/auth/login", content=raw, headers={"Content-Type": "application/json"})
        self.ask("POST", "/api/auth/login", content=f"password={secret}", headers={"Content-Type": "text/plain"})
        self.ask("POST", "/api/tokens", self.session, json={"name": secret, "scope": "none"})
        # A NUL is what PostgreSQL cannot store, and so its driver's error has all parameters in it.
        self.ask("POST", "/api/auth/login", json={"username_or_email": "a\u0000da", "password": secret})
        self.ask("GET", "/api/artifacts/99999999999999999999999", self.session)
        self.ask("POST", "/api/auth/logout", self.session)


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes traces, as a collector does."""

    received: bytes = b""

    def do_POST(self) -> None:
        type(self).received += self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def collector() -> Iterator[type[Collector]]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Collector.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    yield Collector
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox(SMTP_PASSWORD)
    made.start()
    yield made
    made.stop()


class Written:
    """All that a system wrote, by where."""

    def __init__(self, run: Run, places: dict[str, bytes]) -> None:
        self.run = run
        self.places = places

    def found(self) -> list[str]:
        hits = []
        for place, text in self.places.items():
            for name, value in self.run.used.items():
                for form in {value, quote(value, safe=""), json.dumps(value)[1:-1]}:
                    if form.encode() in text:
                        at = text.index(form.encode())
                        around = text[max(0, at - 200) : at].decode(errors="replace")
                        hits.append(f"{name} in {place}: ...{around}<HERE>")
                        break
        return hits


@pytest.fixture(scope="module", params=["json", "console"])
def standalone(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    mailbox: Mailbox,
    collector: type[Collector],
) -> Written:
    home = tmp_path_factory.mktemp("secrets") / "home"
    traced = {"ARGUS_OTLP_ENDPOINT": collector.url} if request.param == "json" else {}  # type: ignore[attr-defined]
    server = ServerProcess(home, **TALKATIVE, **mailbox.settings, **traced, ARGUS_LOG_FORMAT=request.param)
    server.start()
    server.wait_ready()
    run = Run(server.url, mailbox)
    try:
        run.all()
        metrics = httpx.get(f"{server.url}/metrics").content
    finally:
        server.end()
    nats = b"".join(file.read_bytes() for file in (home / "nats").glob("*.log"))
    places = {"the log": server.log.read_bytes(), "NATS's log": nats, "metrics": metrics}
    places |= {"traces": collector.received} if traced else {}
    assert all(places.values()), {place: len(text) for place, text in places.items()}
    return Written(run, places)


class TestStandalone:
    def test_no_secret_is_in_what_it_wrote(self, standalone: Written) -> None:
        assert len(standalone.run.used) > 30
        assert standalone.found() == []

    def test_the_log_is_that_of_a_run(self, standalone: Written) -> None:
        assert standalone.places["the log"].count(b"\n") > 5

    def test_no_refusal_says_a_secret_back(self, standalone: Written) -> None:
        answers = "\n".join(standalone.run.answers)
        assert [name for name, value in standalone.run.used.items() if value in answers] == []
        assert answers.count('"error"') > 20


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Written:
    home = tmp_path_factory.mktemp("stack") / "home"
    port = free_port()
    environment = {**os.environ, **TALKATIVE, **mailbox.settings, "ARGUS_HOME": str(home), "ARGUS_PORT": str(port)}
    output = home.parent / "stack.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [ROOT / "deploy" / "local" / "stack"], env=environment, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _until_ready(url, process, output)
        run = Run(url, mailbox)
        run.all()
        metrics = httpx.get(f"{url}/readyz").content
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    places = {"the terminal": output.read_bytes(), "readiness": metrics}
    places |= {file.name: file.read_bytes() for file in (home / "stack" / "logs").iterdir() if file.is_file()}
    return Written(run, places)


def _until_ready(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=3).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    pytest.fail(output.read_text(errors="replace")[-3000:])


@pytest.mark.slow
class TestStack:
    def test_no_secret_is_in_what_any_process_wrote(self, stack: Written) -> None:
        assert len(stack.places) > 10, sorted(stack.places)
        assert stack.found() == []

"""`argus-server doctor` names real faults, what follows from each, and what to do; and keeps secrets to itself."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from argus_kit.ports import free_port
from argus_standalone.doctor import checks, gateway, local
from argus_standalone.doctor.findings import Finding, Level, exit_code, fail
from argus_standalone.nats_child import address_file, find_binary
from argus_standalone.testing import Account, ServerProcess


def run(home: Path, *arguments: str, **environment: str) -> tuple[int, list[dict[str, str]], str]:
    """Exit code, findings, and all that was printed."""
    command = [sys.executable, "-m", "argus_standalone.cli", "doctor", "--json", *arguments]
    given = {**os.environ, "ARGUS_HOME": str(home), **environment}
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    assert said["exit_code"] == done.returncode
    return done.returncode, said["findings"], done.stdout + done.stderr


def of(findings: list[dict[str, str]], subject: str) -> dict[str, str]:
    """The worst line about something."""
    order = {"note": 0, "ok": 1, "warn": 2, "fail": 3}
    return max((one for one in findings if one["subject"] == subject), key=lambda one: order[one["level"]])


async def found(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[dict[str, str]]:
    """The same in this process."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return [finding.as_dict() async for finding in checks.findings()]


async def collected(check: Any) -> list[Finding]:
    return [finding async for finding in check]


class TestRunning:
    def test_all_is_well(self, server: ServerProcess) -> None:
        server.start()
        server.wait_ready()
        with Account(server.url) as ada:
            code, findings, _ = run(server.home, ARGUS_PORT=str(server.port), ARGUS_TOKEN=ada.token)
        bad = [one for one in findings if one["level"] in {"warn", "fail"} and one["subject"] != "disk"]
        assert bad == []
        assert code <= 1
        assert {"settings", "folder", "disk", "secrets", "schema", "database", "outbox", "nats", "address", "routes",
                "clock", "stream"} <= {one["subject"] for one in findings}  # fmt: skip
        assert of(findings, "stream")["what"].startswith("the first frame came after")
        assert sum(one["subject"] == "routes" for one in findings) == 6

    def test_a_nats_that_is_gone_is_named(self, server: ServerProcess) -> None:
        server.start()
        server.wait_ready()
        file = address_file(server.home / "nats")
        file.write_text(f"nats://127.0.0.1:{free_port()}")
        code, findings, _ = run(server.home, ARGUS_PORT=str(server.port))
        assert code == 2
        assert of(findings, "nats")["level"] == "fail"
        assert "Is it running" in of(findings, "nats")["todo"]


class TestNotRunning:
    def test_a_fresh_folder_has_nothing_wrong(self, tmp_path: Path) -> None:
        code, findings, _ = run(tmp_path / "home")
        assert [one for one in findings if one["level"] in {"warn", "fail"} and one["subject"] != "disk"] == []
        assert code <= 1
        assert of(findings, "address")["level"] == "note"
        assert not (tmp_path / "home").exists()

    def test_an_old_schema_is_named(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        with contextlib.closing(sqlite3.connect(home / "argus.db")) as connection, connection:
            connection.execute("create table alembic_version (version_num text)")
            connection.execute("insert into alembic_version values ('0001')")
        (home / "argus.db").chmod(0o600)
        code, findings, _ = run(home)
        assert code == 2
        assert "0001 is older than" in of(findings, "schema")["what"]
        assert "argus-server migrate" in of(findings, "schema")["todo"]

    def test_a_newer_schema_is_named(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        with contextlib.closing(sqlite3.connect(home / "argus.db")) as connection, connection:
            connection.execute("create table alembic_version (version_num text)")
            connection.execute("insert into alembic_version values ('9999')")
        (home / "argus.db").chmod(0o600)
        _, findings, _ = run(home)
        assert "9999 is newer than" in of(findings, "schema")["what"]

    def test_secrets_that_others_can_read_are_named(self, tmp_path: Path) -> None:
        home, named = tmp_path / "home", tmp_path / "smtp"
        home.mkdir()
        (home / "config.key").write_text("k")
        (home / "config.key").chmod(0o644)
        named.write_text("hunter2hunter2")
        named.chmod(0o640)
        code, findings, said = run(home, ARGUS_SMTP_PASS_FILE=str(named))
        assert code == 2
        todo = [one["todo"] for one in findings if one["subject"] == "secrets" and one["level"] == "fail"]
        assert todo == [f"chmod 600 {home}/config.key", f"chmod 600 {named}"]
        assert "hunter2" not in said

    def test_settings_that_production_refuses_are_named(self, tmp_path: Path) -> None:
        code, findings, _ = run(tmp_path / "home", ARGUS_ENV="prod", ARGUS_SMTP_PORTT="25")
        assert code == 2
        said = [one["what"] for one in findings if one["subject"] == "settings"]
        assert any(text.startswith("ARGUS_CONFIG_KEY must be") for text in said)
        assert any("did you mean ARGUS_SMTP_PORT" in text for text in said)

    def test_a_setting_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        code, findings, _ = run(tmp_path / "home", ARGUS_PORT="many")
        assert code == 2
        assert of(findings, "settings")["what"].startswith("ARGUS_PORT is 'many'")

    @pytest.mark.parametrize("first", [{}, {"ARGUS_PORT": "many"}])
    def test_so_is_one_of_each_service(self, tmp_path: Path, first: dict[str, str]) -> None:
        given = {"ARGUS_SSE_KEEPALIVE_S": "x", "ARGUS_MAIL_AT_ONCE": "x", "ARGUS_ARTIFACT_MAX_FILE_MB": "x", **first}
        code, findings, _ = run(tmp_path / "home", **given)
        assert code == 2
        assert {one["what"].split()[0] for one in findings if one["subject"] == "settings"} == given.keys()


class TestServers:
    async def test_what_cannot_be_reached_is_named_without_its_password(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        port = free_port()
        findings = await found(
            monkeypatch,
            ARGUS_HOME=str(tmp_path),
            ARGUS_DB_URL=f"postgresql+asyncpg://argus:sesame-one@127.0.0.1:{port}/argus",
            ARGUS_NATS_URL=f"nats://argus:sesame-two@127.0.0.1:{port}",
            ARGUS_REDIS_URL=f"redis://:sesame-three@127.0.0.1:{port}/0",
            ARGUS_SMTP_HOST="127.0.0.1",
            ARGUS_SMTP_PORT=str(port),
            ARGUS_BASE_URL=f"http://127.0.0.1:{port}",
        )
        levels = {name: of(findings, name)["level"] for name in ("database", "nats", "redis", "mail", "address")}
        assert levels == {"database": "fail", "nats": "fail", "redis": "warn", "mail": "fail", "address": "fail"}
        assert "sesame" not in json.dumps(findings)

    async def test_a_nats_without_jetstream_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        port = free_port()
        server = subprocess.Popen([str(find_binary()), "-a", "127.0.0.1", "-p", str(port), "-l", str(tmp_path / "log")])
        try:
            while True:
                with contextlib.suppress(OSError):
                    __import__("socket").create_connection(("127.0.0.1", port)).close()
                    break
            findings = await found(monkeypatch, ARGUS_HOME=str(tmp_path), ARGUS_NATS_URL=f"nats://127.0.0.1:{port}")
        finally:
            server.terminate()
            server.wait(10)
        assert "has no JetStream" in of(findings, "nats")["what"]


class TestMachine:
    async def test_a_full_disk_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = shutil.disk_usage(tmp_path)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100 * 2**20))
        (finding,) = await collected(local.room(tmp_path))
        assert finding.level == Level.FAIL
        assert finding.what.startswith("0.1 of")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=3 * 2**30))
        (finding,) = await collected(local.room(tmp_path))
        assert finding.level == Level.WARN

    async def test_a_folder_that_takes_no_file_is_named(self, tmp_path: Path) -> None:
        taken = tmp_path / "home"
        taken.write_text("a file")
        (finding,) = await collected(local.folder(taken))
        assert (finding.level, finding.todo.startswith("Give it to the user")) == (Level.FAIL, True)


Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@pytest.fixture
def front() -> Iterator[Callable[[Answer], str]]:
    """A proxy in front, as bad as a test wants it; returns its address."""
    made: list[http.server.ThreadingHTTPServer] = []

    def serve(answer: Answer) -> str:
        body = {"do_GET": answer, "do_POST": answer, "log_message": lambda *_: None}
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Front", (http.server.BaseHTTPRequestHandler,), body)
        )
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in made:
        server.shutdown()
        server.server_close()


def reply(handler: http.server.BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


READY = json.dumps({"waiting_for": [], "version": "0.0.1"}).encode()
REFUSED = json.dumps({"error": {"code": "auth.required"}}).encode()


class TestFront:
    async def test_a_proxy_that_gathers_the_stream_is_named(self, front, server: ServerProcess) -> None:
        server.start()
        server.wait_ready()
        release = threading.Event()

        def gathering(handler: http.server.BaseHTTPRequestHandler) -> None:
            """Passes everything on, and a stream once there is much of it: as nginx does with `proxy_buffering on`."""
            credential = {"Authorization": handler.headers["Authorization"]} if handler.headers["Authorization"] else {}
            if "/api/sse" in handler.path and credential:
                with httpx.stream("GET", f"{server.url}{handler.path}", headers=credential) as stream:
                    assert next(stream.iter_bytes())
                    release.wait(30)
                return
            answer = httpx.request(handler.command, f"{server.url}{handler.path}", json={}, headers=credential)
            reply(handler, answer.status_code, answer.content)

        with Account(server.url) as ada:
            findings = await collected(gateway.public(front(gathering), ada.token))
            release.set()
            direct = await collected(gateway.public(server.url, ada.token))
        worst = {finding.subject: finding for finding in findings if finding.level == Level.FAIL}
        assert list(worst) == ["stream"]
        assert "proxy_buffering off" in worst["stream"].todo
        assert exit_code(direct) == 0

    async def test_a_service_that_the_gateway_does_not_reach_is_named(self, front) -> None:
        def half(handler: http.server.BaseHTTPRequestHandler) -> None:
            if handler.path == "/readyz":
                reply(handler, 200, READY)
            elif handler.path.startswith("/api/agents"):
                reply(handler, 502, b"Bad Gateway")
            elif handler.path.startswith("/api/notifications"):
                reply(handler, 200, b"<html>Log in</html>")
            else:
                reply(handler, 401, REFUSED)

        findings = await collected(gateway.public(front(half), ""))
        bad = [finding.what.partition(":")[0] for finding in findings if finding.level == Level.FAIL]
        assert bad == ["executor", "notifier"]

    async def test_a_clock_that_is_wrong_is_named(self, front) -> None:
        def late(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.date_time_string = lambda timestamp=None: "Thu, 01 Jan 2026 00:00:00 GMT"  # type: ignore[method-assign]
            reply(handler, 200 if handler.path == "/readyz" else 401, READY if handler.path == "/readyz" else REFUSED)

        findings = await collected(gateway.public(front(late), ""))
        (clock,) = [finding for finding in findings if finding.subject == "clock"]
        assert clock.level == Level.WARN

    async def test_versions_that_differ_are_named(self, front) -> None:
        one = front(lambda handler: reply(handler, 200, READY))
        two = front(lambda handler: reply(handler, 503, READY.replace(b"0.0.1", b"0.0.2").replace(b"[]", b'["nats"]')))
        findings = await collected(
            gateway.versions({"auth": one, "ingest": two, "gone": f"http://127.0.0.1:{free_port()}"})
        )
        said = [finding.what for finding in findings]
        assert said == ["ingest waits for nats", "gone does not answer", "versions differ: 0.0.1: auth; 0.0.2: ingest"]


class TestStuck:
    async def test_an_outbox_and_a_silent_agent_are_named(
        self, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.start()
        server.wait_ready()
        assert server.end() == 0
        with contextlib.closing(sqlite3.connect(server.home / "argus.db")) as connection, connection:
            long_ago = "2026-01-01T00:00:00.000000Z"
            outbox = [
                name for (name,) in connection.execute("select name from sqlite_master where name = 'ingest_outbox'")
            ]
            assert outbox
            connection.execute(
                "insert into ingest_outbox (id, subject, msg_id, payload, created_at) values (1, 's', 'm', x'', ?)",
                (long_ago,),
            )
            connection.execute(
                "insert into agent (id, owner_id, hostname, created_at, last_seen_at) values ('a', 1, 'gpu-7', ?, ?)",
                (long_ago, long_ago),
            )
        findings = await found(monkeypatch, ARGUS_HOME=str(server.home))
        assert of(findings, "outbox")["level"] == "fail"
        assert "ingest_outbox" in of(findings, "outbox")["what"]
        assert of(findings, "agents")["level"] == "warn"
        assert "Revoke what is gone for good (gpu-7)" in of(findings, "agents")["todo"]


def test_a_secret_in_an_errors_text_is_not_shown() -> None:
    said = fail("nats", "nats://argus:sesame@host refused us", "", "").as_dict()
    assert "sesame" not in json.dumps(said)

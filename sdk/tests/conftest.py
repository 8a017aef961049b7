"""A real HTTP server that keeps the ingest contract, with faults that can be switched on, and an own journal folder."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from argus import Reporter, _alerts, _guard, _pause, _settings

if TYPE_CHECKING:
    from argus_standalone.testing import Account, ServerProcess

TOKEN = "em_live_test"
EVENT_TYPES = {
    "batch_start", "batch_done", "batch_failed", "job_start", "job_epoch", "job_step", "job_done", "job_failed",
    "resource_snapshot", "log_line", "env_snapshot", "job_checkpoint", "batch_paused", "alert",
}  # fmt: skip


class FakeIngest:
    """What the server side of the contract does with events, and every fault that a client has to survive."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.requests: list[int] = []  # events per request, in order of arrival
        self.duplicates = 0
        self.artifacts: list[tuple[str, bytes]] = []
        self.paths: list[str] = []
        self.token = TOKEN
        self.stop_answer: dict[str, Any] = {"requested": False, "stop_requested": False}
        self.faults: list[tuple[int, dict[str, str]]] = []  # answers for the next POSTs, before anything is stored
        self.drop_answers = 0  # store, then cut the connection instead of answering
        self.reject: Callable[[dict[str, Any]], str | None] = lambda event: None
        self.refuse_whole: Callable[[dict[str, Any]], bool] = lambda event: False
        self.most_events = 5000
        self.most_bytes = 8 * 1024 * 1024
        self.knows_gzip = True
        self.delay_s = 0.0
        self.raw_answer: bytes | None = None
        self.port = 0
        self.tls: ssl.SSLContext | None = None
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.cut()
            self._server = None

    def of_type(self, event_type: str) -> list[dict[str, Any]]:
        return [event for event in list(self.events.values()) if event["event_type"] == event_type]

    def types(self) -> Counter[str]:
        return Counter(event["event_type"] for event in list(self.events.values()))

    def take(self, event: dict[str, Any]) -> dict[str, Any]:
        error = self.reject(event) or _fault(event)
        event_id = event.get("event_id")
        with self._lock:
            if event_id in self.events:
                self.duplicates += 1
                return {"event_id": event_id, "status": "deduplicated", "db_id": 1, "error": None}
            if error is not None:
                return {"event_id": event_id, "status": "rejected", "db_id": None, "error": error}
            self.events[event_id] = event
            return {"event_id": event_id, "status": "accepted", "db_id": len(self.events), "error": None}

    def post_events(self, body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            events = json.loads(body, parse_constant=_no_constant)["events"]
        except (ValueError, UnicodeDecodeError):
            return 422, {"detail": [{"type": "json_invalid"}]}
        with self._lock:
            self.requests.append(len(events))
        if len(body) > self.most_bytes:
            return 413, {"detail": "too large"}
        if not 0 < len(events) <= self.most_events or any(self.refuse_whole(event) for event in events):
            return 422, {"detail": [{"type": "invalid"}]}
        results = [self.take(event) for event in events]
        rejected = sum(result["status"] == "rejected" for result in results)
        return 200, {"accepted": len(results) - rejected, "rejected": rejected, "results": results}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *args: Any) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        for request in list(self.open):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that was killed


def _handler(ingest: FakeIngest) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ingest.paths.append(self.path)
            time.sleep(ingest.delay_s)
            if self.path.endswith("/artifacts"):
                ingest.artifacts.append((self.path, body))
                self.answer(201, {"id": len(ingest.artifacts)})
            elif ingest.faults:
                status, headers = ingest.faults.pop(0)
                self.answer(status, {"detail": "a fault"}, headers)
            elif ingest.raw_answer is not None:
                self.answer_bytes(200, ingest.raw_answer, {"Content-Type": "text/html"})
            elif self.headers.get("Authorization") != f"Bearer {ingest.token}":
                self.answer(401, {"detail": "API token invalid"}, {"WWW-Authenticate": "Bearer"})
            else:
                self.store(body)

        def store(self, body: bytes) -> None:
            if self.headers.get("Content-Encoding") == "gzip" and ingest.knows_gzip:
                body = gzip.decompress(body)
            status, answer = ingest.post_events(body)
            if ingest.drop_answers and status == 200:
                ingest.drop_answers -= 1
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.answer(status, answer)

        def do_GET(self) -> None:
            ingest.paths.append(self.path)
            self.answer(200, {"status": "ok"} if self.path == "/health" else ingest.stop_answer)

        def answer(self, status: int, answer: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            self.answer_bytes(status, json.dumps(answer).encode(), headers or {})

        def answer_bytes(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _fault(event: dict[str, Any]) -> str | None:
    if event.get("schema_version") != "1.1":
        return "unsupported schema_version"
    if event.get("event_type") not in EVENT_TYPES:
        return "unknown event_type"
    if event["event_type"].startswith("job_") and not event.get("job_id"):
        return "needs job_id"
    place = {"job_epoch": "epoch", "job_step": "step"}.get(event["event_type"])
    if place and not isinstance(event["data"].get(place), int):
        return f"{place}: int required"
    return None


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    server = FakeIngest()
    server.up()
    yield server
    server.down()


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal folder of the test's own, a clean environment, and a client that has told nothing yet."""
    folder = tmp_path / "journals"
    for name in list(os.environ):
        if name.startswith("ARGUS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ARGUS_SPILL_DIR", str(folder))
    monkeypatch.setenv("ARGUS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("ARGUS_TOKEN", TOKEN)
    monkeypatch.setattr(_guard, "_told", set())
    monkeypatch.setattr(_settings, "_batch_id_claimed", False)
    monkeypatch.setattr(_pause, "_job_claimed", False)
    monkeypatch.setattr(_alerts, "_said", {})
    return folder


@pytest.fixture
def reporter(ingest: FakeIngest) -> Callable[..., Reporter]:
    """Makes reporters of the fake server, without background tasks unless they are asked for."""

    def make(prefix: str = "run", **options: Any) -> Reporter:
        quiet = {
            "heartbeat": False,
            "stop_polling": False,
            "resource_snapshot": False,
            "capture_environment": False,
            "monitor_url": ingest.url,
            "source_project": "tests",
        }
        return Reporter(prefix, **{**quiet, **options})

    return make


@pytest.fixture
def script(ingest: FakeIngest, journals: Path, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Runs Python code in a process of its own, with `reporter(**options)` at hand."""
    head = (
        "import os, sys, time, signal\n"
        "from argus import Reporter\n"
        "def reporter(prefix='run', **options):\n"
        "    quiet = dict(heartbeat=False, stop_polling=False, resource_snapshot=False, capture_environment=False,\n"
        "                 source_project='tests')\n"
        "    return Reporter(prefix, **{**quiet, **options})\n"
    )

    def run(code: str, **environment: str) -> subprocess.Popen[str]:
        path = tmp_path / f"script{time.monotonic_ns()}.py"
        path.write_text(head + code)
        return subprocess.Popen(
            [sys.executable, "-W", "error", str(path)],
            env={**os.environ, "ARGUS_URL": ingest.url, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run


@pytest.fixture
def wait_until() -> Callable[..., None]:
    def wait(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A real Argus that is ready."""
    from argus_standalone.testing import ServerProcess  # not there where only the SDK is installed

    made = ServerProcess(tmp_path_factory.mktemp("argus") / "home")
    made.start()
    made.wait_ready()
    yield made
    made.end()


@pytest.fixture(scope="module")
def ada(server: ServerProcess) -> Iterator[Account]:
    """A person with a reporter's token there."""
    from argus_standalone.testing import Account

    account = Account(server.url)
    yield account
    account.close()

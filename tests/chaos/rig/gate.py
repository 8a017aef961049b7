"""What an agent takes for the server: passes on each request, and lets a test act at the very step of a command."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_PASSED_ON = ("Authorization", "Content-Type", "Content-Encoding", "Date")
_TIMEOUT_S = 60.0


class Gate:
    """A proxy. `reached` is called with each step as it comes, such as "rerun:ack" before the server hears of an
    acknowledgement and "rerun:acked" before the agent hears the answer.
    """

    def __init__(self, url: str, reached: Callable[[str], None]) -> None:
        parts = urlsplit(url)
        self._there = (parts.hostname or "", parts.port or 80)
        self._reached = reached
        self._kinds: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def kind(self, command_id: str) -> str:
        """What a command that was handed over is, such as rerun or stop."""
        return self._kinds.get(command_id, "other")

    def pass_on(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        """Ask the server. Raises OSError or HTTPException when it does not answer."""
        step = self._step(path, body)
        if step:
            self._reached(step)
        connection = http.client.HTTPConnection(*self._there, timeout=_TIMEOUT_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        self._after(step, path, answer.status, data)
        return answer.status, data, answer.headers.get("Date", "")

    def _step(self, path: str, body: bytes | None) -> str | None:
        """What is told about a command: `ack`, or the step that a report names."""
        words = urlsplit(path).path.split("/")
        if len(words) < 7 or words[4] != "jobs":
            return None
        told = json.loads(body or b"{}")
        return f"{self.kind(words[5])}:{'ack' if words[6] == 'ack' else told['step']}"

    def _after(self, step: str | None, path: str, status: int, data: bytes) -> None:
        if step and status < 300:
            self._reached(f"{step}-answered")
        if urlsplit(path).path.endswith("/jobs") and status == 200:
            for command in json.loads(data)["jobs"]:
                self._kinds[command["id"]] = command["kind"]
                self._reached(f"{command['kind']}:delivered")

    def _handler(gate) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Nothing: the server has logs of its own."""

            def do_GET(self) -> None:
                self._pass_on(None)

            def do_POST(self) -> None:
                self._pass_on(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

            def _pass_on(self, body: bytes | None) -> None:
                headers = {name: self.headers[name] for name in _PASSED_ON if self.headers[name]}
                try:
                    status, data, date = gate.pass_on(self.command, self.path, headers, body)
                    self.send_response_only(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.send_header("Content-Type", "application/json")
                    if date:
                        self.send_header("Date", date)
                    self.end_headers()
                    self.wfile.write(data)
                except (OSError, http.client.HTTPException):
                    # The answer is lost, as when the line breaks.
                    self.close_connection = True

        return Handler

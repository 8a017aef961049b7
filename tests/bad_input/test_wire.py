"""What is no HTTP, readers that do not read, and every route with parameters that nobody would send."""

from __future__ import annotations

import contextlib
import json
import socket
import time
import uuid
from typing import Any
from urllib.parse import quote

import httpx
import pytest

NOISE = [
    b"\x00\x01\x02\x03" * 100,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /api/events HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /api/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]


class TestNoHttp:
    @pytest.mark.parametrize("noise", NOISE, ids=range(len(NOISE)))
    def test_noise_is_answered_with_400_or_silence(self, server: Any, noise: bytes) -> None:
        with socket.create_connection(("127.0.0.1", server.port), 5) as peer:
            answer = b""
            with contextlib.suppress(OSError):
                peer.sendall(noise)
                peer.shutdown(socket.SHUT_WR)
                peer.settimeout(5)
                answer = peer.recv(4096)
        assert not answer.startswith(b"HTTP/1.1 5")

    def test_many_who_say_half_a_sentence_hold_nobody_up(self, server: Any) -> None:
        peers = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(200)]
        for peer in peers:
            peer.sendall(b"POST /api/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert httpx.get(f"{server.url}/health", timeout=5).status_code == 200
        for peer in peers:
            peer.close()


ODD = [
    "%00",
    "..%2F..%2Fetc",
    "9" * 40,
    "-1",
    quote("💥中"),
    "a" * 3000,
    "%27%20or%201%3D1--",
    "%20",
    "%ED%A0%80",
    "null",
]
ODD_QUERIES = [
    "limit=-1&offset=-5&page=0&page_size=0",
    "limit=99999999999999999999&cursor=zzzz&since=never&until=%00&days=-1",
    "limit=x&status=%00&project=%00&sort=%27&order=sideways&metric=%00&q=%25%25%25",
    "limit=5&cursor=WzEsMiwzXQ&since=99999-01-01T00:00:00Z&metric=" + "m" * 3000,
    "ids=" + ",".join(["x"] * 2000),
    "channels=" + "a:" * 500,
]
ODD_BODIES = [
    b"",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"{not json",
    b"[" * 50_000,
    b'{"\\u0000": "\\u0000", "name": "\\ud800", "id": NaN, "value": 1e999}',
    json.dumps(dict.fromkeys(("id", "user_id", "limit", "batch_id", "target_id", "value"), 10**30)).encode(),
    json.dumps(
        dict.fromkeys(("name", "title", "username", "batch_id", "target_id", "email", "project"), "x\x00")
    ).encode(),
]
# These end the session that the sweep uses, or never end.
LEFT_OUT = {"/api/auth/logout", "/api/auth/refresh", "/api/sse", "/api/events/stream"}


def _filled(path: str, value: str) -> str:
    parts = path.split("/")
    return "/".join(value if part.startswith("{") else part for part in parts)


@pytest.mark.parametrize("server", ["sqlite", "postgresql"], indirect=True)
class TestEveryRoute:
    """A sweep over the OpenAPI document: whatever is sent, the answer is below 500."""

    def test_odd_paths_queries_and_bodies(self, server: Any, ada: Any, bob: Any) -> None:
        paths = httpx.get(f"{server.url}/openapi.json", timeout=60).json()["paths"]
        faults = []
        for path, methods in paths.items():
            if path in LEFT_OUT or path.endswith("/logs/stream"):
                continue
            for method in methods:
                for address, body in _requests(path, method):
                    try:
                        # Somebody's session: the administrator's own routes refuse, so that nothing is turned off.
                        answer = bob.http.request(
                            method, address, content=body, headers={"Content-Type": "application/json"}
                        )
                    except httpx.HTTPError as error:
                        faults.append((method, address[:120], repr(error)))
                        continue
                    if answer.status_code >= 500:
                        faults.append((method, address[:120], (body or b"")[:40], answer.text[:200]))
        assert not faults, f"{len(faults)} faults, of which\n" + "\n".join(map(str, faults[:25]))

    def test_odd_words_to_the_administrators_routes(self, server: Any, ada: Any) -> None:
        paths = httpx.get(f"{server.url}/openapi.json", timeout=60).json()["paths"]
        faults = []
        for path, methods in paths.items():
            if not path.startswith("/api/admin/"):
                continue
            for method in methods:
                for address, body in _requests(path, method):
                    answer = ada.http.request(
                        method, address, content=body, headers={"Content-Type": "application/json"}
                    )
                    if answer.status_code >= 500:
                        faults.append((method, address[:120], (body or b"")[:40], answer.text[:200]))
        assert not faults, "\n".join(map(str, faults[:25]))


def _requests(path: str, method: str) -> list[tuple[str, bytes | None]]:
    values = ODD if "{" in path else ["x"]
    if method == "get":
        return [(_filled(path, value), None) for value in values] + [
            (f"{_filled(path, 'x')}?{query}", None) for query in ODD_QUERIES
        ]
    bodies = ODD_BODIES if method != "delete" else [None]
    return [(_filled(path, value), b"{}") for value in values] + [(_filled(path, "x"), body) for body in bodies]


class TestSlowReader:
    def test_it_costs_bounded_memory_is_told_and_holds_up_no_other(
        self, server: Any, ada: Any, wire: Any, event: Any, memory_mib: Any
    ) -> None:
        name = f"slow-{uuid.uuid4().hex[:6]}"
        wire.batch(event("batch_start", name), event("job_start", name, "j"))
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", server.port))
        request = (
            f"GET /api/sse?channels=batch:{name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.session}\r\n\r\n"
        )
        slow.sendall(request.encode())
        assert b"200" in slow.recv(200)
        before = memory_mib(server)
        rounds, lines = 30, 100
        with httpx.Client(
            base_url=server.url, timeout=30, headers={"Authorization": f"Bearer {ada.session}"}
        ) as client:
            with client.stream("GET", "/api/sse", params={"channels": f"batch:{name}"}) as quick:
                for number in range(rounds):
                    wire.batch(*(event("log_line", name, "j", line=f"{number} " + "y" * 5000) for _ in range(lines)))
                wire.batch(event("job_epoch", name, "j", epoch=4711))
                assert _reads_until(quick, "4711")
        assert memory_mib(server) - before < 250
        slow.settimeout(10)
        seen = b""
        deadline = time.monotonic() + 15
        with contextlib.suppress(OSError):
            while b"event: resync" not in seen[-100_000:] and time.monotonic() < deadline:
                part = slow.recv(65536)
                if not part:
                    break
                seen += part
        slow.close()
        assert b"event: resync" in seen, "a reader that missed something was not told"
        assert ada.get(f"/api/jobs/{name}/j/epochs")[0]["epoch"] == 4711


def _reads_until(stream: httpx.Response, text: str) -> bool:
    deadline = time.monotonic() + 30
    tail = ""
    for part in stream.iter_text():
        tail = (tail + part)[-20_000:]
        if text in tail or '"resync"' in tail:
            return text in tail
        if time.monotonic() > deadline:
            break
    return False

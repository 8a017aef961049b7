"""What a connection may do to a server that has no proxy in front: real sockets, a real uvicorn."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel

from argus_kit import errors
from argus_kit.bodies import MAX_BODY_BYTES, BodyLimit
from argus_kit.connections import Connection
from argus_kit.serve import config

SEEN: list[str] = []


class Body(BaseModel):
    name: str = ""
    more: object = None


class Impatient(Connection):
    head_s = 0.6
    body_s = 1.2


def _app() -> FastAPI:
    app = FastAPI()
    errors.install(app)
    app.add_middleware(BodyLimit, own=None)

    @app.post("/body")
    async def body(body: Body) -> str:
        return body.name

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def seen(request: Request) -> str:
        SEEN.append(f"{request.method} {request.url.path}")
        return str(len(await request.body()))

    return app


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    settings = config(_app(), host="127.0.0.1", port=0)
    settings.http = Impatient
    server = uvicorn.Server(settings)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(20)
    listening.close()


def talk(port: int, *pieces: bytes, pause: float = 0) -> bytes:
    """All that the server answers until it closes, or is silent for three seconds."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=3) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
            while part := line.recv(65536):
                answer += part
        except (TimeoutError, ConnectionError):
            pass
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


class TestTime:
    def closes_within(self, port: int, *pieces: bytes, pause: float = 0.2) -> float:
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=8) as line:
            try:
                for piece in pieces:
                    line.sendall(piece)
                    time.sleep(pause)
                while line.recv(65536):
                    pass
            except ConnectionError:
                pass
        return time.monotonic() - begin

    def test_a_connection_that_says_nothing_is_closed(self, port: int) -> None:
        assert self.closes_within(port) < 3

    def test_a_head_that_drips_is_closed(self, port: int) -> None:
        pieces = [b"GET / HTTP/1.1\r\n", *[b"X-A: 1\r\n"] * 12]
        assert self.closes_within(port, *pieces) < 4

    def test_a_body_that_drips_is_closed(self, port: int) -> None:
        head = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
        assert self.closes_within(port, head, *[b"x"] * 15) < 5

    def test_the_next_request_of_a_connection_has_its_own_time(self, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            for _ in range(4):
                line.sendall(b"GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
                assert b"200 OK" in line.recv(65536)
                time.sleep(0.8)

    def test_a_head_after_a_slow_body_has_no_more_time_than_any(
        self, port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Impatient, "body_s", 60.0)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.sendall(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
            time.sleep(Impatient.head_s * 1.5)
            line.sendall(b"x")
            assert b"200 OK" in line.recv(65536)
            line.sendall(b"GET /never HTTP/1.1\r\n")
            assert line.recv(65536) == b""


class TestSize:
    @pytest.mark.parametrize(
        "head",
        [
            b"GET /" + b"a" * 400_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nX-A: " + b"a" * 400_000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 50_000 + b"\r\n",
        ],
        ids=["address", "header", "headers"],
    )
    def test_a_head_that_is_too_large_is_refused(self, port: int, head: bytes) -> None:
        SEEN.clear()
        pieces = [head[i : i + 16_384] for i in range(0, len(head), 16_384)]
        answer = talk(port, *pieces, pause=0.002)
        assert SEEN == []
        # The refusal may be lost where the sender still sends.
        assert statuses(answer) in ([431], [400], [])

    def test_a_large_body_behind_a_small_head_is_read(self, port: int) -> None:
        body = b"x" * 500_000
        answer = talk(port, b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + body)
        assert answer.endswith(b'"500000"')

    def test_a_declared_body_beyond_the_limit_is_refused_unread(self, port: int) -> None:
        head = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)
        assert statuses(talk(port, head)) == [413]

    @pytest.mark.parametrize("path", [b"/x", b"/body"])
    def test_an_undeclared_body_beyond_the_limit_is_refused(self, port: int, path: bytes) -> None:
        chunk = b"%x\r\n%s\r\n" % (2**18, b" " * 2**18)
        head = (
            b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            % path
        )
        answer = talk(port, head, *[chunk] * 5, b"0\r\n\r\n")
        assert statuses(answer) == [413]
        assert b'"body.too_large"' in answer

    @pytest.mark.parametrize("depth", [1_000, 100_000])
    def test_json_that_is_nested_without_end_is_refused(self, port: int, depth: int) -> None:
        body = json.dumps({"more": 1}).replace("1", "[" * depth + "]" * depth).encode()
        head = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        found = statuses(talk(port, head % len(body) + body))
        assert found in ([200], [400], [422])


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


class TestBoundaries:
    @pytest.mark.parametrize(
        "head",
        [
            b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            b"Content-Length: 0\r\nContent-Length: 40\r\n",
            b"Content-Length: 0, 40\r\n",
            b"Content-Length: +4\r\n",
            b"Content-Length: -1\r\n",
            b"Content-Length: 0x4\r\n",
            b"Content-Length : 4\r\n",
            b" Content-Length: 4\r\n",
            b"Transfer-Encoding: xchunked\r\n",
            b"Transfer-Encoding: chunked, identity\r\n",
            b"Transfer-Encoding : chunked\r\n",
            b"Transfer-Encoding:\x0bchunked\r\n",
            b"X-A: 1\rTransfer-Encoding: chunked\r\n",
            b"X-A: 1\n\nGET /smuggled HTTP/1.1\r\n",
            b"X-A\x00: 1\r\n",
        ],
        ids=str,
    )
    def test_a_request_whose_end_is_unclear_hides_no_other(self, port: int, head: bytes) -> None:
        SEEN.clear()
        answer = talk(port, b"POST /outer HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n0\r\n\r\n" + SMUGGLED)
        assert "GET /smuggled" not in SEEN, answer
        assert statuses(answer)[:1] in ([400], []), answer

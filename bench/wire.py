"""One keep-alive HTTP/1.1 connection; nothing but what a measurement needs, so that the server is measured."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit


class Client(asyncio.Protocol):
    """Sends one request at a time and returns its answer."""

    def __init__(self, url: str, token: str, path: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parts: list[bytes] = []
        self._missing = -1
        self.headers = b""

    async def open(self) -> None:
        """Connect."""
        await asyncio.get_running_loop().create_connection(lambda: self, self.host, self.port)

    def request(self, body: bytes) -> bytes:
        """The bytes of a request, to be made before the clock runs."""
        return self.head + str(len(body)).encode() + b"\r\n\r\n" + body

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """Send a body; returns status and the answer's body."""
        return await self.send(self.request(body))

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Send what `request` made."""
        assert self._transport is not None, "open() comes first"
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's is of a class of its own

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            data = b"".join([*self._parts, data])
            self._parts = [data]
            self.headers, ended, data = data.partition(b"\r\n\r\n")
            if not ended:
                return
            at = self.headers.lower().index(b"content-length:") + 15
            self._missing = int(self.headers[at : at + 12].split(b"\r")[0])
            self._parts = []
        self._parts.append(data)
        self._missing -= len(data)
        if self._missing == 0 and self._answer is not None:
            body, self._parts, self._missing = b"".join(self._parts), [], -1
            self._answer.set_result((int(self.headers[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server hung up"))

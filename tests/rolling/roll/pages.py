"""Open pages: many event streams in one thread, each of which comes back after the last id that it was shown."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
from urllib.parse import urlsplit

from roll.batches import Batch
from roll.counts import Counts

_NUMBER = re.compile(rb'"epoch":(\d+)')
_HELLO = re.compile(rb"event: hello\b")
_RETRY = re.compile(rb"^retry: (\d+)", re.MULTILINE)
_ID = re.compile(rb"^id: (\S+)", re.MULTILINE)
_OPEN_S = 60.0
# Keepalives come each quarter of a minute.
_SILENCE_S = 45.0


class Page:
    """A browser's EventSource on the channel of one batch.

    A stream that ends without a word on when to come back, and one that is refused, count as failures.
    """

    def __init__(self, url: str, credential: str, batch: Batch, counts: Counts) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._credential = credential
        self._batch = batch
        self._counts = counts
        self._last: str | None = None
        self._retry_s: float | None = None
        self.opened = asyncio.Event()
        self.connections = 0
        self.resyncs = 0

    async def run(self) -> None:
        """Read for ever."""
        while True:
            self._retry_s = None
            try:
                await self._read()
            except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError) as error:
                self._counts.fail("stream", f"cut: {error!r}")
            await asyncio.sleep(random.uniform(0.2, 1.0) if self._retry_s is None else self._retry_s)

    async def _read(self) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=1 << 20)
        try:
            writer.write(self._request())
            async with asyncio.timeout(_OPEN_S):
                head = await reader.readuntil(b"\r\n\r\n")
            status = head.split(b"\r\n")[0]
            if b" 200 " not in status:
                self._counts.fail("stream", status.decode(errors="replace"))
                return
            self._counts.well("stream")
            self.connections += 1
            await self._follow(reader)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _request(self) -> bytes:
        lines = [f"GET /api/sse?channels=batch:{self._batch.id} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += ["Accept: text/event-stream", f"Authorization: Bearer {self._credential}"]
        lines += [f"Last-Event-ID: {self._last}"] if self._last else []
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def _follow(self, reader: asyncio.StreamReader) -> None:
        rest = b""
        while size := await self._size_of_next(reader):
            body = await reader.readexactly(size)
            await reader.readexactly(2)
            complete, _, rest = (rest + body).rpartition(b"\n\n")
            for frame in complete.split(b"\n\n"):
                self._take(frame)
        if self._retry_s is None:
            self._counts.fail("stream", "ended without a word")

    async def _size_of_next(self, reader: asyncio.StreamReader) -> int:
        async with asyncio.timeout(_SILENCE_S):
            return int(await reader.readline(), 16)

    def _take(self, frame: bytes) -> None:
        if _HELLO.search(frame):
            data = frame.partition(b"data: ")[2].split(b"\n")[0]
            # Where the stream begins: else a connection that ends before its first event would leave a gap.
            self._last = self._last or json.loads(data)["last_event_id"]
            self.opened.set()
        if b"event: resync" in frame:
            self.resyncs += 1
        if found := _RETRY.search(frame):
            self._retry_s = int(found[1]) / 1000
        if found := _ID.search(frame):
            self._last = found[1].decode()
        if b"event: job_epoch\n" in frame and (number := _NUMBER.search(frame)):
            self._batch.show(int(number[1]))

"""One HTTP connection of uvicorn's, with bounds that uvicorn leaves to a proxy in front: how long and how large the
head of a request may be, and how long its body may take. A laptop has no proxy, and a proxy's bounds are not ours.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Connection(HttpToolsProtocol):
    """Closes a connection whose request does not arrive in time, and answers 431 to a head that is too large."""

    max_head_bytes = 64 * 1024
    head_s = 30.0
    body_s = 300.0  # an artifact of 50 MB over a slow line, as at the gateway

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._is_in_head = False
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._expect_within(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        was_in_head = self._is_in_head
        super().data_received(data)
        if not (was_in_head and self._is_in_head) or self.transport.is_closing():
            return
        # All of it was head. What began in a piece that held more is counted from the next piece on.
        self._head_bytes += len(data)
        if self._head_bytes > self.max_head_bytes:
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins to arrive."""
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = 0
        self._expect_within(self.head_s)

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._is_in_head = False
        self._expect_within(self.body_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._deadline = None
        super().on_message_complete()

    def _expect_within(self, seconds: float) -> None:
        # A timer that goes off before looks at the new deadline then: most requests set none.
        self._deadline = self.loop.time() + seconds
        if self._timer is not None and self._timer.when() <= self._deadline:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None or self.transport.is_closing():
            return
        left = self._deadline - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._look)
            return
        self.transport.close()

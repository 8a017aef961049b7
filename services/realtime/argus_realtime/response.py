"""The HTTP answer that a stream is: plain ASGI, one send for all that waits.

The answer begins like any other and goes on outside of the request's handling (see `telemetry.THEN`): thousands of open
streams would else keep thousands of spans, exit stacks and frames of the framework alive.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from argus_kit.telemetry import THEN
from argus_realtime import metrics
from argus_realtime.frames import MEDIA_TYPE
from argus_realtime.stream import Stream

_HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


class EventStreamResponse(Response):
    """Writes a stream until it ends or its reader is gone."""

    media_type = MEDIA_TYPE

    def __init__(self, stream: Stream, attach: Callable[[], None], detach: Callable[[], None]) -> None:
        # Not Response.__init__: that would announce an empty body.
        self.status_code = 200
        self.background = None
        self.init_headers(_HEADERS)
        self._writer = Writer(stream, attach, detach)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See Response."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        then = scope.get(THEN)
        if then is None:
            await self._writer.run(receive, send)
        else:
            then.append(partial(self._writer.run, receive))


class Writer:
    """Writes what a stream has into a connection."""

    __slots__ = ("_attach", "_detach", "_is_cut", "_stream")

    def __init__(self, stream: Stream, attach: Callable[[], None], detach: Callable[[], None]) -> None:
        self._stream = stream
        self._attach = attach
        self._detach = detach
        self._is_cut = False

    async def run(self, receive: Receive, send: Send) -> None:
        """Until the stream ends or its reader is gone."""
        stream = self._stream
        stream.on_stuck = partial(self._cut, asyncio.current_task())
        watch = asyncio.create_task(_until_disconnected(receive))
        watch.add_done_callback(lambda _: stream.disconnect())
        self._attach()
        try:
            while (chunk := await stream.next_chunk()) is not None:
                await self._send(send, {"type": "http.response.body", "body": chunk, "more_body": True})
                metrics.BYTES.inc(len(chunk))
            if not stream.is_gone:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            # The reader is gone.
            return
        except asyncio.CancelledError:
            if not self._is_cut:
                raise
        finally:
            self._detach()
            stream.disconnect()
            watch.cancel()

    def _cut(self, task: asyncio.Task[None] | None) -> None:
        """Let go of a reader that takes nothing: its connection is closed without an end."""
        if task is not None and not self._is_cut:
            self._is_cut = True
            task.cancel()

    async def _send(self, send: Send, message: Message) -> None:
        stream = self._stream
        stream.sending_since = time.monotonic()
        await send(message)
        stream.last_sent = time.monotonic()
        stream.sending_since = None


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

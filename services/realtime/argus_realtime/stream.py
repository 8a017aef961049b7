"""One reader: a bounded queue of ready-made chunks between the hub and a connection."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from argus_kit.actor import Actor
from argus_realtime import metrics
from argus_realtime.frames import Control, control
from argus_realtime.limits import Limits
from argus_realtime.views import View


class Stream:
    """An open connection, its views, and what waits to be written to it.

    A reader that falls behind loses what waits for it, is told so by a `resync` frame, and goes on live. While it is
    being replayed to, live chunks are held back (see `hold` and `release`).
    """

    __slots__ = (
        "__weakref__",
        "_bytes",
        "_chunks",
        "_held",
        "_held_all",
        "_held_bytes",
        "_limits",
        "_room",
        "_waiter",
        "actor",
        "channels",
        "expires_at",
        "is_ended",
        "is_gone",
        "last_sent",
        "on_stuck",
        "opened",
        "replaying",
        "sending_since",
        "views",
    )

    def __init__(self, actor: Actor, views: dict[View, int], limits: Limits) -> None:
        self.actor = actor
        self.views = views
        self.channels = [view.selector for view in views if view.selector is not None]
        # A browser renews its access token without the stream, which lives as long as the session.
        self.ends_at(actor.session_ends_at or actor.expires_at)
        self.opened = self.last_sent = time.monotonic()
        self.sending_since: float | None = None
        self.is_ended = False
        self.is_gone = False
        self.replaying: asyncio.Task[None] | None = None
        self.on_stuck: Callable[[], object] | None = None
        self._limits = limits
        self._chunks: deque[bytes] = deque()
        self._bytes = 0
        self._held: list[bytes] | None = None
        self._held_bytes = 0
        self._held_all = True
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait to be sent."""
        return self._bytes + self._held_bytes

    @property
    def is_replaying(self) -> bool:
        """Whether live chunks are held back."""
        return self._held is not None

    def ends_at(self, moment: datetime | None) -> None:
        """Set when the right to read this ends; None: never."""
        self.expires_at = moment.timestamp() if moment is not None else float("inf")

    # -- in ------------------------------------------------------------------------------------------------------

    def deliver(self, chunk: bytes) -> None:
        """A live chunk from the hub."""
        if self._held is None:
            self.push(chunk)
            return
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if len(self._held) > self._limits.queue_chunks // 2 or self._held_bytes > self._limits.queue_bytes // 2:
            self._held.clear()
            self._held_bytes = 0
            self._held_all = False

    def push(self, chunk: bytes) -> None:
        """Queue a chunk; a queue that is full is dropped instead."""
        if self.is_ended:
            return
        if self._chunks and not self._fits(len(self._chunks) + 1, self._bytes + len(chunk)):
            self.resync("slow")
            return
        self._append(chunk)

    def tell(self, frame: Control) -> None:
        """Queue a frame about the stream itself; it is never dropped."""
        if not self.is_ended:
            self._append(frame)

    def resync(self, reason: str) -> None:
        """Drop what waits and tell the page to fetch anew."""
        if self.is_ended:
            return
        metrics.RESYNCS.labels(reason).inc()
        kept = [chunk for chunk in self._chunks if isinstance(chunk, Control) and not chunk.startswith(_RESYNC)]
        self._chunks = deque(kept)
        self._bytes = sum(map(len, kept))
        self._append(control("resync", {"reason": reason, "channels": self.channels}))

    def end(self, *frames: Control) -> None:
        """Queue last words; nothing is taken after them."""
        for frame in frames:
            self.tell(frame)
        self.is_ended = True
        self._wake()

    def disconnect(self) -> None:
        """The other side is gone: stop at once."""
        self.is_gone = self.is_ended = True
        self._chunks.clear()
        self._bytes = 0
        self._wake()

    def append(self, chunk: bytes) -> None:
        """Queue a chunk whatever waits already; for a sender that waits for `room`."""
        if not self.is_ended:
            self._append(chunk)

    # -- replay --------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Keep live chunks aside from now on."""
        self._held = []
        self._held_bytes = 0
        self._held_all = True

    def release(self) -> bool:
        """Go live with what was held. False (and nothing is kept) when it was too much: replay that stretch as well."""
        held, self._held = self._held or [], None
        self._held_bytes = 0
        if self._held_all:
            for chunk in held:
                self.append(chunk)
        return self._held_all

    async def room(self) -> None:
        """Wait until the reader has taken half of what it may be given."""
        most, longest = self._limits.queue_bytes // 2, self._limits.queue_chunks // 2
        while not self.is_ended and (self._bytes > most or len(self._chunks) > longest):
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    # -- out -----------------------------------------------------------------------------------------------------

    async def next_chunk(self) -> bytes | None:
        """What is to be written next, small chunks joined; None at the end of the stream."""
        while not self._chunks:
            if self.is_ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._take()

    def _take(self) -> bytes:
        chunks = self._chunks
        first = chunks.popleft()
        size = len(first)
        if chunks and size < self._limits.send_bytes:
            taken = [first]
            while chunks and size < self._limits.send_bytes:
                chunk = chunks.popleft()
                taken.append(chunk)
                size += len(chunk)
            first = b"".join(taken)
        self._bytes -= size
        if self._room is not None:
            _resolve(self._room)
        return first

    def _append(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._bytes += len(chunk)
        self._wake()

    def _fits(self, chunks: int, size: int) -> bool:
        return chunks <= self._limits.queue_chunks and size <= self._limits.queue_bytes

    def _wake(self) -> None:
        if self._waiter is not None:
            _resolve(self._waiter)
        if self.is_ended and self._room is not None:
            _resolve(self._room)


_RESYNC = b"event: resync\n"


def _resolve(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)

"""What a reader missed while it was away, read again from the stream.

Ids are sequences of the stream itself, so any replica can go on where another one stopped. A replay may repeat what
the reader has, and skips nothing; when the stream no longer has it all, the reader is told by `resync`.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec
import structlog

from argus_contracts import bus as wire
from argus_kit.bus import Bus, BusUnavailable, Message
from argus_realtime import metrics
from argus_realtime.frames import WHOLE, Position
from argus_realtime.stream import Stream

log = structlog.get_logger(__name__)

_PAGE = 200
_AGAIN_S = 0.5


class Live(Protocol):
    """What a replay needs of the hub."""

    @property
    def position(self) -> int:
        """The sequence up to which everything was fanned out."""

    def chunk_for(self, stream: Stream, message: Message, after: Position) -> bytes:
        """What a stream shows of a message, without what it surely had."""


class Replay:
    """Brings one attached stream from its last id to the present. It holds back live chunks until then."""

    def __init__(self, bus: Bus, live: Live, stream: Stream, after: Position, *, limit: int) -> None:
        self._bus = bus
        self._live = live
        self._stream = stream
        self._after = after
        self._subjects = subjects_of(stream)
        self._left = limit
        # The message of the last id is read again when the rest of its bundle may be missing.
        self._begin = after.sequence if after.place == WHOLE else after.sequence - 1
        stream.hold()

    async def run(self) -> None:
        """Replay, and go live."""
        while True:
            self._stream.hold()
            reason = await self._up_to(self._live.position)
            await self._stream.room()
            # What came live meanwhile follows; if that was too much to hold, it is replayed in turn.
            if self._stream.release() or reason is not None:
                break
        if reason is not None:
            self._stream.resync(reason)

    async def _up_to(self, until: int) -> str | None:
        """Why the rest cannot be had; None when the reader has everything up to `until`."""
        while True:
            await self._stream.room()
            try:
                first, last = await self._bus.stream_bounds(wire.LIVE_STREAM)
                if self._begin + 1 < first or self._begin > last:
                    return "expired"
                page = await self._bus.replay(
                    wire.LIVE_STREAM, self._subjects, after=self._begin, until=until, limit=_PAGE
                )
            except BusUnavailable:
                # The reader keeps its place and gets keepalives until NATS is back.
                await asyncio.sleep(_AGAIN_S)
                continue
            for message in page.messages:
                self._push(message)
            metrics.REPLAYED.inc(len(page.messages))
            self._left -= len(page.messages)
            if page.complete:
                self._begin = max(self._begin, until)
                return None
            if self._left < 0:
                return "gap"
            if page.messages:
                self._begin = page.messages[-1].sequence

    def _push(self, message: Message) -> None:
        try:
            chunk = self._live.chunk_for(self._stream, message, self._after)
        except msgspec.MsgspecError as error:
            log.warning("replay.message_unreadable", subject=message.subject, error=str(error))
            return
        if chunk:
            self._stream.append(chunk)


def subjects_of(stream: Stream) -> list[str]:
    """The bus subjects that feed a stream's views; NATS wants them without overlap."""
    subjects = dict.fromkeys(subject for view in stream.views for subject in view.subjects)
    if wire.ALL_EVENTS in subjects:
        events = wire.ALL_EVENTS.removesuffix(">")
        return [subject for subject in subjects if subject == wire.ALL_EVENTS or not subject.startswith(events)]
    return list(subjects)

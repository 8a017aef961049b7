"""The hub: reads the bus once and hands each event to the streams that show it.

A message is fanned out in one go, without a pause, so a stream is either before it or after it: that is what makes
the seam between a replay and the live stream exact.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time

import msgspec
import structlog

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit import telemetry
from argus_kit.actor import Actor
from argus_kit.bus import Message, Tail
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_realtime import metrics
from argus_realtime.access import Grants
from argus_realtime.frames import Control, Position, Rendered, control, retry, single
from argus_realtime.limits import Limits
from argus_realtime.replay import Replay
from argus_realtime.routes import Routes
from argus_realtime.stream import Stream
from argus_realtime.views import View

log = structlog.get_logger(__name__)

SUBJECTS = wire.LIVE_STREAM.subjects
BATCH_DELETED = "batch_deleted"

_TICK_S = 0.5
# After so much work in one go, connections get a turn to write.
_BREATH_S = 0.004
_FOLLOW_WAIT_S = 5.0


class Hub(Part):
    """All open streams of this process and the one tail that feeds them."""

    name = "live-events"

    def __init__(self, platform: Platform, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.routes = Routes()
        self.is_draining = False
        self._bus = platform.bus
        self._tail = Tail(self._on_message, self._on_reset)
        self._sids = itertools.count(1)
        self._ticker: asyncio.Task[None] | None = None
        self._breathed = 0.0
        # The tail counts a message when its handler is done, which is too late for a stream that attaches in between.
        self._fanned_out = 0

    async def start(self) -> None:
        """See Part."""
        await self._bus.tail(wire.LIVE_STREAM, SUBJECTS, self._tail)
        self._ticker = asyncio.create_task(self._tick(), name="sse-clock")

    async def drain(self) -> None:
        """End all streams with a word on when to come back: another replica takes them over."""
        self.is_draining = True
        for stream in list(self.routes.streams):
            # Spread over a second, so that the others are not met by all readers at once.
            stream.end(retry(random.randint(200, 1200)))
        deadline = time.monotonic() + self.limits.drain_s
        while self.routes.streams and time.monotonic() < deadline:
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """See Part."""
        if self._ticker is not None:
            self._ticker.cancel()
        for stream in list(self.routes.streams):
            self.detach(stream)
            stream.end()

    def waits_for(self) -> str | None:
        """Ready once the tail follows the stream."""
        return None if self._tail.is_following else self.name

    @property
    def position(self) -> int:
        """The stream's sequence up to which everything was fanned out."""
        return max(self._fanned_out, self._tail.last_sequence or 0)

    async def wait_until_following(self) -> None:
        """Wait until there is a position from which a stream can begin.

        Raises:
            ArgusError: service.draining, or bus.unavailable when it takes too long (503).
        """
        if self.is_draining:
            raise ArgusError(ErrorCode.SERVICE_DRAINING, headers={"Retry-After": "1"})
        deadline = time.monotonic() + _FOLLOW_WAIT_S
        while self._tail.last_sequence is None:
            if time.monotonic() > deadline:
                raise ArgusError(ErrorCode.BUS_UNAVAILABLE, headers={"Retry-After": "1"})
            await asyncio.sleep(0.02)

    # -- streams -------------------------------------------------------------------------------------------------

    def open(self, actor: Actor, views: list[View]) -> Stream:
        """A stream that is not attached yet.

        Raises:
            ArgusError: stream.limit_reached (429).
        """
        if len(self.routes.by_user.get(actor.user_id, ())) >= self.limits.max_streams_per_user:
            raise ArgusError(ErrorCode.STREAM_LIMIT_REACHED, headers={"Retry-After": "5"})
        return Stream(actor, {view: next(self._sids) for view in views}, self.limits)

    def attach(
        self, stream: Stream, hello: Control, resume_after: Position | None, grants: Grants | None = None
    ) -> None:
        """From now on the stream hears everything, after `hello`; with `resume_after`, first what it missed.

        `grants` are the person's rights, needed for the channel `visible`.
        """
        for view in stream.views:
            if view.kind == "logs" and view.batch_key is not None:
                self._displace(stream.actor.user_id, view.batch_key)
        self.routes.add(stream)
        if grants is not None:
            self.routes.grant(stream, grants)
        metrics.CLIENTS.set(len(self.routes.streams))
        stream.tell(hello)
        if self.is_draining:
            stream.end(retry(500))
        elif resume_after is not None:
            replay = Replay(self._bus, self, stream, resume_after, limit=self.limits.replay_messages)
            stream.replaying = asyncio.create_task(replay.run(), name="sse-replay")
            stream.replaying.add_done_callback(lambda task: _after_replay(task, stream))

    def detach(self, stream: Stream) -> None:
        """Forget a stream."""
        self.routes.remove(stream)
        metrics.CLIENTS.set(len(self.routes.streams))
        if stream.replaying is not None:
            stream.replaying.cancel()

    def close_view(self, stream: Stream, view: View) -> None:
        """End one channel of a stream whose person may no longer see it; with the last one the stream ends."""
        if view not in stream.views or stream.is_ended:
            return
        self.routes.leave(stream, view)
        metrics.CLOSED.labels("access_ended").inc()
        frame = control("closed", {"channel": view.selector, "reason": "access_ended"})
        if stream.views:
            stream.tell(frame)
        else:
            self.detach(stream)
            stream.end(frame)

    def close_session(self, stream: Stream) -> None:
        """End a stream whose credential is no longer good."""
        if stream.is_ended:
            return
        metrics.CLOSED.labels("session_ended").inc()
        self.detach(stream)
        stream.end(control("closed", {"reason": "session_ended"}))

    def _displace(self, user_id: int, batch_key: int) -> None:
        older = self.routes.logs_of(user_id, batch_key)
        for stream in older[: max(len(older) + 1 - self.limits.max_log_streams, 0)]:
            metrics.CLOSED.labels("displaced").inc()
            self.detach(stream)
            stream.end(control("displaced", {"reason": "A newer log stream of this batch was opened."}))

    # -- the bus -------------------------------------------------------------------------------------------------

    async def _on_message(self, message: Message) -> None:
        if message.sequence <= self._fanned_out:
            # The tail began anew before it had counted this one.
            return
        metrics.LAG.set(max((now() - message.timestamp).total_seconds(), 0.0))
        try:
            with telemetry.step("frame to readers", message.headers, **{"argus.streams": len(self.routes.streams)}):
                self._fan_out(message)
        except msgspec.MsgspecError as error:
            metrics.UNREADABLE.inc()
            log.warning("hub.message_unreadable", subject=message.subject, error=str(error))
            self._resync_all()
        self._fanned_out = message.sequence
        if time.perf_counter() - self._breathed > _BREATH_S:
            await asyncio.sleep(0)
            self._breathed = time.perf_counter()

    def chunk_for(self, stream: Stream, message: Message, after: Position) -> bytes:
        """What this one stream shows of a message, without what it surely had: for a replay."""
        kind = message.subject.split(".", 2)[1]
        if kind == "inbox":
            views = [view for view in stream.views if view.kind == "inbox"]
            return b"".join(inbox_chunk(message, view) for view in views if message.sequence > after.sequence)
        if kind == "agent":
            agent = wire.decode(wire.AgentMessage, message.data)
            shown = VISIBLE in stream.views and self.routes.may_see(stream, "", agent.owner_id, "")
            return agent_chunk(message.sequence, agent) if shown and message.sequence > after.sequence else b""
        if kind == "delivery":
            keys = wire.decode(wire.DeliveryNews, message.data).batch_keys
            told = [view for view in stream.views if view.kind == "deliveries" and view.batch_key in {None, *keys}]
            return b"".join(
                delivery_chunk(message.sequence, view) for view in told if message.sequence > after.sequence
            )
        rendered = Rendered(message.sequence, wire.decode(wire.EventBundle, message.data))
        # Channels follow one another within a bundle, so with several of them the last id says little: repeat it all.
        skip = after.place if message.sequence == after.sequence and len(stream.views) == 1 else -1
        chunks = []
        for view in stream.views:
            bundle = rendered.bundle
            if view == VISIBLE and not self.routes.may_see(stream, bundle.batch_id, bundle.owner_id, bundle.project):
                continue
            picked = [index for index in view.pick(rendered) if index > skip]
            if picked:
                chunks.append(rendered.chunk(picked, view.closing))
        return b"".join(chunks)

    def _fan_out(self, message: Message) -> None:
        kind = message.subject.split(".", 2)[1]
        if kind == "event":
            self._fan_out_bundle(message)
        elif kind == "inbox":
            for view, streams in self.routes.of_inbox(int(message.subject.rpartition(".")[2])):
                chunk = inbox_chunk(message, view)
                if not chunk:
                    continue
                metrics.FRAMES.inc(len(streams))
                for stream in streams:
                    stream.deliver(chunk)
        elif kind == "delivery":
            news = wire.decode(wire.DeliveryNews, message.data)
            for view, streams in self.routes.of_deliveries(news.batch_keys):
                chunk = delivery_chunk(message.sequence, view)
                metrics.FRAMES.inc(len(streams))
                for stream in streams:
                    stream.deliver(chunk)
        else:
            self._fan_out_agent(message)

    def _fan_out_bundle(self, message: Message) -> None:
        rendered = Rendered(message.sequence, wire.decode(wire.EventBundle, message.data))
        bundle = rendered.bundle
        for view, streams in self.routes.of_bundle(bundle):
            if picked := view.pick(rendered):
                chunk = rendered.chunk(picked, view.closing)
                metrics.FRAMES.inc(len(picked) * len(streams))
                for stream in streams:
                    stream.deliver(chunk)
        chunk = b""
        for stream in self.routes.seeing(bundle.batch_id, bundle.owner_id, bundle.project):
            if not chunk:
                picked = VISIBLE.pick(rendered)
                if not picked:
                    break
                chunk = rendered.chunk(picked, VISIBLE.closing)
            metrics.FRAMES.inc(len(picked))
            stream.deliver(chunk)
        if any(head.event_type == BATCH_DELETED for head in bundle.heads):
            for view, watching in self.routes.of_batch(bundle.batch_key):
                for stream in watching:
                    self.close_view(stream, view)

    def _fan_out_agent(self, message: Message) -> None:
        agent = wire.decode(wire.AgentMessage, message.data)
        chunk = agent_chunk(message.sequence, agent)
        for stream in self.routes.seeing("", agent.owner_id, ""):
            metrics.FRAMES.inc()
            stream.deliver(chunk)

    async def _on_reset(self) -> None:
        log.warning("hub.gap")
        self._fanned_out = self._tail.last_sequence or 0
        self._resync_all()

    def _resync_all(self) -> None:
        for stream in list(self.routes.streams):
            stream.resync("gap")

    # -- the clock -----------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            at, wall = time.monotonic(), now().timestamp()
            silent = at - self.limits.keepalive_s
            stuck = at - self.limits.stuck_s
            keepalive = control("keepalive", int(wall))
            queued = 0
            for stream in list(self.routes.streams):
                queued += stream.queued_bytes
                if stream.expires_at <= wall:
                    self.close_session(stream)
                elif stream.sending_since is not None:
                    if stream.sending_since < stuck and stream.on_stuck is not None:
                        stream.on_stuck()
                elif stream.last_sent <= silent:
                    stream.tell(keepalive)
            metrics.QUEUE_BYTES.set(queued)


VISIBLE = View("visible", "visible")


def inbox_chunk(message: Message, view: View) -> bytes:
    """The frame of a notification; empty where the view is of another project."""
    inbox = wire.decode(wire.InboxMessage, message.data)
    if view.project not in {None, inbox.project}:
        return b""
    return single(Position(message.sequence, 0), "notification", inbox.notification, view.selector or "inbox")


def agent_chunk(sequence: int, agent: wire.AgentMessage) -> bytes:
    """The frame of an agent's news. What a command carries stays between the server and the agent."""
    data = {"agent_id": agent.agent_id, "hostname": agent.hostname, "kind": agent.kind}
    return single(Position(sequence, 0), "agent", data, "visible")


def delivery_chunk(sequence: int, view: View) -> bytes:
    """The frame that says that deliveries are to be read anew."""
    return single(Position(sequence, 0), "deliveries", {"event_type": "deliveries"}, view.selector or "deliveries")


def _after_replay(task: asyncio.Task[None], stream: Stream) -> None:
    stream.replaying = None
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("replay.failed", exc_info=error)
        stream.release()
        stream.resync("gap")

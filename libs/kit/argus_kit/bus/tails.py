"""Reading a stream in order: from now on without gaps, and what it still has of the past."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from argus_kit.bus.link import Link
from argus_kit.bus.messages import Handler, Message, message_of

log = structlog.get_logger(__name__)

# How often a tail asks whether its consumer still exists on the server.
_CHECK_S = 5.0


@dataclass(frozen=True, slots=True)
class Replay:
    """What a stream still had. `complete` is False when older messages are gone or there were too many."""

    messages: list[Message]
    complete: bool


class Tail:
    """Follows a stream in order. `on_reset` is called when messages were lost for good (the stream was rebuilt)."""

    def __init__(self, on_message: Handler, on_reset: Callable[[], Awaitable[None]]) -> None:
        self.on_message = on_message
        self.on_reset = on_reset
        self.last_sequence: int | None = None
        self.is_following = False


async def follow(link: Link, stream: str, subjects: list[str], tail: Tail) -> None:
    """Feed `tail` for ever, over lost connections."""
    while True:
        js = await link.until_ready()
        try:
            state = (await js.stream_info(stream)).state
            if tail.last_sequence is None:
                tail.last_sequence = state.last_seq
            elif tail.last_sequence > state.last_seq:
                log.warning("nats.stream_restarted", stream=stream)
                tail.last_sequence = 0
                await tail.on_reset()
            elif state.first_seq > tail.last_sequence + 1:
                # A stream that was made anew, or lost what came meanwhile: what is before its first will not come.
                tail.last_sequence = state.first_seq - 1
                await tail.on_reset()
            await _follow_once(link, js, stream, subjects, tail)
        except (TimeoutError, NatsError, OSError) as error:
            log.warning("nats.tail_interrupted", stream=stream, error=repr(error))
            await asyncio.sleep(0.25)


async def _follow_once(link: Link, js: JetStreamContext, stream: str, subjects: list[str], tail: Tail) -> None:
    assert tail.last_sequence is not None
    config = ConsumerConfig(
        filter_subjects=subjects,
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=tail.last_sequence + 1,
        deliver_subject=link.client.new_inbox(),
        inactive_threshold=30,
        mem_storage=True,
        num_replicas=1,
    )

    # What was on its way when a connection broke is delivered as far as the server knows, and what this client
    # could not take in time is dropped. So after a lost connection, or a delivery that is missing, a new consumer
    # begins after the last message that was handled.
    interrupted = asyncio.Event()
    delivered = 0

    async def on_message(raw: Msg) -> None:
        nonlocal delivered
        message = message_of(raw)
        delivered += 1
        if raw.metadata.sequence.consumer != delivered:
            interrupted.set()
        if not interrupted.is_set() and message.sequence > (tail.last_sequence or 0):
            await tail.on_message(message)
            tail.last_sequence = message.sequence

    subscription = await link.client.subscribe(config.deliver_subject or "", cb=on_message)
    link.interruptions.add(interrupted)
    try:
        consumer = await js.add_consumer(stream, config)
        tail.is_following = True
        while not interrupted.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_S):
                    await interrupted.wait()
                break
            await js.consumer_info(stream, consumer.name)
    finally:
        tail.is_following = False
        link.interruptions.discard(interrupted)
        with contextlib.suppress(NatsError, OSError):
            await subscription.unsubscribe()


async def replay(
    js: JetStreamContext, stream: str, subjects: list[str], *, after: int, until: int, limit: int
) -> Replay:
    """Messages with after < sequence <= until, oldest first, at most `limit`."""
    state = (await js.stream_info(stream)).state
    if after > state.last_seq or (after + 1 < state.first_seq):
        return Replay(messages=[], complete=False)
    if after >= until:
        return Replay(messages=[], complete=True)
    config = ConsumerConfig(
        filter_subjects=subjects,
        # With acknowledgements the server would stop at 1,000 that it waits for.
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=after + 1,
        inactive_threshold=10,
        mem_storage=True,
        num_replicas=1,
    )
    consumer = await js.add_consumer(stream, config)
    pull = await js.pull_subscribe_bind(consumer.name, stream)
    found: list[Message] = []
    try:
        pending = consumer.num_pending or 0
        while pending > 0 and len(found) <= limit:
            batch = [message_of(raw) for raw in await pull.fetch(min(pending, 500), timeout=5)]
            found += [message for message in batch if message.sequence <= until]
            pending -= len(batch)
            if batch and batch[-1].sequence >= until:
                break
    finally:
        with contextlib.suppress(NatsError, OSError):
            await pull.unsubscribe()
            await js.delete_consumer(stream, consumer.name)
    return Replay(messages=found[:limit], complete=len(found) <= limit)

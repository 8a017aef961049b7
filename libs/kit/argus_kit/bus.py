"""The only module that talks to NATS.

Publishing goes to JetStream and is acknowledged by it; `send`, `request` and `listen` are core NATS. A handler of a
durable consumer says what becomes of a message: return acknowledges it, `Retry` brings it back later, `Reject` sets it
aside. A lost server is waited for, for ever: subscriptions are taken up again by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamState,
)
from nats.js.errors import BadRequestError, NotFoundError
from prometheus_client import Counter, Gauge

from argus_contracts.bus import STREAMS, StreamSpec
from argus_contracts.errors import ErrorCode
from argus_kit import telemetry
from argus_kit.errors import ArgusError
from argus_kit.parts import Part

log = structlog.get_logger(__name__)

CONNECTED = Gauge("argus_bus_connected", "1 while this process can use NATS", ["client"])
DISCONNECTS = Counter("argus_bus_disconnects_total", "Connections to NATS that were lost", ["client"])
UNPUBLISHED = Counter("argus_bus_publish_failures_total", "Messages that NATS did not confirm", ["subject"])
PENDING = Gauge("argus_consumer_pending_messages", "Messages that a consumer has not been given yet", ["consumer"])
BEHIND = Gauge(
    "argus_consumer_lag_seconds", "Age of the message that a consumer took last; 0: none waits", ["consumer"]
)
HANDLED = Counter(
    "argus_consumer_messages_total", "Messages that a consumer took, by what became of them", ["consumer", "outcome"]
)

# Streams count from the time of their making on, in a unit that no stream outruns: 2025-01-01.
_EPOCH_S = 1_735_689_600
# How often a tail asks whether its consumer still exists on the server.
_TAIL_CHECK_S = 5.0
# How long what is being handled may take once the process is asked to end.
_DRAIN_S = 3.0
# What the server says when the time of a fetch is over. Said to ourselves, it ends one that waits.
_FETCH_IS_OVER = {"Status": "408"}


class BusUnavailable(ArgusError):
    """NATS, or the one who should answer, cannot be reached in time."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(ErrorCode.BUS_UNAVAILABLE, message, headers={"Retry-After": "1"})


class Retry(Exception):
    """A handler asks for the message again, `after_s` seconds from now."""

    def __init__(self, after_s: float = 1.0) -> None:
        super().__init__(f"again in {after_s} s")
        self.after_s = after_s


class Reject(Exception):
    """A handler will never be able to handle this message: log it and do not deliver it again."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream as a handler sees it. `sequence` counts within the stream."""

    subject: str
    data: bytes
    headers: dict[str, str]
    sequence: int
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish. `msg_id` makes a second arrival within the stream's window vanish."""

    subject: str
    payload: bytes
    msg_id: str
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Message], Awaitable[None]]
ManyHandler = Callable[[Sequence[Message]], Awaitable[None]]


class Bus(Part):
    """The connection to NATS. Everything may be called before the connection stands."""

    name = "nats"

    def __init__(self, url: str, *, client_name: str = "argus", replicas: int = 1) -> None:
        self._url = url
        self._client_name = client_name
        self._replicas = replicas
        self._client = Client()
        self._js: JetStreamContext | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._on_connect: list[Callable[[], Awaitable[None]]] = []
        self._ready = asyncio.Event()
        self._interruptions: set[asyncio.Event] = set()
        self._answering: list[Subscription] = []
        self._pulls: set[Any] = set()
        self._consumers: set[asyncio.Task[None]] = set()
        self._is_draining = False

    async def start(self) -> None:
        """Begin to connect; returns at once."""
        CONNECTED.labels(self._client_name).set(0)
        self._connecting = asyncio.create_task(self._connect(), name="nats-connect")

    async def drain(self) -> None:
        """End the durable consumers: what is being handled is finished, the rest goes to other replicas at once."""
        self._is_draining = True
        if not self._consumers or not self.is_connected:
            return
        for pull in list(self._pulls):
            with contextlib.suppress(NatsError, OSError):
                await self._end_fetch(pull)
        await asyncio.wait(list(self._consumers), timeout=_DRAIN_S)

    async def answer_no_more(self) -> None:
        """Leave the queues: requests go to other replicas from now on, and those that are here are answered."""
        answering, self._answering = self._answering, []
        if answering and self._client.is_connected:
            leaving: list[Awaitable[None]] = [one.drain() for one in answering]  # type: ignore[no-untyped-call]
            with contextlib.suppress(TimeoutError, NatsError, OSError):
                await asyncio.wait_for(asyncio.gather(*leaving), _DRAIN_S)

    async def stop(self) -> None:
        """End consumers, hand over what is on its way, and close."""
        for task in [*self._tasks, *([self._connecting] if self._connecting else [])]:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        if self._client.is_connected:
            with contextlib.suppress(NatsError, asyncio.TimeoutError, OSError):
                await asyncio.wait_for(self._client.flush(), 1.0)
        await self._client.close()

    def waits_for(self) -> str | None:
        """See Part."""
        return None if self.is_connected else "nats"

    @property
    def is_connected(self) -> bool:
        """Whether NATS can be used right now."""
        return self._ready.is_set() and self._client.is_connected

    async def wait_until_ready(self, timeout_s: float) -> None:
        """Wait for the connection.

        Raises:
            BusUnavailable: it did not come in time.
        """
        try:
            await asyncio.wait_for(self._ready.wait(), timeout_s)
        except TimeoutError as error:
            raise BusUnavailable(f"NATS at {self._url} does not answer.") from error

    def on_connect(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call `callback` after every connection and reconnection, when messages may have been missed."""
        self._on_connect.append(callback)
        if self.is_connected:
            self._spawn(_once(callback), "nats-on-connect")

    async def publish(self, message: Outgoing, *, timeout_s: float = 5.0) -> int:
        """Publish to a stream and wait until it is stored. Returns the sequence in the stream.

        Raises:
            BusUnavailable: NATS did not confirm; the message may or may not have been stored.
        """
        if self._js is None or not self.is_connected:
            raise BusUnavailable
        kind = _kind_of(message.subject)
        with telemetry.step(f"publish {kind}", message.headers, **{"messaging.system": "nats"}):
            # In a step of its own, whoever receives it continues from there.
            headers = {"Nats-Msg-Id": message.msg_id, **telemetry.headers(), **message.headers}
            headers |= telemetry.recorded() or {}
            try:
                ack = await self._js.publish(message.subject, message.payload, timeout=timeout_s, headers=headers)
            except (TimeoutError, NatsError, OSError) as error:
                UNPUBLISHED.labels(kind).inc()
                raise BusUnavailable(f"NATS did not store the message: {error!r}") from error
        return int(ack.seq)

    async def publish_all(self, messages: Sequence[Outgoing], *, window: int = 128) -> list[bool]:
        """Publish many, `window` at a time. Returns for each whether it was stored."""
        done: list[bool] = []
        for begin in range(0, len(messages), window):
            results = await asyncio.gather(
                *(self.publish(message) for message in messages[begin : begin + window]), return_exceptions=True
            )
            for result in results:
                if isinstance(result, Exception) and not isinstance(result, BusUnavailable):
                    # One message that cannot be sent costs its neighbours nothing.
                    log.error("nats.publish_failed", exc_info=result)
                done.append(not isinstance(result, BaseException))
        return done

    async def send(self, subject: str, payload: bytes) -> None:
        """Tell whoever listens now; nobody keeps the message.

        Raises:
            BusUnavailable: there is no connection.
        """
        if not self.is_connected:
            raise BusUnavailable
        await self._client.publish(subject, payload, headers=telemetry.headers() or None)

    async def request(self, subject: str, payload: bytes, *, timeout_s: float = 5.0) -> bytes:
        """Ask another service and return its answer.

        Raises:
            BusUnavailable: nobody answered in time.
        """
        if not self.is_connected:
            raise BusUnavailable
        try:
            reply = await self._client.request(subject, payload, timeout=timeout_s, headers=telemetry.headers() or None)
        except (TimeoutError, NatsError, OSError) as error:
            raise BusUnavailable from error
        return bytes(reply.data)

    async def listen(self, subject: str, handler: Callable[[str, bytes], Awaitable[None]], *, queue: str = "") -> None:
        """Call `handler(subject, data)` for every core message; with `queue`, one of the queue's members is called."""

        async def on_message(message: Msg) -> None:
            with telemetry.span(f"receive {subject}", message.headers):
                await _guarded(handler, message)

        await self._subscribe(subject, queue, on_message)

    async def respond(self, subject: str, handler: Callable[[bytes], Awaitable[bytes]], *, queue: str) -> None:
        """Answer requests on `subject`. A handler that raises leaves the asker without an answer."""

        async def on_message(message: Msg) -> None:
            with telemetry.span(f"answer {subject}", message.headers):

                async def answer(_: str, data: bytes) -> None:
                    await message.respond(await handler(data))

                await _guarded(answer, message)

        await self._subscribe(subject, queue, on_message)

    async def consume(self, stream: StreamSpec, durable: str, subjects: Sequence[str], handler: Handler) -> None:
        """Handle every message of `subjects` at least once, shared by all replicas that use the same `durable` name."""

        async def one_by_one(messages: Sequence[Msg]) -> None:
            for number, message in enumerate(messages):
                if self._is_draining:
                    await _hand_back(messages[number:])
                    return
                try:
                    await _handle([message], durable, lambda batch: handler(batch[0]))
                except asyncio.CancelledError:
                    await _hand_back(messages[number:])
                    raise

        self._spawn_consumer(stream.name, durable, subjects, one_by_one)

    async def consume_many(
        self, stream: StreamSpec, durable: str, subjects: Sequence[str], handler: ManyHandler
    ) -> None:
        """As `consume`, with all that is there at once, at most 64 messages: one word of the handler is for all."""

        async def together(messages: Sequence[Msg]) -> None:
            try:
                await _handle(messages, durable, handler)
            except asyncio.CancelledError:
                await _hand_back(messages)
                raise

        self._spawn_consumer(stream.name, durable, subjects, together)

    async def tail(self, stream: StreamSpec, subjects: Sequence[str], tail: Tail) -> None:
        """Feed `tail` with every message from now on, in order, without gaps over lost connections."""
        self._spawn(self._follow(stream.name, list(subjects), tail), f"tail-{stream.name}")

    async def replay(
        self, stream: StreamSpec, subjects: Sequence[str], *, after: int, until: int, limit: int
    ) -> Replay:
        """Messages of `subjects` with after < sequence <= until, oldest first, at most `limit`.

        Raises:
            BusUnavailable: NATS cannot be read.
        """
        if self._js is None or not self.is_connected:
            raise BusUnavailable
        try:
            return await self._replay(stream.name, list(subjects), after, until, limit)
        except (TimeoutError, NatsError, OSError) as error:
            raise BusUnavailable(f"The stream cannot be read: {error!r}") from error

    async def purge(self, stream: StreamSpec) -> None:
        """Remove all messages of a stream, waiting work included; its numbers go on.

        Raises:
            BusUnavailable: NATS did not confirm.
        """
        if self._js is None or not self.is_connected:
            raise BusUnavailable
        try:
            await self._js.purge_stream(stream.name)
        except (TimeoutError, NatsError, OSError) as error:
            raise BusUnavailable(f"The stream cannot be emptied: {error!r}") from error

    async def stream_bounds(self, stream: StreamSpec) -> tuple[int, int]:
        """First and last sequence that the stream holds."""
        state = await self.stream_state(stream)
        return state.first_seq, state.last_seq

    async def stream_state(self, stream: StreamSpec) -> StreamState:
        """What the stream holds.

        Raises:
            BusUnavailable: NATS cannot be asked.
        """
        if self._js is None or not self.is_connected:
            raise BusUnavailable
        try:
            return (await self._js.stream_info(stream.name)).state
        except (TimeoutError, NatsError, OSError) as error:
            raise BusUnavailable(f"The stream cannot be read: {error!r}") from error

    # -- the connection ------------------------------------------------------------------------------------------

    async def _connect(self) -> None:
        while True:
            try:
                await self._client.connect(
                    self._url,
                    name=self._client_name,
                    connect_timeout=2,
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,  # type: ignore[arg-type]  # a fraction works; the stub says int
                    ping_interval=5,
                    max_outstanding_pings=2,
                    error_cb=_on_error,
                    disconnected_cb=self._on_disconnected,
                    reconnected_cb=self._on_reconnected,
                )
                break
            except (TimeoutError, NatsError, OSError):
                await asyncio.sleep(0.25)
        self._js = self._client.jetstream(timeout=5)
        await self._become_ready()

    async def _on_disconnected(self) -> None:
        self._ready.clear()
        CONNECTED.labels(self._client_name).set(0)
        DISCONNECTS.labels(self._client_name).inc()
        for interrupted in self._interruptions:
            interrupted.set()
        log.warning("nats.disconnected")

    async def _on_reconnected(self) -> None:
        log.info("nats.reconnected")
        self._spawn(self._become_ready(), "nats-ready")

    async def _become_ready(self) -> None:
        while not await self._ensure_streams():
            await asyncio.sleep(0.25)
        self._ready.set()
        CONNECTED.labels(self._client_name).set(1)
        for callback in self._on_connect:
            await _once(callback)

    async def _ensure_streams(self) -> bool:
        assert self._js is not None
        try:
            for spec in STREAMS:
                await _ensure_stream(self._js, spec, self._replicas)
        except (TimeoutError, NatsError, OSError) as error:
            log.warning("nats.streams_not_ready", error=repr(error))
            return False
        return True

    async def _subscribe(self, subject: str, queue: str, callback: Callable[[Msg], Awaitable[None]]) -> None:
        async def subscribe() -> None:
            await self._ready.wait()
            subscription = await self._client.subscribe(subject, queue=queue, cb=callback)
            if queue:
                self._answering.append(subscription)

        # nats-py takes its core subscriptions up again after a reconnect; only the first one waits for us.
        if self.is_connected:
            await subscribe()
        else:
            self._spawn(subscribe(), f"subscribe-{subject}")

    def _spawn(self, work: Any, name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[None]) -> None:
        if task in self._tasks:
            self._tasks.remove(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("nats.task_failed", task=task.get_name(), exc_info=error)

    # -- durable consumers ---------------------------------------------------------------------------------------

    def _spawn_consumer(
        self, stream: str, durable: str, subjects: Sequence[str], take: Callable[[Sequence[Msg]], Awaitable[None]]
    ) -> None:
        task = self._spawn(self._consume(stream, durable, subjects, take), f"consume-{durable}")
        self._consumers.add(task)
        task.add_done_callback(self._consumers.discard)

    async def _consume(
        self, stream: str, durable: str, subjects: Sequence[str], take: Callable[[Sequence[Msg]], Awaitable[None]]
    ) -> None:
        config = ConsumerConfig(
            durable_name=durable,
            filter_subjects=list(subjects),
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=30,
            max_ack_pending=1024,
        )
        while not self._is_draining:
            await self._ready.wait()
            assert self._js is not None
            try:
                await self._js.add_consumer(stream, config)
                pull = await self._js.pull_subscribe_bind(durable, stream)
                await self._pull(pull, durable, take)
            except (TimeoutError, NatsError, OSError) as error:
                log.warning("nats.consumer_interrupted", durable=durable, error=f"{error!r} {error}")
                await asyncio.sleep(0.5)

    async def _pull(self, pull: Any, durable: str, take: Callable[[Sequence[Msg]], Awaitable[None]]) -> None:
        self._pulls.add(pull)
        try:
            while not self._is_draining:
                messages: Sequence[Msg] = ()
                # What came just as the time was over may be an empty list.
                with contextlib.suppress(TimeoutError, NatsTimeoutError):
                    messages = await pull.fetch(64, timeout=5)
                if messages:
                    _measure(durable, messages[-1])
                    await take(messages)
                elif not self._is_draining:
                    # A consumer that is gone (a rebuilt NATS) also looks like silence: ask.
                    PENDING.labels(durable).set((await pull.consumer_info()).num_pending or 0)
                    BEHIND.labels(durable).set(0)
        finally:
            self._pulls.discard(pull)
            with contextlib.suppress(NatsError, OSError):
                await self._give_up(pull)
                await pull.unsubscribe()

    async def _end_fetch(self, pull: Any) -> None:
        # It waits up to three times, for what is there, for the first to come and for the rest: a word for each.
        for _ in range(3):
            await self._client.publish(pull._sub.subject, b"", headers=_FETCH_IS_OVER)  # noqa: SLF001

    async def _give_up(self, pull: Any) -> None:
        """Take nothing more, and hand back what came since the last fetch: else it would lie for half a minute."""
        subscription = pull._sub  # noqa: SLF001 (nats-py has no way to leave a pull in order)
        await self._client._send_unsubscribe(subscription._id)  # noqa: SLF001
        await self._client.flush(1)
        came: list[Msg] = []
        while not subscription._pending_queue.empty():  # noqa: SLF001
            came.append(subscription._pending_queue.get_nowait())  # noqa: SLF001
        await _hand_back([raw for raw in came if not JetStreamContext.is_status_msg(raw)])

    # -- tails ---------------------------------------------------------------------------------------------------

    async def _follow(self, stream: str, subjects: list[str], tail: Tail) -> None:
        while True:
            await self._ready.wait()
            assert self._js is not None
            try:
                info = await self._js.stream_info(stream)
                if tail.last_sequence is None:
                    tail.last_sequence = info.state.last_seq
                elif tail.last_sequence > info.state.last_seq:
                    log.warning("nats.stream_restarted", stream=stream)
                    tail.last_sequence = 0
                    await tail.on_reset()
                elif info.state.first_seq > tail.last_sequence + 1:
                    # A stream that was made anew, or lost what came meanwhile: what is before its first will not come.
                    tail.last_sequence = info.state.first_seq - 1
                    await tail.on_reset()
                await self._follow_once(stream, subjects, tail)
            except (TimeoutError, NatsError, OSError) as error:
                log.warning("nats.tail_interrupted", stream=stream, error=repr(error))
                await asyncio.sleep(0.25)

    async def _follow_once(self, stream: str, subjects: list[str], tail: Tail) -> None:
        assert self._js is not None
        assert tail.last_sequence is not None
        config = ConsumerConfig(
            filter_subjects=subjects,
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=tail.last_sequence + 1,
            deliver_subject=self._client.new_inbox(),
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
            message = _message(raw)
            delivered += 1
            if raw.metadata.sequence.consumer != delivered:
                interrupted.set()
            if not interrupted.is_set() and message.sequence > (tail.last_sequence or 0):
                await tail.on_message(message)
                tail.last_sequence = message.sequence

        subscription = await self._client.subscribe(config.deliver_subject or "", cb=on_message)
        self._interruptions.add(interrupted)
        try:
            consumer = await self._js.add_consumer(stream, config)
            tail.is_following = True
            while not interrupted.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(interrupted.wait(), _TAIL_CHECK_S)
                    break
                await self._js.consumer_info(stream, consumer.name)
        finally:
            tail.is_following = False
            self._interruptions.discard(interrupted)
            with contextlib.suppress(NatsError, OSError):
                await subscription.unsubscribe()

    async def _replay(self, stream: str, subjects: list[str], after: int, until: int, limit: int) -> Replay:
        assert self._js is not None
        state = (await self._js.stream_info(stream)).state
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
        consumer = await self._js.add_consumer(stream, config)
        pull = await self._js.pull_subscribe_bind(consumer.name, stream)
        found: list[Message] = []
        try:
            pending = consumer.num_pending or 0
            while pending > 0 and len(found) <= limit:
                batch = [_message(raw) for raw in await pull.fetch(min(pending, 500), timeout=5)]
                found += [message for message in batch if message.sequence <= until]
                pending -= len(batch)
                if batch and batch[-1].sequence >= until:
                    break
        finally:
            with contextlib.suppress(NatsError, OSError):
                await pull.unsubscribe()
                await self._js.delete_consumer(stream, consumer.name)
        return Replay(messages=found[:limit], complete=len(found) <= limit)


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


def _first_sequence() -> int:
    """Where a new stream begins to count: hundred thousandths of a second since 2025, which a browser's numbers hold.

    Pages know their place by a sequence (decision 4). One that was made anew, after a restore or on a new disk, must not
    give a number again that its predecessor gave, or a page that comes back would skip what lies under it now.
    """
    return int((time.time() - _EPOCH_S) * 100_000)


async def _ensure_stream(js: JetStreamContext, spec: StreamSpec, replicas: int) -> None:
    config = StreamConfig(
        name=spec.name,
        subjects=list(spec.subjects),
        max_age=spec.max_age_s,
        duplicate_window=spec.duplicate_window_s,
        retention=RetentionPolicy.WORK_QUEUE if spec.retention == "workqueue" else RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
    )
    try:
        known = (await js.stream_info(spec.name)).config.subjects or []
        if not set(spec.subjects) <= set(known):
            # An upgrade brought subjects; those of a newer version beside us stay.
            config.subjects = sorted({*known, *spec.subjects})
            await js.update_stream(config)
    except NotFoundError:
        config.first_seq = _first_sequence()
        try:
            await js.add_stream(config)
        except BadRequestError:
            # Another process added it between the question and the answer.
            await js.stream_info(spec.name)


def _message(raw: Msg) -> Message:
    metadata = raw.metadata
    return Message(
        subject=raw.subject,
        data=raw.data,
        headers=dict(raw.headers or {}),
        sequence=metadata.sequence.stream,
        timestamp=metadata.timestamp.astimezone(UTC),
    )


async def _handle(raws: Sequence[Msg], durable: str, handler: ManyHandler) -> None:
    """What the handler says is said of each message."""
    outcome = ""
    deliveries = max(raw.metadata.num_delivered or 1 for raw in raws)
    try:
        with telemetry.span(f"consume {durable}", raws[0].headers):
            await handler([_message(raw) for raw in raws])
    except Retry as retry:
        outcome = "retried"
        for raw in raws:
            await raw.nak(delay=retry.after_s)
    except Reject as reject:
        outcome = "rejected"
        log.exception("message.rejected", durable=durable, subject=raws[0].subject, reason=str(reject))
        for raw in raws:
            await raw.term()
    except Exception as error:
        outcome = "failed"
        log.exception("message.failed", durable=durable, subject=raws[0].subject, deliveries=deliveries, exc_info=error)
        for raw in raws:
            await raw.nak(delay=min(0.5 * 2 ** min(deliveries, 8), 60))
    else:
        outcome = "handled"
        for raw in raws:
            await raw.ack()
    finally:
        if outcome:
            HANDLED.labels(durable, outcome).inc(len(raws))


def _measure(durable: str, newest: Msg) -> None:
    """What each message says besides: when it was stored, and how many of its kind come after it."""
    metadata = newest.metadata
    PENDING.labels(durable).set(metadata.num_pending or 0)
    BEHIND.labels(durable).set(max((datetime.now(UTC) - metadata.timestamp).total_seconds(), 0.0))


def _kind_of(subject: str) -> str:
    """The part of a subject that names no batch, person or agent."""
    return ".".join(subject.split(".")[:2])


async def _hand_back(raws: Sequence[Msg]) -> None:
    """Another replica gets these now, and not after the time in which we would have had to acknowledge them."""
    for raw in raws:
        with contextlib.suppress(NatsError, OSError):
            await raw.nak()


async def _guarded(handler: Callable[[str, bytes], Awaitable[None]], message: Msg) -> None:
    try:
        await handler(message.subject, message.data)
    except Exception as error:
        log.exception("message.failed", subject=message.subject, exc_info=error)


async def _once(callback: Callable[[], Awaitable[None]]) -> None:
    try:
        await callback()
    except Exception as error:
        log.exception("nats.on_connect_failed", exc_info=error)


async def _on_error(error: Exception) -> None:
    log.warning("nats.error", error=repr(error))

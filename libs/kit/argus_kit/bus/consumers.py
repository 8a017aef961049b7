"""Durable consumers: each message is handled at least once, by one of the replicas."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from prometheus_client import Counter, Gauge

from argus_kit import telemetry
from argus_kit.bus.link import Link
from argus_kit.bus.messages import Handler, ManyHandler, Message, Reject, Retry, message_of
from argus_kit.bus.streams import ensure_consumer

log = structlog.get_logger(__name__)

PENDING = Gauge("argus_consumer_pending_messages", "Messages that a consumer has not been given yet", ["consumer"])
BEHIND = Gauge(
    "argus_consumer_lag_seconds", "Age of the message that a consumer took last; 0: none waits", ["consumer"]
)
HANDLED = Counter(
    "argus_consumer_messages_total", "Messages that a consumer took, by what became of them", ["consumer", "outcome"]
)

# What the server says when the time of a fetch is over. Said to ourselves, it ends one that waits.
_FETCH_IS_OVER = {"Status": "408"}
# Of what is handled one by one, each waits for those before it, and must be acknowledged within half a minute. What is
# handled together costs less for each the more there is, as far as it is small: a bundle may hold hundreds of events.
_ONE_BY_ONE, _TOGETHER = 64, 256
_BYTES_AT_ONCE = 4 * 2**20

Take = Callable[[Sequence[Msg]], Awaitable[None]]


class Consumers:
    """The durable consumers of this process."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._is_draining = False
        self._running: set[asyncio.Task[None]] = set()
        self.pulls: set[Any] = set()

    def one_by_one(self, stream: str, durable: str, subjects: Sequence[str], handler: Handler) -> None:
        """Each message by itself."""

        async def alone(messages: Sequence[Message]) -> Sequence[Message]:
            await handler(messages[0])
            return ()

        async def take(messages: Sequence[Msg]) -> None:
            for number, message in enumerate(messages):
                if self._is_draining:
                    await _hand_back(messages[number:])
                    return
                try:
                    await _handle([message], durable, alone)
                except asyncio.CancelledError:
                    await _hand_back(messages[number:])
                    raise

        self._spawn(stream, durable, subjects, take, _ONE_BY_ONE)

    def together(self, stream: str, durable: str, subjects: Sequence[str], handler: ManyHandler) -> None:
        """All that is there at once."""

        async def take(messages: Sequence[Msg]) -> None:
            try:
                await _handle(messages, durable, handler)
            except asyncio.CancelledError:
                await _hand_back(messages)
                raise

        self._spawn(stream, durable, subjects, take, _TOGETHER)

    async def end(self, within_s: float) -> None:
        """What is being handled is finished, the rest goes to other replicas at once."""
        self._is_draining = True
        if not self._running or not self._link.is_connected:
            return
        for pull in list(self.pulls):
            with contextlib.suppress(NatsError, OSError):
                await self._end_fetch(pull)
        await asyncio.wait(list(self._running), timeout=within_s)

    def _spawn(self, stream: str, durable: str, subjects: Sequence[str], take: Take, at_once: int) -> None:
        task = self._link.spawn(self._consume(stream, durable, subjects, take, at_once), f"consume-{durable}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _consume(self, stream: str, durable: str, subjects: Sequence[str], take: Take, at_once: int) -> None:
        while not self._is_draining:
            js = await self._link.until_ready()
            try:
                await ensure_consumer(js, stream, durable, subjects)
                pull = await js.pull_subscribe_bind(durable, stream)
                await self._pull(pull, durable, take, at_once)
            except (TimeoutError, NatsError, OSError) as error:
                log.warning("nats.consumer_interrupted", durable=durable, error=f"{error!r} {error}")
                await asyncio.sleep(0.5)

    async def _pull(self, pull: Any, durable: str, take: Take, at_once: int) -> None:
        self.pulls.add(pull)
        fitting = _ONE_BY_ONE
        try:
            while not self._is_draining:
                messages: Sequence[Msg] = ()
                # What came just as the time was over may be an empty list.
                with contextlib.suppress(TimeoutError, NatsTimeoutError):
                    messages = await pull.fetch(min(at_once, fitting), timeout=5)
                if messages:
                    _measure(durable, messages[-1])
                    held = sum(len(message.data) for message in messages)
                    fitting = max(_ONE_BY_ONE, _BYTES_AT_ONCE * len(messages) // max(held, 1))
                    await take(messages)
                elif not self._is_draining:
                    # A consumer that is gone (a rebuilt NATS) also looks like silence: ask.
                    PENDING.labels(durable).set((await pull.consumer_info()).num_pending or 0)
                    BEHIND.labels(durable).set(0)
        finally:
            self.pulls.discard(pull)
            with contextlib.suppress(NatsError, OSError):
                await self._give_up(pull)
                await pull.unsubscribe()

    async def _end_fetch(self, pull: Any) -> None:
        # It waits up to three times, for what is there, for the first to come and for the rest: a word for each.
        for _ in range(3):
            await self._link.client.publish(pull._sub.subject, b"", headers=_FETCH_IS_OVER)  # noqa: SLF001

    async def _give_up(self, pull: Any) -> None:
        """Take nothing more, and hand back what came since the last fetch: else it would lie for half a minute."""
        client, subscription = self._link.client, pull._sub  # noqa: SLF001 (nats-py has no way to leave a pull in order)
        await client._send_unsubscribe(subscription._id)  # noqa: SLF001
        await self._link.settle()
        came: list[Msg] = []
        while not subscription._pending_queue.empty():  # noqa: SLF001
            came.append(subscription._pending_queue.get_nowait())  # noqa: SLF001
        await _hand_back([raw for raw in came if not JetStreamContext.is_status_msg(raw)])


async def _handle(raws: Sequence[Msg], durable: str, handler: ManyHandler) -> None:
    """What the handler says is said of each message, but of those that it names as none for it."""
    outcome = ""
    deliveries = max(raw.metadata.num_delivered or 1 for raw in raws)
    messages = [message_of(raw) for raw in raws]
    rejected: Sequence[Message] = ()
    try:
        with telemetry.span(f"consume {durable}", raws[0].headers):
            rejected = await handler(messages)
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
        for raw, message in zip(raws, messages, strict=True):
            await (raw.term() if message in rejected else raw.ack())
    finally:
        if outcome:
            HANDLED.labels(durable, outcome).inc(len(raws) - len(rejected))
        if rejected:
            HANDLED.labels(durable, "rejected").inc(len(rejected))


def _measure(durable: str, newest: Msg) -> None:
    """What each message says besides: when it was stored, and how many of its kind come after it."""
    metadata = newest.metadata
    PENDING.labels(durable).set(metadata.num_pending or 0)
    BEHIND.labels(durable).set(max((datetime.now(UTC) - metadata.timestamp).total_seconds(), 0.0))


async def _hand_back(raws: Sequence[Msg]) -> None:
    """Another replica gets these now, and not after the time in which we would have had to acknowledge them."""
    for raw in raws:
        with contextlib.suppress(NatsError, OSError):
            await raw.nak()

"""Durable consumers: each message is handled at least once, by one of the replicas."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
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
from argus_kit.bus.messages import Handler, ManyHandler, Message, Reject, Retry, Unhandled, message_of
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
# So long nothing may come before the consumer itself is asked whether it is there.
_SILENCE_S = 10
# Of what is handled one by one, each waits for those before it, and must be acknowledged within half a minute. What is
# handled together costs less for each the more there is, as far as it is small: a bundle may hold hundreds of events.
_ONE_BY_ONE, _TOGETHER = 64, 256
_BYTES_AT_ONCE = 4 * 2**20
# What comes in a steady trickle is let gather for a moment: each handling has a price of its own, say a transaction.
_GATHERING_S = 0.05

Take = Callable[[Sequence[Msg]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Durable:
    """A durable consumer, and those of an older version whose work it does."""

    stream: str
    name: str
    subjects: Sequence[str]
    instead_of: Sequence[str] = ()


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

        self._spawn(Durable(stream, durable, subjects), take, _ONE_BY_ONE)

    def together(
        self,
        stream: str,
        durable: str,
        subjects: Sequence[str],
        handler: ManyHandler,
        instead_of: Sequence[str] = (),
    ) -> None:
        """All that is there at once."""

        async def take(messages: Sequence[Msg]) -> None:
            try:
                await _handle(messages, durable, handler)
            except asyncio.CancelledError:
                await _hand_back(messages)
                raise
            if len(messages) < _ONE_BY_ONE:
                await asyncio.sleep(_GATHERING_S)

        self._spawn(Durable(stream, durable, subjects, instead_of), take, _TOGETHER)

    async def end(self, within_s: float) -> None:
        """What is being handled is finished, the rest goes to other replicas at once."""
        self._is_draining = True
        if not self._running or not self._link.is_connected:
            return
        for pull in list(self.pulls):
            with contextlib.suppress(NatsError, OSError):
                await self._end_fetch(pull)
        await asyncio.wait(list(self._running), timeout=within_s)

    def _spawn(self, durable: Durable, take: Take, at_once: int) -> None:
        task = self._link.spawn(self._consume(durable, take, at_once), f"consume-{durable.name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _consume(self, durable: Durable, take: Take, at_once: int) -> None:
        while not self._is_draining:
            js = await self._link.until_ready()
            try:
                await ensure_consumer(js, durable.stream, durable.name, durable.subjects, instead_of=durable.instead_of)
                pull = await js.pull_subscribe_bind(durable.name, durable.stream)
                await self._pull(pull, durable.name, take, at_once)
            except (TimeoutError, NatsError, OSError) as error:
                log.warning("nats.consumer_interrupted", durable=durable.name, error=f"{error!r} {error}")
                await asyncio.sleep(0.5)

    async def _pull(self, pull: Any, durable: str, take: Take, at_once: int) -> None:
        self.pulls.add(pull)
        fitting = _ONE_BY_ONE
        try:
            while not self._is_draining:
                messages: Sequence[Msg] = ()
                # What came just as the time was over may be an empty list.
                with contextlib.suppress(TimeoutError, NatsTimeoutError):
                    messages = await pull.fetch(min(at_once, fitting), timeout=_SILENCE_S)
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
    """What the handler says is said of each message, but of those that it names."""
    messages = [message_of(raw) for raw in raws]
    rejected: Sequence[Message] = ()
    failed: Sequence[Message] = ()
    try:
        with _spans(f"consume {durable}", raws):
            rejected = await handler(messages)
    except Retry as retry:
        for raw in raws:
            await raw.nak(delay=retry.after_s)
        HANDLED.labels(durable, "retried").inc(len(raws))
        return
    except Reject as reject:
        log.exception("message.rejected", durable=durable, subject=raws[0].subject, reason=str(reject))
        rejected = messages
    except Unhandled as error:
        failed, rejected = error.messages, error.rejected
        log.warning("message.some_failed", durable=durable, failed=len(failed), of=len(raws))
    except Exception as error:
        failed = messages
        deliveries = _deliveries(raws[0])
        log.exception("message.failed", durable=durable, subject=raws[0].subject, deliveries=deliveries, exc_info=error)
    await _answer(raws, messages, durable, failed={id(one) for one in failed}, rejected={id(one) for one in rejected})


@contextlib.contextmanager
def _spans(name: str, raws: Sequence[Msg]) -> Iterator[None]:
    """A span in the trace of each message that has one; what the handler sends on continues that of the first."""
    with contextlib.ExitStack() as spans:
        for raw in raws[:0:-1]:
            if telemetry.is_recorded(raw.headers):
                spans.enter_context(telemetry.span(name, raw.headers))
        spans.enter_context(telemetry.span(name, raws[0].headers))
        yield


async def _answer(
    raws: Sequence[Msg], messages: Sequence[Message], durable: str, *, failed: set[int], rejected: set[int]
) -> None:
    for raw, message in zip(raws, messages, strict=True):
        if id(message) in failed:
            await raw.nak(delay=min(0.5 * 2 ** min(_deliveries(raw), 8), 60))
        elif id(message) in rejected:
            await raw.term()
        else:
            await raw.ack()
    for outcome, number in (("failed", len(failed)), ("rejected", len(rejected))):
        if number:
            HANDLED.labels(durable, outcome).inc(number)
    if done := len(raws) - len(failed) - len(rejected):
        HANDLED.labels(durable, "handled").inc(done)


def _deliveries(raw: Msg) -> int:
    return raw.metadata.num_delivered or 1


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

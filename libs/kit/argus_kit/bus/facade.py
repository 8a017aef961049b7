"""What services call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence

import structlog
from nats.errors import Error as NatsError
from nats.js.api import StreamState
from prometheus_client import Counter

from argus_contracts.bus import StreamSpec
from argus_kit import telemetry
from argus_kit.bus import tails
from argus_kit.bus.answers import Answers
from argus_kit.bus.consumers import Consumers
from argus_kit.bus.link import Link
from argus_kit.bus.messages import BusUnavailable, Handler, ManyHandler, Outgoing
from argus_kit.bus.streams import KEEPING, Keeping
from argus_kit.parts import Part

log = structlog.get_logger(__name__)

UNPUBLISHED = Counter("argus_bus_publish_failures_total", "Messages that NATS did not confirm", ["subject"])

# How long what is being handled or answered may take once the process is asked to end.
_DRAIN_S = 3.0


class Bus(Part):
    """The connection to NATS. Everything may be called before the connection stands."""

    name = "nats"

    def __init__(self, url: str, *, client_name: str = "argus", keeping: Keeping = KEEPING) -> None:
        self.link = Link(url, client_name=client_name, keeping=keeping)
        self.consumers = Consumers(self.link)
        self._answers = Answers(self.link)

    async def start(self) -> None:
        """Begin to connect; returns at once."""
        self.link.start()

    async def drain(self) -> None:
        """End the durable consumers: what is being handled is finished, the rest goes to other replicas at once."""
        await self.consumers.end(_DRAIN_S)

    async def answer_no_more(self) -> None:
        """Leave the queues: requests go to other replicas from now on, and those that are here are answered."""
        await self._answers.end(_DRAIN_S)

    async def stop(self) -> None:
        """End consumers, hand over what is on its way, and close."""
        await self.link.stop()

    def waits_for(self) -> str | None:
        """See Part."""
        return None if self.is_connected else "nats"

    @property
    def is_connected(self) -> bool:
        """Whether NATS can be used right now."""
        return self.link.is_connected

    async def wait_until_ready(self, timeout_s: float) -> None:
        """Wait for the connection.

        Raises:
            BusUnavailable: it did not come in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self.link.ready.wait()
        except TimeoutError as error:
            raise BusUnavailable(f"NATS at {self.link.url} does not answer.") from error

    def on_connect(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call `callback` after every connection and reconnection, when messages may have been missed."""
        self.link.on_connect(callback)

    # -- telling and asking --------------------------------------------------------------------------------------

    async def send(self, subject: str, payload: bytes) -> None:
        """Tell whoever listens now; nobody keeps the message.

        Raises:
            BusUnavailable: there is no connection.
        """
        if not self.is_connected:
            raise BusUnavailable
        await self.link.client.publish(subject, payload, headers=telemetry.headers() or None)

    async def request(self, subject: str, payload: bytes, *, timeout_s: float = 5.0) -> bytes:
        """Ask another service and return its answer.

        Raises:
            BusUnavailable: nobody answered in time.
        """
        if not self.is_connected:
            raise BusUnavailable
        headers = telemetry.headers() or None
        with _unavailable():
            reply = await self.link.client.request(subject, payload, timeout=timeout_s, headers=headers)
        return bytes(reply.data)

    async def listen(self, subject: str, handler: Callable[[str, bytes], Awaitable[None]], *, queue: str = "") -> None:
        """Call `handler(subject, data)` for every core message; with `queue`, one of the queue's members is called."""
        await self._answers.listen(subject, handler, queue=queue)

    async def respond(self, subject: str, handler: Callable[[bytes], Awaitable[bytes]], *, queue: str) -> None:
        """Answer requests on `subject`, some at once. A handler that raises leaves the asker without an answer."""
        await self._answers.respond(subject, handler, queue=queue)

    # -- streams -------------------------------------------------------------------------------------------------

    async def publish(self, message: Outgoing, *, timeout_s: float = 5.0) -> int:
        """Publish to a stream and wait until it is stored. Returns the sequence in the stream.

        Raises:
            BusUnavailable: NATS did not confirm; the message may or may not have been stored.
        """
        js, kind = self.link.js, _kind_of(message.subject)
        with telemetry.step(f"publish {kind}", message.headers, **{"messaging.system": "nats"}):
            # In a step of its own, whoever receives it continues from there.
            headers = {"Nats-Msg-Id": message.msg_id, **telemetry.headers(), **message.headers}
            headers |= telemetry.recorded() or {}
            try:
                # nats-py's own limit begins when it has sent, which it may never have where the server was killed.
                async with asyncio.timeout(timeout_s):
                    ack = await js.publish(message.subject, message.payload, timeout=timeout_s, headers=headers)
            except (TimeoutError, NatsError, OSError) as error:
                UNPUBLISHED.labels(kind).inc()
                raise BusUnavailable(f"NATS did not store the message: {error!r}") from error
        return int(ack.seq)

    async def publish_all(self, messages: Sequence[Outgoing], *, window: int = 128) -> list[bool]:
        """Publish many, `window` at a time. Returns for each whether it was stored."""
        done: list[bool] = []
        for begin in range(0, len(messages), window):
            some = messages[begin : begin + window]
            if len(some) == 1:
                # It leaves now, and not when a task's turn comes.
                done.append(await self._is_stored(some[0]))
            else:
                done += await asyncio.gather(*map(self._is_stored, some))
        return done

    async def _is_stored(self, message: Outgoing) -> bool:
        try:
            await self.publish(message)
        except BusUnavailable:
            return False
        except Exception as error:
            # One message that cannot be sent costs its neighbours nothing.
            log.exception("nats.publish_failed", exc_info=error)
            return False
        return True

    async def consume(self, stream: StreamSpec, durable: str, subjects: Sequence[str], handler: Handler) -> None:
        """Handle every message of `subjects` at least once, shared by all replicas that use the same `durable` name."""
        self.consumers.one_by_one(stream.name, durable, subjects, handler)

    async def consume_many(
        self,
        stream: StreamSpec,
        durable: str,
        subjects: Sequence[str],
        handler: ManyHandler,
        *,
        instead_of: Sequence[str] = (),
    ) -> None:
        """As `consume`, with all that is there at once, up to 256 small messages: the handler says one word for all.

        Args:
            stream: the stream.
            durable: the consumer's name.
            subjects: what it hears.
            handler: what takes the messages.
            instead_of: durables of an older version whose work this one does from the first message on that one of
                them had not done. The server forgets them when nobody has asked for them for an hour.
        """
        self.consumers.together(stream.name, durable, subjects, handler, instead_of)

    async def tail(self, stream: StreamSpec, subjects: Sequence[str], tail: tails.Tail) -> None:
        """Feed `tail` with every message from now on, in order, without gaps over lost connections."""
        self.link.spawn(tails.follow(self.link, stream.name, list(subjects), tail), f"tail-{stream.name}")

    async def replay(
        self, stream: StreamSpec, subjects: Sequence[str], *, after: int, until: int, limit: int
    ) -> tails.Replay:
        """Messages of `subjects` with after < sequence <= until, oldest first, at most `limit`.

        Raises:
            BusUnavailable: NATS cannot be read.
        """
        js = self.link.js
        with _unavailable("The stream cannot be read"):
            return await tails.replay(js, stream.name, list(subjects), after=after, until=until, limit=limit)

    async def purge(self, stream: StreamSpec) -> None:
        """Remove all messages of a stream, waiting work included; its numbers go on.

        Raises:
            BusUnavailable: NATS did not confirm.
        """
        js = self.link.js
        with _unavailable("The stream cannot be emptied"):
            await js.purge_stream(stream.name)

    async def stream_bounds(self, stream: StreamSpec) -> tuple[int, int]:
        """First and last sequence that the stream holds."""
        state = await self.stream_state(stream)
        return state.first_seq, state.last_seq

    async def stream_state(self, stream: StreamSpec) -> StreamState:
        """What the stream holds.

        Raises:
            BusUnavailable: NATS cannot be asked.
        """
        js = self.link.js
        with _unavailable("The stream cannot be read"):
            return (await js.stream_info(stream.name)).state


def _kind_of(subject: str) -> str:
    """The part of a subject that names no batch, person or agent."""
    return ".".join(subject.split(".")[:2])


@contextlib.contextmanager
def _unavailable(what: str | None = None) -> Iterator[None]:
    try:
        yield
    except (TimeoutError, NatsError, OSError) as error:
        raise BusUnavailable(what and f"{what}: {error!r}") from error

"""Core NATS: what is told to whoever listens, and questions with an answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from argus_kit import telemetry
from argus_kit.bus.link import Link

log = structlog.get_logger(__name__)

# nats-py waits for one callback before the next: a request that waits for a lock would hold up all behind it. More
# than these at once would only wait for connections to the database.
ANSWERS_AT_ONCE: Final = 8


class Answers:
    """Subscriptions of this process."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._queues: list[Subscription] = []
        self._answering: set[asyncio.Task[None]] = set()

    async def listen(self, subject: str, handler: Callable[[str, bytes], Awaitable[None]], *, queue: str = "") -> None:
        """Call `handler(subject, data)` for every core message, one after the other."""

        async def on_message(message: Msg) -> None:
            with telemetry.span(f"receive {subject}", message.headers):
                await _guarded(handler, message)

        await self._subscribe(subject, queue, on_message)

    async def respond(self, subject: str, handler: Callable[[bytes], Awaitable[bytes]], *, queue: str) -> None:
        """Answer requests on `subject`, some at once."""
        room = asyncio.Semaphore(ANSWERS_AT_ONCE)

        async def answer(message: Msg) -> None:
            async def reply(_: str, data: bytes) -> None:
                await message.respond(await handler(data))

            try:
                with telemetry.span(f"answer {subject}", message.headers):
                    await _guarded(reply, message)
            finally:
                room.release()

        async def on_message(message: Msg) -> None:
            await room.acquire()
            task = self._link.spawn(answer(message), f"answer-{subject}")
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

        await self._subscribe(subject, queue, on_message)

    async def end(self, within_s: float) -> None:
        """Leave the queues: requests go to other replicas from now on, and those that are here are answered."""
        queues, self._queues = self._queues, []
        if not queues or not self._link.client.is_connected:
            return
        leaving: list[Awaitable[None]] = [one.drain() for one in queues]  # type: ignore[no-untyped-call]
        with contextlib.suppress(TimeoutError, NatsError, OSError):
            async with asyncio.timeout(within_s):
                await asyncio.gather(*leaving)
                while self._answering:
                    await asyncio.wait(self._answering)

    async def _subscribe(self, subject: str, queue: str, callback: Callable[[Msg], Awaitable[None]]) -> None:
        async def subscribe() -> None:
            await self._link.ready.wait()
            subscription = await self._link.client.subscribe(subject, queue=queue, cb=callback)
            if queue:
                self._queues.append(subscription)

        # nats-py takes its core subscriptions up again after a reconnect; only the first one waits for us.
        if self._link.is_connected:
            await subscribe()
        else:
            self._link.spawn(subscribe(), f"subscribe-{subject}")


async def _guarded(handler: Callable[[str, bytes], Awaitable[None]], message: Msg) -> None:
    try:
        await handler(message.subject, message.data)
    except Exception as error:
        log.exception("message.failed", subject=message.subject, exc_info=error)

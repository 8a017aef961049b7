"""The connection to NATS: it is waited for, for ever, and whoever missed something meanwhile is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from prometheus_client import Counter, Gauge

from argus_contracts.bus import STREAMS
from argus_kit import tasks
from argus_kit.bus.messages import BusUnavailable
from argus_kit.bus.streams import Keeping, ensure_stream

log = structlog.get_logger(__name__)

CONNECTED = Gauge("argus_bus_connected", "1 while this process can use NATS", ["client"])
DISCONNECTS = Counter("argus_bus_disconnects_total", "Connections to NATS that were lost", ["client"])


class Link:
    """One connection, its streams, and the tasks that live on it."""

    def __init__(self, url: str, *, client_name: str, keeping: Keeping) -> None:
        self.url = url
        self.client = Client()
        self.ready = asyncio.Event()
        self._js: JetStreamContext | None = None
        self._client_name = client_name
        self._keeping = keeping
        self._connecting: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._on_connect: list[Callable[[], Awaitable[None]]] = []
        # Set when the connection is lost; whoever follows a stream begins anew then.
        self.interruptions: set[asyncio.Event] = set()

    @property
    def is_connected(self) -> bool:
        """Whether NATS can be used right now."""
        return self.ready.is_set() and self.client.is_connected

    @property
    def js(self) -> JetStreamContext:
        """JetStream.

        Raises:
            BusUnavailable: there is no connection.
        """
        if self._js is None or not self.is_connected:
            raise BusUnavailable
        return self._js

    async def until_ready(self) -> JetStreamContext:
        """JetStream, as soon as there is a connection."""
        await self.ready.wait()
        assert self._js is not None
        return self._js

    def start(self) -> None:
        """Begin to connect; returns at once."""
        CONNECTED.labels(self._client_name).set(0)
        self._connecting = asyncio.create_task(self._connect(), name="nats-connect")

    async def stop(self) -> None:
        """End all tasks, hand over what is on its way, and close."""
        await tasks.end([*self._tasks, *([self._connecting] if self._connecting else [])])
        self._tasks.clear()
        if self.client.is_connected:
            with contextlib.suppress(NatsError, asyncio.TimeoutError, OSError):
                async with asyncio.timeout(1.0):
                    await self.client.flush()
        await self.client.close()

    async def settle(self, within_s: float = 1.0) -> None:
        """Wait until NATS has taken what was told to it before: subscriptions, and their ends."""
        # nats-py writes a ping past what still waits to be written: only the second one comes behind that.
        for _ in range(2):
            await self.client.flush(within_s)  # type: ignore[arg-type]  # a fraction works; the stub says int

    def on_connect(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call `callback` after every connection and reconnection."""
        self._on_connect.append(callback)
        if self.is_connected:
            self.spawn(_once(callback), "nats-on-connect")

    def spawn(self, work: Any, name: str) -> asyncio.Task[None]:
        """Run a coroutine until it ends or the link stops; a failure is logged."""
        task = asyncio.create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[None]) -> None:
        if task in self._tasks:
            self._tasks.remove(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("nats.task_failed", task=task.get_name(), exc_info=error)

    async def _connect(self) -> None:
        while True:
            try:
                await self.client.connect(
                    self.url,
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
        self._js = self.client.jetstream(timeout=5)
        await self._become_ready()

    async def _on_disconnected(self) -> None:
        self.ready.clear()
        CONNECTED.labels(self._client_name).set(0)
        DISCONNECTS.labels(self._client_name).inc()
        for interrupted in self.interruptions:
            interrupted.set()
        log.warning("nats.disconnected")

    async def _on_reconnected(self) -> None:
        log.info("nats.reconnected")
        self.spawn(self._become_ready(), "nats-ready")

    async def _become_ready(self) -> None:
        while not await self._ensure_streams():
            await asyncio.sleep(0.25)
        self.ready.set()
        CONNECTED.labels(self._client_name).set(1)
        for callback in self._on_connect:
            await _once(callback)

    async def _ensure_streams(self) -> bool:
        assert self._js is not None
        try:
            for spec in STREAMS:
                await ensure_stream(self._js, spec, self._keeping)
        except (TimeoutError, NatsError, OSError) as error:
            log.warning("nats.streams_not_ready", error=repr(error))
            return False
        return True


async def _once(callback: Callable[[], Awaitable[None]]) -> None:
    try:
        await callback()
    except Exception as error:
        log.exception("nats.on_connect_failed", exc_info=error)


async def _on_error(error: Exception) -> None:
    log.warning("nats.error", error=repr(error))

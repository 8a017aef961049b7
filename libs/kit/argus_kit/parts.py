"""Parts of a process: things with a start, a stop, and a word on what they wait for; and loops that survive errors."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter

from argus_kit import tasks

log = structlog.get_logger(__name__)

LOOP_FAILURES = Counter("argus_loop_failures_total", "Rounds of a background loop that ended in an error", ["loop"])


class Part:
    """Something that lives as long as the process. Subclasses override what they need."""

    name = "part"

    async def start(self) -> None:
        """Begin. May return before everything is ready; see `waits_for`."""

    async def drain(self) -> None:
        """Take no new long work; called before the server stops listening to its open connections."""

    async def stop(self) -> None:
        """End in order: finish what was begun, release what is held."""

    def waits_for(self) -> str | None:
        """None when ready, else the name of what is awaited (shown by /readyz)."""
        return None


class Loop(Part):
    """Calls `round` for ever: again after `every_s`, at once when `kick()` was called, later after an error."""

    def __init__(self, name: str, round_: Callable[[], Awaitable[object]], *, every_s: float) -> None:
        self.name = name
        self._round = round_
        self._every_s = every_s
        self._kicked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failures = 0

    async def start(self) -> None:
        """See Part."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """See Part."""
        if self._task is not None:
            await tasks.end([self._task])
            self._task = None

    def kick(self) -> None:
        """Run the next round now."""
        self._kicked.set()

    async def _run(self) -> None:
        while True:
            self._kicked.clear()
            try:
                await self._round()
                self._failures = 0
            except Exception as error:  # noqa: BLE001 (a loop outlives any round; the failure is logged and counted)
                self._failures += 1
                LOOP_FAILURES.labels(self.name).inc()
                log.warning("loop.failed", loop=self.name, error=repr(error), failures=self._failures)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._kicked.wait()

    def _pause(self) -> float:
        if not self._failures:
            return self._every_s
        backoff: float = min(0.2 * 2 ** min(self._failures, 8), 30.0)
        return max(backoff * random.uniform(0.7, 1.3), min(self._every_s, 1.0))

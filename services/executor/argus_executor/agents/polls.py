"""Polls that are held: an agent's request waits here until a command may wait for it, without a database connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from prometheus_client import Gauge

from argus_contracts import bus as wire
from argus_kit.bus import Bus
from argus_kit.parts import Part

HELD = Gauge("argus_executor_polls_held", "Polls of agents that wait for a command")

# A poll costs a task and some kilobytes. Beyond this an agent is answered at once, and comes again by its interval.
MAX_HELD: Final = 5_000
# News of an agent after which the token of a poll that is held may be worth nothing.
_ENDING: Final = frozenset({"registered", "revoked"})


class Bell:
    """Rings when there may be something for an agent. Once it rang, it stays so until `clear`."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self.is_over = False

    def ring(self) -> None:
        """Let the poll look."""
        self._rung.set()

    def end(self) -> None:
        """Let the poll answer with what there is: another one took its place, or the process ends."""
        self.is_over = True
        self._rung.set()

    def clear(self) -> None:
        """Wait for the next ring; call it before looking, so that what comes meanwhile is not missed."""
        self._rung.clear()

    async def wait(self, timeout_s: float) -> None:
        """Until it rings or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()


class HeldPolls(Part):
    """The bells of all held polls of this process, one for each agent, rung by what any replica says on the bus."""

    name = "held-polls"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._bells: dict[str, Bell] = {}
        self._is_closed = False

    async def start(self) -> None:
        """See Part."""
        await self._bus.listen(wire.ALL_AGENTS, self._on_message)
        # What was said while the bus was away was missed.
        self._bus.on_connect(self._ring_all)

    async def drain(self) -> None:
        """See Part."""
        self._is_closed = True
        for bell in list(self._bells.values()):
            bell.end()

    def take(self, agent_id: str) -> Bell | None:
        """A bell for an agent's poll, in place of an older poll's; None: no more are held. Give it back."""
        subject = wire.agent_subject(agent_id)
        older = self._bells.get(subject)
        if self._is_closed or (older is None and len(self._bells) >= MAX_HELD):
            return None
        if older is not None:
            older.end()
        bell = self._bells[subject] = Bell()
        HELD.set(len(self._bells))
        return bell

    def give_back(self, agent_id: str, bell: Bell) -> None:
        """The poll was answered."""
        subject = wire.agent_subject(agent_id)
        if self._bells.get(subject) is bell:
            del self._bells[subject]
        HELD.set(len(self._bells))

    async def _on_message(self, subject: str, data: bytes) -> None:
        bell = self._bells.get(subject)
        if bell is None:
            return
        kind = wire.decode(wire.AgentMessage, data).kind
        if kind in _ENDING:
            bell.end()
        elif kind == "command":
            bell.ring()

    async def _ring_all(self) -> None:
        for bell in list(self._bells.values()):
            bell.ring()

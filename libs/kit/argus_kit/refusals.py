"""Writes into the audit log that a good token came from a network that it is not for: it may have been stolen.

Such requests may come in thousands a second, so a token gets one line at once and then at most one a minute, which says
how many there were.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from argus_contracts import bus as wire
from argus_kit.actor import Actor
from argus_kit.bus import Bus, BusUnavailable, Outgoing
from argus_kit.clock import now
from argus_kit.parts import Loop, Part

_QUIET_S = 60.0
_LOOK_EVERY_S = 15.0
# Whoever is noted holds a good token, of which there are not many; the bound is for the worst case.
_MOST = 10_000


@dataclass(slots=True)
class _Noted:
    actor: Actor
    address: str | None
    count: int = 0
    said_at: float = float("-inf")


class Refusals(Part):
    """Collects refusals of this process and tells them."""

    name = "token-refusals"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._noted: dict[int, _Noted] = {}
        self._loop = Loop("token-refusals", self._say, every_s=_LOOK_EVERY_S)

    async def start(self) -> None:
        """See Part."""
        self._bus.on_connect(self._on_connect)
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()

    def note(self, actor: Actor, address: str | None) -> None:
        """Remember that a token was refused. Cheap: nothing waits for the line."""
        assert actor.token_id is not None
        noted = self._noted.get(actor.token_id)
        if noted is None:
            if len(self._noted) >= _MOST:
                return
            noted = self._noted[actor.token_id] = _Noted(actor, address)
            self._loop.kick()
        noted.address = address
        noted.count += 1

    async def _on_connect(self) -> None:
        self._loop.kick()

    async def _say(self) -> None:
        if not self._bus.is_connected:
            return
        quiet_since = time.monotonic() - _QUIET_S
        for token_id, noted in list(self._noted.items()):
            if noted.said_at > quiet_since:
                continue
            if not noted.count:
                del self._noted[token_id]
                continue
            count, noted.count = noted.count, 0
            try:
                await self._bus.publish(_line(token_id, noted, count))
            except BusUnavailable:
                noted.count += count
                return
            noted.said_at = time.monotonic()


def _line(token_id: int, noted: _Noted, count: int) -> Outgoing:
    entry = wire.AuditEntry(
        action="token_refused",
        user_id=noted.actor.user_id,
        target_type="api_token",
        target_id=str(token_id),
        metadata={"reason": "network", "count": count},
        at=now(),
        ip=noted.address,
    )
    return Outgoing(wire.audit_subject("identity"), wire.encode(entry), entry.entry_id)

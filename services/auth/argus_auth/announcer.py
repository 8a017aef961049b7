"""Words that every service must hear soon after a commit: "this credential is revoked", "this setting changed".

Their subjects are kept by no stream. What NATS does not take now is sent when it is back; and every service asks the
database again after 30 seconds and after a lost connection, so a word that never arrives is late, not lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import structlog

from argus_contracts import bus as wire
from argus_kit.bus import Bus, BusUnavailable
from argus_kit.identity import Identity

log = structlog.get_logger(__name__)

Announcement = wire.Revoked | wire.ConfigChanged

# Receivers re-check everything after a lost connection, so an overflow costs nothing but punctuality.
_MAX_WAITING = 10_000


class Announcer:
    """Sends announcements in order, and again until they are sent."""

    def __init__(self, bus: Bus, identity: Identity) -> None:
        self._bus = bus
        self._identity = identity
        self._waiting: deque[Announcement] = deque(maxlen=_MAX_WAITING)

    def start(self) -> None:
        """Take waiting announcements up again at every reconnection."""
        self._bus.on_connect(self.flush)

    async def announce(self, announcements: Sequence[Announcement]) -> None:
        """Say it now, here and everywhere. Call it only after the commit."""
        for announcement in announcements:
            if isinstance(announcement, wire.Revoked):
                await self._identity.forget(announcement)
        self._waiting.extend(announcements)
        if self._waiting and self._bus.is_connected:
            await self.flush()

    async def flush(self) -> None:
        """Send what waits, as far as NATS takes it."""
        while self._waiting:
            announcement = self._waiting[0]
            subject = wire.AUTH_REVOKED if isinstance(announcement, wire.Revoked) else wire.CONFIG_CHANGED
            try:
                await self._bus.send(subject, wire.encode(announcement))
            except BusUnavailable:
                log.warning("announcement.waits", waiting=len(self._waiting))
                return
            if self._waiting and self._waiting[0] is announcement:
                self._waiting.popleft()

"""Tells auth which tokens and sessions were used, and when last: each process now and then, all in one message."""

from __future__ import annotations

import time
from datetime import datetime

from argus_contracts import bus as wire
from argus_kit.actor import Actor
from argus_kit.bus import Bus, BusUnavailable
from argus_kit.clock import now
from argus_kit.parts import Loop, Part

_EVERY_S = 15.0
# "Seen a minute ago" is as much as the list of sessions has to know.
_SESSION_EVERY_S = 60.0


class Usage(Part):
    """Collects the uses in this process."""

    name = "credential-use"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._tokens: dict[int, datetime] = {}
        self._sessions: dict[str, datetime] = {}
        self._told: dict[str, float] = {}
        self._loop = Loop("credential-use", self.report, every_s=_EVERY_S)

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()

    def note(self, actor: Actor) -> None:
        """A credential was accepted. Costs a microsecond: this is on the way of every request."""
        if actor.token_id is not None:
            self._tokens[actor.token_id] = now()
        elif actor.jti is not None:
            self._sessions[actor.jti] = now()

    async def report(self) -> None:
        """Tell what there is; what the bus does not take is told next time."""
        since = time.monotonic() - _SESSION_EVERY_S
        self._told = {jti: at for jti, at in self._told.items() if at > since}
        due = {jti: at for jti, at in self._sessions.items() if jti not in self._told}
        if not (self._tokens or due) or not self._bus.is_connected:
            return
        tokens, self._tokens = self._tokens, {}
        self._sessions = {jti: at for jti, at in self._sessions.items() if jti not in due}
        try:
            await self._bus.send(wire.TOKEN_USED, wire.encode(wire.TokenUsed(tokens=tokens, sessions=due)))
        except BusUnavailable:
            self._tokens = tokens | self._tokens
            self._sessions = due | self._sessions
        else:
            self._told |= dict.fromkeys(due, time.monotonic())

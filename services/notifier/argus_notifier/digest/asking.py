"""Asks catalog what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from argus_contracts import bus as wire
from argus_kit.bus import Bus

_LONGEST_S: Final = 20.0


async def ask(bus: Bus, user_id: int, since: datetime, until: datetime) -> wire.DigestReply:
    """What happened in that time in what a person may see.

    Raises:
        BusUnavailable: nobody answered.
    """
    body = wire.encode(wire.DigestAsk(user_id=user_id, since=since, until=until))
    return wire.decode(wire.DigestReply, await bus.request(wire.DIGEST, body, timeout_s=_LONGEST_S))

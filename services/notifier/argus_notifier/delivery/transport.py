"""What the queue asks of each way out of the house: mail, Feishu, Slack, a webhook, apprise."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.delivery.machine import Backoff, Outcome


class Transport(Protocol):
    """One kind of receivers."""

    backoff: Backoff

    async def places(self, connection: AsyncConnection) -> int:
        """How many deliveries one receiver takes at once; 0: none can be sent now, and all of the kind wait."""

    async def send(self, row: sa.Row[Any]) -> Outcome:
        """Make one attempt. It is ended from outside when it takes too long."""


def idempotency_key(dedupe_key: str) -> str:
    """What a receiver can tell a repeated attempt by: it says nothing of who the message is for."""
    return hashlib.sha256(dedupe_key.encode()).hexdigest()[:32]

"""Audit lines that other services send."""

from __future__ import annotations

import msgspec

from argus_auth.audit import chain
from argus_auth.core import AuthCore
from argus_contracts import bus as wire
from argus_kit.bus import Message, Reject
from argus_kit.parts import Part

_DURABLE = "auth-audit"


class AuditConsumer(Part):
    """Writes them down; one that comes again is not written twice."""

    name = "audit-consumer"

    def __init__(self, core: AuthCore) -> None:
        self._core = core

    async def start(self) -> None:
        """See Part."""
        await self._core.platform.bus.consume(wire.WORK_STREAM, _DURABLE, [wire.ALL_AUDIT], self._on_entry)

    async def _on_entry(self, message: Message) -> None:
        try:
            entry = wire.decode(wire.AuditEntry, message.data)
        except msgspec.DecodeError as error:
            raise Reject(str(error)) from error
        async with self._core.database.write() as connection:
            await chain.append(connection, [entry])

"""Answers notifier, which mails digests, over the bus."""

from __future__ import annotations

from typing import Final

from argus_catalog.digest import service
from argus_contracts import bus as wire
from argus_kit.parts import Part
from argus_kit.platform import Platform

_QUEUE: Final = "catalog"


class DigestAnswers(Part):
    """Says what happened. A request that cannot be answered is left without one: notifier asks again."""

    name = "digest-answers"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def start(self) -> None:
        """See Part."""
        await self._platform.bus.respond(wire.DIGEST, self.answer, queue=_QUEUE)

    async def answer(self, body: bytes) -> bytes:
        """One digest."""
        ask = wire.decode(wire.DigestAsk, body)
        async with self._platform.database.read() as connection:
            return wire.encode(await service.digest(connection, ask))

"""What takes long is done for visitors one after the other, however many ask.

The rate of requests bounds how often somebody without a credential may ask, not what an answer costs: a matrix, a trend
or the hours of a whole project read all of its jobs. So one address has one such answer made at a time, all of them
together a few, and the others wait; whoever has too many waiting is told to come again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final

from fastapi import Depends, Request

from argus_kit.errors import RateLimited
from argus_kit.identity import address_of, bearer
from argus_kit.parts import Part
from argus_kit.platform import part_of

AT_ONCE: Final = 2
"""Answers that are made for all visitors at a time, in this process."""
MOST_WAITING: Final = 12
"""Of one address, with the one that is made. A public page asks for half as many when it opens."""


class Turns(Part):
    """Who may have something long done now, in this process."""

    name = "visitors-turns"

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)
        self._asking: Counter[str] = Counter()
        self._own: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def taken(self, address: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it.

        Raises:
            RateLimited: too many of this address wait already.
        """
        if self._asking[address] >= MOST_WAITING:
            raise RateLimited(1)
        self._asking[address] += 1
        own = self._own.setdefault(address, asyncio.Lock())
        try:
            async with own, self._free:
                yield
        finally:
            self._asking[address] -= 1
            if not self._asking[address]:
                del self._asking[address], self._own[address]


Here = Annotated[Turns, part_of(Turns)]


async def _visitors(request: Request, turns: Here) -> AsyncIterator[None]:
    if bearer(request) is not None:  # whose it is, the route itself finds out, or refuses
        yield
        return
    async with turns.taken(address_of(request) or "unknown"):
        yield


async def _everyone(request: Request, turns: Here) -> AsyncIterator[None]:
    async with turns.taken(address_of(request) or "unknown"):
        yield


# Before the route's own parameters, so that nobody waits with a connection to the database in hand.
VISITORS_TAKE_TURNS: Final = Depends(_visitors, scope="function")
"""For routes that people with a credential ask too: those do not wait."""
EVERYONE_TAKES_TURNS: Final = Depends(_everyone, scope="function")
"""For routes that look at no credential."""

"""One sweep: every class in turn, each by itself, with room for others between two slices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from argus_ingest.retention.tallies import Tally, Work

log = structlog.get_logger(__name__)

_PAUSE_S: Final = 0.01

Tallies = dict[str, Tally]


class SweepStoppedError(Exception):
    """Somebody else has the lease now."""


async def measure(works: Sequence[Work], tallies: Tallies) -> None:
    """Count into `tallies` what a sweep would remove, and remove nothing."""
    for work in works:
        tallies[work.name] = Tally()
        try:
            tallies[work.name].add(await work.measure())
        except (SQLAlchemyError, OSError) as error:
            _fail(tallies, work, error)


async def sweep(works: Sequence[Work], tallies: Tallies, is_ours: Callable[[], Awaitable[bool]]) -> None:
    """Remove, and count into `tallies` what has left. A class that fails stops no other.

    Raises:
        SweepStoppedError: `is_ours` said no; what was counted until then is gone.
    """
    for work in works:
        tallies[work.name] = Tally()
        try:
            async for tally in _slices(work, is_ours):
                tallies[work.name].add(tally)
        except (SQLAlchemyError, OSError) as error:
            _fail(tallies, work, error)


async def _slices(work: Work, is_ours: Callable[[], Awaitable[bool]]) -> AsyncIterator[Tally]:
    slices: Any = work.slices()
    async with aclosing(slices):
        async for tally in slices:
            yield tally
            await asyncio.sleep(_PAUSE_S)
            if not await is_ours():
                raise SweepStoppedError


def _fail(tallies: Tallies, work: Work, error: Exception) -> None:
    log.error("retention.failed", work=work.name, exc_info=error)
    tallies[work.name].error = type(error).__name__

"""Asking ingest for what watchdogs found. A request is a row until it is answered; asked twice it changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
import structlog

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.bus import BusUnavailable
from argus_kit.platform import Platform
from argus_notifier.watchdogs import repository

log = structlog.get_logger(__name__)

_ANSWER_S: Final = 8.0
# When a network fails, hundreds of batches fall silent in one moment. Asked one by one, each would make its way through
# ingest, the bus and our consumers by itself; what is asked at once, ingest answers at once and we hear of together.
_AT_ONCE: Final = 8


class _Reply(msgspec.Struct):
    """What all of ingest's replies have."""

    ok: bool
    error_code: str | None = None
    message: str | None = None


class _Request(msgspec.Struct):
    """What all requests have."""

    batch_id: str


async def ask_all(platform: Platform) -> int:
    """Ask for all that is promised, of each batch in order; returns how many were answered. What is not answered is
    asked again.
    """
    async with platform.database.read() as connection:
        rows = await repository.requests(connection)
    done: list[int] = []
    for some in _at_once(rows):
        answered = await asyncio.gather(*(_ask(platform, row.subject, row.payload) for row in some))
        done += [row.id for row, is_answered in zip(some, answered, strict=True) if is_answered]
        if not all(answered):
            break
    if done:
        async with platform.database.write() as connection:
            await repository.answered(connection, done)
    return len(done)


def _at_once(rows: Sequence[sa.Row[Any]]) -> Iterator[list[sa.Row[Any]]]:
    """Rows of different batches that may be asked for together, in order."""
    some: dict[str, sa.Row[Any]] = {}
    for row in rows:
        batch_id = wire.decode(_Request, row.payload).batch_id
        if len(some) == _AT_ONCE or batch_id in some:
            yield list(some.values())
            some = {}
        some[batch_id] = row
    if some:
        yield list(some.values())


async def _ask(platform: Platform, subject: str, payload: bytes) -> bool:
    try:
        reply = wire.decode(_Reply, await platform.bus.request(subject, payload, timeout_s=_ANSWER_S))
    except (BusUnavailable, ValueError) as error:
        log.warning("watchdogs.no_answer", subject=subject, error=repr(error))
        return False
    if not reply.ok and reply.error_code == ErrorCode.STORAGE_UNAVAILABLE:
        return False
    if not reply.ok:
        log.info("watchdogs.refused", subject=subject, code=reply.error_code, reason=reply.message)
    return True

"""Asking ingest for what watchdogs found. A request is a row until it is answered; asked twice it changes nothing."""

from __future__ import annotations

from typing import Final

import msgspec
import structlog

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.bus import BusUnavailable
from argus_kit.platform import Platform
from argus_notifier.watchdogs import repository

log = structlog.get_logger(__name__)

_ANSWER_S: Final = 8.0


class _Reply(msgspec.Struct):
    """What all of ingest's replies have."""

    ok: bool
    error_code: str | None = None
    message: str | None = None


async def ask_all(platform: Platform) -> int:
    """Ask for all that is promised, in order; returns how many were answered. What is not answered is asked again."""
    async with platform.database.read() as connection:
        rows = await repository.requests(connection)
    done: list[int] = []
    for row in rows:
        if not await _ask(platform, row.subject, row.payload):
            break
        done.append(row.id)
    if done:
        async with platform.database.write() as connection:
            await repository.answered(connection, done)
    return len(done)


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

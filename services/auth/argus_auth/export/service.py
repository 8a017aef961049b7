"""What goes into a person's archive, in one consistent view of the database, read and sent piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.export import tables
from argus_auth.export.archive import Archive
from argus_auth.export.rows import lines, rows
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_kit.errors import ArgusError
from argus_schema import ingest

_PER_HOUR: Final = 3
_README: Final = """What Argus keeps of {username}, as of {at}.

Every file holds one JSON object a line (https://jsonlines.org). Times are UTC.

account/         profile and settings, sessions, tokens (without their secrets), connected accounts, what you did
notifications/   inbox and what you want to hear of
projects/        stars, pins, saved views, memberships, shares
hosts/           your agents and what they were asked to do
batches.jsonl    your batches, with a number each (batch_key)
batches/NUMBER/  jobs.jsonl     jobs with configuration, status, results and a summary of each metric
                 points.jsonl   every point of every curve: job, epoch or step, time, values
                 files.jsonl    which files were uploaded
                 shares.jsonl   with whom the batch is shared

Log lines and the uploaded files themselves are not in here: the pages of a batch show and download them.
"""


async def admit(core: AuthCore, actor: Actor, origin: Origin) -> None:
    """Count an export and write it down.

    Raises:
        ArgusError: rate.limited, export.busy (429).
    """
    if core.exports.locked():
        raise ArgusError(ErrorCode.EXPORT_BUSY, headers={"Retry-After": "60"})
    await core.limit("export", actor.user_id, capacity=_PER_HOUR, per_hour=_PER_HOUR)
    async with core.write() as work:
        work.audit("account_export", actor.user_id, target=("user", actor.user_id), ip=origin.ip)


async def archive(core: AuthCore, actor: Actor) -> AsyncIterator[bytes]:
    """The archive of a person, as a zip in pieces."""
    made = Archive()
    async with core.exports, core.database.read() as connection:
        async for name, pieces in _files(connection, actor):
            async for piece in made.add(name, pieces):
                yield piece
        yield made.end()


async def _files(connection: AsyncConnection, actor: Actor) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    yield "README.txt", _text(_README.format(username=actor.username, at=iso(now())))
    for name, statement in tables.of_person(actor.user_id).items():
        yield f"{name}.jsonl", lines(connection, statement)
    yield "batches.jsonl", lines(connection, tables.batches(actor.user_id))
    after = 0
    while (batch := await _next_batch(connection, actor.user_id, after)) is not None:
        after = batch.batch_key
        folder = f"batches/{batch.batch_key}"
        for name, statement in tables.of_batch(batch.batch_key, batch.id).items():
            yield f"{folder}/{name}.jsonl", lines(connection, statement)
        yield f"{folder}/points.jsonl", _points(connection, batch.batch_key, batch.id)


async def _next_batch(connection: AsyncConnection, user_id: int, after: int) -> sa.Row[Any] | None:
    column = ingest.batch.c
    own: sa.Select[Any] = (
        tables.batches(user_id).with_only_columns(column.batch_key, column.id).where(column.batch_key > after)
    )
    found: sa.Row[Any] | None = (await connection.execute(own.limit(1))).first()
    return found


async def _points(connection: AsyncConnection, batch_key: int, batch_id: str) -> AsyncIterator[bytes]:
    # numpy comes with these.
    from argus_auth.export import points

    async for portion in rows(connection, tables.of_batch(batch_key, batch_id)["jobs"]):
        for job in portion:
            async for piece in points.of_job(connection, job):
                yield piece


async def _text(content: str) -> AsyncIterator[bytes]:
    yield content.encode()

"""Shows the trash, takes things back from it, removes them for good: ingest does both, asked by this service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.batches.schemas import Skipped
from argus_catalog.trash import repository
from argus_catalog.trash.grace import grace_days, leaves_at
from argus_catalog.trash.schemas import MOST_AT_ONCE, Chosen, Trash, TrashDone, TrashItem
from argus_catalog.writing import Announcer
from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_contracts.timestamps import parse_timestamp
from argus_kit.actor import Actor
from argus_kit.bus import Bus
from argus_kit.clock import iso_exact, now
from argus_kit.errors import ArgusError
from argus_kit.pagination import decode_cursor, encode_cursor
from argus_kit.platform import Platform
from argus_kit.telemetry import ADDRESS

Kind = Literal["batch", "job"]
Ask = Callable[[Kind, str, str | None], Awaitable[str | None]]

_REASONS = {
    ErrorCode.TRASH_LEAVING: "leaving",
    ErrorCode.BATCH_NOT_FOUND: "not_found",
    ErrorCode.JOB_NOT_FOUND: "not_found",
    ErrorCode.BATCH_ACTIVE: "active",
    ErrorCode.JOB_ACTIVE: "active",
}


async def trash(connection: AsyncConnection, actor: Actor, kind: Kind, cursor: str | None, limit: int) -> Trash:
    """A page of what the caller may take back.

    Raises:
        ArgusError: request.invalid, the cursor is another list's.
    """
    last = None if cursor is None else _key(cursor, kind)
    read = repository.batches if kind == "batch" else repository.jobs
    rows = await read(connection, actor, last, limit + 1)
    days = await grace_days(connection)
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        end = shown[-1]
        following = encode_cursor(kind, iso_exact(end.deleted_at), end.batch_key, end.job_no)
    item = _batch if kind == "batch" else _job
    return Trash(items=[item(row, days) for row in shown], next_cursor=following, grace_days=days)


def _key(cursor: str, kind: Kind) -> repository.Key:
    of, text, key, number = decode_cursor(cursor, 4)
    at = parse_timestamp(text) if isinstance(text, str) else None
    if of != kind or at is None or not isinstance(key, int) or not isinstance(number, int):
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The cursor belongs to another list; start again without it.")
    return at, key, number


def _batch(row: Any, days: float | None) -> TrashItem:
    return TrashItem(
        kind="batch",
        job_id=None,
        title=row.name or row.batch_id,
        subtitle=row.experiment_type,
        n_jobs=row.n_jobs,
        **_both(row, days),
    )


def _job(row: Any, days: float | None) -> TrashItem:
    about = " · ".join(part for part in (row.model, row.dataset) if part)
    return TrashItem(
        kind="job", job_id=row.job_id, title=row.job_id, subtitle=about or None, n_jobs=None, **_both(row, days)
    )


def _both(row: Any, days: float | None) -> dict[str, Any]:
    names = ("batch_id", "project", "status", "owner", "deleted_at", "deleted_by")
    return {name: getattr(row, name) for name in names} | {"leaves_at": leaves_at(row.deleted_at, days)}


async def restore(platform: Platform, connection: AsyncConnection, actor: Actor, chosen: Chosen) -> TrashDone:
    """Take back what was deleted; what cannot be is named with the reason.

    Raises:
        ArgusError: request.invalid where nothing or too much is named, bus.unavailable.
    """

    async def ask(kind: Kind, batch_id: str, job_id: str | None) -> str | None:
        request = wire.TrackingRestore(kind=kind, batch_id=batch_id, job_id=job_id, **_by(actor))
        body = await platform.bus.request(wire.TRACKING_RESTORE, wire.encode(request))
        reply = wire.decode(wire.TrackingRestoreReply, body)
        return None if reply.ok else _reason(reply.error_code)

    done = await _each(connection, actor, chosen, ask)
    for batch_id in chosen.batches:
        if batch_id in done.done:
            # Who was refused its stream a moment ago may read it again.
            await platform.get(Announcer).say(wire.AccessChanged(batch_id=batch_id))
    return done


async def purge(bus: Bus, connection: AsyncConnection, actor: Actor, chosen: Chosen) -> TrashDone:
    """Remove for good what was deleted, with its files, as soon as retention gets to it.

    Raises:
        ArgusError: request.invalid where nothing or too much is named, bus.unavailable.
    """

    async def ask(kind: Kind, batch_id: str, job_id: str | None) -> str | None:
        request = wire.TrackingDelete(kind=kind, batch_id=batch_id, job_id=job_id, purge=True, **_by(actor))
        reply = wire.decode(wire.TrackingDeleteReply, await bus.request(wire.TRACKING_DELETE, wire.encode(request)))
        return None if reply.ok else _reason(reply.error_code)

    return await _each(connection, actor, chosen, ask)


def _by(actor: Actor) -> dict[str, Any]:
    return {"actor_id": actor.user_id, "actor_ip": ADDRESS.get(), "at": now()}


def _reason(code: str | None) -> str:
    return next((reason for known, reason in _REASONS.items() if known == code), "failed")


async def _each(connection: AsyncConnection, actor: Actor, chosen: Chosen, ask: Ask) -> TrashDone:
    batches = list(dict.fromkeys(chosen.batches))
    jobs = list(dict.fromkeys((one.batch_id, one.job_id) for one in chosen.jobs))
    if not batches and not jobs:
        raise ArgusError(ErrorCode.REQUEST_INVALID, "Name at least one.", status=400)
    if len(batches) + len(jobs) > MOST_AT_ONCE:
        raise ArgusError(ErrorCode.REQUEST_INVALID, f"At most {MOST_AT_ONCE} at once.")
    known_batches = await repository.deleted_batches(connection, actor, batches) if batches else set()
    known_jobs = await repository.deleted_jobs(connection, actor, jobs) if jobs else set()
    done: list[str] = []
    skipped: list[Skipped] = []

    async def one(kind: Kind, name: str, ids: tuple[str, str | None], *, is_known: bool) -> None:
        reason = await ask(kind, *ids) if is_known else "not_found"
        if reason is None:
            done.append(name)
        else:
            skipped.append(Skipped(id=name, reason=reason))

    for batch_id in batches:
        await one("batch", batch_id, (batch_id, None), is_known=batch_id in known_batches)
    for pair in jobs:
        await one("job", "/".join(pair), pair, is_known=pair in known_jobs)
    return TrashDone(done=done, skipped=skipped)

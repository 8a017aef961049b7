"""Deletes batches, jobs, hosts and projects by asking ingest, the only writer of what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import BatchRef, JobRef, find_batches, find_job, held, must_hold
from argus_catalog.batches.schemas import BulkDeleted, Skipped
from argus_catalog.derivations.status import UNDELETABLE, shown_job_status
from argus_catalog.jobs.schemas import JobRef as WantedJob
from argus_catalog.members.roles import must_have
from argus_catalog.projects.repository import deleted_names, existing
from argus_catalog.projects.service import must_see
from argus_catalog.upserts import upsert
from argus_catalog.writing import Announcer
from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.bus import Bus
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.platform import Platform
from argus_kit.policy import Permission
from argus_kit.telemetry import ADDRESS
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.access import reached_by
from argus_schema.statuses import LIVE_JOB

batch = ingest.batch.c
job = ingest.job.c
host = ingest.host.c

_MOST = 500
_QUIET = timedelta(minutes=10)


async def delete_batch(platform: Platform, actor: Actor, found: BatchRef, *, purge: bool) -> None:
    """Hide a batch; its rows and files go after a time of grace, or at once where `purge` says so.

    Raises:
        ArgusError: batch.active while it runs, what ingest answers, bus.unavailable.
    """
    if found.status in UNDELETABLE:
        raise ArgusError(ErrorCode.BATCH_ACTIVE, details={"status": found.status})
    await _ask(platform.bus, actor, kind="batch", batch_id=found.id, purge=purge)
    await forget_batches(platform, [found.id])


async def forget_batches(platform: Platform, batch_ids: Sequence[str] | sa.Select[tuple[str]]) -> None:
    """Remove what people added to deleted batches. A batch that once comes under the same id is shared with nobody."""
    async with platform.write("catalog") as transaction:
        for table in (own.batch_share, own.public_share, own.pin):
            await transaction.connection.execute(sa.delete(table).where(table.c.batch_id.in_(batch_ids)))
        starred = own.star.c
        stars = sa.delete(own.star).where(starred.target_type == "batch", starred.target_id.in_(batch_ids))
        await transaction.connection.execute(stars)


async def delete_batches(bus: Bus, connection: AsyncConnection, actor: Actor, batch_ids: Sequence[str]) -> BulkDeleted:
    """Hide many batches; those that cannot be are named with the reason.

    Raises:
        ArgusError: request.invalid without ids (400) or with more than 500 (422), bus.unavailable.
    """
    _check_count(batch_ids)
    wanted = list(dict.fromkeys(batch_ids))
    known = {found.id: found for found in await find_batches(connection, actor, wanted)}
    gone = await _deleted_of(connection, actor, wanted)
    own_keys = await held(connection, actor, list(known.values()), Permission.RUNS_DELETE)
    deleted, skipped = [], []
    for batch_id in wanted:
        reason = _why_not(known.get(batch_id), own_keys, is_deleted=batch_id in gone)
        if reason is None:
            await _ask(bus, actor, kind="batch", batch_id=batch_id)
            deleted.append(batch_id)
        else:
            skipped.append(Skipped(id=batch_id, reason=reason))
    return BulkDeleted(deleted=deleted, skipped=skipped)


async def announce_deleted(platform: Platform, batch_ids: Sequence[str]) -> None:
    """Say that nobody may see these batches any more: open streams of them end."""
    for batch_id in batch_ids:
        await platform.get(Announcer).say(wire.AccessChanged(batch_id=batch_id))


def _why_not(found: BatchRef | None, own_keys: set[int], *, is_deleted: bool) -> str | None:
    if found is None:
        return "already_deleted" if is_deleted else "not_found"
    if found.batch_key not in own_keys:
        return "not_owner"
    return found.status if found.status in UNDELETABLE else None


async def _deleted_of(connection: AsyncConnection, actor: Actor, batch_ids: Sequence[str]) -> set[str]:
    mine = sa.true() if actor.is_admin else batch.owner_id == actor.user_id
    query = sa.select(batch.id).where(batch.id.in_(batch_ids), batch.deleted_at.is_not(None), reached_by(actor), mine)
    return set((await connection.execute(query)).scalars())


def _check_count(items: Sequence[Any]) -> None:
    if not items:
        raise ArgusError(ErrorCode.REQUEST_INVALID, "Name at least one.", status=400)
    if len(items) > _MOST:
        raise ArgusError(ErrorCode.REQUEST_INVALID, f"At most {_MOST} at once.")


async def delete_job(bus: Bus, connection: AsyncConnection, actor: Actor, batch_id: str, job_id: str) -> JobRef:
    """Hide a job.

    Raises:
        ArgusError: batch.not_found, batch.forbidden, job.not_found, job.active, what ingest answers, bus.unavailable.
    """
    found = await find_job(connection, actor, batch_id, job_id)
    await must_hold(connection, actor, found.batch, Permission.RUNS_DELETE)
    status = await _job_status(connection, found)
    if status in LIVE_JOB:
        raise ArgusError(ErrorCode.JOB_ACTIVE, details={"status": status})
    await _ask(bus, actor, kind="job", batch_id=found.batch.id, job_id=found.job_id)
    return found


async def _job_status(connection: AsyncConnection, found: JobRef) -> str | None:
    columns = (job.status, job.start_time, job.last_epoch_at)
    query = sa.select(*columns).where(job.batch_key == found.batch.batch_key, job.job_no == found.known)
    row = (await connection.execute(query)).one()
    return shown_job_status(row.status, row.start_time, row.last_epoch_at, found.batch.status, found.batch.end_time)


async def delete_jobs(bus: Bus, connection: AsyncConnection, actor: Actor, wanted: Sequence[WantedJob]) -> BulkDeleted:
    """Hide many jobs; those that cannot be are named with the reason.

    Raises:
        ArgusError: request.invalid without items (400) or with more than 500 (422), bus.unavailable.
    """
    _check_count(wanted)
    batches = {found.id: found for found in await find_batches(connection, actor, [w.batch_id for w in wanted])}
    own_keys = await held(connection, actor, list(batches.values()), Permission.RUNS_DELETE)
    rows = await _jobs_of(connection, [found.batch_key for found in batches.values()], [w.job_id for w in wanted])
    deleted, skipped = [], []
    for item in wanted:
        found = batches.get(item.batch_id)
        name = f"{item.batch_id}/{item.job_id}"
        row = rows.get((found.batch_key, item.job_id)) if found else None
        reason = _why_not_job(found, row, own_keys)
        if reason is None:
            await _ask(bus, actor, kind="job", batch_id=item.batch_id, job_id=item.job_id)
            deleted.append(name)
        else:
            skipped.append(Skipped(id=name, reason=reason))
    return BulkDeleted(deleted=deleted, skipped=skipped)


async def _jobs_of(
    connection: AsyncConnection, batch_keys: Sequence[int], job_ids: Sequence[str]
) -> dict[tuple[int, str], Any]:
    columns = (job.batch_key, job.job_id, job.status, job.start_time, job.last_epoch_at, job.deleted_at)
    query = sa.select(*columns).where(job.batch_key.in_(batch_keys), job.job_id.in_(job_ids))
    return {(row.batch_key, row.job_id): row for row in await connection.execute(query)}


def _why_not_job(found: BatchRef | None, row: Any, own_keys: set[int]) -> str | None:
    if found is None:
        return "batch_not_found"
    if found.batch_key not in own_keys:
        return "not_owner"
    if row is None:
        return "not_found"
    if row.deleted_at is not None:
        return "already_deleted"
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, found.status, found.end_time)
    return status if status in LIVE_JOB else None


async def delete_host(bus: Bus, connection: AsyncConnection, actor: Actor, name: str) -> None:
    """Hide a host for ever.

    Raises:
        ArgusError: host.active when it was heard of in the last ten minutes, bus.unavailable.
    """
    last_seen = (await connection.execute(sa.select(host.last_seen).where(host.host == name))).scalar()
    if last_seen is not None and last_seen > now() - _QUIET:
        raise ArgusError(ErrorCode.HOST_ACTIVE)
    await _ask(bus, actor, kind="host", host=name)


async def delete_project(platform: Platform, connection: AsyncConnection, actor: Actor, project: str) -> None:
    """Hide a project with all its batches. Its owners may where all its batches are its members'. Only administrators
    hide its name for ever: names are free for all, and whoever used one first must not take it from everyone after.

    Raises:
        ArgusError: project.forbidden, project.not_found, project.has_others, what ingest answers, bus.unavailable.
    """
    await must_have(connection, actor, project, Permission.PROJECTS_DELETE)
    await must_see(connection, actor, project)
    if not actor.is_admin and await _has_others(connection, project):
        raise ArgusError(ErrorCode.PROJECT_HAS_OTHERS)
    await _hide_project(platform, actor, project)


async def _has_others(connection: AsyncConnection, project: str) -> bool:
    """Whether somebody who is no member has batches there, also such as have not begun: they would be hidden, too."""
    members = sa.select(own.project_member.c.user_id).where(own.project_member.c.project == project)
    is_others = sa.and_(batch.owner_id.is_not(None), batch.owner_id.not_in(members))
    query = sa.select(batch.id).where(batch.project == project, batch.deleted_at.is_(None), is_others).limit(1)
    return (await connection.execute(query)).first() is not None


async def _hide_project(platform: Platform, actor: Actor, project: str) -> None:
    # First ingest's transaction, then ours: on SQLite they would wait for each other.
    await _ask(platform.bus, actor, kind="project", project=project)
    await forget_batches(platform, sa.select(batch.id).where(batch.project == project))
    hidden = {"is_public": False} | ({"deleted_at": now()} if actor.is_admin else {})
    async with platform.write("catalog") as transaction:
        row = {"project": project, "is_demo": False, **hidden}
        await upsert(transaction.connection, own.project_meta, row, hidden)
        members = own.project_member
        await transaction.connection.execute(sa.delete(members).where(members.c.project == project))
    await platform.get(Announcer).say(wire.AccessChanged(project=project))


async def delete_projects(
    platform: Platform, connection: AsyncConnection, actor: Actor, projects: Sequence[str]
) -> BulkDeleted:
    """Hide many projects, as an administrator; those that cannot be are named with the reason.

    Raises:
        ArgusError: request.invalid without names (400) or with more than 500 (422), bus.unavailable.
    """
    _check_count(projects)
    wanted = list(dict.fromkeys(projects))
    there, gone = await existing(connection, actor, wanted), await deleted_names(connection, wanted)
    deleted, skipped = [], []
    for project in wanted:
        if project in gone:
            skipped.append(Skipped(id=project, reason="already_deleted"))
        elif project not in there:
            skipped.append(Skipped(id=project, reason="not_found"))
        else:
            await _hide_project(platform, actor, project)
            deleted.append(project)
    return BulkDeleted(deleted=deleted, skipped=skipped)


async def delete_hosts(bus: Bus, connection: AsyncConnection, actor: Actor, hosts: Sequence[str]) -> BulkDeleted:
    """Hide many hosts for ever; those that reported a moment ago, or are hidden already, are named with the reason.

    Raises:
        ArgusError: request.invalid without names (400) or with more than 500 (422), bus.unavailable.
    """
    _check_count(hosts)
    wanted = list(dict.fromkeys(hosts))
    query = sa.select(host.host, host.last_seen, host.deleted_at).where(host.host.in_(wanted))
    known = {row.host: row for row in await connection.execute(query)}
    deleted, skipped = [], []
    for name in wanted:
        reason = _why_not_host(known.get(name))
        if reason is None:
            await _ask(bus, actor, kind="host", host=name)
            deleted.append(name)
        else:
            skipped.append(Skipped(id=name, reason=reason))
    return BulkDeleted(deleted=deleted, skipped=skipped)


def _why_not_host(row: Any) -> str | None:
    if row is None:
        return None
    if row.deleted_at is not None:
        return "already_deleted"
    return "active" if row.last_seen > now() - _QUIET else None


async def _ask(bus: Bus, actor: Actor, **what: Any) -> None:
    request = wire.TrackingDelete(actor_id=actor.user_id, actor_ip=ADDRESS.get(), at=now(), **what)
    reply = wire.decode(wire.TrackingDeleteReply, await bus.request(wire.TRACKING_DELETE, wire.encode(request)))
    if not reply.ok:
        raise ArgusError(_code(reply.error_code), reply.message)


def _code(text: str | None) -> ErrorCode:
    return next((code for code in ErrorCode if code == text), ErrorCode.SERVICE_UNAVAILABLE)

"""Routes that hide batches, jobs, hosts and projects."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from argus_catalog.access.dependencies import DeletableBatch
from argus_catalog.batches.schemas import BulkDeleteBatches, BulkDeleted, DeletedBatch
from argus_catalog.deletions import service
from argus_catalog.hosts.schemas import BulkDeleteHosts, DeletedHost
from argus_catalog.jobs.schemas import BulkDeleteJobs, DeletedJob
from argus_catalog.projects.schemas import BulkDeleteProjects, DeletedProject
from argus_kit.platform import Reading, platform_of
from argus_kit.policy import MayAdminChange, MayDeleteProjects, MayDeleteRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["deletions"])

Purge = Annotated[bool, Query(description="Remove its rows and files now, not after the time of grace.")]


@router.post("/batches/bulk-delete")
async def delete_batches(
    wanted: BulkDeleteBatches, request: Request, actor: MayDeleteRuns, connection: Reading
) -> BulkDeleted:
    """Delete many batches; those that cannot be deleted are named with the reason."""
    platform = platform_of(request)
    done = await service.delete_batches(platform.bus, connection, actor, wanted.batch_ids)
    await service.forget_batches(platform, done.deleted)
    await service.announce_deleted(platform, done.deleted)
    return done


@router.post("/jobs/bulk-delete")
async def delete_jobs(
    wanted: BulkDeleteJobs, request: Request, actor: MayDeleteRuns, connection: Reading
) -> BulkDeleted:
    """Delete many jobs; those that cannot be deleted are named with the reason."""
    return await service.delete_jobs(platform_of(request).bus, connection, actor, wanted.items)


@router.post("/admin/projects/bulk-delete")
async def delete_projects(
    wanted: BulkDeleteProjects, request: Request, actor: MayAdminChange, connection: Reading
) -> BulkDeleted:
    """Delete many projects with all their batches; those that cannot be deleted are named with the reason."""
    return await service.delete_projects(platform_of(request), connection, actor, wanted.projects)


@router.post("/admin/hosts/bulk-delete")
async def delete_hosts(
    wanted: BulkDeleteHosts, request: Request, actor: MayAdminChange, connection: Reading
) -> BulkDeleted:
    """Delete many hosts that have been silent for ten minutes; the others are named with the reason."""
    return await service.delete_hosts(platform_of(request).bus, connection, actor, wanted.hosts)


@router.delete("/batches/{batch_id:path}")
async def delete_batch(
    request: Request, batch: DeletableBatch, actor: MayDeleteRuns, purge: Purge = False
) -> DeletedBatch:
    """Delete a batch that is not active."""
    platform = platform_of(request)
    await service.delete_batch(platform, actor, batch, purge=purge)
    await service.announce_deleted(platform, [batch.id])
    return DeletedBatch(batch_id=batch.id)


@router.delete("/jobs/{batch_id}/{job_id:path}")
async def delete_job(
    batch_id: str, job_id: str, request: Request, actor: MayDeleteRuns, connection: Reading
) -> DeletedJob:
    """Delete a job that is not running."""
    job = await service.delete_job(platform_of(request).bus, connection, actor, batch_id, job_id)
    return DeletedJob(batch_id=job.batch.id, job_id=job.job_id)


@router.delete("/hosts/{host}")
async def delete_host(host: str, request: Request, actor: MayAdminChange, connection: Reading) -> DeletedHost:
    """Delete a host that has been silent for ten minutes."""
    await service.delete_host(platform_of(request).bus, connection, actor, host)
    return DeletedHost(host=host)


@router.delete("/projects/{project:path}")
async def delete_project(
    project: str, request: Request, actor: MayDeleteProjects, connection: Reading
) -> DeletedProject:
    """Delete a project with all its batches."""
    await service.delete_project(platform_of(request), connection, actor, project)
    return DeletedProject(project=project)

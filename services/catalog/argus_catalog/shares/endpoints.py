"""Routes of shares with people and of public links to batches."""

from __future__ import annotations

from fastapi import Request

from argus_catalog.access.dependencies import OwnedBatch, SharableBatch
from argus_catalog.shares import links, overview, service
from argus_catalog.shares.schemas import (
    BatchShare,
    NewBatchShare,
    NewProjectShare,
    NewPublicShare,
    ProjectShare,
    PublicShare,
    ShareOverview,
)
from argus_catalog.wire import ConditionalRoute, Deleted
from argus_catalog.writing import Writing
from argus_kit.platform import Reading, platform_of
from argus_kit.policy import MayChangeShares, MayReadSelf, MayShareProjects
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["shares"], route_class=ConditionalRoute)


@router.get("/shares")
async def list_shares(actor: MayReadSelf, connection: Reading) -> ShareOverview:
    """All that the caller shared with people, and what others shared with them."""
    return await overview.overview(connection, actor)


@router.get("/projects/shares")
async def list_project_shares(actor: MayReadSelf, connection: Reading) -> list[ProjectShare]:
    """Whom the caller gave their batches of projects to."""
    return await service.project_shares(connection, actor)


@router.post("/projects/shares", status_code=201)
async def add_project_share(new: NewProjectShare, actor: MayShareProjects, change: Writing) -> ProjectShare:
    """Share one's batches of a project, present and future."""
    return await service.share_project(change, actor, new)


@router.delete("/projects/shares/{project:path}/{grantee_id}")
async def remove_project_share(project: str, grantee_id: int, actor: MayShareProjects, change: Writing) -> Deleted:
    """End the share of a project."""
    await service.end_project_share(change, actor, project, grantee_id)
    return Deleted()


@router.get("/batches/{batch_id:path}/shares")
async def list_batch_shares(batch: OwnedBatch, connection: Reading) -> list[BatchShare]:
    """With whom a batch is shared."""
    return await service.batch_shares(connection, batch.id)


@router.post("/batches/{batch_id:path}/shares", status_code=201)
async def add_batch_share(
    new: NewBatchShare, batch: SharableBatch, actor: MayChangeShares, change: Writing
) -> BatchShare:
    """Share a batch with a person."""
    return await service.share_batch(change, actor, batch, new)


@router.delete("/batches/{batch_id:path}/shares/{grantee_id}")
async def remove_batch_share(grantee_id: int, batch: SharableBatch, actor: MayChangeShares, change: Writing) -> Deleted:
    """End a share of a batch."""
    await service.end_batch_share(change, actor, batch, grantee_id)
    return Deleted()


@router.get("/public-shares/mine")
async def list_my_public_shares(request: Request, actor: MayReadSelf, connection: Reading) -> list[PublicShare]:
    """Public links that the caller made or whose batches they own."""
    return await links.mine(connection, actor, platform_of(request).settings.public_url)


@router.post("/batches/{batch_id:path}/public-share", status_code=201)
async def add_public_share(
    request: Request, batch: SharableBatch, actor: MayChangeShares, change: Writing, new: NewPublicShare | None = None
) -> PublicShare:
    """Make a public link to a batch."""
    return await links.add(
        change, actor, batch, new.expires_at if new else None, platform_of(request).settings.public_url
    )


@router.get("/batches/{batch_id:path}/public-shares")
async def list_public_shares(request: Request, batch: OwnedBatch, connection: Reading) -> list[PublicShare]:
    """Public links to a batch."""
    return await links.of_batch(connection, batch.id, platform_of(request).settings.public_url)


@router.delete("/batches/{batch_id:path}/public-share/{slug}")
async def remove_public_share(slug: str, batch: SharableBatch, actor: MayChangeShares, change: Writing) -> Deleted:
    """End a public link."""
    await links.remove(change, actor, batch, slug)
    return Deleted()

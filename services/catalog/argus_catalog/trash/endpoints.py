"""Routes of the trash."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request

from argus_catalog.trash import service
from argus_catalog.trash.schemas import Chosen, Trash, TrashDone
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading, platform_of
from argus_kit.policy import MayDeleteRuns, MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/trash", tags=["trash"], route_class=ConditionalRoute)


@router.get("")
async def list_trash(
    actor: MayReadRuns,
    connection: Reading,
    kind: Literal["batch", "job"] = "batch",
    cursor: Annotated[str | None, Query(max_length=500, description="From next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Trash:
    """Deleted batches or jobs that the caller owns, or whose project they own, the last deleted first."""
    return await service.trash(connection, actor, kind, cursor, limit)


@router.post("/restore")
async def restore_from_trash(chosen: Chosen, request: Request, actor: MayDeleteRuns, connection: Reading) -> TrashDone:
    """Take deleted batches and jobs back; those that cannot come back are named with the reason.

    With whom a batch was shared, its public links, stars and pins ended when it was deleted.
    """
    return await service.restore(platform_of(request), connection, actor, chosen)


@router.post("/purge")
async def purge_from_trash(chosen: Chosen, request: Request, actor: MayDeleteRuns, connection: Reading) -> TrashDone:
    """Remove deleted batches and jobs for good, with all their rows and files, within a minute or so."""
    return await service.purge(platform_of(request).bus, connection, actor, chosen)
